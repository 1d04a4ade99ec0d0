package screen

// Stopped reports whether the process was stopped and goes on, and nothing has been drawn since.
func (s *Screen) Stopped() bool { return len(s.continued) > 0 }

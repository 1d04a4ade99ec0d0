package loadgen

// merged makes one result of what the threads of one run recorded, exactly what one recorder would
// have made of all their requests. The parts may not be used afterwards.
func merged(parts []*Result) *Result {
	whole := parts[0]
	for _, part := range parts[1:] {
		elapsed, duration := max(whole.Elapsed, part.Elapsed), whole.Duration
		until, ended := max(whole.until, part.until), max(whole.Ended, part.Ended)
		bins, every := summed(whole, part)
		for kind, at := range part.firsts {
			if before, has := whole.firsts[kind]; !has || at < before {
				whole.firsts[kind] = at
				whole.ErrorExamples[kind] = part.ErrorExamples[kind]
			}
		}
		whole.Add(part)
		whole.Elapsed, whole.Ended, whole.Duration, whole.until = elapsed, ended, duration, until
		whole.Completed, whole.CompletedEvery = bins, every
		whole.Threads = append(whole.Threads, part.Threads...)
	}
	return whole
}

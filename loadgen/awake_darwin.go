package loadgen

// awake is Linux's: this system has no such request.
type awake struct{}

func stayAwake() awake     { return awake{} }
func (a awake) held() bool { return false }
func (a awake) end()       {}

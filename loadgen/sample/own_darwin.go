package sample

// OwnThread tells nothing: this system has no figures of single threads that are cheap to read.
func OwnThread() ThreadUse { return ThreadUse{} }

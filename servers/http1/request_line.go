package http1

import "bytes"

// requestLine is where the parts of a request line lie, as offsets into the line.
type requestLine struct {
	methodEnd         int
	target, targetEnd int
	path, pathEnd     int // equal for an http URL without a path, which stands for /
	query             int // behind the question mark; 0 without one
	minor             int
}

// parse reads a whole request line: from both ends, because neither the method nor the version can hold a space.
func (r *requestLine) parse(line []byte) *Error {
	*r = requestLine{}
	i := 0
	for i < len(line) && is(line[i], tokenByte) {
		i++
	}
	if i == 0 || i == len(line) || line[i] != ' ' {
		return errMethod
	}
	end := len(line) - len(" HTTP/1.1")
	if end < i {
		return errVersion
	}
	switch version := line[end:]; string(version) {
	case " HTTP/1.1":
		r.minor = 1
	case " HTTP/1.0":
	default:
		if string(version[:6]) == " HTTP/" && is(version[6], digitByte) && version[7] == '.' && is(version[8], digitByte) {
			return errVersionUnserved
		}
		return errVersion
	}
	if string(line[:i]) == "CONNECT" {
		return errMethodConnect
	}
	r.methodEnd, r.target, r.targetEnd = i, i+1, end
	if !r.scanTarget(line[:end]) {
		return errTarget
	}
	r.path, r.pathEnd = r.target, end
	if r.query > 0 {
		r.pathEnd = r.query - 1
	}
	if line[r.target] == '/' {
		return nil
	}
	return r.otherForm(line)
}

// scanTarget checks each byte of the target, which ends with line, and finds its query.
func (r *requestLine) scanTarget(line []byte) bool {
	i := r.target
	for i < len(line) {
		switch c := line[i]; {
		case is(c, targetByte):
			i++
		case c == '?':
			i++
			if r.query == 0 {
				r.query = i
			}
		case c == '%' && validEscape(line[i:]):
			i += 3
		default:
			return false
		}
	}
	return i > r.target
}

// otherForm takes the targets that are not a path (RFC 9112, section 3.2): http URLs, and * for OPTIONS.
func (r *requestLine) otherForm(line []byte) *Error {
	target := line[r.target:r.targetEnd]
	if string(target) == "*" && string(line[:r.methodEnd]) == "OPTIONS" {
		return nil
	}
	colon := bytes.IndexByte(target, ':')
	if colon < 0 || !foldEqual(target[:colon], "http") && !foldEqual(target[:colon], "https") {
		return errTargetForm
	}
	if !bytes.HasPrefix(target[colon:], []byte("://")) {
		return errTargetForm
	}
	authority := r.target + colon + len("://")
	r.path = authority
	for r.path < r.pathEnd && line[r.path] != '/' {
		r.path++
	}
	if r.path == authority || !validHost(line[authority:r.path]) {
		return errHost
	}
	return nil
}

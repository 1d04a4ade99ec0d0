package http1

import (
	"bytes"
	"net/netip"
)

// requestLine holds the parts of a request line as offsets into the line.
type requestLine struct {
	methodEnd         int
	target, targetEnd int
	path, pathEnd     int // equal for an http URL without a path, which means /
	query             int // offset behind the question mark; 0 without one
	minor             int
}

// parse reads a complete request line from both ends, because neither the method nor the version
// can contain a space.
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
		if string(version[:6]) == " HTTP/" && is(version[6], digitByte) && version[7] == '.' &&
			is(version[8], digitByte) {
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

// otherForm reads targets that are not a path (RFC 9112, section 3.2): http URLs, and * for
// OPTIONS.
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

// validHost checks uri-host [ ":" port ] (RFC 9110, section 7.2; RFC 3986, section 3.2.2). An empty
// host is valid: a client without an authority sends it. The grammar has no user information, so @
// is rejected.
func validHost(host []byte) bool {
	if len(host) > 0 && host[0] == '[' {
		end := bytes.IndexByte(host, ']')
		return end > 0 && validIPv6(host[1:end]) && validPort(host[end+1:])
	}
	for i := 0; i < len(host); i++ {
		switch c := host[i]; {
		case is(c, hostByte):
		case c == ':':
			return i > 0 && validPort(host[i:])
		case c == '%' && validEscape(host[i:]):
			i += 2
		default:
			return false
		}
	}
	return true
}

// validIPv6 checks a literal address, with one allocation. It rejects RFC 3986's unused IPvFuture,
// and zones, which mean nothing outside of the client's machine.
func validIPv6(s []byte) bool {
	addr, err := netip.ParseAddr(string(s))
	return err == nil && addr.Is6() && addr.Zone() == ""
}

// validPort checks [ ":" *DIGIT ]. The port may be empty (RFC 3986, section 3.2.3), but not above
// 65535.
func validPort(s []byte) bool {
	if len(s) == 0 {
		return true
	}
	port := 0
	for _, c := range s[1:] {
		if !is(c, digitByte) {
			return false
		}
		if port = port*10 + int(c-'0'); port > 65535 {
			return false
		}
	}
	return s[0] == ':'
}

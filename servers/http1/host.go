package http1

import (
	"bytes"
	"net/netip"
)

// validHost checks uri-host [ ":" port ] (RFC 9110, section 7.2; RFC 3986, section 3.2.2). An empty one is valid: it is
// what a client sends that has no authority to name. User information is not part of the grammar, so @ is refused.
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

// validIPv6 allocates, once for a request to a literal IPv6 address. RFC 3986's IPvFuture has no use yet and is refused,
// and a zone means nothing outside of the client's machine.
func validIPv6(s []byte) bool {
	addr, err := netip.ParseAddr(string(s))
	return err == nil && addr.Is6() && addr.Zone() == ""
}

// validPort checks [ ":" *DIGIT ]: the port may be empty (RFC 3986, section 3.2.3), but not beyond 65535.
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

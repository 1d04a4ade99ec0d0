package http1

import (
	"encoding/binary"
	"math/bits"
)

// Classes of bytes. Names, targets and hosts cost one table lookup a byte.
const (
	tokenByte = 1 << iota // RFC 9110, section 5.6.2
	// targetByte marks bytes allowed in a request target without a closer look: all but ? and %,
	// which the parser handles itself.
	targetByte
	hostByte // RFC 3986, section 3.2.2: unreserved and sub-delims
	digitByte
	hexByte
)

var class = classes()

func classes() (t [256]uint8) {
	mark := func(set string, bit uint8) {
		for i := range len(set) {
			t[set[i]] |= bit
		}
	}
	for c := byte('0'); c <= '9'; c++ {
		t[c] |= tokenByte | hostByte | digitByte | hexByte
	}
	for c := byte('a'); c <= 'z'; c++ {
		t[c] |= tokenByte | hostByte
		t[c-'a'+'A'] |= tokenByte | hostByte
	}
	mark("abcdefABCDEF", hexByte)
	mark("!#$%&'*+-.^_`|~", tokenByte)
	mark("-._~!$&'()*+,;=", hostByte)
	// Browsers send some printable bytes unescaped that RFC 3986 wants escaped, such as | and {.
	// They mislead no parser, so they pass.
	for c := byte('!'); c <= '~'; c++ {
		if c != '#' && c != '?' && c != '%' {
			t[c] |= targetByte
		}
	}
	return t
}

func is(c byte, bit uint8) bool { return class[c]&bit != 0 }

// validEscape reports whether s starts with % and two hexadecimal digits.
func validEscape(s []byte) bool {
	return len(s) >= 3 && is(s[1], hexByte) && is(s[2], hexByte)
}

func isToken(s []byte) bool {
	for _, c := range s {
		if !is(c, tokenByte) {
			return false
		}
	}
	return len(s) > 0
}

// foldEqual reports whether s equals lower without regard to case. lower must be in lower case and
// have only letters, digits and hyphens; s must have no control bytes. Setting bit 5 then folds
// letters and confuses nothing else.
func foldEqual(s []byte, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range s {
		if s[i]|0x20 != lower[i] {
			return false
		}
	}
	return true
}

// valueEnd returns the index of the first byte of s, from i on, that is not allowed in a field
// value, or len(s). These are the control bytes except tab (RFC 9110, section 5.5). Values are most
// of a header, so valueEnd looks at eight bytes at a time.
func valueEnd(s []byte, i int) int {
	for i+8 <= len(s) {
		found := controls(binary.LittleEndian.Uint64(s[i:]))
		if found == 0 {
			i += 8
			continue
		}
		if i += bits.TrailingZeros64(found) / 8; s[i] != '\t' {
			return i
		}
		i++
	}
	for i < len(s) && (s[i] >= ' ' && s[i] != 0x7f || s[i] == '\t') {
		i++
	}
	return i
}

func validValue(s []byte) bool { return valueEnd(s, 0) == len(s) }

// controls sets the high bit of those of eight bytes that are below 0x20 or are 0x7f. A subtraction
// sets a byte's high bit if it borrows. A borrow may spoil the bytes above, so only the lowest mark
// is certain.
func controls(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	below := (x - 0x20*ones) &^ x
	del := x ^ 0x7f*ones
	del = (del - ones) &^ del
	return (below | del) & highs
}

// trim removes spaces and tabs from both ends: OWS in RFC 9110, section 5.6.3.
func trim(s []byte) []byte {
	s = skipSpace(s)
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

func skipSpace(s []byte) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

func skipToken(s []byte) []byte {
	for len(s) > 0 && is(s[0], tokenByte) {
		s = s[1:]
	}
	return s
}

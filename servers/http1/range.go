package http1

import "bytes"

// Part says which bytes of a representation a response has.
type Part struct {
	ETag          string // of the representation: a strong one, with its quotes
	First, Length int64  // of the part; both 0 with a status that has none
	Size          int64  // of the representation, in bytes; 0 for a response that is not about one
}

// Select evaluates a GET's or HEAD's preconditions and then its range, in the order of RFC 9110,
// section 13.2.2, for a representation of size bytes, 1 or more. The status is 200 or 206, each
// with a part; or 304, 412 or 416. etag is as Part has it. There is no date of modification, so
// preconditions on one are ignored, and an If-Range with a date never holds.
//
// A request for several ranges gets everything if more than one of them overlaps the
// representation, as RFC 9110, section 14.2, allows. A malformed range gets 416, as from nginx and
// net/http.
func Select(r *Request, etag string, size int64) (status int, p Part) {
	p = Part{ETag: etag, Size: size}
	if sent, holds := r.names("If-Match", etag, false); sent && !holds {
		return 412, p
	}
	if _, holds := r.names("If-None-Match", etag, true); holds {
		return 304, p
	}
	p.Length = size
	asked, many := r.only("Range")
	if asked == nil || many || r.Head { // HEAD has no ranges (RFC 9110, section 14.2)
		return 200, p
	}
	if on, many := r.only("If-Range"); many || on != nil && string(on) != etag {
		return 200, p
	}
	status, p.First, p.Length = selectRange(asked, size)
	return status, p
}

// selectRange reads the value of a Range field (RFC 9110, section 14.1.2).
func selectRange(value []byte, size int64) (status int, first, length int64) {
	unit, set, ok := bytes.Cut(value, equals)
	if !ok || !foldEqual(unit, "bytes") {
		return 200, 0, size // other units are ignored
	}
	status = 416
	for more := true; more; {
		var spec []byte
		if spec, set, more = element(set); len(spec) == 0 {
			continue // a list may have empty elements
		}
		from, n, ok := rangeSpec(spec, size)
		switch {
		case !ok:
			return 416, 0, 0
		case n == 0:
		case status == 416:
			status, first, length = 206, from, n
		default:
			status, first, length = 200, 0, size
		}
	}
	return status, first, length
}

var equals = []byte{'='}

// rangeSpec reads "first-last", "first-" or "-length". length is 0 for a range that begins behind
// the last byte; ok is false for one that is malformed.
func rangeSpec(spec []byte, size int64) (first, length int64, ok bool) {
	from, to, ok := bytes.Cut(spec, hyphen)
	if !ok {
		return 0, 0, false
	}
	last := size - 1
	if len(to) > 0 {
		if last, ok = position(to, size); !ok {
			return 0, 0, false
		}
	}
	if len(from) == 0 { // the last bytes of all
		return size - last, last, len(to) > 0
	}
	if first, ok = position(from, size); !ok || first > last && len(to) > 0 {
		return 0, 0, false
	}
	return first, max(0, min(last+1, size)-first), true
}

var hyphen = []byte{'-'}

// position reads a decimal number of any length. One that is larger than size is size.
func position(digits []byte, size int64) (n int64, ok bool) {
	for _, c := range digits {
		if !is(c, digitByte) {
			return 0, false
		}
		if n < size { // else it is beyond, whatever follows
			d := int64(c - '0')
			if n > (size-d)/10 {
				n = size
			} else {
				n = n*10 + d
			}
		}
	}
	return n, len(digits) > 0
}

// only returns the value of the field with the name; nil if there is none. many says that there are
// several.
func (r *Request) only(name string) (value []byte, many bool) {
	for i := range r.Fields {
		if f := &r.Fields[i]; len(f.Name) == len(name) && sameName(f.Name, name) {
			if value != nil {
				return value, true
			}
			value = f.Value
		}
	}
	return value, false
}

// names reports whether the request has a field with the name, and whether one of its entity tags
// is etag, or it is *. weak is the weak comparison (RFC 9110, section 8.8.3.2).
func (r *Request) names(name, etag string, weak bool) (sent, holds bool) {
	for i := range r.Fields {
		if f := &r.Fields[i]; len(f.Name) == len(name) && sameName(f.Name, name) {
			sent, holds = true, holds || lists(f.Value, etag, weak)
		}
	}
	return sent, holds
}

// lists searches a list of entity tags, up to the first that is malformed.
func lists(list []byte, etag string, weak bool) bool {
	if string(list) == "*" {
		return true
	}
	for {
		list = bytes.TrimLeft(list, ", \t")
		opaque, isWeak := bytes.CutPrefix(list, weakMark)
		if len(opaque) == 0 || opaque[0] != '"' {
			return false
		}
		n := 2 + bytes.IndexAny(opaque[1:], "\" \t")
		if n < 2 || opaque[n-1] != '"' {
			return false
		}
		if string(opaque[:n]) == etag && (weak || !isWeak) {
			return true
		}
		list = opaque[n:]
	}
}

var weakMark = []byte("W/")

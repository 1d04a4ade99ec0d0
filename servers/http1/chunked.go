package http1

// maxChunkLine bounds a chunk's size line with its extensions and CRLF. Only attackers send long
// extensions.
const maxChunkLine = 256

// chunks reads the chunked coding (RFC 9112, section 7.1). Each chunk's data is moved once, when it
// has arrived completely.
func (b *body) chunks(c *cursor, buf []byte, l *Limits) (whole bool, err *Error) {
	for {
		switch b.step {
		case bodyChunkSize:
			start := c.at
			line, whole, err := c.line(buf, start+maxChunkLine, errChunkLine)
			if !whole {
				return false, err
			}
			if b.size, err = chunkSize(line); err != nil {
				return false, err
			}
			if b.size == 0 {
				b.step, b.trailers = bodyTrailers, section{begin: c.at}
				continue
			}
			length := b.end - b.begin
			if b.size > l.Body-length {
				return false, errBody
			}
			// The raw bytes stay in the caller's buffer until the body is complete. A flood of
			// one-byte chunks would take six times the limit.
			b.overhead += c.at - start + len("\r\n")
			if b.overhead > l.HeaderBytes+length+b.size {
				return false, errChunkOverhead
			}
			b.step = bodyChunkData
		case bodyChunkData:
			end := c.at + b.size
			if len(buf) < end+len("\r\n") {
				return false, nil
			}
			if buf[end] != '\r' || buf[end+1] != '\n' {
				return false, errChunkEnd
			}
			b.end += copy(buf[b.end:], buf[c.at:end])
			c.moveTo(end + len("\r\n"))
			b.step = bodyChunkSize
		case bodyTrailers:
			// Trailers are checked and dropped. RFC 9110, section 6.5.1 permits that, and none may
			// be merged into the header.
			field, whole, err := b.trailers.next(c, buf, l)
			if !whole || field.empty() {
				return whole, err
			}
		}
	}
}

// chunkSize reads a chunk's size line. 16 digits fill 64 bits. The caller rejects sizes above the
// body limit.
func chunkSize(line []byte) (int, *Error) {
	size, i := uint64(0), 0
	for ; i < len(line) && is(line[i], hexByte); i++ {
		digit := line[i] | 0x20 // folds A-F and keeps 0-9
		if digit >= 'a' {
			digit -= 'a' - 10
		} else {
			digit -= '0'
		}
		size = size<<4 | uint64(digit)
	}
	if i == 0 || i > 16 {
		return 0, errChunkSize
	}
	if i < len(line) && !validExtensions(line[i:]) {
		if line[i] == ';' || line[i] == ' ' || line[i] == '\t' {
			return 0, errChunkExt
		}
		return 0, errChunkSize
	}
	const maxInt = uint64(^uint(0) >> 1)
	return int(min(size, maxInt)), nil
}

// validExtensions checks what follows a chunk's size. Its meaning is ignored (RFC 9112, section
// 7.1.1), its grammar is not: how a parser skips a bad extension is how requests are smuggled past
// another one.
//
//	chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
func validExtensions(s []byte) bool {
	for len(s) > 0 {
		rest := skipSpace(s)
		if len(rest) == 0 || rest[0] != ';' {
			return false
		}
		name := skipSpace(rest[1:])
		rest = skipToken(name)
		if len(rest) == len(name) {
			return false
		}
		s = rest
		if eq := skipSpace(rest); len(eq) > 0 && eq[0] == '=' {
			value := skipSpace(eq[1:])
			if s = skipToken(value); len(s) == len(value) {
				if s = skipQuoted(value); len(s) == len(value) {
					return false
				}
			}
		}
	}
	return true
}

// skipQuoted skips a quoted-string (RFC 9110, section 5.6.4), or nothing if there is none.
func skipQuoted(s []byte) []byte {
	if len(s) == 0 || s[0] != '"' {
		return s
	}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			if !validValue(s[:i]) {
				return s
			}
			return s[i+1:]
		case s[i] == '\\':
			i++
		}
	}
	return s
}

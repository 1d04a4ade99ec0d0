package response

import (
	"bufio"
	"io"
	"sync"
)

// Reader reads complete responses from a connection, blocking its goroutine.
type Reader struct {
	in     *bufio.Reader
	parser Parser
}

// NewReader returns a reader of a connection's responses, with the limits of NewParser.
func NewReader(connection io.Reader, maxBody int64, want []byte) *Reader {
	return &Reader{in: bufio.NewReader(connection), parser: NewParser(maxBody, want)}
}

// Await waits for the first byte of a response. It returns the connection's errors unchanged.
func (r *Reader) Await() error {
	_, err := r.in.Peek(1)
	return err
}

// Buffered returns the number of bytes read beyond the last response.
func (r *Reader) Buffered() int { return r.in.Buffered() }

// Next reads one response to the last byte of its body and drops the body. toHEAD says that the
// request was a HEAD.
func (r *Reader) Next(toHEAD bool) (Answer, error) {
	r.parser.Begin(toHEAD)
	for {
		if r.Buffered() == 0 && (r.parser.state == restBytes || r.parser.left > int64(r.in.Size())) {
			if err := r.bulk(); err != nil {
				return r.over(err)
			}
			continue
		}
		if err := r.Await(); err != nil {
			return r.over(err)
		}
		b, err := r.in.Peek(r.Buffered())
		if err != nil {
			return Answer{}, err
		}
		n, whole, err := r.parser.Feed(b)
		if _, derr := r.in.Discard(n); derr != nil {
			return Answer{}, derr
		}
		if whole || err != nil {
			return r.parser.answer, err
		}
	}
}

// bulk reads part of a long body around the buffer: a Read larger than the buffer goes straight to
// the socket, in 16 times fewer calls. bulk leaves the body's last bytes, which complete the
// response.
func (r *Reader) bulk() error {
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	b := *scratch
	if r.parser.state != restBytes {
		b = b[:min(int64(len(b)), r.parser.left-1)]
	}
	n, err := r.in.Read(b)
	if _, _, perr := r.parser.Feed(b[:n]); perr != nil {
		return perr
	}
	return err
}

// over ends a response with a read error.
func (r *Reader) over(err error) (Answer, error) {
	if err != io.EOF {
		return Answer{}, err
	}
	a, err := r.parser.End()
	return a, UnexpectedEOF(err)
}

// UnexpectedEOF returns io.ErrUnexpectedEOF for io.EOF, the right error within a response, and any
// other error unchanged.
func UnexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

var scratches = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

package response

import (
	"bufio"
	"io"
	"sync"
)

// Reader reads whole responses of a connection that a goroutine waits on.
type Reader struct {
	*bufio.Reader
	Parser Parser
}

// Next reads one response to the last byte of its body, which it drops. toHEAD says that the request was a HEAD.
func (r *Reader) Next(toHEAD bool) (Answer, error) {
	r.Parser.Begin(toHEAD)
	for {
		if r.Buffered() == 0 && (r.Parser.state == restBytes || r.Parser.left > int64(r.Size())) {
			if err := r.bulk(); err != nil {
				return r.over(err)
			}
			continue
		}
		if _, err := r.Peek(1); err != nil {
			return r.over(err)
		}
		b, err := r.Peek(r.Buffered())
		if err != nil {
			return Answer{}, err
		}
		n, whole, err := r.Parser.Feed(b)
		if _, derr := r.Discard(n); derr != nil {
			return Answer{}, derr
		}
		if whole || err != nil {
			return r.Parser.Answer, err
		}
	}
}

// bulk reads a part of a long body past the buffer: a Read of more than its size goes straight to the socket, 16 times
// fewer calls. It leaves the body's last bytes, whose arrival makes the response whole.
func (r *Reader) bulk() error {
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	b := *scratch
	if r.Parser.state != restBytes {
		b = b[:min(int64(len(b)), r.Parser.left-1)]
	}
	n, err := r.Read(b)
	if _, _, perr := r.Parser.Feed(b[:n]); perr != nil {
		return perr
	}
	return err
}

// over ends a response with the error of a read.
func (r *Reader) over(err error) (Answer, error) {
	if err != io.EOF {
		return Answer{}, err
	}
	a, err := r.Parser.End()
	return a, Whole(err)
}

// Whole turns the end of input inside a response into what it is.
func Whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

var scratches = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

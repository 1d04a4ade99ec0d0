package loadgen

import (
	"bufio"
	"io"
	"sync"
)

// reader reads whole responses of a connection that a goroutine waits on.
type reader struct {
	*bufio.Reader
	parser parser
}

// next reads one response to the last byte of its body, which it drops. toHEAD says that the request was a HEAD.
func (r *reader) next(toHEAD bool) (answer, error) {
	r.parser.begin(toHEAD)
	for {
		if r.Buffered() == 0 && (r.parser.state == restBytes || r.parser.left > int64(r.Size())) {
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
			return answer{}, err
		}
		n, whole, err := r.parser.feed(b)
		if _, derr := r.Discard(n); derr != nil {
			return answer{}, derr
		}
		if whole || err != nil {
			return r.parser.answer, err
		}
	}
}

// bulk reads a part of a long body past the buffer: a Read of more than its size goes straight to the socket, 16 times
// fewer calls. It leaves the body's last bytes, whose arrival makes the response whole.
func (r *reader) bulk() error {
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	b := *scratch
	if r.parser.state != restBytes {
		b = b[:min(int64(len(b)), r.parser.left-1)]
	}
	n, err := r.Read(b)
	if _, _, perr := r.parser.feed(b[:n]); perr != nil {
		return perr
	}
	return err
}

// over ends a response with the error of a read.
func (r *reader) over(err error) (answer, error) {
	if err != io.EOF {
		return answer{}, err
	}
	a, err := r.parser.end()
	return a, whole(err)
}

// whole turns the end of input inside a response into what it is.
func whole(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

var scratches = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

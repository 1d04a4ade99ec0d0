package response

import (
	"io"
	"testing"
)

const plain = "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2029 00:00:00 GMT\r\nContent-Type: " +
	"text/plain\r\nContent-Length: 5\r\n\r\nhello"

func TestParserUsesNoMoreThanTheResponse(t *testing.T) {
	p := NewParser(100, nil)
	p.Begin(false)
	if used, whole, err := p.Feed([]byte(plain + "surplus")); used != len(plain) || !whole || err != nil {
		t.Errorf("used %d of %d, whole %v, %v", used, len(plain), whole, err)
	}
}

func TestParserAtTheEndOfTheConnection(t *testing.T) {
	for in, want := range map[string]error{
		"":                              io.EOF,
		"H":                             io.ErrUnexpectedEOF,
		plain[:50]:                      io.ErrUnexpectedEOF,
		plain[:len(plain)-1]:            io.ErrUnexpectedEOF,
		"HTTP/1.1 100 Continue\r\n\r\n": io.ErrUnexpectedEOF,
		"HTTP/1.1 200 OK\r\n\r\nhel":    nil,
		"HTTP/1.1 200 OK\r\n\r\n":       nil,
	} {
		p := NewParser(100, nil)
		p.Begin(false)
		if _, whole, err := p.Feed([]byte(in)); whole || err != nil {
			t.Fatalf("%q: whole %v, %v", in, whole, err)
		}
		if a, err := p.End(); err != want || (err == nil && !a.Close) {
			t.Errorf("%q: %+v, %v; want %v", in, a, err, want)
		}
	}
}

// A body is compared as it comes, wherever it is cut.
func TestParserComparesInPieces(t *testing.T) {
	for want, differs := range map[string]bool{"hello": false, "hellO": true, "hell": true, "hello!": true, "": true} {
		for cut := range len(plain) {
			p := NewParser(100, []byte(want))
			p.Begin(false)
			if _, whole, err := p.Feed([]byte(plain[:cut])); whole || err != nil {
				t.Fatalf("cut at %d: whole %v, %v", cut, whole, err)
			}
			if _, whole, err := p.Feed([]byte(plain[cut:])); !whole || err != nil || p.Answer().Differs != differs {
				t.Errorf("wanting %q, cut at %d: whole %v, differs %v, %v", want, cut, whole, p.Answer().Differs, err)
			}
		}
	}
}

func TestParserAllocatesNothing(t *testing.T) {
	p := NewParser(100, nil)
	all := []byte(plain)
	for _, cut := range []int{0, 20, len(plain) - 3} { // within a line and within the body
		if n := testing.AllocsPerRun(100, func() {
			p.Begin(false)
			if _, _, err := p.Feed(all[:cut]); err != nil {
				t.Fatal(err)
			}
			if _, whole, err := p.Feed(all[cut:]); !whole || err != nil {
				t.Fatal(whole, err)
			}
		}); n != 0 {
			t.Errorf("cut at %d: %v allocations", cut, n)
		}
	}
}

func BenchmarkParser(b *testing.B) {
	p := NewParser(100, nil)
	all := []byte(plain)
	b.ReportAllocs()
	for b.Loop() {
		p.Begin(false)
		if _, whole, err := p.Feed(all); !whole || err != nil {
			b.Fatal(whole, err)
		}
	}
}

package loadgen

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// heardIn feeds a stream in pieces of n bytes.
func heardIn(t *testing.T, stream string, n int) (all []event) {
	t.Helper()
	var p eventParser
	p.reset()
	for b := []byte(stream); len(b) > 0; {
		piece := b[:min(n, len(b))]
		b = b[len(piece):]
		for len(piece) > 0 {
			used, e, whole, ok := p.feed(piece)
			if !ok || used == 0 {
				t.Fatalf("fed %q: used %d, ok %v", piece, used, ok)
			}
			if whole {
				all = append(all, e)
			}
			piece = piece[used:]
		}
	}
	return all
}

// A stream is read as browsers do (WHATWG HTML, 9.2.6), in whatever pieces it comes.
func TestEventParser(t *testing.T) {
	for stream, want := range map[string][]event{
		"id: 1\ndata: a\n\n":               {{1, unknown, 1}},
		"id:1\r\ndata:a\r\n\r\n":           {{1, unknown, 1}},
		"id: 1\rdata: a\r\rdata: bc\r\r":   {{1, unknown, 1}, {unknown, unknown, 2}},
		"\ufeffid: 7\ndata: a\n\n":         {{7, unknown, 1}},
		"data: a\ndata: bc\n\n":            {{unknown, unknown, 3}},
		"data\n\n":                         {{unknown, unknown, 0}}, // a field without a value
		"id: 1\n\ndata: x\n\n":             {{unknown, unknown, 1}}, // the first has no data
		":comment\n\nretry: 5\n\n":         nil,
		"event: e\nid: x\ndata: a\n\n":     {{unknown, unknown, 1}},
		"data: half":                       nil,
		"data: half\n":                     nil,
		"id: 12345678901234567\ndata:\n\n": {{unknown, unknown, 0}},
		"id: 2\ndata: {\"due_us\":1700000000000000,\"n\":1}\n\n":          {{2, 1700000000000000, 33}},
		"id: 2\ndata: {\"n\":1,\ndata: \"due_us\": 1700000000000000}\n\n": {{2, 1700000000000000, 34}},
		"data: {\"due_us\":\"soon\"}\n\n":                                 {{unknown, unknown, 17}},
	} {
		for n := 1; n <= len(stream); n++ {
			if got := heardIn(t, stream, n); !reflect.DeepEqual(got, want) {
				t.Errorf("%q by %d: %v; want %v", stream, n, got, want)
			}
		}
	}
}

func TestEventParserBoundsALine(t *testing.T) {
	var p eventParser
	b := []byte("data: " + strings.Repeat("x", 1000))
	for range 2 * eventLine / len(b) {
		if _, _, _, ok := p.feed(b); !ok {
			return
		}
	}
	t.Error("a line without an end is kept for ever")
}

func TestIDSequence(t *testing.T) {
	for _, c := range []struct {
		ids  []int64
		want string
	}{
		{[]int64{5, 6, 7}, "first+0 next+0 next+0"},
		{[]int64{5, 8, 9}, "first+0 next+2 next+0"},
		{[]int64{5, 5, 6, 5}, "first+0 twice+0 next+0 twice+0"},
		{[]int64{5, 8, 6, 6, 7, 9}, "first+0 next+2 late-1 twice+0 late-1 next+0"},
		{[]int64{5, 4}, "first+0 late+0"},
		{[]int64{5, 1000, 6}, "first+0 next+994 late+0"}, // too far back for the sequence to know
	} {
		var q idSequence
		var got []string
		for _, id := range c.ids {
			o, missed := q.next(id)
			got = append(got, fmt.Sprintf("%s%+d", map[order]string{first: "first", inOrder: "next", doubled: "twice",
				disordered: "late"}[o], missed))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: %v; want %s", c.ids, got, c.want)
		}
	}
}

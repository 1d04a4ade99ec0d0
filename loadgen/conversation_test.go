package loadgen

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nodecompare/loadgen/response"
)

// Two more kinds of load, in a protocol of lines: subscribers, who ask once and hear of events
// until the load ends; and chatters, who greet, say something at a pace, and hear what nobody has
// asked.
func init() {
	Conversations = append(Conversations,
		Conversation{"ticker", "hears of events", func(a Attack) (script, error) {
			return script{says: []message{{wire: []byte("SUBSCRIBE\n")}}, talks: lineTalks(a, ""), lasting: true}, nil
		}},
		Conversation{"banter", "says something every 20 ms", func(a Attack) (script, error) {
			return script{says: []message{{wire: []byte("SAY\n")}}, talks: lineTalks(a, "HELLO\n"), unasked: true,
				pace: 20 * time.Millisecond}, nil
		}},
	)
}

func lineTalks(a Attack, opening string) func(int, int) ([]talk, company) {
	return alone(a, func(n int) []talk {
		talks := make([]talk, n)
		for i := range talks {
			talks[i] = &lineTalk{opening: []byte(opening)}
		}
		return talks
	})
}

// lineTalk knows three lines: "EVENT n", which was said at n nanoseconds since 1970, "DONE", and
// any other, which is an error.
type lineTalk struct {
	opening []byte
	line    []byte
}

func (l *lineTalk) connected() []byte {
	l.line = l.line[:0]
	if len(l.opening) == 0 {
		return nil
	}
	return l.opening
}

func (l *lineTalk) begun() bool { return len(l.line) > 0 }

func (l *lineTalk) ended() (response.Answer, error) { return response.Answer{}, io.EOF }

func (l *lineTalk) hear(_ *message, b []byte) (used int, h heard, err error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		l.line = append(l.line, b...)
		return len(b), heard{}, nil
	}
	line := string(append(l.line, b[:end]...))
	l.line = l.line[:0]
	h.answer = response.Answer{Status: 200, Size: int64(len(line))}
	if at, ok := strings.CutPrefix(line, "EVENT "); ok {
		h.what = told
		h.said, err = strconv.ParseInt(at, 10, 64)
	} else if h.what = over; line != "DONE" {
		err = fmt.Errorf("the server said %q", line)
	}
	return end + 1, h, err
}

// lineServer answers each line with DONE, after an event that nobody asked for; a subscription with
// three events every 5 ms.
func lineServer(t *testing.T, greeting string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { l.Close(); all.Wait() })
	event := func() string { return fmt.Sprintf("EVENT %d\n", time.Now().UnixNano()) }
	talk := func(c net.Conn) {
		defer c.Close()
		for in := make([]byte, 100); ; {
			n, err := c.Read(in)
			if err != nil {
				return
			}
			answer := event() + "DONE\n" + event()
			switch string(in[:n]) {
			case "HELLO\n":
				answer = greeting
			case "SUBSCRIBE\n":
				for err == nil {
					_, err = io.WriteString(c, event()+event()+event())
					time.Sleep(5 * time.Millisecond)
				}
				return
			}
			if _, err := io.WriteString(c, answer); err != nil {
				return
			}
		}
	}
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { talk(c) })
		}
	})
	return "http://" + l.Addr().String()
}

// conversed converses until least requests are counted, a few times where the machine is slow.
func conversed(t *testing.T, a Attack, d time.Duration, least uint64) *Result {
	t.Helper()
	for range 5 {
		if r := converse(t, a, d); r.Requests >= least {
			return r
		}
	}
	return converse(t, a, d)
}

func converse(t *testing.T, a Attack, d time.Duration) *Result {
	t.Helper()
	g, err := Open(a)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	var last *Result
	for range 2 { // on the same connections, where they last
		if last, err = g.Run(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

// What is told in a lasting turn counts, each from when it was said; the turn outlasts the run,
// and is no error.
func TestTicker(t *testing.T) {
	for _, threads := range []int{1, 2} {
		r := conversed(t, Attack{Conversation: "ticker", Target: Target{URL: lineServer(t, "")},
			Connections: 4, Threads: threads}, 100*time.Millisecond, 3*4)
		if r.Errors != 0 || r.Aborted != 0 || r.Requests < 3*4 || r.Codes[200] != r.Requests {
			t.Errorf("%+v", r)
		}
		if longest := time.Duration(r.Latency.Max()); longest > 10*time.Second {
			t.Errorf("an event took %v: its latency is not from when it was said", longest)
		}
	}
}

// A turn begins no sooner than the pace says, after an opening; what the server says between turns
// counts beside them.
func TestBanter(t *testing.T) {
	for _, threads := range []int{1, 2} {
		const pace, duration, connections = 20 * time.Millisecond, 110 * time.Millisecond, 4
		r := conversed(t, Attack{Conversation: "banter", Target: Target{URL: lineServer(t, "DONE\n")},
			Connections: connections, Threads: threads}, duration, 3*connections)
		// each turn is a request, and so is each of the two events beside it
		if most := uint64(3 * connections * (1 + duration/pace)); r.Errors != 0 || r.Requests < 3*connections ||
			r.Requests > most {
			t.Errorf("%d requests, %d at the most: %+v", r.Requests, most, r)
		}
	}
}

func TestBanterThatIsNotWelcome(t *testing.T) {
	a := Attack{Conversation: "banter", Target: Target{URL: lineServer(t, "NO\n")}, Connections: 2}
	if r := converse(t, a, 30*time.Millisecond); r.Requests == 0 || r.Errors != r.Requests {
		t.Errorf("%+v", r)
	}
}

func TestConversationsThatCannotBe(t *testing.T) {
	url := Target{URL: "http://127.0.0.1:1"}
	for want, a := range map[string]Attack{
		"not known":                            {Conversation: "monologue", Target: url, Connections: 1},
		"lasts as long as the load":            {Conversation: "ticker", Target: url, Connections: 1, Requests: 1},
		"the vegeta engine cannot do a banter": {Conversation: "banter", Engine: Vegeta, Target: url, Connections: 1},
	} {
		if g, err := Open(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want: %s", err, want)
			if g != nil {
				g.Close()
			}
		}
	}
}

// A player keeps nothing of what comes, and allocates nothing for it.
func TestPlayerKeepsNothing(t *testing.T) {
	s, err := preparePlayers(Attack{Connections: 1, Target: Target{Method: "GET", URL: "http://a/"}, WantStatus: 206,
		Video: Video{BitRate: DefaultBitRate, Segment: DefaultSegment}})
	if err != nil {
		t.Fatal(err)
	}
	talks, _ := s.talks(0, 1)
	p := talks[0].(*player)
	p.joins(0, 1, time.Minute)
	part, now := make([]byte, 64<<10), time.Duration(0)
	if n := testing.AllocsPerRun(100, func() {
		p.asks()
		head := fmt.Appendf(part[:0], "HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\n"+
			"Content-Range: bytes %d-%d/67108864\r\n\r\n", p.film.bytes, p.from, p.last())
		b := head
		for left := p.film.bytes; ; b = part[:min(left, int64(len(part)))] {
			used, h, err := p.hear(&s.says[0], b)
			if left -= int64(len(b) - len(head)); err != nil || used != len(b) {
				t.Fatal(used, err)
			}
			head = nil
			if h.what == over {
				break
			}
		}
		now += DefaultSegment
		p.took(now, 206)
	}); n > 8 { // those of the test's own text, and far fewer than its 16 parts
		t.Errorf("%v allocations for a segment", n)
	}
}

package loadgen_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// short is a video of 4 Mbit/s in segments that a test can wait for.
var short = loadgen.Video{Segment: 200 * time.Millisecond}

// videos serves a file of so many bytes as net/http does, after what before does with a request.
func videos(t *testing.T, size int, before func(http.ResponseWriter, *http.Request)) string {
	t.Helper()
	file := make([]byte, size)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before(w, r)
		http.ServeContent(w, r, "video.mp4", time.Time{}, bytes.NewReader(file))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func play(t *testing.T, a loadgen.Attack) *loadgen.Result {
	t.Helper()
	a.Conversation = loadgen.Play
	res, err := drive(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// A server that takes a little longer for a segment than the segment plays lets each stall, by so
// much at the least; one that takes a little less lets none.
func TestPlayers(t *testing.T) {
	t.Parallel()
	for share, stalls := range map[float64]bool{0.9: false, 1.1: true} {
		for _, threads := range []int{1, 2} {
			t.Run(fmt.Sprintf("%v on %d threads", share, threads), func(t *testing.T) {
				t.Parallel()
				playAt(t, time.Duration(share*float64(short.Segment)), threads, stalls)
			})
		}
	}
}

func playAt(t *testing.T, each time.Duration, threads int, stalls bool) {
	const viewers, duration = 3, 2 * time.Second
	url := videos(t, 10_000_000, func(http.ResponseWriter, *http.Request) { time.Sleep(each) })
	res := patiently(func(r *loadgen.Result) bool { return (r.Viewing.Stalls > 0) == stalls },
		func() *loadgen.Result {
			return play(t, loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: viewers,
				Threads: threads, Video: short, Duration: duration})
		})
	v := res.Viewing
	if res.Errors != 0 || v.Viewers != viewers || v.Unstarted != 0 || res.Latency.TotalCount() != viewers ||
		res.BytesIn != res.Requests*100_000 || v.Watched <= 0 || v.Watched > viewers*duration {
		t.Errorf("%+v of %d segments with %d bytes, %v", v, res.Requests, res.BytesIn, res.ErrorExamples)
	}
	if least := time.Duration(res.Latency.Min()); least < each-each/100 {
		t.Errorf("it began to play after %v, and each segment takes %v", least, each)
	}
	if !stalls {
		if v.Smooth != viewers || v.Stalled != 0 {
			t.Errorf("%+v", v)
		}
		return
	}
	// all but the first of each viewer, and perhaps one that the end cuts short; what comes after
	// the run's end is a request, and no stall
	if least := res.Requests - 2*viewers; v.Smooth != 0 || v.Stalls < least || v.Stalls > res.Requests {
		t.Errorf("%+v of %d segments", v, res.Requests)
	}
	late := each - short.Segment
	if least := time.Duration(v.Stalls-viewers) * late; v.Stalled < least || v.Longest < late || v.Stalled > v.Watched {
		t.Errorf("they waited for %v, and the server is %v late", v.Stalled, least)
	}
}

// Start-up counts from when a viewer was due, over connecting and the whole first segment. Viewers
// begin one after the other.
func TestPlayersBegin(t *testing.T) {
	t.Parallel()
	const viewers, delay = 8, 50 * time.Millisecond
	var mu sync.Mutex
	var began []time.Time
	seen := map[string]bool{}
	url := videos(t, 1_000_000, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if !seen[r.RemoteAddr] {
			seen[r.RemoteAddr] = true
			began = append(began, time.Now())
		}
		mu.Unlock()
		time.Sleep(delay)
	})
	res := play(t, loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: viewers, Threads: 2,
		Video: loadgen.Video{Segment: time.Second, BitRate: 80_000}, Duration: 2 * time.Second})
	if res.Latency.TotalCount() != viewers || res.Errors != 0 ||
		time.Duration(res.Latency.Min()) < delay-delay/100 || res.SendLag.TotalCount() != int64(res.Requests) {
		t.Errorf("%d started, the first after %v; %v", res.Latency.TotalCount(),
			time.Duration(res.Latency.Min()), res.ErrorExamples)
	}
	mu.Lock()
	defer mu.Unlock()
	if all := began[len(began)-1].Sub(began[0]); len(began) != viewers || all < 500*time.Millisecond {
		t.Errorf("%d connections began within %v", len(began), all)
	}
}

// Each segment follows the one before, from the beginning again where no whole one is left, and
// no more of them come than a buffer has room for.
func TestPlayersAskInOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	url := videos(t, 350_000, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Header.Get("Range"))
	})
	const duration = 2 * time.Second
	res := play(t, loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: 1, Video: short, Duration: duration})
	mu.Lock()
	defer mu.Unlock()
	ranges := []string{"bytes=0-99999", "bytes=100000-199999", "bytes=200000-299999"}
	for i, r := range asked {
		if r != ranges[i%3] {
			t.Fatalf("asked for %v", asked)
		}
	}
	if most := loadgen.Ahead + int(duration/short.Segment); len(asked) < 4 || len(asked) > most || res.Errors != 0 {
		t.Errorf("asked %d times, and %d is the most: %v", len(asked), most, res.ErrorExamples)
	}
}

// Every run is watched by viewers of its own, on new connections.
func TestPlayersOfEachRun(t *testing.T) {
	t.Parallel()
	const viewers = 4
	var mu sync.Mutex
	var remotes []string
	url := videos(t, 10_000_000, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(remotes, r.RemoteAddr) {
			remotes = append(remotes, r.RemoteAddr)
		}
	})
	g, err := open(loadgen.Attack{Conversation: loadgen.Play, Target: loadgen.Target{URL: url},
		Connections: viewers, Threads: 2, Video: short})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for run := 1; run <= 3; run++ {
		res, err := g.Run(t.Context(), time.Second)
		if err != nil || res.Errors != 0 || res.Viewing.Viewers != viewers || res.Latency.TotalCount() != viewers {
			t.Fatalf("run %d: %+v, %v", run, res, err)
		}
		mu.Lock()
		all := len(remotes)
		mu.Unlock()
		if all != run*viewers {
			t.Errorf("run %d: %d connections in all", run, all)
		}
	}
}

// What is not the range that was asked for fails by its name, and a viewer who has never had a
// segment has not begun.
func TestPlayersOfWrongServers(t *testing.T) {
	t.Parallel()
	answer := func(head string, n int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			defer c.Close()
			fmt.Fprintf(c, "HTTP/1.1 %s\r\n\r\n%s", head, strings.Repeat("x", n))
		}
	}
	const whole = "206 Partial Content\r\nContent-Range: bytes 0-99999/500000"
	for _, c := range []struct {
		name  string
		serve func(http.ResponseWriter)
		kind  string
		says  string
	}{
		{"whole", answer("200 OK\r\nContent-Length: 500000", 500_000), loadgen.Range, "200 and the whole file"},
		{"none", answer("206 Partial Content\r\nContent-Length: 100000", 100_000), loadgen.Range,
			"without one Content-Range"},
		{"empty", answer("206 Partial Content\r\nContent-Length: 0", 0), loadgen.Range, "without one Content-Range"},
		{"less", answer("206 Partial Content\r\nContent-Range: bytes 0-49999/500000\r\nContent-Length: 50000", 50_000),
			loadgen.Range, "bytes 0-99999 were asked for, and 0-49999 answered"},
		{"other", answer("206 Partial Content\r\nContent-Range: bytes 100000-199999/500000\r\nContent-Length: 100000",
			100_000), loadgen.Range, "and 100000-199999 answered"},
		{"unsure", answer("206 Partial Content\r\nContent-Range: bytes 0-99999/*\r\nContent-Length: 100000", 100_000),
			loadgen.Range, "how long the file is"},
		{"small", answer("206 Partial Content\r\nContent-Range: bytes 0-99/100\r\nContent-Length: 100", 100),
			loadgen.Range, "the file has 100 bytes, fewer than the 100000 of one segment"},
		{"short", answer(whole+"\r\nContent-Length: 99999", 99_999), loadgen.Range,
			"a range of 100000 bytes was answered with 99999"},
		{"long", answer(whole+"\r\nContent-Length: 100001", 100_001), loadgen.Range, "was answered with more"},
		{"cut", answer(whole+"\r\nContent-Length: 100000", 60_000), loadgen.Reset, "unexpected EOF"},
		{"unframed", answer(whole, 60_000), loadgen.Range, "was answered with 60000"},
		{"odd", answer("206 Partial Content\r\nContent-Range: items 0-9/10\r\nContent-Length: 10", 10),
			loadgen.Malformed, "Content-Range"},
		{"nowhere", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }, loadgen.Status, "status 404"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.serve(w) }))
			defer s.Close()
			const viewers, duration = 2, 400 * time.Millisecond
			res := play(t, loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Connections: viewers, Video: short,
				Duration: duration})
			if res.Errors != res.Requests || res.ErrorKinds[c.kind] == 0 ||
				!strings.Contains(res.ErrorExamples[c.kind], c.says) {
				t.Errorf("%v, %v; want %s: %s", res.ErrorKinds, res.ErrorExamples, c.kind, c.says)
			}
			// it asks again after half a second
			if v := res.Viewing; v.Viewers != viewers || v.Unstarted != viewers || v.Smooth != 0 ||
				res.Errors > 2*viewers {
				t.Errorf("%+v of %d", v, res.Requests)
			}
		})
	}
}

// A server that loses each fourth segment in its middle is asked for it again, and its viewers go
// on.
func TestPlayersComeBack(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	n, asked := 0, []string{}
	url := videos(t, 10_000_000, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		lost := n%4 == 0
		asked = append(asked, r.Header.Get("Range"))
		mu.Unlock()
		if lost {
			w.Header().Set("Content-Range", strings.Replace(r.Header.Get("Range"), "=", " ", 1)+"/10000000")
			w.Header().Set("Content-Length", "100000")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(make([]byte, 50_000))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	})
	res := play(t, loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: 1, Video: short,
		Duration: 3 * time.Second})
	if res.Errors == 0 || res.Errors != res.ErrorKinds[loadgen.Reset] || res.Requests-res.Errors < 4 ||
		res.BytesIn != (res.Requests-res.Errors)*100_000 {
		t.Errorf("%d of %d: %v", res.Errors, res.Requests, res.ErrorExamples)
	}
	mu.Lock()
	defer mu.Unlock()
	if asked[3] != asked[4] || asked[2] == asked[3] {
		t.Errorf("asked for %v", asked)
	}
}

// A load that is cut short counts its viewers too.
func TestPlayersCutShort(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	url := videos(t, 10_000_000, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	defer close(stop)
	a := loadgen.Attack{Conversation: loadgen.Play, Target: loadgen.Target{URL: url}, Connections: 3, Video: short,
		Duration: time.Minute, Timeout: 300 * time.Millisecond}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	res, err := drive(ctx, a)
	want := loadgen.Viewing{Viewers: 3, Unstarted: 3}
	if !errors.Is(err, context.DeadlineExceeded) || res.Viewing != want || res.ErrorKinds[loadgen.Timeout] == 0 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestPlayersThatCannotBe(t *testing.T) {
	url := "http://127.0.0.1:1"
	for want, a := range map[string]loadgen.Attack{
		"by GET":          {Target: loadgen.Target{URL: url, Method: http.MethodHead}},
		"body to compare": {Target: loadgen.Target{URL: url}, WantBody: []byte("a")},
		"keeps its":       {Target: loadgen.Target{URL: url}, Connect: loadgen.Connect{New: true}},
		"what Range":      {Target: loadgen.Target{URL: url, Header: http.Header{"Range": {"bytes=0-1"}}}},
		"answered by 206": {Target: loadgen.Target{URL: url}, WantStatus: 200},
		"from 1 byte":     {Target: loadgen.Target{URL: url}, Video: loadgen.Video{BitRate: 1, Segment: time.Second}},
		"to 256 MiB":      {Target: loadgen.Target{URL: url}, Video: loadgen.Video{Segment: time.Hour * 24}},
		"neither a rate":  {Target: loadgen.Target{URL: url}, Rate: 10},
	} {
		a.Conversation, a.Connections = loadgen.Play, 1
		if g, err := loadgen.Open(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want: %s", err, want)
			if g != nil {
				g.Close()
			}
		}
	}
}

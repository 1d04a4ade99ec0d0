package http1_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	kernel "golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"nodecompare/servers/http1"
)

// everySplit runs feed on data whole, bytewise, and cut in two at every place (a thousand, if it is
// long), and wants to see the same each time.
func everySplit(t *testing.T, data string, feed func(pieces []string) string) {
	t.Helper()
	whole := feed([]string{data})
	if got := feed(bytewise(data)); got != whole {
		t.Errorf("%q, byte by byte:\ngot   %s\nwhole %s", data, got, whole)
	}
	for i := 1; i < len(data); i += 1 + len(data)/1000 {
		if got := feed(cut(data, i)); got != whole {
			t.Errorf("%q and %q:\ngot   %s\nwhole %s", data[:i], data[i:], got, whole)
		}
	}
}

func TestRequestSplits(t *testing.T) {
	for _, c := range accepted {
		everySplit(t, c.message, func(pieces []string) string { return feedRequests(t, http1.Limits{}, pieces) })
	}
	for _, c := range refused {
		everySplit(t, c.message, func(pieces []string) string { return feedRequests(t, c.limits, pieces) })
	}
}

func TestResponseSplits(t *testing.T) {
	for _, c := range responses {
		everySplit(t, c.message, func(pieces []string) string { return feedResponses(t, c.maxBody, c.head, pieces) })
	}
}

// TestPipelineRandomSplits strings messages together, good ones and at the end any, and cuts them
// anywhere.
func TestPipelineRandomSplits(t *testing.T) {
	var good, all []string
	for _, c := range accepted {
		good = append(good, c.message)
	}
	all = append(all, good...)
	for _, c := range refused {
		if c.limits == (http1.Limits{}) {
			all = append(all, c.message)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		data := strings.Join(rapid.SliceOfN(rapid.SampledFrom(good), 0, 4).Draw(rt, "good"), "") +
			rapid.SampledFrom(all).Draw(rt, "last")
		at := rapid.SliceOfN(rapid.IntRange(0, len(data)), 0, 12).Draw(rt, "cuts")
		slices.Sort(at)
		whole := feedRequests(t, http1.Limits{}, []string{data})
		if got := feedRequests(t, http1.Limits{}, cut(data, at...)); got != whole {
			rt.Fatalf("%q cut at %v:\ngot   %s\nwhole %s", data, at, got, whole)
		}
	})
}

// TestBytewiseArrivalIsLinear compares the CPU time that two sizes take, each byte by byte. 16
// times the bytes take 16 times as long in linear time, and some 150 to 250 times as long if each
// byte has what came before it searched again. Only this thread's time counts, and the best of each
// size: a machine that is busy with others slows both.
func TestBytewiseArrivalIsLinear(t *testing.T) {
	const small, factor = 32 << 10, 16
	limits := http1.Limits{RequestLine: 4 << 20, HeaderBytes: 4 << 20, HeaderCount: 1 << 20, Body: 4 << 20}
	for name, message := range map[string]func(size int) string{
		"request line": func(size int) string { return "GET /" + strings.Repeat("a", size) },
		"one value":    func(size int) string { return "GET / HTTP/1.1\r\nA: " + strings.Repeat("a", size) },
		"many fields":  func(size int) string { return "GET / HTTP/1.1\r\n" + strings.Repeat("A: bcd\r\n", size/8) },
		"body": func(size int) string {
			return get(fmt.Sprintf("Content-Length: %d", size)) + strings.Repeat("a", size-1)
		},
		"one chunk":   func(size int) string { return post(fmt.Sprintf("%x\r\n", size) + strings.Repeat("a", size)) },
		"many chunks": func(size int) string { return post(strings.Repeat("8\r\nabcdefgh\r\n", size/13)) },
	} {
		t.Run(name, func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			duration := func(size int) time.Duration {
				data := []byte(message(size))
				p := http1.RequestParser{Limits: limits}
				start := threadTime(t)
				for i := range data {
					if n, err := p.Parse(data[:i+1]); n != 0 || err != nil {
						t.Fatalf("at byte %d: %d, %v", i, n, err)
					}
				}
				return threadTime(t) - start
			}
			few, many := duration(small), duration(factor*small)
			for range 4 {
				few, many = min(few, duration(small)), min(many, duration(factor*small))
			}
			if many > 4*factor*few {
				t.Errorf("%d bytes took %v and %d took %v: not linear", small, few, factor*small, many)
			}
		})
	}
}

// threadTime is the CPU time that this thread has used.
func threadTime(t *testing.T) time.Duration {
	t.Helper()
	var now kernel.Timespec
	if err := kernel.ClockGettime(kernel.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}

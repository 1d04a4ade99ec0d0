package scene_test

import (
	"strings"
	"testing"

	"nodecompare/results/scene"
)

// asked is a request with its spans, sent at 0 and answered at the last one's end.
func asked(number, status int, spans ...scene.Span) scene.Lane {
	return scene.Lane{Method: "GET", Target: "/wait?ms=100", Number: number, Status: status,
		Answered: spans[len(spans)-1].To, Spans: spans}
}

// ran is a thread with what it did.
func ran(spans ...scene.Span) scene.Thread { return scene.Thread{Awake: 2, Spans: spans} }

func run(request int, from, to float64) scene.Span {
	return scene.Span{From: from, To: to, State: scene.Running, Request: request}
}

func wait(request int, from, to float64) scene.Span {
	return scene.Span{From: from, To: to, State: scene.Waiting, Request: request, For: "a timer of 100ms"}
}

func held(request, by int, from, to float64) scene.Span {
	return scene.Span{From: from, To: to, State: scene.HeldUp, Request: request, By: by}
}

func queued(request, by int, from, to float64) scene.Span {
	return scene.Span{From: from, To: to, State: scene.Queued, Request: request, By: by}
}

// Sentences say who waited, for what, and who was held up by whom.
func TestSays(t *testing.T) {
	for _, c := range []struct {
		name string
		of   scene.Recording
		want []string
	}{
		{"a thread each", scene.Recording{Name: "blocking", Recorded: true, End: 102,
			Threads: []scene.Thread{ran(run(1, 0, 1), wait(1, 1, 101)), ran(run(2, 0, 1), wait(2, 1, 101))},
			Requests: []scene.Lane{asked(1, 200, run(1, 0, 1), wait(1, 1, 101)),
				asked(2, 200, run(2, 0, 1), wait(2, 1, 102))}},
			[]string{"Each request had a thread of its own: 2 threads stood still for 100 ms each while their " +
				"requests waited.", "Both were answered after 102 ms.",
				"No request was held up by another for 10 ms or more."}},
		{"a pool", scene.Recording{Name: "pool", Recorded: true, End: 202,
			Threads: []scene.Thread{ran(wait(1, 1, 101), wait(2, 101, 201))},
			Requests: []scene.Lane{asked(1, 200, run(1, 0, 1), wait(1, 1, 101)),
				asked(2, 200, queued(2, 1, 0, 101), wait(2, 101, 202))}},
			[]string{"1 thread served both requests, and it stood still for 200 ms while its requests waited.",
				"Both were answered after 202 ms.",
				"Request 2 waited in the queue until a thread was free, up to 101 ms."}},
		{"a pool that computes", scene.Recording{Name: "pool", Recorded: true, End: 400,
			Threads: []scene.Thread{ran(run(1, 0, 200), run(3, 200, 400)), ran(run(2, 0, 200))},
			Requests: []scene.Lane{asked(1, 200, run(1, 0, 200)), asked(2, 200, run(2, 0, 200)),
				asked(3, 200, queued(3, 1, 0, 200), run(3, 200, 400))}},
			[]string{"2 threads served all 3 requests, and worked for 4 ms of 400 ms.",
				"All 3 were answered after 400 ms.",
				"Request 3 waited in the queue until a thread was free, up to 200 ms."}},
		{"a loop held up", scene.Recording{Name: "async", Recorded: true, End: 301,
			Threads: []scene.Thread{ran(run(1, 0, 1), run(2, 1, 200), run(1, 200, 201))},
			Requests: []scene.Lane{
				asked(1, 200, run(1, 0, 1), wait(1, 1, 101), held(1, 2, 101, 200), run(1, 200, 201)),
				asked(2, 200, run(2, 1, 200)), asked(3, 200, queued(3, 2, 2, 200), wait(3, 200, 301))}},
			[]string{"1 thread served all 3 requests, and worked for 2 ms of 301 ms.",
				"All 3 were answered after 301 ms.",
				"Request 2 computed for 199 ms on the thread that they all need: " +
					"requests 1 and 3 had to wait for it, up to 198 ms."}},
		{"a busy machine", scene.Recording{Name: "async", Recorded: true, End: 130,
			Threads: []scene.Thread{ran(run(1, 0, 1), run(1, 121, 122))},
			Requests: []scene.Lane{
				asked(1, 200, run(1, 0, 1), wait(1, 1, 101), held(1, 0, 101, 121), run(1, 121, 130))}},
			[]string{"1 thread served the request, and worked for 2 ms of 130 ms.", "It was answered after 130 ms.",
				"Request 1 had to wait up to 20 ms for a CPU: this machine was busy."}},
		{"a user's server", scene.Recording{Name: "mine", End: 5,
			Requests: []scene.Lane{asked(1, 404, scene.Span{To: 5, State: scene.Unknown, Request: 1})}},
			[]string{"It was answered after 5 ms.", "Only what the clients saw is known: this server records nothing.",
				"The server refused request 1: it answers GET /wait with status 404, so its times say nothing."}},
	} {
		c.of.Say()
		if got, want := strings.Join(c.of.Says, "\n"), strings.Join(c.want, "\n"); got != want {
			t.Errorf("%s says\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

// What is too short to be drawn is joined, and nothing else.
func TestCompact(t *testing.T) {
	r := &scene.Recording{End: 1000, Threads: []scene.Thread{{OnCPU: []scene.Stint{{From: 0, To: 10},
		{From: 10.5, To: 11}, {From: 11.9, To: 20}, {From: 30, To: 40}}}}}
	(&scene.Trace{Modes: []*scene.Recording{r}}).Compact()
	if got := r.Threads[0].OnCPU; len(got) != 2 || got[0] != (scene.Stint{From: 0, To: 20}) || got[1].From != 30 {
		t.Errorf("joined to %v, want 0 to 20 and 30 to 40", got)
	}
}

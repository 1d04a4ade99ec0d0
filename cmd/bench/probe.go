package bench

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// probe asks each user's server for each of its workloads once. A workload that it answers with
// another status than 2xx or 3xx, or not at all, is left out of the plan, by name, and so is a
// server that cannot be started or reached.
func (p *Plan) probe(ctx context.Context, say func(string)) error {
	first := p.firstRound()
	for i, s := range first {
		if s.mode.user == nil || slices.ContainsFunc(first[:i], func(other slot) bool { return other.mode == s.mode }) {
			continue
		}
		its := slices.DeleteFunc(slices.Clone(first), func(other slot) bool { return other.mode != s.mode })
		err := p.probeServer(ctx, its, say)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			p.failed++
			p.leaveOut(s.mode.Name, err, say)
		}
	}
	p.dropEmpty()
	return nil
}

// Failed returns an error if a user's server was left out because it could not be started or
// reached.
func (p *Plan) Failed() error {
	if p.failed > 0 {
		return fmt.Errorf("%d of the servers could not be measured: the notes below the table say why", p.failed)
	}
	return nil
}

// probeServer asks one server for all of its slots' workloads.
func (p *Plan) probeServer(ctx context.Context, its []slot, say func(string)) error {
	return p.withServer(ctx, its[0], servers.NoUpstream, nil, func(ctx context.Context, server running) error {
		name := its[0].mode.Name
		if server.sampled != nobody {
			if _, err := server.sampled.CPUTime(); err != nil &&
				!(errors.Is(err, sample.ErrUnsupported) && server.started) {
				return fmt.Errorf("server %s: --pid %s=%d: %w: give the one that runs now", name, name,
					server.sampled.PID, err)
			}
		}
		for _, s := range its {
			for _, q := range s.questions() {
				doubt, err := q.of(ctx, server)
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if distrusted(err) {
					return fmt.Errorf("server %s at %s: %w: name its authority by --cacert and our "+
						"certificate by --cert, or take any by --insecure", name, server.url, err)
				}
				if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
					return fmt.Errorf("server %s at %s: %w: is it running?", name, server.url, err)
				}
				if doubt != "" && q.named {
					p.remark(s.workload.Name, fmt.Sprintf("Server %s: %s.", name, doubt), say)
				} else if doubt != "" {
					err = errors.New(doubt)
				}
				if err != nil {
					reason := fmt.Sprintf(
						"server %s does not serve %s: %v; if it has another path for it, give --path %s:%s=/its/path",
						name, s.workload.Name, err, name, q.path)
					p.dropWorkload(s, reason, say)
					break
				}
			}
		}
		return nil
	})
}

// question is what a server must answer to be measured on a workload.
type question struct {
	target  loadgen.Target
	nowhere string        // a path that does not exist, with the server's query
	path    string        // its name in --path
	named   bool          // the user set --path
	wait    time.Duration // earliest time of an answer; 0 if unknown
	kind    workload.Workload
}

// of asks a server, and returns an error if it does not serve what is asked for, or a doubt.
func (q question) of(ctx context.Context, server running) (doubt string, err error) {
	if q.kind.Talks {
		return "", q.joins(ctx, server)
	}
	first, err := ask(ctx, server, q.target)
	if err == nil {
		err = cmp.Or(q.streams(first), q.ranged(first))
	}
	if err == nil && !q.kind.Tells {
		doubt = q.doubt(ctx, server, first)
	}
	return doubt, err
}

// joins has a member alone in a chat room say something and hear it.
func (q question) joins(ctx context.Context, server running) error {
	t := q.target
	t.URL = server.url + t.URL
	a := conversing(loadgen.Attack{Target: t, Connect: server.connect, Connections: 1, RoomSize: 1,
		Timeout: requestTimeout}, q.kind)
	a.Rate = 1 / joinTime.Seconds()
	g, err := loadgen.Open(a)
	if err != nil {
		return err
	}
	defer g.Close()
	r, err := g.Run(ctx, joinTime)
	if err == nil {
		err = r.Unanswered()
	}
	if err == nil && r.Requests == 0 {
		err = errors.New("a member did not hear what it had said")
	}
	return err
}

// joinTime is how long a member is in a room to see whether there is one: for one message.
const joinTime = 50 * time.Millisecond

func (s slot) questions() []question {
	named := func(path string) bool { return s.mode.user.Paths[path] != "" }
	path := pathOf(s.workload.Name)
	nowhere := s.mode.user.asked("/nodecompare-" + rand.Text())
	first := question{s.target(""), nowhere, path, named(path), s.workload.Wait, s.workload}
	if first.kind.Plays {
		first.target.Header = first.target.Header.Clone()
		if first.target.Header == nil {
			first.target.Header = make(http.Header)
		}
		first.target.Header.Set("Range", fmt.Sprintf("bytes=0-%d", video.Bytes()-1))
	}
	all := []question{first}
	if s.mode.poison(s.workload) != "" {
		b, _ := blastNamed(s.workload.Name)
		all = append(all, question{s.poison(""), nowhere, b.name, named(b.name), b.poison.wait,
			workload.Workload{}})
	}
	return all
}

// answer is a server's answer to one request.
type answer struct {
	body []byte        // its beginning; none of a stream of events
	kind string        // its media type
	took time.Duration // to the body's end
	part string        // its Content-Range
}

// mostBody is how much of an answer is read, more than any workload's.
const mostBody = 1 << 20

// ask sends a server one request as the load will. t's URL is a path. No answer, or a bad one, is
// an error. Of a stream of events the header is enough, as it goes on.
func ask(ctx context.Context, server running, t loadgen.Target) (a answer, err error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, t.Method, server.url+t.URL, bytes.NewReader(t.Body))
	if err != nil {
		return a, err
	}
	if t.Header != nil {
		q.Header = t.Header.Clone()
	}
	// The client uses no proxy, follows no redirect, keeps no connection, and speaks HTTP/1.1.
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: server.connect.TLS.Clone(),
		Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(true)
	defer transport.CloseIdleConnections()
	r, err := transport.RoundTrip(q)
	if err != nil {
		return a, fmt.Errorf("%s %s: %w", t.Method, t.URL, err)
	}
	a.part = r.Header.Get("Content-Range")
	a.kind, _, _ = mime.ParseMediaType(r.Header.Get("Content-Type"))
	if a.kind == eventStream {
		cancel() // and nothing of the body is read
	} else if a.body, err = io.ReadAll(io.LimitReader(r.Body, mostBody)); err != nil {
		err = fmt.Errorf("%s %s: %w", t.Method, t.URL, err)
	}
	a.took = time.Since(start)
	if r.StatusCode < 200 || r.StatusCode > 399 {
		err = fmt.Errorf("%s %s answered %d %s", t.Method, t.URL, r.StatusCode, http.StatusText(r.StatusCode))
	}
	return a, errors.Join(err, r.Body.Close())
}

// eventStream is the type of what a workload that tells answers with.
const eventStream = "text/event-stream"

// streams returns an error if an answer goes on though it should end, or the other way round.
func (q question) streams(a answer) error {
	switch stream := a.kind == eventStream; {
	case q.kind.Tells && !stream:
		return fmt.Errorf("%s %s answered with the type %q, and %s is expected", q.target.Method, q.target.URL, a.kind,
			eventStream)
	case stream && !q.kind.Tells:
		return fmt.Errorf("%s %s answered with a stream of events, which does not end", q.target.Method, q.target.URL)
	}
	return nil
}

// ranged returns an error if an answer is not the first segment of a film, though it should be.
func (q question) ranged(a answer) error {
	want := fmt.Sprintf("bytes 0-%d/", video.Bytes()-1)
	switch {
	case !q.kind.Plays:
		return nil
	case a.part == "":
		return fmt.Errorf("%s %s answered with the whole of it where a range was asked for: viewers fetch it by Range",
			q.target.Method, q.target.URL)
	case !strings.HasPrefix(a.part, want) || int64(len(a.body)) != video.Bytes():
		return fmt.Errorf("%s %s answered with %d bytes and Content-Range %q, and its first %d bytes were asked for",
			q.target.Method, q.target.URL, len(a.body), a.part, video.Bytes())
	}
	return nil
}

// dropWorkload removes a column's trials on a workload from the plan.
func (p *Plan) dropWorkload(s slot, reason string, say func(string)) {
	say("left out: " + reason)
	p.settings.Missing = append(p.settings.Missing,
		results.Missing{Mode: s.name, Workload: s.workload.Name, Reason: reason})
	p.slots = slices.DeleteFunc(p.slots, func(other slot) bool {
		return other.name == s.name && other.workload.Name == s.workload.Name
	})
}

// dropEmpty removes workloads that nobody serves, and columns that serve nothing, from the
// settings.
func (p *Plan) dropEmpty() {
	p.settings.Workloads = slices.DeleteFunc(p.settings.Workloads, func(w results.Workload) bool {
		return !slices.ContainsFunc(p.slots, func(s slot) bool { return s.workload.Name == w.Name })
	})
	p.settings.Modes = slices.DeleteFunc(p.settings.Modes, func(m results.Mode) bool {
		return !slices.ContainsFunc(p.slots, func(s slot) bool { return s.name == m.Name })
	})
}

package workload_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nodecompare/servers/workload"
)

func TestAPI(t *testing.T) {
	const upstream = "http://127.0.0.1:4000/upstream"
	c := dial(t, open(t, workload.Options{Upstream: upstream}))
	late := fault(504, "the upstream "+upstream+" did not answer in time")
	broken := fault(502, "the call to the upstream "+upstream+" failed")
	for _, test := range []struct {
		name  string
		reply workload.Reply
		err   error
		want  answer
	}{
		{"json", workload.Reply{Status: 200, ContentType: json, Body: []byte(`{"a":[1, 2]}`)}, nil,
			answer{200, json, "", `{"a":[1, 2]}`}},
		{"created", workload.Reply{Status: 201, ContentType: json, Body: []byte(`1`)}, nil, answer{201, json, "", `1`}},
		{"no content", workload.Reply{Status: 204, ContentType: json}, nil, answer{204, json, "", ""}},
		{"no type", workload.Reply{Status: 200, Body: []byte(`?`)}, nil, answer{200, data, "", "?"}},
		{"moved", workload.Reply{Status: 302}, nil, fault(502, "the upstream "+upstream+" answered 302")},
		{"not found", workload.Reply{Status: 404, Body: []byte(`no`)}, nil,
			fault(502, "the upstream "+upstream+" answered 404")},
		{"failing", workload.Reply{Status: 500}, nil, fault(502, "the upstream "+upstream+" answered 500")},
		{"deadline", workload.Reply{}, fmt.Errorf("reading: %w", os.ErrDeadlineExceeded), late},
		{"context", workload.Reply{}, context.DeadlineExceeded, late},
		{"socket's timeout", workload.Reply{}, os.NewSyscallError("recv", syscall.EAGAIN), late},
		{"net's timeout", workload.Reply{}, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, late},
		{"reply and timeout", workload.Reply{Status: 200, Body: []byte(`{`)}, os.ErrDeadlineExceeded, late},
		{"refused", workload.Reply{}, os.NewSyscallError("connect", syscall.ECONNREFUSED),
			fault(502, "the upstream "+upstream+" refused the connection: is it running?")},
		{"reset", workload.Reply{}, os.NewSyscallError("recv", syscall.ECONNRESET), broken},
		{"cut", workload.Reply{}, io.ErrUnexpectedEOF, broken},
		{"malformed", workload.Reply{}, errors.New("malformed status line"), broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.io.reply, c.io.err = test.reply, test.err
			if diff := cmp.Diff(test.want, c.get("/api?ms=5")); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestAPIAsks(t *testing.T) {
	for _, test := range []struct{ upstream, target, want string }{
		{"http://127.0.0.1:4000/upstream", "/api?ms=7", "http://127.0.0.1:4000/upstream?ms=7"},
		{"http://127.0.0.1:4000/upstream", "/api", "http://127.0.0.1:4000/upstream?ms=50"},
		{"http://127.0.0.1:4000", "/api?ms=7", "http://127.0.0.1:4000/?ms=7"},
		{"http://[::1]:4000/a%20b?key=x%26y&ms=1#top", "/api?ms=7", "http://[::1]:4000/a%20b?key=x%26y&ms=7"},
		{"http://127.0.0.1:4000/upstream", "/api?ms=x", ""},
		{"http://127.0.0.1:4000/upstream", "/api?ms=60001", ""},
	} {
		c := dial(t, open(t, workload.Options{Upstream: test.upstream}))
		c.io.reply.Status = 200
		a := c.get(test.target)
		if got := strings.Join(c.io.gets, " "); got != test.want {
			t.Errorf("%s with the upstream %s asked for %q, want %q", test.target, test.upstream, got, test.want)
		}
		if want := 400; test.want == "" && a.Status != want {
			t.Errorf("%s was answered with %d, want %d", test.target, a.Status, want)
		}
	}
}

func TestAPIWithoutUpstream(t *testing.T) {
	c := dial(t, open(t, workload.Options{}))
	want := fault(502, "no upstream is configured: the server was started without the URL of one")
	if diff := cmp.Diff(want, c.get("/api?ms=5")); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if len(c.io.gets) != 0 {
		t.Errorf("it asked for %s", c.io.gets)
	}
}

func TestBadUpstream(t *testing.T) {
	for _, upstream := range []string{
		"127.0.0.1:4000", "localhost:4000/upstream", "https://example.com/", "http:///upstream", "/upstream",
		"http://user:secret@127.0.0.1/", "http://127.0.0.1/?a=%zz", "http://127.0.0.1:port/", "http://127.0.0.1/\n",
	} {
		s, err := workload.Open(workload.Options{Dir: seeded, Upstream: upstream})
		if err == nil {
			t.Errorf("the upstream %q was taken", upstream)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if !strings.Contains(err.Error(), "upstream") || strings.Contains(err.Error(), "secret") {
			t.Errorf("the upstream %q: %v", upstream, err)
		}
	}
}

package cmd_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nodecompare/results"
)

// videoServer serves a file by ranges, each after a delay.
func videoServer(t *testing.T, delay time.Duration) string {
	t.Helper()
	file := make([]byte, 1_000_000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(delay)
		http.ServeContent(w, r, "video.mp4", time.Time{}, bytes.NewReader(file))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// What a server does to its viewers is known here, and the load finds it: each segment takes one
// and a half times as long as it plays.
func TestLoadOfPlayers(t *testing.T) {
	t.Parallel()
	const segment, delay = 0.2, 300 * time.Millisecond
	cmd, out, errs := command(t, "load", "--play", videoServer(t, delay), "--connections=3", "--segment=200ms",
		"--bitrate=0.8", "--duration=2s", "--format=json", "--min-smooth=99%")
	if code := undisturbed(t, cmd.Run(), out); code != 3 ||
		!strings.Contains(errs.String(), "smooth 0%, at least 99%") {
		t.Fatalf("ended with %d: %s", code, errs)
	}
	var run results.LoadRun
	if err := json.Unmarshal(out.Bytes(), &run); err != nil {
		t.Fatal(err)
	}
	v := run.Viewing
	if v == nil || run.Conversation != results.Playback || run.Errors != 0 || v.SegmentBytes != 20_000 ||
		v.SegmentS != segment || v.Viewers != 3 || v.Unstarted+v.Smooth != 0 || run.BytesIn != run.Requests*20_000 {
		t.Fatalf("%s", out)
	}
	// each segment but the first, and those that the end cuts short, is half a segment late
	if least := float64(v.Stalls-3) * (delay.Seconds() - segment); v.Stalls == 0 || v.Stalls+6 < run.Requests ||
		v.StalledS < least || v.LongestStallS < delay.Seconds()-segment {
		t.Errorf("%+v of %d segments, each %v late at the least", v, run.Requests, least)
	}
	if least := float64(delay.Microseconds()); run.LatencyUS.P50 < 0.99*least {
		t.Errorf("they started up after %v µs, and a segment takes %v", run.LatencyUS.P50, least)
	}
}

func TestLoadOfNoPlayers(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(make([]byte, 100_000))
	}))
	defer s.Close()
	cmd, out, errs := command(t, "load", "--play", s.URL, "--connections=2", "--segment=100ms", "--duration=300ms")
	if code := codeOf(t, cmd.Run()); code != 1 || !strings.Contains(out.String(), "No viewer saw anything.") ||
		!strings.Contains(errs.String(), "the server answered a range with 200 and the whole file") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
	cmd, out, errs = command(t, "load", "--play", videoServer(t, time.Second), "--connections=2", "--segment=100ms",
		"--bitrate=0.8", "--duration=300ms", "--timeout=10s")
	if code := undisturbed(t, cmd.Run(), out); code != 0 ||
		!strings.Contains(out.String(), "2 viewers had no whole segment") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
}

func TestLoadFlagsOfPlayers(t *testing.T) {
	for args, want := range map[string]string{
		"--play --rate=5":          "--rate is not for players, since they ask for what they show next",
		"--play --new-connections": "--new-connections is not for players",
		"--play --subscribe":       "--subscribe is not for players",
		"--play --engine=vegeta":   "--engine=vegeta knows no players",
		"--play --duration=3s":     "--duration=3s: players of segments of 2s need 6s or more",
		"--play --bitrate=0":       "must be more than 0",
		"--play --segment=24h":     "from 1 byte to 256 MiB",
		"--bitrate=8":              "--bitrate is of players: give --play too",
		"--min-smooth=9%":          "--min-smooth is of players: give --play too",
		"--play -H Range:bytes=0-": "what Range they ask for",
	} {
		cmd, _, errs := command(t, append([]string{"load", "http://127.0.0.1:1/"}, strings.Fields(args)...)...)
		if code := codeOf(t, cmd.Run()); code != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s ended with %d: %s", args, code, errs)
		}
	}
	cmd, _, errs := command(t, "load", "https://127.0.0.1:1/", "--play")
	if code := codeOf(t, cmd.Run()); code != 2 || !strings.Contains(errs.String(), "cannot do https") {
		t.Errorf("ended with %d: %s", code, errs)
	}
}

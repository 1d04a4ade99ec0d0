package loadgen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"nodecompare/loadgen/response"
)

// Play is the name of the conversation of a player, who fetches a video ahead of what it shows.
const Play = "playback"

const (
	// DefaultBitRate and DefaultSegment are what a player shows, in bits per second, and how much
	// of it each of its requests asks for.
	DefaultBitRate = 4_000_000
	DefaultSegment = 2 * time.Second
	// Ahead is how many segments a player's buffer holds at the most, the one that plays included.
	Ahead = 3
	// askAgain is how long a player waits after a segment that failed before it asks for it again.
	askAgain = 500 * time.Millisecond
)

// Video is what players show. It plays from the beginning of the file, and begins again where no
// whole segment is left.
type Video struct {
	BitRate int64         // bits per second; 0 means DefaultBitRate
	Segment time.Duration // of play that one request asks for; 0 means DefaultSegment
}

// prepared returns v with its defaults filled in, or the reason why it cannot be played.
func (v Video) prepared() (Video, error) {
	if v.BitRate == 0 {
		v.BitRate = DefaultBitRate
	}
	if v.Segment == 0 {
		v.Segment = DefaultSegment
	}
	if v.BitRate < 0 || v.Segment < 0 || v.Bytes() < 1 || float64(v.BitRate)*v.Segment.Seconds() > math.MaxInt32 {
		return v, fmt.Errorf("segments of %v at %d bits a second: a segment has from 1 byte to 256 MiB", v.Segment,
			v.BitRate)
	}
	return v, nil
}

// Bytes returns the size of a segment.
func (v Video) Bytes() int64 { return int64(float64(v.BitRate) / 8 * v.Segment.Seconds()) }

// Viewing counts what became of the players of a load. All are 0 in a load without.
//
// A player begins to play when its first segment is whole, and each further one must be whole when
// all that came before it has been shown. One that is not is a stall, which lasts until it is: play
// goes on from there, and all that follows is due so much later.
type Viewing struct {
	Viewers   uint64        // those whose time to begin had come
	Unstarted uint64        // had no whole segment when the run ended
	Smooth    uint64        // began to play, and had no stall
	Stalls    uint64        // those at the run's end included
	Stalled   time.Duration // of all stalls
	Longest   time.Duration // of one stall
	Watched   time.Duration // of all viewers, from when each began to play to the run's end, stalls included
}

// add adds the counts of another part of a load.
func (v *Viewing) add(o Viewing) {
	v.Viewers += o.Viewers
	v.Unstarted += o.Unstarted
	v.Smooth += o.Smooth
	v.Stalls += o.Stalls
	v.Stalled += o.Stalled
	v.Longest = max(v.Longest, o.Longest)
	v.Watched += o.Watched
}

// rangeError is an answer that is not the range that was asked for.
type rangeError struct{ reason string }

func (e *rangeError) Error() string { return e.reason }

func notTheRange(format string, args ...any) error { return &rangeError{fmt.Sprintf(format, args...)} }

// film is what the players of an attack have in common.
type film struct {
	ask     []byte // a request up to the numbers of its range
	bytes   int64  // of a segment
	segment time.Duration
}

// player is a connection's part of a load of players: a viewer. In each run it is another viewer,
// with a connection of its own.
type player struct {
	film   *film
	parser response.Parser
	open   bool   // the parser has begun with the present answer
	wire   []byte // the present request
	from   int64  // the first byte of the present segment
	size   int64  // of the file; 0 until an answer has said it
	got    int64  // bytes of the present segment
	wrong  error  // why the present answer is not it

	due, at time.Duration // when it begins, and when it asks for the next segment
	shown   time.Duration // until when all that has come is enough, once it plays
	began   time.Duration // to play
	plays   bool
	over    bool // its run is
	seen    Viewing
}

func preparePlayers(a Attack) (script, error) {
	switch {
	case a.Target.Method != http.MethodGet || a.Target.Body != nil:
		return script{}, fmt.Errorf("players ask by GET and without a body, and not by %s", a.Target.Method)
	case a.Rate > 0 || a.Requests > 0:
		return script{}, errors.New("players ask for what they show next: neither a rate nor a number of " +
			"requests can be given")
	case len(a.Others) > 0:
		return script{}, errors.New("players all show one video: give one URL")
	case a.Connect.New:
		return script{}, errors.New("a player keeps its connection from segment to segment")
	case a.WantBody != nil:
		return script{}, errors.New("a player has no body to compare")
	case a.WantStatus != http.StatusPartialContent:
		return script{}, fmt.Errorf("a range is answered by %d, and not by %d", http.StatusPartialContent, a.WantStatus)
	case a.Target.Header.Get("Range") != "":
		return script{}, errors.New("players say themselves what Range they ask for: leave that header out")
	}
	says, err := messages(a)
	if err != nil {
		return script{}, err
	}
	f := &film{
		ask:   append(bytes.TrimSuffix(says[0].wire, []byte("\r\n")), "Range: bytes="...),
		bytes: a.Video.Bytes(), segment: a.Video.Segment,
	}
	return script{says: says, talks: alone(a, f.players)}, nil
}

func (f *film) players(n int) []talk {
	all, talks := make([]player, n), make([]talk, n)
	for i := range all {
		p := &all[i]
		p.film, p.parser = f, response.NewParser(0, nil)
		p.parser.Sink = p.take
		talks[i] = p
	}
	return talks
}

// joins implements selfPaced. Players begin one after the other within the time of one segment, or
// of the run if that is shorter, so that they do not march in step.
func (p *player) joins(place, all int, run time.Duration) {
	p.due = time.Duration(float64(min(p.film.segment, run)) * float64(place) / float64(all))
	p.at = p.due
	p.from, p.size, p.plays, p.over, p.seen = 0, 0, false, false, Viewing{}
}

// next implements selfPaced.
func (p *player) next() time.Duration { return p.at }

// asks implements selfPaced.
func (p *player) asks() []byte {
	p.open = false
	p.wire = append(p.wire[:0], p.film.ask...)
	p.wire = append(strconv.AppendInt(p.wire, p.from, 10), '-')
	p.wire = append(strconv.AppendInt(p.wire, p.last(), 10), "\r\n\r\n"...)
	return p.wire
}

// last returns the last byte of the present segment.
func (p *player) last() int64 { return p.from + p.film.bytes - 1 }

// took implements selfPaced. The first segment counts from when the player was due to begin; the
// others are in no latency.
func (p *player) took(done time.Duration, status int) (since time.Duration, timed bool) {
	first := !p.plays
	if status != http.StatusPartialContent {
		p.at = done + askAgain
		return p.due, first
	}
	if first {
		p.plays, p.began, p.shown = true, done, done
	}
	p.stalls(done)
	p.shown = max(p.shown, done) + p.film.segment
	p.at = max(done, p.shown-(Ahead-1)*p.film.segment)
	if p.from += p.film.bytes; p.last() >= p.size {
		p.from = 0
	}
	return p.due, first
}

// stalls counts a stall, if all that has come was shown before that time.
func (p *player) stalls(until time.Duration) {
	if wait := until - p.shown; wait > 0 && !p.over {
		p.seen.Stalls++
		p.seen.Stalled += wait
		p.seen.Longest = max(p.seen.Longest, wait)
	}
}

// leaves implements selfPaced.
func (p *player) leaves(now time.Duration, res *Result) {
	if p.due > now || p.over {
		return
	}
	p.seen.Viewers = 1
	if p.plays {
		p.stalls(now)
		p.seen.Watched = now - p.began
	} else {
		p.seen.Unstarted = 1
	}
	if p.plays && p.seen.Stalls == 0 {
		p.seen.Smooth = 1
	}
	p.over = true
	res.Viewing.add(p.seen)
}

func (p *player) connected() []byte {
	p.open = false
	return nil
}

// take is the parser's Sink: it counts and keeps nothing.
func (p *player) take(part []byte) (used int, stop bool) {
	if p.got == 0 {
		p.wrong = p.check()
	}
	if p.got += int64(len(part)); p.got > p.film.bytes && p.parser.Status() == http.StatusPartialContent &&
		p.wrong == nil {
		p.wrong = notTheRange("a range of %d bytes was answered with more", p.film.bytes)
	}
	return len(part), p.wrong != nil
}

// check holds an answer's header against what was asked for.
func (p *player) check() error {
	switch p.parser.Status() {
	case http.StatusPartialContent:
	case http.StatusOK:
		return notTheRange("the server answered a range with 200 and the whole file: it does not do ranges here")
	default:
		return nil // its status is the failure
	}
	r, ok := p.parser.Range()
	switch {
	case !ok:
		return notTheRange("206 without one Content-Range: nobody knows what its body is")
	case r.Total < 0:
		return notTheRange("Content-Range does not say how long the file is")
	case r.Total < p.film.bytes:
		return notTheRange("the file has %d bytes, fewer than the %d of one segment", r.Total, p.film.bytes)
	case p.size > 0 && r.Total != p.size:
		return notTheRange("the file had %d bytes before, and now has %d", p.size, r.Total)
	case r.First != p.from || r.Last != p.last():
		return notTheRange("bytes %d-%d were asked for, and %d-%d answered", p.from, p.last(), r.First, r.Last)
	}
	p.size = r.Total
	return nil
}

func (p *player) hear(m *message, b []byte) (used int, h heard, err error) {
	if !p.open {
		p.parser.Begin(m.head)
		p.open, p.got, p.wrong = true, 0, nil
	}
	used, whole, err := p.parser.Feed(b)
	switch {
	case err != nil:
	case p.wrong != nil:
		err = p.wrong
	case whole:
		h.what = over
		h.answer, err = p.answer()
	}
	return used, h, err
}

// answer returns the complete answer, or why it is not the range.
func (p *player) answer() (response.Answer, error) {
	p.open = false
	a := p.parser.Answer()
	a.Size = p.got
	if p.got == 0 {
		p.wrong = p.check()
	}
	if p.wrong == nil && a.Status == http.StatusPartialContent && p.got != p.film.bytes {
		p.wrong = notTheRange("a range of %d bytes was answered with %d", p.film.bytes, p.got)
	}
	return a, p.wrong
}

func (p *player) begun() bool { return p.open && p.parser.Begun() }

func (p *player) ended() (response.Answer, error) {
	if !p.open {
		p.parser.Begin(false)
	}
	a, err := p.parser.End()
	if err != nil {
		return a, err
	}
	if _, err = p.answer(); err != nil {
		return a, errors.Join(err, io.ErrUnexpectedEOF)
	}
	a.Size = p.got
	return a, nil
}

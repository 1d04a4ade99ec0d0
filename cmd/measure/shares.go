package measure

import (
	"time"

	"nodecompare/loadgen"
)

// Span is a window within a run. It begins a while after the first request was sent.
type Span struct {
	Lead   time.Duration `json:"lead"`
	Length time.Duration `json:"length"`
}

// Shares counts the requests of a span, each by the share of its life within it. Counting whole
// answers would be wrong: if all connections wait together, answers come in waves, and chance
// decides whether a span holds two or three. With shares, a connection whose requests take a tenth
// of the span counts ten, whenever they begin. The zero value counts nothing.
type Shares struct {
	Sum float64

	span     Span
	counting bool
	from, to time.Time // the span, known once a request has ended
}

// Begin counts anew, over the span of a run that follows.
func (s *Shares) Begin(of Span) { *s = Shares{span: of, counting: true} }

// Add counts a request. Failed ones do not count.
func (s *Shares) Add(o *loadgen.Outcome) {
	if !s.counting {
		return
	}
	if s.to.IsZero() { // the first to end was among the first to be sent
		s.from = o.Sent.Add(s.span.Lead)
		s.to = s.from.Add(s.span.Length)
	}
	if o.Kind != "" {
		return
	}
	from, to := o.Sent, o.End
	if s.from.After(from) {
		from = s.from
	}
	if s.to.Before(to) {
		to = s.to
	}
	if life := o.End.Sub(o.Sent); life > 0 && to.After(from) {
		s.Sum += float64(to.Sub(from)) / float64(life)
	}
}

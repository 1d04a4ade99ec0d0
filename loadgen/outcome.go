package loadgen

import "time"

// Outcome is what became of one request of a run, as Attack.Each is told of it. The latency that Result.Latency counts is
// End-Due, and that of Result.Uncorrected End-Sent.
type Outcome struct {
	Seq   uint64    // the number of the request in an open load, from 0; 0 in a closed one
	Due   time.Time // when it should have been sent; in a closed load when it was
	Sent  time.Time // when it was taken up to be sent
	End   time.Time // when its response was whole, or it had failed
	Code  int       // the status of a whole response, wanted or not; 0 where there was none
	Bytes int64     // of the response's body
	Kind  string    // of the error, one of Kinds; "" for a success
	Error string    // its text
}

// tell passes an outcome on, with the failure that the recorder has made of it. One Outcome serves for all: a fresh one
// would be an allocation a request.
func (r *recorder) tell(x *outcome, f failure) {
	if r.attack.Each == nil {
		return
	}
	sent := r.start.Add(x.sent)
	r.told = Outcome{
		Seq: x.seq, Due: sent, Sent: sent, End: r.start.Add(x.done),
		Code: x.answer.Status, Bytes: x.answer.Size, Kind: f.kind, Error: f.text,
	}
	if r.attack.Rate > 0 {
		r.told.Due = r.start.Add(Due(x.seq, r.attack.Rate))
	}
	r.attack.Each(&r.told)
}

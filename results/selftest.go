package results

// The words of a selftest, from good to bad.
const (
	SelftestOK = "ok"
	// SelftestNoisy says that the machine, at that time, was too busy for the answer to be trusted;
	// another try may pass.
	SelftestNoisy = "noisy machine"
	// SelftestWrong says that the tool's figure is not what happened, and that no noise explains
	// it.
	SelftestWrong = "wrong tool"
)

// Selftest is what the tool measured where the answer was known, on the machine and in the minute
// of a bench.
type Selftest struct {
	ElapsedS float64         `json:"elapsed_s"`
	Partial  bool            `json:"partial"` // it was interrupted, or it ran out of time: checks are missing
	Verdict  string          `json:"verdict"` // the worst of the checks
	Checks   []SelftestCheck `json:"checks"`
	// OffsetUS is how late the machine is by itself, with nothing wrong, by timers and by threads
	// that are slow to wake: what most requests of a plain client beside the engines took beyond
	// the server's own figure. 0 is not known, as where others disturb the machine.
	OffsetUS float64 `json:"offset_us,omitempty"`
	// what others took of the machine meanwhile, in words; "" is nothing that is known of
	Host string `json:"host,omitempty"`
}

// SelftestCheck is one figure whose truth is known by another way.
type SelftestCheck struct {
	Engine   string  `json:"engine"`
	Load     string  `json:"load"`   // what was put on which server, e.g. "delay 5 ms"
	Figure   string  `json:"figure"` // what was read from it: p50, p90, p99, p99.9, max, requests, rate
	Unit     string  `json:"unit"`   // of the values below: us, requests, requests/s
	Truth    float64 `json:"truth"`  // for rate, the least that is asked of a machine
	Measured float64 `json:"measured"`
	// how far from the truth Measured may be; of a rate 0, since only too little is wrong
	Allowed float64 `json:"allowed"`
	// Uncorrected is what counting from the sending of a request would have given, as most tools
	// count. nil where it is the same.
	Uncorrected *float64 `json:"uncorrected,omitempty"`
	Attempts    int      `json:"attempts"` // until it passed, or was given up
	Verdict     string   `json:"verdict"`
	Reason      string   `json:"reason,omitempty"` // for a verdict other than ok, one sentence
}

package results

// Verdicts of a selftest, from good to bad.
const (
	SelftestOK = "ok"
	// SelftestNoisy says that the machine was too busy for a trustworthy answer. Another try may
	// pass.
	SelftestNoisy = "noisy machine"
	// SelftestWrong says that the tool's figure is wrong and that noise does not explain it.
	SelftestWrong = "wrong tool"
	// SelftestNone is that of a selftest which ended before its first check.
	SelftestNone = "nothing checked"
)

// Selftest is what the tool measured where the truth is known, on the machine and in the minute of
// a bench.
type Selftest struct {
	ElapsedS float64         `json:"elapsed_s"`
	Partial  bool            `json:"partial"` // interrupted or out of time: checks are missing
	Verdict  string          `json:"verdict"` // the worst of the checks
	Checks   []SelftestCheck `json:"checks"`
	// OffsetUS is the machine's own delay, by timers and by threads slow to wake: the time by which
	// most requests of a plain client beside the engines exceeded the server's own figure. 0 if
	// unknown, as on a machine that others disturb.
	OffsetUS float64 `json:"offset_us,omitempty"`
	// Host says in words what others took of the machine meanwhile; "" if nothing is known.
	Host string `json:"host,omitempty"`
}

// SelftestCheck compares one figure with a truth that is known in another way.
type SelftestCheck struct {
	Engine   string  `json:"engine"`
	Load     string  `json:"load"`   // the load and its server, e.g. "delay 5 ms"
	Figure   string  `json:"figure"` // the figure: p50, p90, p99, p99.9, max, requests, rate
	Unit     string  `json:"unit"`   // of the values below: us, requests, events, requests/s
	Truth    float64 `json:"truth"`  // for rate, the least expected of a machine
	Measured float64 `json:"measured"`
	// largest error of Measured; 0 for a rate, which can only be too low
	Allowed float64 `json:"allowed"`
	// Uncorrected is the figure counted from when a request was sent, as most tools do; nil if
	// equal.
	Uncorrected *float64 `json:"uncorrected,omitempty"`
	Attempts    int      `json:"attempts"` // until it passed or was given up
	Verdict     string   `json:"verdict"`
	Reason      string   `json:"reason,omitempty"` // one sentence if Verdict is not ok
}

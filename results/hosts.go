package results

// BenchHost is one of several hosts of a bench: what it is, and what it had to do in all runs.
type BenchHost struct {
	Name        string `json:"name"`
	Role        string `json:"role"` // server or load
	Host        Host   `json:"host"`
	ToolVersion string `json:"tool_version"`
	// its clock ahead of the coordinator's, give or take ClockUncertaintyUS: half of RoundTripUS,
	// the quickest round trip; of the run in which it was least certain
	ClockOffsetUS      float64 `json:"clock_offset_us"`
	ClockUncertaintyUS float64 `json:"clock_uncertainty_us"`
	RoundTripUS        float64 `json:"round_trip_us"`

	Runs    int     `json:"runs"`     // in which it took part
	AtLimit int     `json:"at_limit"` // of these, in which its CPUs or the load's threads had nothing left
	Busy    float64 `json:"busy"`     // the highest share of its CPU time in a run, whoever used it
	InBPS   float64 `json:"in_bps"`   // bytes per second through its network, the highest; without loopback
	OutBPS  float64 `json:"out_bps"`
}

package results

import (
	"time"

	"nodecompare/results/stat"
)

// MapVersion changes when a field of Map changes its meaning or is removed. A new field alone does
// not change it.
const MapVersion = 2

// MapFloor is the smallest difference on a map that matters, equal to the floors of throughput and
// CPU per request in Performance.
const MapFloor = 0.05

// Map shows where the concurrency model matters: modes serve requests that wait and compute for set
// times on set numbers of connections, and each cell compares every two modes.
type Map struct {
	Tool        string      `json:"tool"`
	MapVersion  int         `json:"map_version"`
	ToolVersion string      `json:"tool_version"`
	Started     time.Time   `json:"started"`
	ElapsedS    float64     `json:"elapsed_s"`
	Partial     bool        `json:"partial"` // interrupted: runs are missing
	Host        Host        `json:"host"`    // that served; see Hosts
	Settings    MapSettings `json:"settings"`
	Runs        []MapRun    `json:"runs"` // in the order in which they ran
	// servers that died, or did not start or stop
	Failures []string  `json:"failures,omitempty"`
	Pairs    []MapPair `json:"pairs"` // every two modes; filled by Judge
	// Hosts are those of a map on several, the serving one first; nil where servers and load were
	// on one.
	Hosts []BenchHost `json:"hosts,omitempty"`
	// Reduced says how figures of several hosts became one of a run.
	Reduced map[string]string `json:"reduced,omitempty"`
}

// MapSettings holds what the user asked for.
type MapSettings struct {
	Rounds      int    `json:"rounds"`
	Seed        uint64 `json:"seed"` // below 2^53; determines the order of the runs
	Pin         Pin    `json:"pin"`
	LoadThreads int    `json:"load_threads,omitempty"` // of the loop engine; 0 in older maps, which had one
	Modes       []Mode `json:"modes"`
	// requested modes that cannot run on this machine
	Missing     []Missing `json:"missing,omitempty"`
	Waits       []int     `json:"waits_ms"`
	CPUs        []int     `json:"cpus_us"`
	Connections []int     `json:"connections"`
}

// MapPoint holds the coordinates of a cell: what a request does, and how many connections send.
type MapPoint struct {
	WaitMS      int `json:"wait_ms"`
	CPUUS       int `json:"cpu_us"`
	Connections int `json:"connections"`
}

// MapRun is the run of one mode in one cell in one round.
type MapRun struct {
	MapPoint
	Mode     string `json:"mode"`
	Round    int    `json:"round"` // from 1
	Requests uint64 `json:"requests"`
	Errors   uint64 `json:"errors"`
	// requests without error in a window within the run
	ThroughputRPS float64 `json:"throughput_rps"`
	// PerRequestUS is the server's CPU time per request without error, over the whole run; 0 if the
	// system does not report it.
	PerRequestUS float64 `json:"cpu_us_per_request"`
	Trust        *Trust  `json:"trust,omitempty"`
}

// MapPair compares two modes in all cells.
type MapPair struct {
	A     string    `json:"a"`
	B     string    `json:"b"`
	Cells []MapCell `json:"cells"` // by connections, then waits, then CPU times, as in the settings
}

// Outcomes of a cell for two modes.
const (
	// MapWins: one mode is ahead in the figure that the cell rests on, or in the other if that is
	// the same.
	MapWins     = "wins"
	MapTradeOff = "trade-off"   // each mode is ahead in one figure
	MapSame     = "same"        // no figure differs
	MapUnknown  = "cannot tell" // the figures are undecided
)

// MapCell compares two modes in one cell.
type MapCell struct {
	MapPoint
	Outcome    string        `json:"outcome"`
	Winner     string        `json:"winner"` // with MapWins
	Throughput MapComparison `json:"throughput"`
	CPU        MapComparison `json:"cpu_per_request"`
	OfA        MapFigures    `json:"of_a"`
	OfB        MapFigures    `json:"of_b"`
}

// MapFigures holds a mode's medians over the rounds, of the runs that count: not VOID, and at least
// 99% of the requests answered.
type MapFigures struct {
	ThroughputRPS stat.Estimate `json:"throughput_rps"`
	// without rounds if the system does not report it
	CPUUS   stat.Estimate `json:"cpu_us_per_request"`
	Void    int           `json:"void"`    // runs excluded by their trust
	Failing int           `json:"failing"` // runs excluded by their errors
	// Limited counts the runs that count but in which the load was at its own limit: see
	// MapCell.Throughput.
	Limited int `json:"limited"`
}

// MapComparison compares one figure of two modes, paired by round.
type MapComparison struct {
	Rounds int `json:"rounds"` // rounds with a figure of both modes
	// Ratio is A's figure over B's: the geometric mean of the rounds' ratios; 0 without rounds.
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"low"` // ends of the ratio's interval
	High  float64 `json:"high"`
	// Confidence of the interval is 0.99 if Rests, else 0.95, or less with fewer than 6 rounds.
	Confidence float64 `json:"confidence"`
	Better     string  `json:"better"` // A or B if the interval lies beyond the floor, else ""
	// Same says that the interval lies within the floor, and that the load was not at its limit. If
	// Better is "" and Same is false, the comparison cannot tell.
	Same bool `json:"same"`
	// Rests marks the figure that the cell's outcome rests on. The other figure can veto, or decide
	// if this one is the same.
	Rests bool `json:"rests,omitempty"`
}

// Void reports whether no run of the map counts, so that nothing can be concluded from it.
func (m *Map) Void() bool {
	for _, r := range m.Runs {
		if r.counts() {
			return false
		}
	}
	return true
}

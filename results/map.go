package results

import (
	"time"

	"nodecompare/results/stat"
)

// MapVersion changes when a field of Map changes its meaning or goes away; a new field alone does
// not change it.
const MapVersion = 2

// MapFloor is the smallest difference on a map that matters: that of Performance's throughput and
// CPU per request.
const MapFloor = 0.05

// Map is where a concurrency model matters, and where not: modes that serve requests which wait and
// compute for stated times, on stated numbers of connections, and what every two of them differ by
// in each cell.
type Map struct {
	Tool        string      `json:"tool"`
	MapVersion  int         `json:"map_version"`
	ToolVersion string      `json:"tool_version"`
	Started     time.Time   `json:"started"`
	ElapsedS    float64     `json:"elapsed_s"`
	Partial     bool        `json:"partial"` // it was interrupted: runs are missing
	Host        Host        `json:"host"`
	Settings    MapSettings `json:"settings"`
	Runs        []MapRun    `json:"runs"`               // in the order in which they ran
	Failures    []string    `json:"failures,omitempty"` // servers that died, did not start, did not stop
	Pairs       []MapPair   `json:"pairs"`              // every two modes; see Judge
}

// MapSettings is what was asked for.
type MapSettings struct {
	Rounds      int       `json:"rounds"`
	Seed        uint64    `json:"seed"` // below 2^53; the order of the runs follows from it
	Pin         Pin       `json:"pin"`
	LoadThreads int       `json:"load_threads,omitempty"` // as of a bench
	Modes       []Mode    `json:"modes"`
	Missing     []Missing `json:"missing,omitempty"` // modes that were asked for, and that this machine could not run
	Waits       []int     `json:"waits_ms"`
	CPUs        []int     `json:"cpus_us"`
	Connections []int     `json:"connections"`
}

// MapPlace is a cell of the grid: what a request does, and how many connections send one after the
// other.
type MapPlace struct {
	WaitMS      int `json:"wait_ms"`
	CPUUS       int `json:"cpu_us"`
	Connections int `json:"connections"`
}

// MapRun is one mode in one cell in one round.
type MapRun struct {
	MapPlace
	Mode          string  `json:"mode"`
	Round         int     `json:"round"` // from 1
	Requests      uint64  `json:"requests"`
	Errors        uint64  `json:"errors"`
	ThroughputRPS float64 `json:"throughput_rps"` // requests without error, per second of a window amid the run
	// CPU, the server's, per request without error, over the whole run; 0 where the system does not
	// tell
	PerRequestUS float64 `json:"cpu_us_per_request"`
	Trust        *Trust  `json:"trust,omitempty"`
}

// MapPair is two modes in all cells.
type MapPair struct {
	A     string    `json:"a"`
	B     string    `json:"b"`
	Cells []MapCell `json:"cells"` // by connections, then waits, then CPU times, as in the settings
}

// What a cell says of two modes.
const (
	// one is ahead in the figure that the cell rests on, or where that is the same in the other
	MapWins     = "wins"
	MapTradeOff = "trade-off"   // each is ahead in one of them
	MapSame     = "same"        // neither differs
	MapUnknown  = "cannot tell" // it might be any of these
)

// MapCell is what two modes differ by in one cell.
type MapCell struct {
	MapPlace
	Outcome    string        `json:"outcome"`
	Winner     string        `json:"winner"` // with MapWins
	Throughput MapComparison `json:"throughput"`
	CPU        MapComparison `json:"cpu_per_request"`
	OfA        MapFigures    `json:"of_a"`
	OfB        MapFigures    `json:"of_b"`
}

// MapFigures are a mode's medians over the rounds, of runs that count: not VOID, and with an answer
// to 99 of 100 requests.
type MapFigures struct {
	ThroughputRPS stat.Estimate `json:"throughput_rps"`
	CPUUS         stat.Estimate `json:"cpu_us_per_request"` // of no rounds where the system does not tell
	Void          int           `json:"void"`               // runs that do not count, for their trust
	Failing       int           `json:"failing"`            // runs that do not count, for too many errors
	// runs that count, but in which the load was at its own limit: see MapCell.Throughput
	Limited int `json:"limited"`
}

// MapComparison is one figure of two modes, paired round by round.
type MapComparison struct {
	Rounds int `json:"rounds"` // that have both
	// A's figure over B's: the geometric mean of the rounds' ratios; 0 with no rounds
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"low"` // its interval
	High  float64 `json:"high"`
	// of the interval: 0.99 where it rests, else 0.95, or less with fewer than 6 rounds
	Confidence float64 `json:"confidence"`
	Better     string  `json:"better"` // A or B: the interval lies beyond the floor. "" for neither
	// the interval lies within the floor; never where the load was at its limit. Neither: one
	// cannot tell
	Same bool `json:"same"`
	// the cell's outcome rests on this figure; the other one can speak against it, or decide where
	// this is the same
	Rests bool `json:"rests,omitempty"`
}

// Void says that nothing can be concluded from the map: no run of it counts.
func (m *Map) Void() bool {
	for _, r := range m.Runs {
		if r.counts() {
			return false
		}
	}
	return true
}

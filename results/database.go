package results

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Database is the PostgreSQL that the servers of a bench asked.
type Database struct {
	Place       string `json:"place,omitempty"` // name, host and port of the user's own; "" for a private one
	Version     string `json:"version"`         // as the server says it
	Connections int    `json:"connections"`     // of a measured server to it
}

// String names the database for people, with its major version.
func (d *Database) String() string {
	if d == nil {
		return "SQLite"
	}
	major, _, _ := strings.Cut(d.Version, ".")
	return fmt.Sprintf("PostgreSQL %s, %s", major, cmp.Or(d.Place, "private"))
}

// DatabaseUse is what the database used during a rung, all of its processes together.
type DatabaseUse struct {
	CPUS            float64 `json:"cpu_s"` // user and system
	CPUUSPerRequest float64 `json:"cpu_us_per_request"`
}

// DatabaseEvidence is what is known of the database that the server asked in a run. CPU is what it
// used; 0 if unknown. Cores are those that it shares with the load.
type DatabaseEvidence struct {
	CPU         time.Duration
	Cores       int
	Connections int // of the server to it
}

// RuleDatabase is the rule that fires if the database was at its limit.
const RuleDatabase = "database"

// Bounds reports whether a rule says that something other than the server bounded the throughput.
func Bounds(rule string) bool { return rule == RuleGeneratorCPU || rule == RuleDatabase }

// databaseBound reports whether the database was at its limit in most of a mode's trials.
func (r *Record) databaseBound(w Workload, mode string, at RungKey) bool {
	bound, all := 0, 0
	for _, t := range r.Trials {
		rung, ok := t.Rung(at)
		if !ok || t.Workload != w.Name || t.Mode != mode {
			continue
		}
		all++
		if rung.Trust != nil && slices.Contains(rung.Trust.Rules, RuleDatabase) {
			bound++
		}
	}
	return 2*bound > all
}

const (
	databaseShare = generatorShare
	// idleServer is the part of one CPU below which no server is at a limit of its own, however
	// many threads it has.
	idleServer = 0.9
)

// databaseLimit tells where the database was at its limit: of the CPUs that it shares with the
// load, or since all of the server's connections to it were taken while the server had time.
func databaseLimit(e Evidence) (status, reason string) {
	d := e.Database
	if d == nil {
		return Valid, ""
	}
	const rest = ": throughput and latency are the database's more than the server's; the server's CPU per " +
		"request is sound"
	if share := ratio(d.CPU+e.Generator.CPU, time.Duration(d.Cores)*e.Elapsed); d.CPU > 0 && share > databaseShare {
		return Suspect, fmt.Sprintf("the database and the load used %.1f%% of the %s that they share",
			percent*share, count(d.Cores, "CPU")) + rest
	}
	used := ratio(e.ServerCPU, e.Elapsed)
	idle := e.ServerCPU > 0 && used < idleServer && e.Connections > d.Connections
	if ofLoad, _ := generatorCPU(e); ofLoad != Valid {
		idle = false
	}
	return when(idle, Suspect), fmt.Sprintf("the server used %.0f%% of a CPU with %d requests always in flight, "+
		"which waited for one of its %s to the database", percent*used, e.Connections,
		count(d.Connections, "connection")) + rest
}

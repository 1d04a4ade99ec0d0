package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// database is the PostgreSQL of a bench: a private cluster, or the user's own. It stands for a
// service on another machine, so it runs on the load's CPUs and is counted apart from the servers.
// A nil database is SQLite, which is part of them.
type database struct {
	url         string // without a schema
	connections int    // of a server
	private     *postgres.Private
	plan        *Plan
}

// databaseWanted returns what a bench is to ask beside SQLite; nil for nothing.
func (p *Plan) databaseWanted(o Options) (*database, error) {
	asked := o.Database == servers.PrivateDatabase || postgres.Is(o.Database)
	switch {
	case o.Database == "" || o.Database == workload.SQLite:
		return nil, nil
	case !asked:
		return nil, fmt.Errorf("--db=%s: give %s, %s, or a URL postgres://user@host/name", o.Database,
			workload.SQLite, servers.PrivateDatabase)
	case o.Hosts:
		return nil, fmt.Errorf("--db=%s: with --agents servers have SQLite alone: leave out either", o.Database)
	case o.Connections < 0:
		return nil, fmt.Errorf("--db-connections=%d: at least 1 is needed", o.Connections)
	}
	d := &database{connections: o.Connections, plan: p}
	if d.connections == 0 {
		d.connections = postgres.DefaultConnections
	}
	if postgres.Is(o.Database) {
		c, err := postgres.Parse(o.Database)
		switch {
		case err != nil:
			return nil, err
		case c.Ours():
			return nil, fmt.Errorf("--db: %s is a schema of another nodecompare, with its orders: leave search_path "+
				"out, and this one makes its own", c.Schema)
		}
		d.url = o.Database
	}
	for _, s := range p.slots {
		if s.workload.Database && s.mode.user == nil {
			return d, nil
		}
	}
	var asking []string
	for _, w := range workload.All {
		if w.Database {
			asking = append(asking, w.Name)
		}
	}
	return nil, fmt.Errorf("--db=%s: no server of this bench asks a database: name a workload that does, of %s",
		o.Database, strings.Join(asking, ", "))
}

// of reports whether the slot's server asks the database.
func (d *database) of(s slot) bool { return d != nil && s.workload.Database && s.mode.user == nil }

// open starts the private cluster, unless it runs, and describes the database.
func (d *database) open(ctx context.Context) (*results.Database, error) {
	if d.url == "" {
		err := measure.Pinned(d.plan.split, func() (err error) {
			// the connections of one server may not be gone when the next one opens its own
			d.private, err = postgres.StartPrivate(ctx, 2*d.connections)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	c, err := postgres.Parse(d.address())
	if err != nil {
		return nil, err
	}
	described := &results.Database{Connections: d.connections}
	if d.private == nil {
		described.Place = c.Place()
	}
	described.Version, err = c.Version(ctx)
	return described, err
}

func (d *database) address() string {
	if d.private != nil {
		return d.private.URL
	}
	return d.url
}

// close ends the private cluster.
func (d *database) close() error {
	if d == nil || d.private == nil {
		return nil
	}
	p := d.private
	d.private = nil
	return p.Stop()
}

// sampled are the processes of the private cluster; nobody for the user's own.
func (d *database) sampled() sample.Subject {
	if d == nil || d.private == nil {
		return nobody
	}
	return sample.Subject{PID: d.private.PID, Scope: sample.WithTree}
}

// ledger makes tables for one server.
func (d *database) ledger() (*workload.Ledger, error) {
	l, err := workload.NewLedger("", d.address())
	if err == nil {
		l.Connections = d.connections
	}
	return l, err
}

// within calls use with a context that ends when the private cluster does, which is then the error.
// A cluster that has died before is started anew.
func (d *database) within(ctx context.Context, use func(context.Context) error) error {
	if d.private == nil {
		return use(ctx)
	}
	if d.died() {
		if err := d.close(); err != nil {
			return err
		}
		if _, err := d.open(ctx); err != nil {
			return err
		}
	}
	alive, end := context.WithCancelCause(ctx)
	defer end(nil)
	p := d.private
	go func() {
		select {
		case <-p.Ended():
			end(p.Err())
		case <-alive.Done():
		}
	}()
	err := use(alive)
	if ctx.Err() == nil && d.died() {
		return &child.Failure{Server: "database", Helper: true, Reason: p.Err(),
			Command: "nodecompare serve --db=postgres"}
	}
	return err
}

// died reports whether the private cluster has ended by itself.
func (d *database) died() bool {
	select {
	case <-d.private.Ended():
		return true
	default:
		return false
	}
}

// databaseUse is what the database used for a rung.
func databaseUse(used time.Duration, answered uint64) *results.DatabaseUse {
	u := &results.DatabaseUse{CPUS: seconds(used)}
	if answered > 0 {
		u.CPUUSPerRequest = float64(used.Nanoseconds()) / 1e3 / float64(answered)
	}
	return u
}

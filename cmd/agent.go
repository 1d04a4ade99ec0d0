package cmd

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nodecompare/cluster"
	"nodecompare/cmd/load"
	"nodecompare/cmd/measure"
	"nodecompare/results/foreign"
	"nodecompare/results/unit"
)

// tokenVariable keeps a token out of the list of processes.
const tokenVariable = "NODECOMPARE_TOKEN"

func agentCommand() *cobra.Command {
	var at cluster.Access
	var name string
	c := &cobra.Command{
		Use:   "agent",
		Short: "Make load on this machine for a coordinator on another one",
		Long: `Make load on this machine for a coordinator on another one. 'nodecompare load URL --agents=N' is the
coordinator, and prints the line that starts its agents.

An agent takes loads and nothing else: neither command lines nor files. It ends when the coordinator
does, or within five seconds of losing it, and leaves nothing running.`,
		Example: "  nodecompare agent --join=nats://10.0.0.1:4222 --token=… --fingerprint=…",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			at.Token = cmp.Or(at.Token, os.Getenv(tokenVariable))
			if err := at.Check(); err != nil {
				return exitError{exitUsage, err}
			}
			if err := measurable(); err != nil {
				return err
			}
			version, err := sameVersion()
			if err != nil {
				return err
			}
			if name == "" {
				if name, err = os.Hostname(); err != nil {
					return fmt.Errorf("find this machine's name: %w: give one by --name", err)
				}
			}
			notes := c.ErrOrStderr()
			return cluster.Join(c.Context(), at, cluster.Served{
				Member: cluster.Member{Name: name, Role: cluster.Load, Version: version, Host: measure.Host()},
				Work:   func() cluster.Worker { return new(load.Worker) },
				Say:    func(text string) { fmt.Fprintf(notes, "agent: %s\n", foreign.Line(text)) },
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&at.URL, "join", "", "`address` of the coordinator, or of your own NATS server: nats://HOST:4222")
	flags.StringVar(&at.Token, "token", "", "the coordinator's; the variable "+tokenVariable+" may hold it too")
	flags.StringVar(&at.Fingerprint, "fingerprint", "",
		"SHA-256 of the coordinator's certificate; without it, TLS is as the address says (tls://)")
	flags.StringVar(&at.Creds, "creds", "", "`file` of credentials, for your own NATS server")
	flags.StringVar(&name, "name", "", "of this machine in the results (default its host name)")
	return c
}

// sameVersion returns the version that a coordinator and its agents must have in common. Builds of
// a checkout are told apart by their digests.
func sameVersion() (string, error) {
	v := measure.ToolVersion()
	if v != "(devel)" {
		return v, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program, to compare it with the agents': %w", err)
	}
	f, err := os.Open(self)
	if err != nil {
		return "", fmt.Errorf("read this program, to compare it with the agents': %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read this program, to compare it with the agents': %w", err)
	}
	return v + " " + hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

// agentOptions are the flags of a coordinator.
type agentOptions struct {
	agents int
	listen string
	at     cluster.Access // of the user's own NATS server
}

func (o *agentOptions) define(flags *pflag.FlagSet) {
	flags.IntVar(&o.agents, "agents", 0,
		"make the load on this `number` of other machines, together; 0 is on this one")
	flags.StringVar(&o.listen, "listen", "",
		"with --agents, the `address` to wait for them at: HOST, :PORT or HOST:PORT "+
			"(default this machine's, port 4222)")
	flags.StringVar(&o.at.URL, "nats", "", "with --agents, meet them at your own NATS server: `nats://HOST:4222`")
	flags.StringVar(&o.at.Creds, "creds", "", "`file` of credentials for --nats")
}

// joinTime is how long agents are awaited.
const joinTime = 10 * time.Minute

// with waits for the agents, calls use with them, and tells them that it is over.
func (o agentOptions) with(ctx context.Context, notes io.Writer, use func([]*cluster.Agent) error) error {
	say := func(text string) { fmt.Fprintf(notes, "nodecompare: %s\n", foreign.Line(text)) }
	version, err := sameVersion()
	if err != nil {
		return err
	}
	var hub *cluster.Hub
	at, join := o.at, ""
	if at.URL == "" {
		listen := cmp.Or(o.listen, fmt.Sprintf(":%d", cluster.DefaultPort))
		if hub, err = cluster.NewHub(listen, o.agents, say); err != nil {
			return err
		}
		defer hub.Close()
		join = fmt.Sprintf("--join=%s --token=%s --fingerprint=%s", hub.URL, hub.Token, hub.Fingerprint)
	} else {
		at.Token = cmp.Or(os.Getenv(tokenVariable), cluster.NewToken())
		if err := at.Check(); err != nil {
			return exitError{exitUsage, err}
		}
		join = fmt.Sprintf("--join=%s --token=%s", at.URL, at.Token)
		if at.Creds != "" {
			join += " --creds=" + at.Creds
		}
	}
	c, err := cluster.Coordinate(hub, at, version, say)
	if err != nil {
		return err
	}
	defer c.Close()
	say(fmt.Sprintf("run this on %s:", unit.Counted(o.agents, "other machine")))
	fmt.Fprintf(notes, "\n  nodecompare agent %s\n\n", join)
	waiting, stop := context.WithTimeoutCause(ctx, joinTime, errTooFew)
	defer stop()
	all, err := c.Await(waiting, func(all []*cluster.Agent) bool { return len(all) >= o.agents },
		func(all []*cluster.Agent) {
			if len(all) > 0 {
				here := all[:min(len(all), o.agents)]
				say(fmt.Sprintf("%d of %s: %s", len(here), unit.Counted(o.agents, "agent"), load.Names(here)))
			}
		})
	if err != nil {
		return err
	}
	return use(all[:o.agents])
}

var errTooFew = errors.New("too few agents joined within 10 minutes: see whether they reach this machine's address, " +
	"and what they say")

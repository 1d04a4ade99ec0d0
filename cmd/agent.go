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
	"nodecompare/cmd/hosts"
	"nodecompare/cmd/measure"
	"nodecompare/results"
	"nodecompare/results/unit"
	"nodecompare/servers/child"
)

// tokenVariable keeps a token out of the list of processes.
const tokenVariable = "NODECOMPARE_TOKEN"

func agentCommand() *cobra.Command {
	var at cluster.Access
	var name, role string
	var commands bool
	c := &cobra.Command{
		Use:   "agent",
		Short: "Make load on this machine, or run servers, for a coordinator on another one",
		Long: `Make load on this machine, or run the servers, for a coordinator on another one.
'nodecompare load URL --agents=N', and 'bench' and 'map' with --agents=N, are coordinators, and print the
lines that start their agents.

An agent takes loads, and with --role=server the modes of this program; neither command lines nor files,
but for the --server commands of a bench with --allow-commands. It ends when the coordinator does, or
within five seconds of losing it, and leaves nothing running.`,
		Example: "  nodecompare agent --join=nats://10.0.0.1:4222 --token=… --fingerprint=…\n  " +
			"nodecompare agent --join=nats://10.0.0.1:4222 --token=… --fingerprint=… --role=server",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			at.Token = cmp.Or(at.Token, os.Getenv(tokenVariable))
			if err := at.Check(); err != nil {
				return exitError{exitUsage, err}
			}
			if role != cluster.Load && role != cluster.Server {
				return exitError{exitUsage, fmt.Errorf("--role=%s: there are load and server", role)}
			}
			if commands && role != cluster.Server {
				return exitError{exitUsage, errors.New("--allow-commands is for the agent with --role=server")}
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
			say := progressPrinter(false, "agent", c.ErrOrStderr())
			work := func() cluster.Worker { return new(hosts.LoadWorker) }
			if role == cluster.Server {
				if err := child.Sweep(say); err != nil {
					say(err.Error()) // leftovers are no reason to measure nothing
				}
				work = func() cluster.Worker { return &hosts.ServerWorker{Commands: commands, Say: say} }
			}
			return cluster.Join(c.Context(), at, cluster.Served{
				Member: cluster.Member{Name: name, Role: role, Version: version, Host: measure.Host(),
					Commands: commands},
				Work: work, Say: say,
			})
		},
	}
	flags := c.Flags()
	flags.StringVar(&at.URL, "join", "", "`address` of the coordinator, or of your own NATS server: nats://HOST:4222")
	flags.StringVar(&at.Token, "token", "", "the coordinator's; the variable "+tokenVariable+" may hold it too")
	flags.StringVar(&at.Fingerprint, "fingerprint", "",
		"SHA-256 of the coordinator's certificate; without it, TLS is as the address says (tls://)")
	flags.StringVar(&at.Creds, "creds", "", "`file` of credentials, for your own NATS server")
	flags.StringVar(&role, "role", cluster.Load, "load, or server: this machine runs what a bench measures")
	flags.BoolVar(&commands, "allow-commands", false,
		"run the --server commands of the coordinator's bench: whoever holds the token may run any command here")
	complete(c, "role", func(string) []string { return []string{cluster.Load, cluster.Server} })
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

// serversAndLoadHelp explains --agents where servers are started too.
const serversAndLoadHelp = "run the servers on one of this `number` of other machines, and make the load on the " +
	"rest; 0 is all on this one"

func (o *agentOptions) define(flags *pflag.FlagSet, agents string) {
	flags.IntVar(&o.agents, "agents", 0, agents)
	flags.StringVar(&o.listen, "listen", "",
		"with --agents, the `address` to wait for them at: HOST, :PORT or HOST:PORT "+
			"(default this machine's, port 4222)")
	flags.StringVar(&o.at.URL, "nats", "", "with --agents, meet them at your own NATS server: `nats://HOST:4222`")
	flags.StringVar(&o.at.Creds, "creds", "", "`file` of credentials for --nats")
}

// joinTime is how long agents are awaited.
const joinTime = 10 * time.Minute

// check rejects flags of a coordinator that contradict each other. least is the smallest number of
// agents.
func (o agentOptions) check(given func(flag string) bool, least int) error {
	if o.agents == 0 {
		for _, flag := range []string{"listen", "nats", "creds"} {
			if given(flag) {
				return fmt.Errorf("--%s is for agents, and there are none: give their number by --agents", flag)
			}
		}
		return nil
	}
	switch {
	case o.agents < least:
		return fmt.Errorf("--agents=%d: at least %d is needed", o.agents, least)
	case given("listen") && given("nats"):
		return errors.New("--listen is for a NATS server of this program's own, and --nats names another: give one")
	case o.at.Creds != "" && !given("nats"):
		return errors.New("--creds is for a NATS server of your own: name it by --nats")
	}
	return nil
}

// with waits until the agents suffice: loads of them that make load, and one that serves if it is
// asked for. It calls use with the group, and tells all agents that it is over.
func (o agentOptions) with(ctx context.Context, notes io.Writer, serving bool, use func(*hosts.Group) error) error {
	say := progressPrinter(false, results.Tool, notes)
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
	g := &hosts.Group{Coordinator: c, Loads: o.agents, Serving: serving}
	if serving {
		g.Loads--
		say("run this on the machine that is to run the servers:")
		fmt.Fprintf(notes, "\n  nodecompare agent %s --role=server\n\n", join)
		say(fmt.Sprintf("and this on %s, to make the load:", unit.Counted(g.Loads, "other machine")))
	} else {
		say(fmt.Sprintf("run this on %s:", unit.Counted(g.Loads, "other machine")))
	}
	fmt.Fprintf(notes, "\n  nodecompare agent %s\n\n", join)
	waiting, stop := context.WithTimeoutCause(ctx, joinTime, errTooFew)
	defer stop()
	if _, err = c.Await(waiting, g.Whole, func(all []*cluster.Agent) {
		if here := g.Of(all); len(here) > 0 {
			say(fmt.Sprintf("%d of %s: %s", len(here), unit.Counted(o.agents, "agent"), hosts.Names(here)))
		}
	}); err != nil {
		return err
	}
	return use(g)
}

var errTooFew = errors.New("too few agents joined within 10 minutes: see whether they reach this machine's address, " +
	"and what they say")

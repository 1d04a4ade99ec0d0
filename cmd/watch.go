package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/cmd/watch"
	"nodecompare/results/report"
	"nodecompare/servers"
	"nodecompare/servers/child"
)

// onlooker is one call of watch.
type onlooker struct {
	modes, requests, servers []string
	ats                      []time.Duration
	format, file             string
	open, quiet              bool
}

func watchCommand() *cobra.Command {
	var o onlooker
	c := &cobra.Command{
		Use:   "watch [SCENE]",
		Short: "See what each thread does while real requests wait, compute and queue",
		Long: `Play a small scene of requests to each mode's real server and show what became of them on one time
axis: a lane for each thread, and one for each request. It takes about five seconds. Nothing is
simulated: the servers record what they do, with times and the numbers of threads.

Scenes:
` + helpTable(watch.Scenes, 10, func(s watch.Scene) (string, string) { return s.Name, s.Summary }) + `
Modes:
` + modeList() + `
Formats:
` + helpTable(report.SceneFormats, 10, formatLine),
		Example: `  nodecompare watch
  nodecompare watch waits --modes=blocking,async
  nodecompare watch mixed --open
  nodecompare watch --request='GET /wait?ms=50' --request='GET /cpu?ms=80' --at=0ms,5ms
  nodecompare watch waits --server='mine=python3 server.py'`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exitError{exitUsage,
					fmt.Errorf("one scene is watched at a time, and there is %q as well", args[1])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.open && !c.Flags().Changed("format") {
				o.format = "html"
			}
			if len(o.servers) > 0 && !c.Flags().Changed("modes") {
				o.modes = nil
			}
			return o.run(c.Context(), args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.ValidArgsFunction = cobra.FixedCompletions(sceneNames(), cobra.ShellCompDirectiveNoFileComp)
	f := c.Flags()
	f.StringSliceVar(&o.modes, "modes", []string{"blocking", "pool", "async", "node"}, "concurrency models to watch")
	completesList(c, "modes", servers.Modes)
	f.StringArrayVar(&o.requests, "request", nil,
		"a `request` of your own instead of a scene, as in 'GET /wait?ms=100'; may be repeated")
	f.DurationSliceVar(&o.ats, "at", nil, "when each of your requests is sent; the default is 2ms after the one before")
	f.StringArrayVar(&o.servers, "server", nil,
		"a server of your own, as `NAME=COMMAND`; it listens on the port in PORT; may be repeated")
	f.StringVar(&o.format, "format", "terminal", "how to show it: "+lookup.Names(report.SceneFormats))
	completes(c, "format", report.SceneFormats)
	f.StringVarP(&o.file, "output", "o", "", "write to this `file`, whole or not at all, instead of standard output")
	f.BoolVar(&o.open, "open", false, "open the page in a browser; without -o it is in the user's state folder")
	f.BoolVar(&o.quiet, "quiet", false, "show no progress")
	return c
}

func sceneNames() (names []string) {
	for _, s := range watch.Scenes {
		names = append(names, s.Name)
	}
	return names
}

// options returns what to watch, or a usage error.
func (o onlooker) options(args []string) (w watch.Options, err error) {
	switch {
	case len(o.requests) > 0 && len(args) > 0:
		return w, errors.New("a scene, and requests of your own with --request: give one of them")
	case len(o.requests) > 0:
		w.Scene, err = watch.OwnScene(o.requests, o.ats)
	case len(o.ats) > 0:
		return w, errors.New("--at says when your own requests are sent: give them with --request")
	default:
		name := watch.Scenes[0].Name
		if len(args) > 0 {
			name = args[0]
		}
		w.Scene, err = lookup.Named("scene", name, watch.Scenes)
	}
	if err != nil {
		return w, err
	}
	for _, name := range o.modes {
		m, err := lookup.Named("mode", name, servers.Modes)
		if err != nil {
			return w, err
		}
		w.Modes = append(w.Modes, &m)
	}
	for _, s := range o.servers {
		name, shell, ok := strings.Cut(s, "=")
		if !ok || name == "" || shell == "" || strings.ContainsAny(name, " /") {
			return w, fmt.Errorf("--server=%s: want NAME=COMMAND, as in --server='mine=python3 server.py'", s)
		}
		w.Servers = append(w.Servers, watch.Own{Name: name, Command: child.Command{Name: name, Shell: shell}})
	}
	if len(w.Modes)+len(w.Servers) == 0 {
		return w, errors.New("--modes names no mode, and there is no --server: there is nothing to watch")
	}
	return w, nil
}

func (o onlooker) run(ctx context.Context, args []string, out, notes io.Writer) error {
	format, err := formatNamed(o.format, report.SceneFormats)
	if err != nil {
		return err
	}
	if o.open && format.Name != "html" {
		return exitError{exitUsage, fmt.Errorf("--open shows a page: --format=html, not %s", format)}
	}
	what, err := o.options(args)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if err := errors.Join(measurable(), measure.Loopback()); err != nil {
		return err
	}
	if o.open && o.file == "" {
		if o.file, err = newStateFile("watch.html"); err != nil {
			return fmt.Errorf("keep the page: %w", err)
		}
	}
	to, err := openOutput(o.file, out, notes)
	if err != nil {
		return err
	}
	t, err := watch.Run(ctx, what, progressPrinter(o.quiet, "watch", notes))
	if err != nil && (t == nil || len(t.Modes) == 0 || ctx.Err() != nil) {
		return errors.Join(err, to.discard())
	}
	failed := err // of some servers, which the scene names
	err = to.write(ctx, all, func(w io.Writer, options report.Options) error { return format.Write(w, t, options) })
	if err == nil && o.open {
		err = openPage(o.file)
	}
	return errors.Join(failed, err)
}

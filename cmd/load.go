package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nodecompare/cmd/fileio"
	"nodecompare/cmd/load"
	"nodecompare/cmd/lookup"
	"nodecompare/cmd/screen"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/results/foreign"
	"nodecompare/results/report"
)

// loadOptions are the flags that are no direct part of an attack.
type loadOptions struct {
	connect        connectOptions
	headers        []string
	body, bodyFile string
	targets        string // the file
	thresholds     []results.Threshold
	format, save   string
	subscribe      bool
	play           bool
	bitrate        float64 // Mbit/s
	out, metrics   string
	slo            time.Duration
	quiet          bool
	several        agentOptions
}

const (
	loadConnections     = 64
	capacityConnections = 1000
	loadDuration        = 10 * time.Second
	probeDuration       = 2 * time.Second
)

func loadCommand() *cobra.Command {
	var a loadgen.Attack
	var o loadOptions
	c := &cobra.Command{
		Use:   "load [URL]",
		Short: "Put load on any URL and print what came back",
		Long: `Put load on any URL, with the generator alone, and print rate, latency, errors, and how far
they can be trusted.

Without --rate the load is closed: each connection sends its next request when it has its answer.
That finds what a server can do. With --rate it is open: requests are due at fixed times, as from users
who do not wait for each other, and latency counts from then. Two rates are a ramp, which shows at which
rate latency breaks away. With --slo it searches for the capacity:
the highest rate at which p99 stays within the objective, and no request fails.

--targets reads several requests from a file, in either of vegeta's formats, and sends them in turn:
  GET http://localhost:3000/
  Accept: text/html

  POST http://localhost:3000/echo
  @body.json
or, a target a line and its body in base64:
  {"method":"POST", "url":"http://localhost:3000/echo", "body":"eyJpZCI6MX0=", "weight":3}
With a URL before it, the file may name paths alone. All go to one server. Methods, headers and bodies
are each target's own; --header and --body are for those that have none. In JSON a target may have a
weight: it is sent so many times as often as one without. In the other format, write it several times.
The file has at most 64 MiB, and so have all body files together.

--subscribe hears server-sent events (text/event-stream), as a browser's EventSource does: each
connection asks once, and listens until the load ends. An event whose data says {"due_us":T}, in
microseconds since 1970, has a delivery latency: from T to when it was there. Events with ids that rise
by one are counted: those that are missing were missed.

A URL that begins with ws:// is a chat over WebSocket: each connection is a member of a room of
--room-size, and --rate is of messages in all, half as many a second as there are members unless given.
The room's name takes the place of {room} in the URL, or is added to its query as room=NAME. The server
has to send each text message to everyone in its room as it is, sender included. So all deliveries are
known beforehand: those that are lost, doubled, out of order or changed are counted. Delivery latency is
from when a message was due to when a member has it.

--play fetches a video as viewers do: each player asks for segment after segment by Range, ahead of what
it shows, and keeps three in its buffer at the most. Latency is the time to start up, from when a viewer
comes to its first whole segment. A segment that is not there when all before it has been shown is a
stall. Viewers come one after the other, within the time of one segment.

Engines:
` + helpTable(loadgen.Engines, 7, func(e loadgen.Engine) (string, string) { return e.Name, e.Summary }) + `
The default is vegeta for open loads, up to 5,000/s for each CPU, and for what it alone can do (https,
HTTP/2, Unix sockets, following redirects); and loop for closed loads. Either shares the machine with
whatever else runs there: give it cores of its own, e.g. by taskset(1).`,
		Example: `  nodecompare load http://localhost:3000/
  nodecompare load http://localhost:3000/ --rate=2000 --duration=30s --format=json
  nodecompare load http://localhost:3000/ --rate=100..5000 --duration=30s
  nodecompare load 'http://localhost:3000/wait?ms=50' --slo=100ms
  nodecompare load http://localhost:3000/ --max-p99=20ms --max-errors=0.1% || echo too slow
  nodecompare load --subscribe 'http://localhost:3000/live?rate=2' --connections=1000
  nodecompare load ws://localhost:3000/chat --connections=1000 --rate=500
  nodecompare load --play http://localhost:3000/stream --connections=500 --min-smooth=99%
  nodecompare load http://localhost:3000/ --targets=requests.txt --out=seconds.jsonl
  nodecompare load http://localhost:3000/echo -H 'Content-Type: application/json' --body='{"id":1}'`,
		Args: oneURL,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				a.Target.URL = args[0]
			}
			f, err := formatNamed(o.format, report.LoadFormats)
			if err != nil {
				return err
			}
			if err := measurable(); err != nil {
				return err
			}
			if err := o.complete(&a, c.Flags().Changed); err != nil {
				return err
			}
			if err := errors.Join(o.read(c.Context(), &a), threadsUsed(a, c.Flags().Changed)); err != nil {
				return err
			}
			return runLoad(c.Context(), a, o, f, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	flags := c.Flags()
	flags.IntVar(&a.Connections, "connections", loadConnections,
		fmt.Sprintf("most connections, and requests in flight; with --slo the default is %d, and for a chat %d",
			capacityConnections, chatConnections))
	flags.Var((*rateFlag)(&a), "rate", "requests per second of an open load, or of one that grows or falls evenly, "+
		"as in 100..5000; 0 is a closed one")
	flags.DurationVar(&a.Duration, "duration", loadDuration,
		fmt.Sprintf(
			"how long to send; with --slo, in each probe: at least %.0f times the SLO, and the default is %v; with "+
				"--play the default is %v",
			1/load.Resolution, probeDuration, playDuration))
	flags.Uint64VarP(&a.Requests, "requests", "n", 0,
		"how many requests to send; with --duration too, whichever ends first")
	flags.DurationVar(&a.Timeout, "timeout", loadgen.DefaultTimeout,
		"limit of one request; with --subscribe the longest silence")
	flags.StringVar(&a.Engine, "engine", "", "what drives the load: "+lookup.Names(loadgen.Engines)+
		" (default see above)")
	flags.IntVar(&a.Threads, "load-threads", 0, threadsHelp+"that this process may use")
	flags.StringVar(&a.Target.Method, "method", "", "of the request (default GET, or POST with a body)")
	flags.StringArrayVarP(&o.headers, "header", "H", nil, "`'Name: value'` of the request; may be given more than once")
	flags.StringVar(&o.body, "body", "", "of the request")
	flags.StringVar(&o.bodyFile, "body-file", "", "`file` with the body of the request, of at most 64 MiB")
	flags.StringVar(&o.targets, "targets", "",
		"send the requests of this `file` in turn, in vegeta's HTTP or JSON format; - is standard input")
	flags.BoolVar(&a.Follow, "follow-redirects", false,
		"follow redirects, 10 at most; all of them are one request, with one latency")
	flags.BoolVar(&o.subscribe, "subscribe", false,
		"hear the URL's server-sent events on each connection, until the load ends")
	flags.IntVar(&a.RoomSize, "room-size", loadgen.DefaultRoomSize,
		"`members` of each room of a chat; the last room has those that are left")
	flags.IntVar(&a.MessageSize, "message-size", loadgen.DefaultMessageSize,
		fmt.Sprintf("`bytes` of each message of a chat, up to %d", loadgen.MostMessageSize))
	flags.BoolVar(&o.play, "play", false, "fetch the URL as a video on each connection, ahead of what is shown")
	flags.Float64Var(&o.bitrate, "bitrate", float64(loadgen.DefaultBitRate)/1e6,
		"with --play: how many `Mbit/s` are shown")
	flags.DurationVar(&a.Video.Segment, "segment", loadgen.DefaultSegment,
		"with --play: how long a part one request asks for")
	o.connect.define(c)
	for _, l := range load.Limits {
		flags.Func(l.Name, l.Help, func(text string) error {
			t, err := l.Threshold(text)
			o.thresholds = append(slices.DeleteFunc(o.thresholds,
				func(t results.Threshold) bool { return t.Name == l.Name }), t)
			return err
		})
	}
	flags.DurationVar(&o.slo, "slo", 0, "search for the highest rate with a p99 of at most this, and no errors")
	flags.StringVar(&o.save, "save-results", "", "write each result to this `file` as vegeta does, for its "+
		"report and plot; those of a run that was cut short go to one that ends with .partial")
	flags.StringVar(&o.out, "out", "",
		"write a line of JSON for each second to this `file` as it goes: rate, percentiles, errors, requests in flight")
	flags.StringVar(&o.metrics, "metrics", "", "serve the same to Prometheus at http://`address`/metrics "+
		"while the load runs; a port alone is one of 127.0.0.1")
	flags.StringVar(&o.format, "format", "table", "how to print the results: "+lookup.Names(report.LoadFormats))
	o.several.define(flags, "make the load on this `number` of other machines, together; 0 is on this one")
	completes(c, "engine", loadgen.Engines)
	completes(c, "format", report.LoadFormats)
	flags.BoolVar(&o.quiet, "quiet", false, "show no progress")
	return c
}

// threadsHelp is of the flag --load-threads of all commands.
const threadsHelp = "`threads` of the loop engine, each with its share of the connections; 0 is one for each CPU "

func oneURL(c *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		if c.Flags().Changed("targets") {
			return nil
		}
		return exitError{exitUsage, errors.New("the URL to load is missing")}
	}
	return exitError{exitUsage,
		fmt.Errorf("one URL is loaded at a time, and there is %q as well", loadgen.Masked(args[1]))}
}

// complete fills in the attack from the flags, and rejects contradictions.
func (o loadOptions) complete(a *loadgen.Attack, given func(flag string) bool) error {
	switch {
	case a.Duration <= 0:
		return exitError{exitUsage, fmt.Errorf("--duration=%v: it must be more than 0", a.Duration)}
	case a.Timeout <= 0:
		return exitError{exitUsage, fmt.Errorf("--timeout=%v: it must be more than 0", a.Timeout)}
	case a.To > 0 && a.Rate == 0:
		return exitError{exitUsage, fmt.Errorf("--rate=0..%v: a ramp begins above 0, as in 1..%[1]v", a.To)}
	case a.To > 0 && (given("requests") || o.several.agents > 0):
		return exitError{exitUsage, fmt.Errorf("--rate=%v..%v: a ramp is made by one machine, and as long as "+
			"--duration says: leave out --requests and --agents", a.Rate, a.To)}
	case a.To > 0 && a.Duration < load.LeastRamp:
		return exitError{exitUsage, fmt.Errorf("--duration=%v: a ramp takes %v or more", a.Duration, load.LeastRamp)}
	case !(a.Rate >= 0):
		return exitError{exitUsage, fmt.Errorf("--rate=%v: it must be more than 0, or 0 for a closed load", a.Rate)}
	case a.Threads < 0:
		return exitError{exitUsage, fmt.Errorf("--load-threads=%d: it must be more than 0, or 0 for one for each CPU",
			a.Threads)}
	case a.Connections < 1:
		return exitError{exitUsage, fmt.Errorf("%d connections: at least 1 is needed", a.Connections)}
	case given("requests") && a.Requests == 0:
		return exitError{exitUsage, errors.New("--requests=0: it must be more than 0")}
	case given("slo") && o.slo <= 0:
		return exitError{exitUsage, fmt.Errorf("--slo=%v: it must be more than 0, e.g. 100ms", o.slo)}
	case o.slo > 0 && given("rate"):
		return exitError{exitUsage, errors.New("--slo searches for a rate, so --rate cannot be given with it")}
	case o.slo > 0 && given("requests"):
		return exitError{exitUsage,
			errors.New("--slo makes many runs of --duration each, so --requests cannot be given with it")}
	case o.slo > 0 && o.save != "":
		return exitError{exitUsage, errors.New("--slo makes many runs, so --save-results cannot be given " +
			"with it: use --rate with the capacity that was found")}
	case o.save != "" && (o.bodyFile != "" && fileio.Same(o.save, o.bodyFile) ||
		o.targets != "" && fileio.Same(o.save, o.targets)):
		return exitError{exitUsage, fmt.Errorf("--save-results=%s is a file that is read too: name another", o.save)}
	case o.targets != "" && given("method"):
		return exitError{exitUsage,
			errors.New("--method is of one request, and --targets names a method for each: give one of the two")}
	case o.out != "" && o.save != "" && fileio.Same(o.out, o.save):
		return exitError{exitUsage, fmt.Errorf("--out=%s is the file of --save-results too: name another one", o.out)}
	case o.out != "" && (o.bodyFile != "" && fileio.Same(o.out, o.bodyFile) ||
		o.targets != "" && fileio.Same(o.out, o.targets)):
		return exitError{exitUsage, fmt.Errorf("--out=%s is a file that is read too: name another one", o.out)}
	case given("body") && given("body-file"):
		return exitError{exitUsage, errors.New("--body and --body-file cannot both be given")}
	}
	if err := errors.Join(o.alone(a, given), o.converses(a, given)); err != nil {
		return exitError{exitUsage, err}
	}
	if o.slo > 0 {
		if !given("connections") {
			a.Connections = capacityConnections
		}
		if !given("duration") {
			a.Duration = probeDuration
		}
	}
	if a.Requests > 0 {
		a.Connections = int(min(uint64(a.Connections), a.Requests))
		if !given("duration") {
			a.Duration = 0 // the search takes as long as necessary
		}
	}
	if a.Threads == 0 && o.several.agents == 0 {
		a.Threads = runtime.GOMAXPROCS(0)
	}
	var err error
	if a.Connect, err = o.connect.read(given); err != nil {
		return err
	}
	a.Target.Header = make(http.Header)
	for _, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return exitError{exitUsage, fmt.Errorf("--header %q: write it as 'Name: value'", h)}
		}
		a.Target.Header.Add(name, strings.TrimSpace(value))
	}
	if given("body") {
		a.Target.Body = []byte(o.body)
	}
	if a.Target.Method == "" {
		a.Target.Method = http.MethodGet
		if a.Target.Body != nil || o.bodyFile != "" {
			a.Target.Method = http.MethodPost
		}
	}
	if a.Target.URL == "" {
		return nil // a file names the targets
	}
	return choose(a, o.slo > 0)
}

// choose sets the engine if none is named, and rejects what cannot be sent.
func choose(a *loadgen.Attack, search bool) error {
	if a.Engine == "" {
		likely, most := *a, loadgen.VegetaRate*float64(runtime.GOMAXPROCS(0))
		if search {
			likely.Rate = loadgen.VegetaRate // any rate: a search uses an open load
		}
		a.Engine = loadgen.Auto(likely, most)
	}
	var err error
	if a.Target, err = a.Target.Normal(); err != nil {
		return exitError{exitUsage, err}
	}
	g, err := loadgen.Open(*a) // Open makes no connection
	if err != nil {
		return exitError{exitUsage, err}
	}
	g.Close()
	return nil
}

// read reads the body and the targets from their files.
func (o loadOptions) read(ctx context.Context, a *loadgen.Attack) (err error) {
	if o.bodyFile != "" {
		if a.Target.Body, err = fileio.Read(ctx, o.bodyFile); err != nil {
			return fmt.Errorf("--body-file: %w", err)
		}
	}
	if o.targets == "" {
		return nil
	}
	all, err := load.Targets(ctx, o.targets, a.Target)
	if err != nil {
		return fmt.Errorf("--targets: %w", err)
	}
	a.Target, a.Others = all[0], all[1:]
	return choose(a, o.slo > 0)
}

// errVoid has been explained in the output.
var errVoid = errors.New("the measurement is VOID: nothing may be concluded from it; its results say why")

// runLoad measures and prints, also the result so far of an interrupted load.
func runLoad(ctx context.Context, a loadgen.Attack, o loadOptions, f report.Format[*results.LoadRun],
	out, notes io.Writer) error {
	var run *results.LoadRun
	var runErr error
	if o.several.agents > 0 {
		run, runErr = driveAgents(ctx, a, o, notes)
	} else {
		spoken, err := loadgen.Reach(ctx, a)
		if err != nil {
			return hinted(err)
		}
		a.Connect.Protocol, a.Connect.Elsewhere = spoken, a.Connect.Protocol
		run, runErr = drive(ctx, a, o, notes)
	}
	if run == nil {
		return runErr
	}
	run.ToolVersion = version()
	load.Judge(run, o.thresholds)
	results.Clean(run) // the server's output
	shown := options(out)
	if runErr == nil {
		shown.More = next(run)
	}
	if err := f.Write(out, run, shown); err != nil {
		return errors.Join(runErr, fmt.Errorf("print the results: %w", err))
	}
	for _, remark := range remarks(run, a) {
		fmt.Fprintf(notes, "nodecompare: %s\n", remark)
	}
	switch {
	case runErr != nil:
		return runErr
	case missed(run) != nil:
		return exitError{exitMissed, missed(run)}
	case run.Hosts == nil && len(run.Codes) == 0 && a.Connect.Protocol == loadgen.HTTP1 && loadgen.SpeaksHTTP2(ctx, a):
		return fmt.Errorf("load on %s: no request was answered: the server speaks HTTP/2 and no HTTP/1.1: give --http2",
			run.URL)
	case (run.Deliveries != nil || run.Viewing != nil) && run.Requests == 0:
		return exitError{exitInvalid, errVoid}
	case run.Requests == run.Errors:
		return hinted(fmt.Errorf("load on %s: no request was answered as it should be: %s", run.URL, kinds(run)))
	case run.Errors > run.Requests/2:
		return hinted(fmt.Errorf("load on %s: only %d of %d requests were answered as they should be: %s", run.URL,
			run.Requests-run.Errors, run.Requests, kinds(run)))
	case run.Trust.Status == results.Void:
		return exitError{exitInvalid, errVoid}
	}
	return nil
}

// missed returns an error with the thresholds that a run missed; nil for none.
func missed(run *results.LoadRun) error {
	var all []string
	for _, t := range run.Thresholds {
		if t.Missed() {
			all = append(all, report.Threshold(t))
		}
	}
	if all == nil {
		return nil
	}
	return fmt.Errorf("load on %s: %d of %d thresholds missed: %s", run.URL, len(all), len(run.Thresholds),
		strings.Join(all, "; "))
}

// drive runs the load, or the search, with its listeners.
func drive(ctx context.Context, a loadgen.Attack, o loadOptions, notes io.Writer) (run *results.LoadRun, err error) {
	live := columns(notes) > 0 && os.Getenv("TERM") != "dumb" && !o.quiet
	var each []func(*loadgen.Outcome)
	if o.out != "" || o.metrics != "" {
		s, createErr := watchLoad(ctx, o, &a, notes)
		if createErr != nil {
			return nil, createErr
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		each = append(each, s.Each)
	}
	if o.slo > 0 {
		if len(each) > 0 {
			a.Each = each[0]
		}
		return load.Capacity(ctx, a, loadgen.Objective{P99: o.slo}, func(p results.ProbeRun) {
			if live {
				fmt.Fprintln(notes, report.Probe(p))
			}
		})
	}
	if o.save != "" {
		s, createErr := load.Save(ctx, o.save, a.Targets())
		if createErr != nil {
			return nil, createErr
		}
		defer func() {
			note, saveErr := s.Close(err == nil)
			if note != "" {
				fmt.Fprintf(notes, "nodecompare: %s\n", foreign.Line(note))
			}
			if err != nil && saveErr != nil { // the load's own error takes precedence
				fmt.Fprintf(notes, "nodecompare: %s\n", foreign.Lines(saveErr.Error()))
			} else if saveErr != nil {
				err = saveErr
			}
		}()
		each = append(each, s.Each)
	}
	if terminal, ok := notes.(screen.File); ok && live {
		l := load.Watch(terminal, terminalOptions(notes), a)
		defer l.Stop()
		each = append(each, l.Each)
	}
	if len(each) > 0 {
		a.Each = func(x *loadgen.Outcome) {
			for _, f := range each {
				f(x)
			}
		}
	}
	return load.Run(ctx, a)
}

// kinds lists the kinds of error, with an example each.
func kinds(run *results.LoadRun) string {
	var all []string
	for _, kind := range loadgen.Kinds {
		if k := run.ErrorKinds[kind]; k.Count > 0 {
			all = append(all, fmt.Sprintf("%d %s (%s)", k.Count, kind, k.Example))
		}
	}
	if all == nil {
		return "none was sent"
	}
	return strings.Join(all, ", ")
}

package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"nodecompare/cmd/bench"
	"nodecompare/cmd/fileio"
	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/cmd/selftest"
	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/report"
	"nodecompare/results/unit"
	"nodecompare/servers/child"
)

// benchRun is one call of bench: what to measure, and where the output goes.
type benchRun struct {
	plan       *bench.Plan
	format     report.Format[*results.Record]
	known      selftest.Extent // of the selftest before it
	save, page string          // files; "" for none
	web        string          // address of the page meanwhile; "" for none
	open       bool            // the page in a browser
	against    string          // the baseline's file; "" for none
	baseline   *results.Record // nil for none
	details    bool            // print every figure
	progress   bench.Progress
	say        func(string)
	out, notes io.Writer
}

// run measures, prints and saves. What was measured before an interruption or beside a failure is
// printed and saved too.
func (b benchRun) run(ctx context.Context) (err error) {
	if !b.plan.OnHosts() {
		if err := errors.Join(measurable(), measure.Loopback()); err != nil {
			return err
		}
	}
	files, err := b.create()
	if err != nil {
		return err
	}
	if err := child.Sweep(b.say); err != nil {
		b.say(err.Error()) // leftovers are no reason to measure nothing
	}
	defer func() { err = errors.Join(err, b.plan.Close()) }()
	if err := b.plan.Prepare(ctx, b.say); err != nil {
		return errors.Join(err, files.discard())
	}
	b.say(b.announcement())
	live, err := b.serveWeb(ctx)
	if err != nil {
		return errors.Join(err, files.discard())
	}
	if live != nil {
		b.progress = bench.Several{b.progress, live}
	}
	known, selfErr := b.selftest(ctx)
	if selfErr != nil && ctx.Err() == nil {
		b.progress.Say(selfErr.Error()) // a failed selftest is no reason to measure nothing
	}
	if err := b.recordScene(ctx); err != nil && ctx.Err() == nil {
		b.progress.Say(err.Error()) // no reason to measure nothing either
	}
	record, runErr := bench.Run(ctx, b.plan, b.progress)
	if record == nil {
		b.progress.End()
		return errors.Join(runErr, finish(live, nil), files.discard())
	}
	record.Selftest, record.Command = known, commandLine(os.Args)
	results.Clean(record) // servers' output
	var compared *gate.Result
	if b.baseline != nil && runErr == nil {
		var g gate.Result
		g, runErr = b.compare(ctx, record)
		g.ReplacesOld = g.Replaces(b.baseline, record)
		compared = &g
	}
	sound := runErr == nil && bench.Failed(record) == nil && (compared == nil || compared.ReplacesOld)
	err = files.write(ctx, record, sound) // before the printing, whose reader may have left
	kept, keepErr := keepLast(ctx, record)
	if keepErr != nil {
		b.say(keepErr.Error()) // nobody asked for it, so it is no failure
	}
	err = errors.Join(err, b.print(record, kept, compared), finish(live, record), b.openReport(ctx))
	if runErr != nil {
		return errors.Join(runErr, err)
	}
	if compared != nil { // first, since it knows which of several reasons comes first
		err = errors.Join(err, gateError(*compared))
	}
	if known != nil && known.Verdict == results.SelftestWrong {
		err = errors.Join(err,
			exitError{exitInvalid,
				errors.New("the selftest found a figure of this tool's own to be wrong: see 'nodecompare selftest'")})
	}
	err = errors.Join(err, b.plan.Failed(), bench.Failed(record))
	if err == nil && record.Void() {
		err = exitError{exitInvalid,
			errors.New("every measurement is VOID: nothing can be concluded; the notes below the tables say why")}
	}
	return err
}

// serveWeb serves the page while the bench goes on; nil where nobody asked for it. A browser that
// cannot be started is no reason to measure nothing.
func (b benchRun) serveWeb(ctx context.Context) (*bench.Web, error) {
	if b.web == "" {
		return nil, nil
	}
	w, err := bench.ServeWeb(ctx, b.web)
	if err != nil {
		return nil, fmt.Errorf("--web: %w", err)
	}
	b.say("the page is at " + w.URL)
	if b.open {
		if err := openPage(w.URL); err != nil {
			b.say(err.Error())
		}
	}
	return w, nil
}

// sceneWanted returns the scene to record; "" for none. By itself a bench records one where it
// makes a page, since nothing else shows it, and a bench without a page must not last longer for
// it.
func (b benchRun) sceneWanted(asked string) string {
	page := b.page != "" || b.web != "" || b.format.Name == "html"
	if asked == "off" || asked == bench.Auto && !page {
		return ""
	}
	return asked
}

// finish leaves the page of the record behind; of none, if record is nil.
func finish(w *bench.Web, record *results.Record) error {
	if w == nil {
		return nil
	}
	return w.Finish(record)
}

// openReport opens the report's file, unless the page that was served is open.
func (b benchRun) openReport(ctx context.Context) error {
	if !b.open || b.web != "" || ctx.Err() != nil {
		return nil
	}
	return openPage(b.page)
}

// selftest checks this tool's own figures, and says so.
func (b benchRun) selftest(ctx context.Context) (*results.Selftest, error) {
	after := b.plan.SceneTakes() + b.plan.Whole()
	began, takes := time.Now(), after+b.known.Takes
	return b.known.Run(ctx, func(step string) {
		b.progress.Doing("Self-test, with known answers: "+step, max(takes-time.Since(began), after))
	})
}

// recordScene records a scene of the plan's modes, and says so.
func (b benchRun) recordScene(ctx context.Context) error {
	began, takes := time.Now(), b.plan.SceneTakes()+b.plan.Whole()
	return b.plan.RecordScene(ctx, func(step string) {
		b.progress.Doing("Recording a scene for the page: "+step, max(takes-time.Since(began), b.plan.Whole()))
	})
}

// announcement says what will be done, and how long it takes.
func (b benchRun) announcement() string {
	text := fmt.Sprintf("%s; about %s", b.plan, unit.Spoken(b.plan.Whole()+b.plan.SceneTakes()+b.known.Takes))
	if d, modes := b.plan.WarmUps(); len(modes) > 0 {
		text += fmt.Sprintf(", %s of it to warm up %s", unit.Spoken(d), strings.Join(modes, ", "))
	}
	var first []string
	if b.known.Takes > 0 {
		first = append(first, fmt.Sprintf("a %v self-test", b.known))
	}
	if b.plan.SceneTakes() > 0 {
		first = append(first, "a scene for the page")
	}
	if len(first) > 0 {
		text += ", starting with " + strings.Join(first, " and ")
	}
	return text
}

// commandLine quotes the arguments of this process for a shell.
func commandLine(args []string) string {
	words := []string{results.Tool}
	for _, a := range args[1:] {
		if !plainWord.MatchString(a) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// plainWord matches words that no shell interprets.
var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// compare compares the record with the baseline. What seems to have regressed is run a second time
// before it counts.
func (b benchRun) compare(ctx context.Context, record *results.Record) (gate.Result, error) {
	first := gate.Compare(b.baseline, record)
	suspects := first.Suspects()
	if len(suspects) == 0 {
		return first, nil
	}
	b.say(fmt.Sprintf("what may have regressed is measured again before it counts, modes on workloads: %d",
		len(suspects)))
	err := bench.Again(ctx, b.plan, record, suspects, b.progress)
	return gate.Confirm(first, b.baseline, record), err
}

// print writes the results, and then the comparison. With a format for other programs the
// comparison goes to the notes.
func (b benchRun) print(record *results.Record, kept bool, compared *gate.Result) error {
	o := options(b.out)
	o.Details, o.More = b.details, nextSteps(record, kept)
	if err := b.format.Write(b.out, record, o); err != nil {
		return fmt.Errorf("print the results: %w", err)
	}
	if compared == nil {
		return nil
	}
	out, format := b.notes, report.GateFormats[0]
	for _, f := range report.GateFormats {
		if f.Name == b.format.Name && f.Name != "json" {
			out, format = b.out, f
		}
	}
	o = options(out)
	o.Details = b.details
	if err := format.Write(out, *compared, o); err != nil {
		return fmt.Errorf("print the comparison: %w", err)
	}
	return nil
}

// benchFiles are the files that a bench writes, opened before it measures.
type benchFiles []benchFile

type benchFile struct {
	format report.Format[*results.Record]
	output
	baseline bool // the file that was compared with
}

// checkDistinctFiles rejects files that would overwrite one another.
func (b benchRun) checkDistinctFiles() error {
	for _, other := range []struct{ flag, path string }{{"--save", b.save}, {"--baseline", b.against}} {
		if b.page != "" && other.path != "" && fileio.Same(b.page, other.path) {
			return fmt.Errorf("--report=%s is the file of %s too: name another one", b.page, other.flag)
		}
	}
	return nil
}

func (b benchRun) create() (benchFiles, error) {
	files := benchFiles{}
	for _, wanted := range []struct{ path, format string }{{b.save, "json"}, {b.page, "html"}} {
		if wanted.path == "" {
			continue
		}
		format, err := lookup.Named("format", wanted.format, report.Formats)
		if err != nil {
			return nil, errors.Join(err, files.discard())
		}
		o, err := openOutput(wanted.path, b.out, b.notes)
		if err != nil {
			return nil, errors.Join(err, files.discard())
		}
		files = append(files, benchFile{format, o, b.against != "" && fileio.Same(wanted.path, b.against)})
	}
	return files, nil
}

// write writes the record. Only a complete one replaces a file, and only a sound one a baseline: no
// worse by the gate.
func (files benchFiles) write(ctx context.Context, record *results.Record, sound bool) error {
	var err error
	for _, f := range files {
		w := worthOf(len(record.Trials), record.Void() || record.Partial || f.baseline && !sound)
		err = errors.Join(err,
			f.write(ctx, w, func(w io.Writer, options report.Options) error {
				return f.format.Write(w, record, options)
			}))
	}
	return err
}

func (files benchFiles) discard() error {
	var err error
	for _, f := range files {
		err = errors.Join(err, f.discard())
	}
	return err
}

package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results"
	"nodecompare/results/report"
)

func loadRun() *results.LoadRun {
	cpu := 7.25
	return &results.LoadRun{
		Tool: results.Tool, ToolVersion: "v1.2.3", Started: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Method: "GET", URL: "http://127.0.0.1:3000/", Engine: "loop", Connections: 64,
		Requests: 512_345, ErrorKinds: map[string]results.ErrorKind{}, Codes: map[int]uint64{200: 512_345},
		BytesIn: 17_932_075, DurationS: 10.002, RateRPS: 51_224,
		LatencyUS:      results.Latency{Mean: 1240, P50: 1190, P90: 1800, P99: 2410, P999: 6120, Max: 14_300},
		UncorrectedUS:  results.Latency{Mean: 1240, P50: 1190, P90: 1800, P99: 2410, P999: 6120, Max: 14_300},
		GeneratorCPUUS: &cpu, Trust: results.Trust{Status: results.Valid, Reasons: []string{}},
	}
}

// subscribed is a load of subscribers, with everything that can be said of one.
func subscribed() *results.LoadRun {
	r := loadRun()
	r.Conversation, r.Connections, r.LoadThreads, r.Errors = results.Subscription, 5000, 2, 3
	r.URL += "live?rate=2"
	r.ErrorKinds = map[string]results.ErrorKind{"reset": {Count: 3,
		Example: "reading a response: the server ended the event stream: unexpected EOF"}}
	r.Deliveries = &results.Deliveries{Numbered: true, Missed: 5120, Doubled: 7, OutOfOrder: 8, Overdue: 90, Silent: 4,
		Untimed: 12, Early: 1}
	r.Server = &results.LoadServer{CPUUSPerDelivery: 11.25, BytesPerConnection: 3280, Threads: 5}
	return r
}

// played is a load of players, with everything that can be said of one.
func played() *results.LoadRun {
	r := loadRun()
	r.Conversation, r.Connections, r.LoadThreads, r.Errors = results.Playback, 500, 2, 3
	r.URL += "stream"
	r.Requests, r.Codes, r.BytesIn, r.DurationS, r.RateRPS = 5123, map[int]uint64{206: 5120}, 5_120_000_000, 20, 256
	r.ErrorKinds = map[string]results.ErrorKind{"range": {Count: 3,
		Example: "reading a response: a range of 1000000 bytes was answered with 999999"}}
	r.Viewing = &results.Viewing{SegmentBytes: 1_000_000, SegmentS: 2, Viewers: 500, Unstarted: 4, Smooth: 471,
		Stalls: 63, StalledS: 40.5, LongestStallS: 2.25, WatchedS: 9210}
	r.Server = &results.LoadServer{CPUUSPerMB: 131.2, BytesPerConnection: 4230}
	limit, value, met := 99.0, 94.2, false
	r.Thresholds = []results.Threshold{{Name: "min-smooth", Limit: limit, Unit: "%", Value: &value, Met: &met}}
	return r
}

// unseen is a load of players whom no segment reached.
func unseen() *results.LoadRun {
	r := loadRun()
	r.Conversation, r.Requests, r.RateRPS, r.BytesIn = results.Playback, 0, 0, 0
	r.LatencyUS, r.UncorrectedUS, r.GeneratorCPUUS = results.Latency{}, results.Latency{}, nil
	r.Viewing = &results.Viewing{SegmentBytes: 1_000_000, SegmentS: 2, Viewers: 64, Unstarted: 64}
	r.Trust = results.Weigh(results.Evidence{Conversation: results.Playback, Viewing: r.Viewing})
	return r
}

// chatted is a load of a chat, with everything that can be said of one.
func chatted() *results.LoadRun {
	r := loadRun()
	r.URL, r.Conversation, r.Connections, r.LoadThreads, r.Errors = "ws://127.0.0.1:3000/chat", results.Chat, 5000, 2, 3
	r.RoomSize, r.MessageSize, r.Messages, r.Unsent, r.OfferedRPS = 10, 100, 51_310, 2, 5122
	r.SendLagUS = results.Lag{P50: 60, P90: 80, P99: 140}
	r.Codes, r.ErrorKinds = map[int]uint64{101: 512_342}, map[string]results.ErrorKind{"reset": {Count: 3,
		Example: `the server closed the WebSocket with code 1008: "too slow"`}}
	r.Deliveries = &results.Deliveries{Expected: 513_100, Numbered: true, Missed: 750, Doubled: 7, OutOfOrder: 8,
		Silent: 4, Strange: 2}
	r.Server = &results.LoadServer{CPUUSPerDelivery: 3.25, BytesPerConnection: 1280, Threads: 12}
	return r
}

// unheard is a chat in which nobody hears anything.
func unheard() *results.LoadRun {
	r := chatted()
	r.Requests, r.Errors, r.LatencyUS, r.Server = 0, 0, results.Latency{}, nil
	r.Deliveries = &results.Deliveries{Expected: 513_100, Numbered: true, Missed: 513_100, Silent: 5000}
	r.Trust = results.Trust{Status: results.Void, Reasons: []string{"5000 of 5000 members had heard nothing when the " +
		"run ended"}, Rules: []string{"subscribers"}}
	return r
}

// untold is a load of subscribers to a server that says neither when an event was due nor its id.
func untold() *results.LoadRun {
	r := loadRun()
	r.Conversation, r.LatencyUS, r.UncorrectedUS = results.Subscription, results.Latency{}, results.Latency{}
	r.Deliveries = &results.Deliveries{Untimed: r.Requests}
	return r
}

// troubled is an open load with everything that can be said of one.
func troubled() *results.LoadRun {
	r := loadRun()
	r.Engine, r.OfferedRPS, r.Partial, r.Aborted, r.Unsent, r.Retries, r.GeneratorCPUUS = "vegeta", 2000,
		true, 1, 1200, 3, nil
	r.Requests, r.Errors, r.Codes = 20_000, 130, map[int]uint64{200: 19_870, 503: 20}
	r.ErrorKinds = map[string]results.ErrorKind{
		"status":  {Count: 20, Example: "status 503"},
		"timeout": {Count: 110, Example: "reading a response: read tcp 127.0.0.1:40000->127.0.0.1:3000: i/o timeout"},
	}
	r.LatencyUS = results.Latency{Mean: 50_000, P50: 1300, P90: 40_000, P99: 572_000, P999: 600_000, Max: 612_000}
	r.SendLagUS = results.Lag{P50: 70, P99: 560_000}
	r.ErrorLatencyUS = &results.Latency{Mean: 9e6, P50: 1e7, P90: 1e7, P99: 1e7, P999: 1e7, Max: 1e7}
	r.Trust = results.Trust{Status: results.Suspect,
		Reasons: []string{"one request in a hundred was sent 560ms late or more, against a p99 latency of " +
			"572ms: part of the latency is the generator's delay, or the wait for a free connection"}}
	return r
}

// mixed is a load of several targets, held against thresholds.
func mixed() *results.LoadRun {
	r := loadRun()
	r.Method, r.URL, r.Errors, r.Codes = "", "http://127.0.0.1:3000", 345, map[int]uint64{200: 512_000, 410: 345}
	r.ErrorKinds = map[string]results.ErrorKind{"status": {Count: 345, Example: "status 410"}}
	r.ErrorLatencyUS = &results.Latency{Mean: 90, P50: 80, P90: 120, P99: 150, P999: 180, Max: 200}
	few := results.Latency{P50: 900, P90: 1800, P99: 2410, P999: 6120, Max: 14_300}
	r.Targets = []results.TargetRun{
		{Method: "GET", URL: "http://127.0.0.1:3000/", Targets: 1, Requests: 256_000,
			Codes: map[int]uint64{200: 256_000}, LatencyUS: r.LatencyUS},
		{Method: "POST", URL: "http://127.0.0.1:3000/a/path/that/is/long?and=so&is=" +
			strings.Repeat("its+query+", 12), Targets: 3, Requests: 250_000, Errors: 345,
			Codes: map[int]uint64{200: 249_655, 410: 300, 503: 45}, LatencyUS: r.LatencyUS},
		{Targets: 88, Requests: 90, Codes: map[int]uint64{200: 90}, LatencyUS: few},
	}
	met, missed := true, false
	value := func(v float64) *float64 { return &v }
	r.Thresholds = []results.Threshold{
		{Name: "max-p999", Limit: 20_000, Unit: "us", Value: value(6120), Met: &met},
		{Name: "max-errors", Limit: 0.0673, Unit: "%", Value: value(0.067337), Met: &missed},
		{Name: "min-rate", Limit: 50_000, Unit: "requests/s", Value: value(51_224), Met: &met},
	}
	return r
}

func searched(fails float64) *results.LoadRun {
	r := loadRun()
	r.Engine, r.OfferedRPS, r.Connections = "vegeta", 3280, 1000
	r.Capacity = &results.Capacity{
		SLOUS: 100_000, RPS: 3280, FailsRPS: fails, Resolution: 0.05, Steady: true,
		Probes: []results.ProbeRun{{RPS: 100, P99US: 700, Meets: true},
			{RPS: 3440, P99US: 140_000, Why: "more than 1% came later than 100ms"}},
	}
	if fails > 0 {
		r.Capacity.Limit = r.Capacity.Probes[1].Why
	}
	return r
}

func renderLoad(t interface{ Fatal(...any) }, format string, r *results.LoadRun, width int) string {
	f := formatNamed(t, report.LoadFormats, format)
	var b bytes.Buffer
	if err := f.Write(&b, r, report.Options{Width: width}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLoadTableGolden(t *testing.T) {
	nothing := loadRun()
	nothing.Requests, nothing.Errors, nothing.Codes, nothing.LatencyUS = 4, 4, nil, results.Latency{}
	nothing.ErrorLatencyUS = &results.Latency{Mean: 100, P50: 100, P90: 120, P99: 120, P999: 120, Max: 120}
	nothing.ErrorKinds = map[string]results.ErrorKind{"reset": {Count: 4, Example: "connection reset by peer"}}
	void := mixed()
	void.Trust = results.Trust{Status: results.Void, Reasons: []string{"for a reason"}}
	for i := range void.Thresholds {
		void.Thresholds[i].Met = nil
	}
	void.Thresholds[0].Value, void.Targets = nil, nil
	nagle := loadRun()
	nagle.UncorrectedUS = results.Latency{Mean: 80_100, P50: 80_300, P90: 84_000, P99: 84_200, P999: 84_300,
		Max: 88_000}
	nagle.LatencyUS = nagle.UncorrectedUS
	none := searched(5)
	none.Capacity.RPS = 0
	few := loadRun()
	few.Requests, few.Codes = 6, map[int]uint64{200: 6}
	for name, test := range map[string]struct {
		run   *results.LoadRun
		width int
	}{
		"load-closed": {loadRun(), 80}, "load-closed-40": {loadRun(), 40}, "load-closed-120": {loadRun(), 120},
		"load-troubled": {troubled(), 80}, "load-troubled-40": {troubled(), 40}, "load-nothing": {nothing, 80},
		"load-subscribed": {subscribed(), 80}, "load-subscribed-40": {subscribed(), 40}, "load-untold": {untold(), 80},
		"load-played": {played(), 80}, "load-played-40": {played(), 40}, "load-unseen": {unseen(), 80},
		"load-chat": {chatted(), 80}, "load-chat-40": {chatted(), 40}, "load-chat-unheard": {unheard(), 80},
		"load-targets": {mixed(), 80}, "load-void": {void, 80}, "load-nagle": {nagle, 80}, "load-few": {few, 80},
		"load-capacity": {searched(3440), 80}, "load-capacity-open": {searched(0), 80},
		"load-capacity-none": {none, 80},
	} {
		t.Run(name, func(t *testing.T) {
			got := renderLoad(t, "table", test.run, test.width)
			file := filepath.Join("testdata", name+".golden")
			if flag.Lookup("update").Value.String() == "true" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// Whatever was measured, no line is wider than the terminal.
func TestLoadTableFitsItsWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom([]func() *results.LoadRun{
			loadRun, troubled, mixed, played, func() *results.LoadRun { return searched(3440) }}).Draw(t, "run")()
		figure := rapid.Custom(func(t *rapid.T) float64 {
			return rapid.Float64Range(1, 9.999).Draw(t, "figure") * []float64{0.01, 0.1, 1, 10, 100, 1e3,
				1e4, 1e5, 1e6, 1e7, 1e9}[rapid.IntRange(0, 10).Draw(t, "power")]
		})
		for _, l := range []*results.Latency{&r.LatencyUS, &r.UncorrectedUS} {
			*l = results.Latency{P50: figure.Draw(t, "p50"), P90: figure.Draw(t, "p90"),
				P99: figure.Draw(t, "p99"), P999: figure.Draw(t, "p999"), Max: figure.Draw(t, "max")}
		}
		r.RateRPS, r.DurationS, r.BytesIn = figure.Draw(t, "rate"), figure.Draw(t, "seconds")/1e3,
			uint64(figure.Draw(t, "bytes"))
		width := rapid.IntRange(40, 200).Draw(t, "width")
		for line := range strings.Lines(renderLoad(t, "table", r, width)) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Fatalf("a line of %d columns in a terminal of %d:\n%s", n, width, line)
			}
			if strings.Contains(line, "NaN") || strings.Contains(line, "Inf") || strings.Contains(line, "e+") {
				t.Fatalf("no figure for people: %s", line)
			}
		}
	})
}

func TestLoadJSONIsOneObject(t *testing.T) {
	for _, want := range []*results.LoadRun{loadRun(), troubled(), mixed(), searched(3440), subscribed(), played(),
		chatted()} {
		got := new(results.LoadRun)
		if err := json.Unmarshal([]byte(renderLoad(t, "json", want, 0)), got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
	}
}

func TestLoadWriteErrorsAreReported(t *testing.T) {
	for _, f := range report.LoadFormats {
		whole := len(renderLoad(t, f.Name, troubled(), 80))
		for _, room := range []int{0, whole / 3, whole - 1} {
			if err := f.Write(&fullDisk{room}, troubled(), report.Options{}); err == nil {
				t.Errorf("%s: no error though only %d of %d bytes were written", f.Name, room, whole)
			}
		}
	}
}

func TestLiveLines(t *testing.T) {
	if got := report.LiveLoad("req", 51_224, 2410, 1); got != "51.2k req/s, p99 2.41 ms, 1 error" {
		t.Error(got)
	}
	for want, p := range map[string]results.ProbeRun{
		"   100/s  p99 700 µs    meets the objective": {RPS: 100, P99US: 700, Meets: true},
		"  3.4k/s  p99 140 ms    fails: status: 503":  {RPS: 3400, P99US: 140_000, Why: "status: 503"},
	} {
		if got := report.Probe(p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Six requests have a longest latency, and no p99: that would be the same figure under a better
// name.
func TestFewRequestsHaveFewPercentiles(t *testing.T) {
	row := func(requests, errors uint64) string {
		r := loadRun()
		r.Requests, r.Errors = requests, errors
		for line := range strings.Lines(renderLoad(t, "table", r, 80)) {
			if strings.Contains(line, "│ latency ") {
				return strings.Join(strings.Fields(strings.ReplaceAll(line, "│", "")), " ")
			}
		}
		return ""
	}
	for _, test := range []struct {
		requests, errors uint64
		want             string
	}{
		{1, 0, "latency – – – – 14.3 ms"}, {6, 0, "latency 1.19 ms – – – 14.3 ms"},
		{99, 0, "latency 1.19 ms 1.8 ms – – 14.3 ms"}, {100, 0, "latency 1.19 ms 1.8 ms 2.41 ms – 14.3 ms"},
		{1000, 0, "latency 1.19 ms 1.8 ms 2.41 ms 6.12 ms 14.3 ms"}, {1000, 991, "latency 1.19 ms – – – 14.3 ms"},
	} {
		if got := row(test.requests, test.errors); got != test.want {
			t.Errorf("%d requests, %d errors: %q, want %q", test.requests, test.errors, got, test.want)
		}
	}
}

// A load in progress fits every terminal, and draws what is rare, too.
func TestLoadInProgress(t *testing.T) {
	p := report.LoadProgress{What: "req", Elapsed: 12 * time.Second, Left: 70 * time.Second, P99US: 2410, Errors: 3,
		Spread: make([]uint64, len(report.LatencyBounds))}
	p.Spread[8], p.Spread[9], p.Spread[12] = 100_000, 2000, 1 // up to 100 µs, 178 µs, 1 ms
	for i := range 300 {
		p.Rates, p.P99sUS = append(p.Rates, float64(1000+i)), append(p.P99sUS, float64(300-i))
	}
	for width := 40; width <= 200; width += 10 {
		lines := p.Lines(report.Options{Width: width})
		for _, l := range lines {
			if n := len([]rune(l)); n > width {
				t.Errorf("a line has %d columns of %d: %q", n, width, l)
			}
		}
		text := strings.Join(lines, "\n")
		for _, want := range []string{"req/s", "3 errors", "elapsed", "█ most 1.3k/s", "most 300 µs",
			"56.2 µs █▆  ▁ 1 ms"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d columns: the display lacks %q:\n%s", width, want, text)
			}
		}
	}
}

// A ramp says at which rate latency breaks away, in a line for each step.
func TestRamp(t *testing.T) {
	r := loadRun()
	r.OfferedRPS, r.Ramp = 2550, &results.Ramp{FromRPS: 100, ToRPS: 5000}
	for i := range 15 {
		s := results.RampStep{StartS: 2 * float64(i), EndS: 2 * float64(i+1), RateRPS: float64(200 + 300*i), Due: 500,
			Answered: 500, LatencyUS: results.Latency{P50: 400, P99: 2000}}
		if i >= 10 {
			s.LatencyUS.P99 = 90_000
		}
		r.Ramp.Steps = append(r.Ramp.Steps, s)
	}
	r.Ramp.Judge()
	for _, width := range []int{40, 80, 120} {
		out := renderLoad(t, "table", r, width)
		text := strings.Join(strings.Fields(out), " ")
		for _, want := range []string{"latency breaks away at about 3.2k/s", "more than 5 times their usual 2 ms",
			"open load from 100 to 5k requests/s"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d columns: the table lacks %q:\n%s", width, want, out)
			}
		}
		for _, l := range strings.Split(out, "\n") {
			if n := len([]rune(l)); n > width && width >= 80 {
				t.Errorf("a line has %d columns of %d: %q", n, width, l)
			}
		}
	}
}

// What has no latency is told beside what latency says.
func TestRampSaysWhatFailed(t *testing.T) {
	for _, breaks := range []float64{0, 3200} {
		r := loadRun()
		r.Requests, r.Errors, r.Unsent = 40_000, 16_000, 25
		r.Ramp = &results.Ramp{FromRPS: 100, ToRPS: 5000, BreaksRPS: breaks, UsualUS: 2000}
		text := strings.Join(strings.Fields(renderLoad(t, "table", r, 80)), " ")
		if !strings.Contains(text, "; 16,000 of 40,000 requests failed, and 25 more were due and not sent.") {
			t.Errorf("breaks at %v: %s", breaks, text)
		}
	}
}

// A ramp of which nothing tells what is usual does not say that latency stayed as it was.
func TestRampOfNothingUsual(t *testing.T) {
	r := loadRun()
	r.OfferedRPS, r.Requests, r.Errors = 1050, 1500, 600
	r.Ramp = &results.Ramp{FromRPS: 2000, ToRPS: 100}
	for i := range 15 { // the server dies on the way
		s := results.RampStep{StartS: float64(i), EndS: float64(i + 1), RateRPS: float64(2000 - 120*i), Due: 100,
			Answered: 100, LatencyUS: results.Latency{P50: 400, P99: 2000}}
		if i >= 9 {
			s.Answered, s.Errors, s.LatencyUS = 0, 100, results.Latency{}
		}
		r.Ramp.Steps = append(r.Ramp.Steps, s)
	}
	r.Ramp.Judge()
	text := strings.Join(strings.Fields(renderLoad(t, "table", r, 80)), " ")
	if strings.Contains(text, "does not break away") ||
		!strings.Contains(text, "where latency breaks away is not known") ||
		!strings.Contains(text, "600 of 1,500 requests failed") {
		t.Error(text)
	}
}

// What failed or never came is not nothing, however small its part.
func TestSmallPartsAreNotNone(t *testing.T) {
	failed, lost := loadRun(), subscribed()
	failed.Errors, failed.ErrorKinds = 1, map[string]results.ErrorKind{"reset": {Count: 1, Example: "reset"}}
	lost.Deliveries = &results.Deliveries{Numbered: true, Missed: 1}
	for _, r := range []*results.LoadRun{failed, lost} {
		text := strings.Join(strings.Fields(renderLoad(t, "table", r, 120)), " ")
		if strings.Contains(text, "(0%") || strings.Contains(text, " 0%") || strings.Count(text, "below 0.01%") != 2 {
			t.Error(text)
		}
	}
}

// A spike that has left the line still gives it its scale.
func TestSparkIsOnTheScaleThatItNames(t *testing.T) {
	p := report.LoadProgress{What: "req", Spread: make([]uint64, len(report.LatencyBounds))}
	for i := range 300 {
		p99 := 20_000.0
		if i == 2 {
			p99 = 2e6
		}
		p.Rates, p.P99sUS = append(p.Rates, 100), append(p.P99sUS, p99)
	}
	for _, l := range p.Lines(report.Options{Width: 80}) {
		if strings.HasPrefix(l, "p99") && (!strings.HasSuffix(l, "▁ most 2 s") || strings.Contains(l, "█")) {
			t.Error(l)
		}
	}
}

// A threshold whose figure is not known says why.
func TestThresholdOfWhatIsNotKnown(t *testing.T) {
	missed := results.Threshold{Name: "max-missed", Unit: "%", Unknown: "the events have no ids that rise by one"}
	if got, want := report.Threshold(missed),
		"missed unknown, as the events have no ids that rise by one; at most 0%"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The name of a host is apart from its figures, however long it is.
func TestLongNamesOfHosts(t *testing.T) {
	r := loadRun()
	r.Hosts = []results.LoadHost{{Name: "ip-10-0-0-12"}}
	if text := renderLoad(t, "table", r, 80); !strings.Contains(text, "\non ip-10-0-0-12\n   ") {
		t.Error(text)
	}
}

package results

// RowIsolation is the row of a workload with poison: how far innocent requests are kept apart from it.
const RowIsolation = "Isolation"

var (
	answeredAmid = Metric{Name: "answered share", Floor: 0.01, at: amid, figure: on(amid, answeredShare)}
	tailAmid     = Metric{Name: "p99", Floor: 1, LessIsBetter: true, at: amid, figure: on(amid, P99)}
)

// Isolation is the metrics of the row, in the order in which they are looked at: whether innocent requests are answered, and how long
// the slowest of them take, amid the poison.
var Isolation = []Tier{{answeredAmid}, {tailAmid}}

func amid(Workload) At { return At{Load: Amid} }

// isolation is the verdict of a workload with poison. Its words are those of Scalability, by the same rules.
func isolation(r *Record, w Workload, pairs []pair) Verdict {
	v := Verdict{Workload: w.Name, Findings: []Finding{rank(r, pairs, len(ranked)-1)}}
	if r.Settings.Null {
		v.Detectable = detectable(w, pairs)
	}
	return v
}

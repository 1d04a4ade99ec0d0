package results

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Groups are two levels into which a mode's trials on a workload fall, by CPU per request relative
// to the yardstick. A median over such trials falls on one level or between them by chance.
type Groups struct {
	Mode          string
	Low, High     float64 // geometric means
	AtLow, AtHigh int     // trials
}

const (
	groupsApart = 0.10 // closer levels change the meaning of no word
	groupsLeast = 6    // trials
	eitherLeast = 2    // trials of a level: a single one is an outlier

	// Levels further apart than the factor farApart need less evidence, because noise that wide has
	// not been seen.
	farApart, groupsFar = 2, 7.6
)

// groupsSure are the distances between two levels, in standard errors, that one in 100 samples of a
// single level exceeds if the sample is cut where the distance is largest. The index is the number
// of trials, from groupsLeast.
var groupsSure = []float64{11.1, 10.1, 9.5, 9.2, 9.1, 9.1, 9.1}

// Groups returns the modes whose trials on a workload fall into two groups.
func (r *Record) Groups(w Workload) (all []Groups) {
	for _, m := range r.Settings.Modes {
		var logs []float64
		for _, t := range slices.Concat(r.Trials, r.Extra) {
			if v, ok := t.Read(Base(w), RelativeCPU); ok && t.Workload == w.Name && t.Mode == m.Name {
				logs = append(logs, math.Log(v))
			}
		}
		if g, ok := grouped(logs); ok {
			g.Mode = m.Name
			all = append(all, g)
		}
	}
	return all
}

// grouped cuts a sample of logarithms in two where the parts are farthest apart, in standard errors
// of their distance.
func grouped(logs []float64) (g Groups, ok bool) {
	logs = slices.Sorted(slices.Values(logs))
	n := len(logs)
	if n < groupsLeast {
		return g, false
	}
	most := 0.0
	for cut := eitherLeast; cut <= n-eitherLeast; cut++ {
		low, lowVariance := stat.PopMeanVariance(logs[:cut], nil)
		high, highVariance := stat.PopMeanVariance(logs[cut:], nil)
		a, b := float64(cut), float64(n-cut)
		deviation := math.Sqrt((a*lowVariance + b*highVariance) / (a + b - 2) * (1/a + 1/b))
		if apart := (high - low) / max(deviation, math.SmallestNonzeroFloat64); apart > most {
			most, g = apart, Groups{Low: math.Exp(low), High: math.Exp(high), AtLow: cut, AtHigh: n - cut}
		}
	}
	ratio := g.High / g.Low
	return g, most > sureOf(n) && ratio > 1+groupsApart || most > groupsFar*beyondTable(n) && ratio > farApart
}

// sureOf returns groupsSure for n trials. Beyond the table the value grows with the root of n,
// which no sample of one level exceeds.
func sureOf(n int) float64 {
	last := len(groupsSure) - 1
	return groupsSure[min(n-groupsLeast, last)] * beyondTable(n)
}

func beyondTable(n int) float64 {
	last := groupsLeast + len(groupsSure) - 1
	return math.Sqrt(max(1, float64(n)/float64(last)))
}

package results

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Groups are two levels that a mode's trials on a workload fall into, by CPU per request relative
// to the yardstick. A median of them is the figure of one level or between both, and which of these
// is chance.
type Groups struct {
	Mode          string
	Low, High     float64 // geometric means
	AtLow, AtHigh int     // trials
}

const (
	groupsApart = 0.10 // levels that are nearer to each other change no word's meaning
	groupsLeast = 6    // trials
	eitherLeast = 2    // trials of a level: one that is off is an outlier

	// Where levels are more than farApart from each other, less evidence is asked for: noise that
	// is as wide has not been measured.
	farApart, groupsFar = 2, 7.6
)

// groupsSure is what the distance of two levels is beyond, in its own standard errors, for one in
// 100 samples of a single level, where the sample is cut in two so that the distance is most: by
// the number of trials, from groupsLeast.
var groupsSure = []float64{11.1, 10.1, 9.5, 9.2, 9.1, 9.1, 9.1}

// Groups are the modes whose trials on a workload fall into two groups.
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

// grouped cuts a sample of logarithms in two where the parts are farthest from each other, in
// standard errors of their distance.
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

// sureOf is groupsSure's. Of more trials than it has it grows as their root, as no sample of one
// level does faster.
func sureOf(n int) float64 {
	last := len(groupsSure) - 1
	return groupsSure[min(n-groupsLeast, last)] * beyondTable(n)
}

func beyondTable(n int) float64 {
	last := groupsLeast + len(groupsSure) - 1
	return math.Sqrt(max(1, float64(n)/float64(last)))
}

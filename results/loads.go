package results

import "slices"

// Loads sums up a row's comparisons of two modes at both loads. Words follow from the saturated
// load; the light load can only make them depend on the load. Rows without a light load use the
// saturated one alone.
type Loads struct {
	Measured bool   // some round has both modes
	Better   string // the better mode, or ""
	Same     bool   // no difference; if Better is "" too, one cannot tell

	LightBetter string // Better at light load
	LightSame   bool
}

// Depends reports whether the light load decides differently from the saturated one: for the other
// mode, or for one of two that are the same.
func (l Loads) Depends() bool {
	return l.LightBetter != "" && (l.Same || l.Better != "" && l.Better != l.LightBetter)
}

// Between sums up all comparisons of two modes in a row. The modes are the same if the figure that
// the row rests on says so, none is missing, and no other figure differs. In a record without a
// resting figure, all figures must say so.
func Between(compared []Comparison) (l Loads) {
	rests, differs, complete, all := false, false, true, true
	for _, c := range saturated(compared) {
		l.Measured = l.Measured || c.Rounds > 0
		complete = complete && c.Rounds > 0
		all = all && c.Same
		differs = differs || c.Better != ""
		if c.Rests {
			rests, l.Same = true, c.Same
		}
		if c.Decides {
			l.Better = c.Better
		}
	}
	if rests {
		l.Same = l.Same && complete && !differs
	} else {
		l.Same = all && l.Measured
	}
	l.LightBetter, l.LightSame = atLightLoad(compared)
	return l
}

// atLightLoad returns the mode that some figure favours at light load and no figure disfavours. The
// share of answered requests comes first, because a server that answers fewer has less to do. same
// reports that all figures are the same.
func atLightLoad(compared []Comparison) (better string, same bool) {
	same = len(compared) > len(saturated(compared))
	for _, c := range compared {
		if !c.Light {
			continue
		}
		same = same && c.Same
		switch {
		case c.Better == "" || c.Better == better:
		case better != "":
			return "", false
		case c.Metric == AnsweredShare.Name:
			return c.Better, false
		default:
			better = c.Better
		}
	}
	return better, same
}

// AtLightLoad returns the comparison with the largest certain difference at light load, of those
// decided for the mode that is better there.
func AtLightLoad(compared []Comparison) (most Comparison) {
	better, _ := atLightLoad(compared)
	far := 0.0
	for _, c := range compared {
		if _, _, low, _ := c.Factors(); c.Light && better != "" && c.Better == better && low > far {
			most, far = c, low
		}
	}
	return most
}

// saturated returns the comparisons at the saturated load, which come first.
func saturated[C interface{ light() bool }](compared []C) []C {
	if i := slices.IndexFunc(compared, func(c C) bool { return c.light() }); i >= 0 {
		return compared[:i]
	}
	return compared
}

func (c Comparison) light() bool { return c.Light }

// lightFor reports whether the common rate was a light load for both modes. A rate that the user
// asked for may exceed a slow mode's share.
func lightFor(r *Record, w Workload, a, b string) bool {
	return !slices.ContainsFunc(r.Rates, func(known Rates) bool {
		most := known.CapacityRPS * r.Settings.Share * (1 + rounding)
		return known.Workload == w.Name && (known.Mode == a || known.Mode == b) && known.CommonRPS > most
	})
}

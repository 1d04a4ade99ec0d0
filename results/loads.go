package results

import "slices"

// Loads is what the comparisons of two modes in a row come to, under either load: the saturated
// one, which the words are of, and the light one, which can only make them depend on the load. Of
// rows that have no light load it is the former alone.
type Loads struct {
	Measured bool   // a round has both modes
	Better   string // the better one; "" for none
	Same     bool   // they are the same; neither where one cannot tell

	LightBetter string // the same at light load
	LightSame   bool
}

// Depends says that the light load is decided otherwise than the saturated one: for the other mode,
// or for one of two that are the same.
func (l Loads) Depends() bool {
	return l.LightBetter != "" && (l.Same || l.Better != "" && l.Better != l.LightBetter)
}

// Between is what all comparisons of two modes in a row come to. They are the same where the figure
// that it rests on says so, none was missing, and none of the others differs; in a record of before
// there was such a figure, where all of them say so.
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

// atLightLoad is for the mode that a figure there is decided for, and none for the other. Who
// answers fewer requests has less to do, so that comes first here too. They are the same where
// every figure says so.
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

// AtLightLoad is the figure at light load that surely differs the most, of those that are decided
// for the mode that is better there.
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

// saturated are the comparisons under a saturated load, which come first.
func saturated[C interface{ light() bool }](compared []C) []C {
	if i := slices.IndexFunc(compared, func(c C) bool { return c.light() }); i >= 0 {
		return compared[:i]
	}
	return compared
}

func (c Comparison) light() bool { return c.Light }

// lightFor says that the common rate was a light load for both modes. One that was asked for may be
// more than a slow mode's share.
func lightFor(r *Record, w Workload, a, b string) bool {
	return !slices.ContainsFunc(r.Rates, func(known Rates) bool {
		most := known.CapacityRPS * r.Settings.Share * (1 + rounding)
		return known.Workload == w.Name && (known.Mode == a || known.Mode == b) && known.CommonRPS > most
	})
}

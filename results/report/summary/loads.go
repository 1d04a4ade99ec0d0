package summary

import (
	"fmt"
	"slices"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// of returns all comparisons of the same two modes as one.
func of(f results.Finding, one results.Comparison) []results.Comparison {
	other := func(c results.Comparison) bool { return c.A != one.A || c.B != one.B }
	return slices.DeleteFunc(slices.Clone(f.Comparisons), other)
}

// loads sums those comparisons up.
func loads(f results.Finding, one results.Comparison) results.Loads {
	return results.Between(of(f, one))
}

// dependent says by how much each of two modes is ahead at one of the loads, once for each mode
// with that word, and records them in told.
func dependent(w results.Workload, f results.Finding, told map[string]bool) (parts []string) {
	for _, c := range f.Comparisons {
		news := func(mode string) bool { return f.Of(mode) == results.DependsOnLoad && !told[mode] }
		if !c.Rests || !loads(f, c).Depends() || !news(c.A) && !news(c.B) {
			continue
		}
		told[c.A], told[c.B] = told[c.A] || news(c.A), told[c.B] || news(c.B)
		saturated := advantage(w, c)
		if c.Better == "" {
			saturated = c.Metric + " is the same " + underLoad(w, c) + " (" + evidence(c, c.Low, c.High) + ")"
		}
		light := advantage(w, deciding(f, c))
		parts = append(parts, fmt.Sprintf("which of %s and %s is better depends on the load: %s, but %s",
			c.A, c.B, saturated, light))
	}
	return parts
}

// deciding returns the comparison with the largest certain difference at light load.
func deciding(f results.Finding, one results.Comparison) results.Comparison {
	return results.AtLightLoad(of(f, one))
}

// atLightLoad says what the light load adds to the finding on two modes; "" if it adds nothing.
func atLightLoad(w results.Workload, f results.Finding, c results.Comparison) string {
	switch l := loads(f, c); {
	case l.LightSame:
		return ", and at light load no difference"
	case l.LightBetter == "":
		return leaning(f, c)
	case l.Better == l.LightBetter:
		d := deciding(f, c)
		_, ratio, _, _ := d.Factors()
		return fmt.Sprintf(", and so it is at light load (%s, %s times)", d.Metric, unit.Digits(ratio)) + leaning(f, c)
	}
	return ", while " + advantage(w, deciding(f, c))
}

// leaning says which figure at light load lies beyond its floor for the other mode, though chance
// could explain it. A reader of the table sees it there, and would wonder. Less of each of these
// figures is better, but of the share answered.
func leaning(f results.Finding, c results.Comparison) string {
	for _, d := range of(f, c) {
		more, ratio, _, _ := d.Factors()
		open := d.Light && d.Better == "" && d.Metric != results.AnsweredShare.Name
		if open && more == c.Better && ratio > 1+d.Floor {
			return fmt.Sprintf(", though %s there was %s times as much with %s, which chance could explain",
				d.Metric, unit.Digits(ratio), more)
		}
	}
	return ""
}

// neverAtLightLoad says that no two modes differ at light load either, if so.
func neverAtLightLoad(f results.Finding) string {
	same := false
	for _, c := range f.Comparisons {
		if l := loads(f, c); c.Rests {
			if !l.LightSame {
				return ""
			}
			same = true
		}
	}
	if !same {
		return ""
	}
	return ", and none at light load"
}

package selftest

import "math"

// HighestRate looks for the highest rate that holds, between lowest and highest: it doubles from lowest on until one does not hold, and
// then bisects so many times the interval between it and the last that did, on a scale of logarithms. The result held,
// and lies below the first that does not by a factor of 2^(1/2^bisections) at the most; 0 when not even lowest held. An error of
// holds ends the search.
func HighestRate(lowest, highest float64, bisections int, holds func(rate float64) (bool, error)) (float64, error) {
	good, bad := 0.0, 0.0
	for rate := lowest; ; rate = min(2*rate, highest) {
		ok, err := holds(rate)
		if err != nil {
			return good, err
		}
		if !ok {
			bad = rate
			break
		}
		if good = rate; rate >= highest {
			return good, nil
		}
	}
	if good == 0 {
		return 0, nil
	}
	for range bisections {
		middle := math.Sqrt(good * bad)
		ok, err := holds(middle)
		if err != nil {
			return good, err
		}
		if ok {
			good = middle
		} else {
			bad = middle
		}
	}
	return good, nil
}

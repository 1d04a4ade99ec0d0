package summary

import (
	"fmt"
	"regexp"

	"nodecompare/results"
)

// wordings say how the worse mode compares with the better one: %[1]s is the worse, %[2]s the
// better, … how many times. What stands in < > is for sentences that have the room.
var wordings = map[string]string{
	"answered share":         "%[2]s answered … as large a share of its requests< as %[1]s>",
	"throughput":             "%[2]s answered … as many requests< a second as %[1]s>",
	"CPU per request":        "%[1]s used … the CPU of %[2]s< for a request>",
	"throughput kept":        "%[2]s kept … as much of its throughput< as %[1]s>",
	"p50":                    "half of the requests (p50) took … as long with %[1]s< as with %[2]s>",
	"p99":                    "the slowest 1 in 100 (p99) took … as long with %[1]s< as with %[2]s>",
	"p99.9":                  "the slowest 0.1%% (p99.9) took … as long with %[1]s< as with %[2]s>",
	"answered in time":       "%[2]s answered … as large a part of its requests in time< as %[1]s>",
	"time to recover":        "%[1]s took … as long< as %[2]s> to answer in time again",
	"memory per connection":  "each connection cost %[1]s … the memory< of %[2]s>",
	"threads per connection": "each connection cost %[1]s … the threads< of %[2]s>",
	"connections held":       "%[2]s held … as many connections< within the objective as %[1]s>",
}

// optional is what a short sentence leaves out.
var optional = regexp.MustCompile(`<([^>]*)>`)

// worded is a comparison's wording with its modes; the … is left in it.
func worded(c results.Comparison, long bool) string {
	said, ok := wordings[c.Metric]
	if !ok {
		said = "in %[3]s %[2]s is … better than %[1]s"
	}
	kept := ""
	if long {
		kept = "$1"
	}
	return fmt.Sprintf(optional.ReplaceAllString(said, kept), c.Worse(), c.Better, c.Metric)
}

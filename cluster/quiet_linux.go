package cluster

import _ "unsafe" // for go:linkname

// procStatFile is the file that NATS's server library reads once a second, from its initialisation
// on, for a figure of its monitoring. It does so in every process of this program: the measured
// servers are copies of it, which would wake for it. It stops when it cannot read the file.
//
//go:linkname procStatFile github.com/nats-io/nats-server/v2/server/pse.procStatFile
var procStatFile string

// sampled says that the variable above is the library's, which has set it by now.
var sampled = procStatFile != ""

// init takes the file away, a second before the library looks at it again. The library's timer was
// set before, which the race detector cannot know to be long enough.
//
//go:norace
func init() { procStatFile = "" }

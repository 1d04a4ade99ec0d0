package workload

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// MixMaxWait and MixMaxCPU bound what a request of the mix workload may ask for.
const (
	MixMaxWait = maxWaitMS * time.Millisecond
	MixMaxCPU  = maxCPUMS * time.Millisecond
)

const (
	mixPath       = "/mix"
	defaultMixMS  = 10
	defaultMixUS  = 100
	mixMaxCompute = int(MixMaxCPU / time.Microsecond)
)

var mix = Workload{
	Name:    "mix",
	Method:  http.MethodGet,
	Path:    mixPath,
	Summary: "a wait of wait_ms milliseconds, then cpu_us microseconds of computing: most routes do some of both",
	Target:  MixTarget(defaultMixMS*time.Millisecond, defaultMixUS*time.Microsecond),
	handle:  serveMix,
}

// MixTarget returns the path and query that ask the mix workload to wait, in whole milliseconds,
// and to compute, in whole microseconds of CPU time.
func MixTarget(wait, cpu time.Duration) string {
	return fmt.Sprintf("%s?wait_ms=%d&cpu_us=%d", mixPath, wait.Milliseconds(), cpu.Microseconds())
}

// serveMix waits through its IO, like wait, and computes in place, like cpu. With nothing to wait
// for it skips the wait, which would cost a system call in one model and a turn of the loop, up to
// a millisecond, in another.
func serveMix(_ *Service, x *Exchange) {
	ms, ok := x.number("wait_ms", "milliseconds", defaultMixMS, defaultMixMS, maxWaitMS)
	if !ok {
		return
	}
	us, ok := x.number("cpu_us", "microseconds", defaultMixUS, defaultMixUS, mixMaxCompute)
	if !ok {
		return
	}
	x.ms, x.us = ms, us
	if ms == 0 {
		mixWaited(x)
		return
	}
	x.IO.Wait(x, x.duration(), mixWaited)
}

func mixWaited(x *Exchange) {
	spun, err := burn(time.Duration(x.us)*time.Microsecond, x.spun)
	if err != nil {
		x.fail(http.StatusInternalServerError, "%v", err)
		return
	}
	x.spun = spun
	x.body = append(x.buffer(), `{"waited_ms":`...)
	x.body = strconv.AppendInt(x.body, int64(x.ms), 10)
	x.body = append(x.body, `,"burned_us":`...)
	x.body = strconv.AppendInt(x.body, int64(x.us), 10)
	x.body = append(x.body, '}')
	x.reply(http.StatusOK, typeJSON, x.body)
}

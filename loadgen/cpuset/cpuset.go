// Package cpuset divides the CPUs of a machine between servers and load, and binds threads to them.
package cpuset

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxCPU is the highest CPU number accepted, the limit of the kernel's cpu_set_t.
const MaxCPU = 1023

// ErrNoPinning says that this system cannot bind a process to CPUs.
var ErrNoPinning = errors.New("this system does not bind a process to CPUs")

// CPUs is a sorted set of CPU numbers. The zero value is the empty set, which stands for "not
// pinned".
type CPUs []int

// String returns the set in the kernel's list format, e.g. 0-2,5 (cpuset(7), "List format"); "" for
// the empty set.
func (c CPUs) String() string {
	var b strings.Builder
	for i := 0; i < len(c); {
		last := i
		for last+1 < len(c) && c[last+1] == c[last]+1 {
			last++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(c[i]))
		if last > i {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(c[last]))
		}
		i = last + 1
	}
	return b.String()
}

// ParseCPUs reads a list such as 0-2,5. Order and repetition do not matter; an empty list is an
// error.
func ParseCPUs(list string) (CPUs, error) {
	var set CPUs
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := parseCPU(first, list)
		if err != nil {
			return nil, err
		}
		to := from
		if isRange {
			if to, err = parseCPU(last, list); err != nil {
				return nil, err
			}
		}
		if to < from {
			return nil, fmt.Errorf("CPU list %q: %q runs backwards: write %d-%d", list, part, to, from)
		}
		for n := from; n <= to; n++ {
			set = append(set, n)
		}
	}
	slices.Sort(set)
	return slices.Compact(set), nil
}

func parseCPU(text, list string) (int, error) {
	// Atoi would accept a sign too.
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("CPU list %q: %q is not a CPU number: write numbers and ranges, as in 0-2,5", list, text)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > MaxCPU {
		return 0, fmt.Errorf("CPU list %q: CPU %s is beyond the highest number that is taken, %d", list, text, MaxCPU)
	}
	return n, nil
}

// Pin is the user's choice: --pin=auto, --pin=off or --pin=SERVER:GENERATOR. The zero value is off.
type Pin struct {
	Auto              bool
	Server, Generator CPUs // disjoint and not empty; nil with auto and off
}

// ParsePin reads the value of --pin.
func ParsePin(s string) (Pin, error) {
	switch s {
	case "auto":
		return Pin{Auto: true}, nil
	case "off":
		return Pin{}, nil
	}
	fail := func(err error) (Pin, error) {
		return Pin{},
			fmt.Errorf("pin %q: %w; give auto, off, or the server's and the generator's CPUs as in 0-1,3:2", s, err)
	}
	server, generator, ok := strings.Cut(s, ":")
	if !ok {
		return fail(errors.New("there is no colon between two CPU lists"))
	}
	var p Pin
	var err error
	if p.Server, err = ParseCPUs(server); err != nil {
		return fail(err)
	}
	if p.Generator, err = ParseCPUs(generator); err != nil {
		return fail(err)
	}
	if both := common(p.Server, p.Generator); len(both) > 0 {
		return fail(fmt.Errorf("CPU %v is on both sides, and the two would take time from each other", both))
	}
	return p, nil
}

// String returns the value that ParsePin reads.
func (p Pin) String() string {
	switch {
	case p.Auto:
		return "auto"
	case len(p.Server) == 0:
		return "off"
	}
	return p.Server.String() + ":" + p.Generator.String()
}

// Split is how the CPUs are divided between server and generator. Both sets are nil if nothing is
// pinned.
type Split struct {
	Server, Generator CPUs
	Note              string // why they are not pinned, or share cores
}

// Pinned reports whether server and generator have CPUs of their own.
func (s Split) Pinned() bool { return len(s.Server) > 0 }

// Choose returns the split of the CPUs that this process may use (Allowed). Call Choose before
// PinSelf. If auto finds nothing to divide, the Note says that server and generator share. CPUs
// named by the user must be allowed.
func (p Pin) Choose() (Split, error) {
	if !p.Auto && len(p.Server) == 0 {
		return Split{Note: "server and generator share all CPUs: pinning is off"}, nil
	}
	allowed, err := Allowed()
	if p.Auto && errors.Is(err, ErrNoPinning) {
		return Split{Note: "server and generator share all CPUs: " + err.Error()}, nil
	}
	if err != nil {
		return Split{}, fmt.Errorf("pin %v: %w", p, err)
	}
	return p.split(allowed, siblings)
}

// split divides the allowed CPUs. siblings returns the CPUs that are threads of the given CPU's
// core, itself included.
func (p Pin) split(allowed CPUs, siblings func(cpu int) CPUs) (Split, error) {
	if !p.Auto {
		for _, side := range []CPUs{p.Server, p.Generator} {
			if missing := without(side, allowed); len(missing) > 0 {
				return Split{},
					fmt.Errorf(
						"pin %v: CPU %v may not be used by this process: it has %v (sched_getaffinity(2))",
						p, missing, allowed)
			}
		}
		return Split{Server: p.Server, Generator: p.Generator}, nil
	}
	if len(allowed) < 2 {
		return Split{Note: fmt.Sprintf("server and generator share CPU %v: there is no other", allowed)}, nil
	}
	// Two threads of a core share its execution units, so each core goes to one side, if there are
	// two cores.
	var cores []CPUs
	for rest := allowed; len(rest) > 0; {
		core := common(rest, append(CPUs{rest[0]}, siblings(rest[0])...))
		cores = append(cores, core)
		rest = without(rest, core)
	}
	if len(cores) == 1 {
		half := (len(allowed) + 1) / 2
		return Split{
			Server: allowed[:half], Generator: allowed[half:],
			Note: fmt.Sprintf(
				"server and generator run on threads of one core (CPUs %v): each slows the other down", allowed),
		}, nil
	}
	var s Split
	for i, core := range cores {
		if i < len(cores)-1 && 2*len(s.Server) < len(allowed) {
			s.Server = append(s.Server, core...)
		} else {
			s.Generator = append(s.Generator, core...)
		}
	}
	slices.Sort(s.Server)
	slices.Sort(s.Generator)
	return s, nil
}

func common(a, b CPUs) CPUs {
	return slices.DeleteFunc(slices.Clone(a), func(n int) bool { return !slices.Contains(b, n) })
}

func without(a, b CPUs) CPUs {
	return slices.DeleteFunc(slices.Clone(a), func(n int) bool { return slices.Contains(b, n) })
}

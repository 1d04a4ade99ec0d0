package watch

import (
	"os"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"nodecompare/servers/trace"
)

// A ring that had no room for all switches is not taken for one that has them all.
func TestSwitchesThatFoundNoRoom(t *testing.T) {
	for rounds, whole := range map[int]bool{10: true, 12_000: false} {
		s, err := listen(os.Getpid())
		if err != nil {
			t.Skipf("this kernel does not tell when threads have a CPU: %v", err)
		}
		from := trace.Now()
		passedOn(t, rounds)
		if got := s.onCPU(from, trace.Now()); (got != nil) != whole {
			t.Errorf("%d rounds: the stints of %d threads", rounds, len(got))
		}
	}
}

// passedOn has two threads on one CPU pass a byte to and fro, each waiting for the other.
func passedOn(t *testing.T, rounds int) {
	t.Helper()
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		t.Fatal(err)
	}
	var one unix.CPUSet
	for cpu := 0; one.Count() == 0; cpu++ {
		if may.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	var there, back [2]int
	for _, p := range []*[2]int{&there, &back} {
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(p[0])
		defer unix.Close(p[1])
	}
	var both sync.WaitGroup
	side := func(in, out int, begins bool) func() {
		return func() {
			runtime.LockOSThread() // never unlocked: the thread with its CPU ends with the goroutine
			b := []byte{1}
			err := unix.SchedSetaffinity(0, &one)
			for n := 0; err == nil && n < 2*rounds; n++ {
				if (n%2 == 0) == begins {
					_, err = unix.Write(out, b)
				} else {
					_, err = unix.Read(in, b)
				}
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	both.Go(side(back[0], there[1], true))
	both.Go(side(there[0], back[1], false))
	both.Wait()
}

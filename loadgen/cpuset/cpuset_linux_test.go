package cpuset_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nodecompare/loadgen/cpuset"
)

// twoCPUs gives two sets of one CPU each, or skips.
func twoCPUs(t *testing.T) (a, b cpuset.CPUs) {
	t.Helper()
	allowed, err := cpuset.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	if len(allowed) < 2 {
		t.Skipf("this process may use CPU %v alone", allowed)
	}
	return allowed[:1], allowed[len(allowed)-1:]
}

// masks gives the distinct CPU lists of a process's threads, as the kernel words them.
func masks(t *testing.T, pid int) []string {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d threads of %d, %v", len(files), pid, err)
	}
	var lists []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(text), "Cpus_allowed_list:\t")
		list, _, _ := strings.Cut(after, "\n")
		lists = append(lists, list)
	}
	slices.Sort(lists)
	return slices.Compact(lists)
}

func TestPinSelf(t *testing.T) {
	a, _ := twoCPUs(t)
	before, procs := masks(t, os.Getpid()), runtime.GOMAXPROCS(0)
	restore, err := cpuset.PinSelf(a)
	if err != nil {
		t.Fatal(err)
	}
	pinned, pinnedProcs := masks(t, os.Getpid()), runtime.GOMAXPROCS(0)
	// A thread that begins now has to get the other CPUs as well afterwards.
	release, released := make(chan bool), make(chan bool)
	for range 5 {
		go func() {
			runtime.LockOSThread()
			released <- true
			<-release
			runtime.UnlockOSThread()
			released <- true
		}()
		<-released
	}
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	after, afterProcs := masks(t, os.Getpid()), runtime.GOMAXPROCS(0)
	for range 5 {
		release <- true
		<-released
	}
	if !slices.Equal(pinned, []string{a.String()}) {
		t.Errorf("pinned: threads on CPUs %v, want %v", pinned, a)
	}
	if !slices.Equal(after, before) {
		t.Errorf("restored: threads on CPUs %v, want %v", after, before)
	}
	if os.Getenv("GOMAXPROCS") == "" && (pinnedProcs != 1 || afterProcs != procs) {
		t.Errorf("GOMAXPROCS %d, pinned to one CPU %d, restored %d", procs, pinnedProcs, afterProcs)
	}
}

// A child that is started on some CPUs sees no others from the first, and sizes itself by them; we
// keep our own.
func TestPinnedStart(t *testing.T) {
	_, b := twoCPUs(t)
	before := masks(t, os.Getpid())
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=1")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cpuset.Pinned(b, child.Start); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(in.Close(), child.Wait()); err != nil {
			t.Error(err)
		}
	}()
	var procs int
	if _, err := fmt.Fscan(out, &procs); err != nil {
		t.Fatal(err)
	}
	if got := masks(t, child.Process.Pid); !slices.Equal(got, []string{b.String()}) {
		t.Errorf("the child's threads are on CPUs %v, want %v", got, b)
	}
	if os.Getenv("GOMAXPROCS") == "" && procs != 1 {
		t.Errorf("the child's GOMAXPROCS is %d, want 1", procs)
	}
	if after := masks(t, os.Getpid()); !slices.Equal(after, before) {
		t.Errorf("our own threads are on CPUs %v, were on %v", after, before)
	}

	// The generator pins itself first: the child's CPUs are others, and may be.
	a, _ := twoCPUs(t)
	restore, err := cpuset.PinSelf(a)
	if err != nil {
		t.Fatal(err)
	}
	var list []byte
	err = cpuset.Pinned(b, func() (err error) {
		list, err = exec.Command("grep", "Cpus_allowed_list", "/proc/self/status").Output()
		return err
	})
	if restoreErr := restore(); restoreErr != nil {
		t.Fatal(restoreErr)
	}
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(list)), "\t"+b.String()) {
		t.Errorf("from a pinned process: %q, %v; want CPU %v", list, err, b)
	}
}

func TestPinnedGivesTheErrorOfItsStart(t *testing.T) {
	a, _ := twoCPUs(t)
	want := errors.New("no such program")
	for _, cpus := range []cpuset.CPUs{nil, a} {
		if err := cpuset.Pinned(cpus, func() error { return want }); !errors.Is(err, want) {
			t.Errorf("on %v: %v", cpus, err)
		}
	}
}

func TestPinToWhatIsNotThere(t *testing.T) {
	ran := false
	start := func() error { ran = true; return nil }
	restoreNothing := func(cpus cpuset.CPUs) error { _, err := cpuset.PinSelf(cpus); return err }
	before := masks(t, os.Getpid())
	for name, try := range map[string]func(cpuset.CPUs) error{
		"PinSelf": restoreNothing,
		"Pinned":  func(cpus cpuset.CPUs) error { return cpuset.Pinned(cpus, start) },
	} {
		for _, cpus := range []cpuset.CPUs{{1023}, {4096}, {-1}} {
			if err := try(cpus); err == nil || !strings.Contains(err.Error(), strconv.Itoa(cpus[0])) {
				t.Errorf("%s(%v): %v", name, cpus, err)
			}
		}
	}
	if ran {
		t.Error("the start was made")
	}
	if after := masks(t, os.Getpid()); !slices.Equal(after, before) {
		t.Errorf("threads on CPUs %v, were on %v", after, before)
	}
}

func TestChooseOnThisMachine(t *testing.T) {
	allowed, err := cpuset.Allowed()
	if err != nil || len(allowed) != runtime.NumCPU() {
		t.Fatalf("CPUs %v, %v; Go sees %d", allowed, err, runtime.NumCPU())
	}
	s, err := cpuset.Pin{Auto: true}.Choose()
	if err != nil || s.Pinned() != (len(allowed) > 1) || len(s.Server)+len(s.Generator) != len(allowed) && s.Pinned() {
		t.Errorf("%+v of %v, %v", s, allowed, err)
	}
}

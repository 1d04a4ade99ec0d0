package child_test

import (
	"errors"
	"slices"
	"testing"

	"nodecompare/servers/child"
)

// lastWords are those of a line that ends before it is ready.
func lastWords(t *testing.T, line string) []string {
	t.Helper()
	p, err := child.Start(t.Context(), shellLine(line))
	if err == nil {
		t.Fatalf("started, pid %d", p.PID)
	}
	failure, ok := errors.AsType[*child.Failure](err)
	if !ok {
		t.Fatal(err)
	}
	return failure.Stderr
}

// A Go program that crashes says why first, and ends with all its stacks and registers.
func TestLastWordsOfACrash(t *testing.T) {
	const stacks = `i=0; while [ $i -lt 300 ]; do echo "goroutine $i [running]:" >&2; i=$((i+1)); done; ` +
		`printf 'r13 0x7f00\nrip    0x45d1\nrflags 0x246\ncs     0x33\n' >&2; exit 2`
	got := lastWords(t, `printf 'panic: of before [recovered]\nit goes on\nruntime: failed to create new OS thread `+
		`(have 5 already; errno=11)\nruntime: may need to increase max user processes (ulimit -u)\n`+
		`fatal error: newosproc\n\nruntime stack:\n' >&2; `+stacks)
	want := []string{
		"runtime: failed to create new OS thread (have 5 already; errno=11)",
		"runtime: may need to increase max user processes (ulimit -u)",
		"fatal error: newosproc", "goroutine 295 [running]:", "goroutine 296 [running]:", "goroutine 297 [running]:",
		"goroutine 298 [running]:", "goroutine 299 [running]:",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// A program with cgo ends otherwise: by a signal, and what its stacks cannot tell is no reason.
func TestLastWordsOfACrashInC(t *testing.T) {
	got := lastWords(t, `printf 'runtime/cgo: pthread_create failed: Resource temporarily unavailable\n`+
		`SIGABRT: abort\nPC=0x7faf m=2 sigcode=1844\n\ngoroutine 0 gp=0xbf28 m=2 mp=0xbf28 [idle]:\n`+
		`runtime: g 0 gp=0xbf28: unknown pc 0x7faf\nr13 0x7f00\n' >&2; exit 2`)
	if want := "runtime/cgo: pthread_create failed: Resource temporarily unavailable"; len(got) == 0 || got[0] != want {
		t.Errorf("got %q, want first %q", got, want)
	}
}

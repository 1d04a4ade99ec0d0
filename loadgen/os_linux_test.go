package loadgen_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"nodecompare/loadgen"
)

const latencyRequest = "/dev/cpu_dma_latency"

// requests counts this process's requests to the kernel to keep CPUs awake: one each open
// descriptor.
func requests(t *testing.T) int {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && to == latencyRequest { // glob's own descriptor is gone
			n++
		}
	}
	return n
}

// A generator holds its request from Open to Close, where the system lets it and heeds it, and says
// whether it does.
func TestAwakeWhileOpen(t *testing.T) {
	f, err := os.OpenFile(latencyRequest, os.O_RDWR, 0)
	allowed := err == nil
	if allowed {
		f.Close()
	}
	driver, err := os.ReadFile("/sys/devices/system/cpu/cpuidle/current_driver")
	allowed = allowed && (err != nil || string(driver) != "none\n")
	before := requests(t)
	g, err := open(loadgen.Attack{Target: loadgen.Target{URL: "http://127.0.0.1:1/"}, Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if g.Awake != allowed {
		t.Errorf("Awake is %v, want %v: %s, cpuidle driver %q", g.Awake, allowed, latencyRequest, driver)
	}
	if !allowed {
		t.Skip("this system cannot keep CPUs awake, or this user may not")
	}
	if n := requests(t); n != before+1 {
		t.Errorf("%d requests are held while the generator is open, want %d", n, before+1)
	}
	// What the kernel then aims at is the strictest of all requests, in microseconds.
	var now [4]byte
	if f, err = os.Open(latencyRequest); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read(now[:]); err != nil || binary.NativeEndian.Uint32(now[:]) > 2 {
		t.Errorf("CPUs may take %v µs to wake (%v)", now, err)
	}
	f.Close() // it was a request too, of the default, which asks for nothing
	g.Close()
	if n := requests(t); n != before {
		t.Errorf("%d requests are held after Close, want %d", n, before)
	}
}

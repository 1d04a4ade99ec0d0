package loadgen_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/loadgen"
)

// fewPorts makes a machine of this process's own, with a loopback device and so many local ports.
func fewPorts(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"ip_local_port_range": "40000 40009", "tcp_tw_reuse": "0"} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0); err != nil {
			t.Skipf("the ports of a network namespace cannot be set here: %v", err)
		}
	}
}

// Ports that run out are a kind of error of their own, and are not asked for a million times. The
// test runs itself in a network namespace, where ten ports are all there are.
func TestPortsRunOut(t *testing.T) {
	const inside = "NODECOMPARE_TEST_FEW_PORTS"
	if os.Getenv(inside) == "" {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPortsRunOut$", "-test.v")
		c.Env = append(os.Environ(), inside+"=1")
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		said, err := c.CombinedOutput()
		if errors.Is(err, os.ErrPermission) {
			t.Skipf("a network namespace is refused here: %v", err)
		}
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s", said)
		return
	}
	fewPorts(t)
	var urls []string // one for each engine, while there are ports to listen on
	for range 4 {
		urls = append(urls, serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") }).URL)
	}
	onEachEngine(t, func(t *testing.T, engine string) {
		url := urls[0]
		urls = urls[1:]
		res := run(t, loadgen.Attack{
			Engine: engine, Target: loadgen.Target{URL: url}, Connect: loadgen.Connect{New: true},
			Connections: 20, Duration: 120 * time.Millisecond,
		})
		// Each of 20 connections may try at once, and then every 50 ms.
		if ports := res.ErrorKinds[loadgen.Ports]; ports < 1 || ports > 20*4 || res.Errors != ports {
			t.Errorf("%d requests, errors %v %v", res.Requests, res.ErrorKinds, res.ErrorExamples)
		}
	})
}

package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// lan are hosts, each a network namespace of its own, on one switch, which is another. Host n has
// the address 10.99.0.n+1. A namespace lasts as long as the process that was started in it. They
// are entered by nsenter, since ip netns exec would hide /sys/fs/cgroup.
type lan struct {
	hosts []int // pids
	wires int   // pid of the switch
}

// newLAN makes so many hosts. Without the right to it, nil is returned, and it is said that the
// hosts are this one; with NODECOMPARE_CI=1 the missing programs are an error.
func newLAN(t *testing.T, n int) *lan {
	t.Helper()
	for _, tool := range []string{"ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Logf("SKIP of the namespaces: no %s (apt-get install iproute2 util-linux): loopback serves", tool)
			return nil
		}
	}
	l := &lan{}
	host := func() (int, error) {
		c := exec.Command("sleep", "600")
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		if err := c.Start(); err != nil {
			return 0, err
		}
		t.Cleanup(func() {
			if err := c.Process.Kill(); err != nil {
				t.Error(err)
			}
			c.Wait() // killed
		})
		return c.Process.Pid, nil
	}
	var err error
	if l.wires, err = host(); err != nil {
		t.Logf("SKIP of the namespaces: %v: loopback serves", err)
		return nil
	}
	setUp := "link add name br0 type bridge\nlink set br0 up\n"
	for i := range n {
		pid, err := host()
		if err != nil {
			t.Fatal(err)
		}
		l.hosts = append(l.hosts, pid)
		setUp += fmt.Sprintf("link add name eth%d type veth peer name eth0 netns %d\nlink set eth%[1]d master br0 up\n",
			i+10, pid)
	}
	l.ip(t, l.wires, setUp)
	for i, pid := range l.hosts {
		l.ip(t, pid, fmt.Sprintf("link set lo up\naddr add %s/24 dev eth0\nlink set eth0 up\n", l.address(i)))
	}
	return l
}

func (l *lan) ip(t *testing.T, pid int, lines string) {
	t.Helper()
	c := exec.Command("nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", pid), "ip", "-batch", "-")
	c.Stdin = strings.NewReader(lines)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// address returns a host's; that of this one without a LAN.
func (l *lan) address(host int) string {
	if l == nil {
		return "127.0.0.1"
	}
	return fmt.Sprintf("10.99.0.%d", host+1)
}

// on has a command run on a host. Its process is the program's own, as nsenter becomes that.
func (l *lan) on(host int, c *exec.Cmd) *exec.Cmd {
	if l == nil {
		return c
	}
	args := append([]string{fmt.Sprintf("--net=/proc/%d/ns/net", l.hosts[host])}, c.Args...)
	entered := exec.Command("nsenter", args...)
	entered.Stdin, entered.Stdout, entered.Stderr, entered.Env = c.Stdin, c.Stdout, c.Stderr, c.Env
	return entered
}

// cut takes a host's link down, of which nobody is told.
func (l *lan) cut(t *testing.T, host int) {
	l.ip(t, l.wires, fmt.Sprintf("link set eth%d down\n", host+10))
}

// delay has every packet to a host take 20 ms more. It reports whether the system can.
func (l *lan) delay(t *testing.T, host int) bool {
	out, err := exec.Command("nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", l.wires), "tc", "qdisc", "add", "dev",
		fmt.Sprintf("eth%d", host+10), "root", "netem", "delay", "20ms").CombinedOutput()
	if err != nil {
		t.Logf("SKIP of the delay: %v: %s", err, out)
	}
	return err == nil
}

// A host is another machine: its addresses are its own.
func TestLAN(t *testing.T) {
	l := newLAN(t, 2)
	if l == nil {
		t.Skip("no namespaces here")
	}
	c := l.on(1, exec.Command("ip", "-o", "addr"))
	out, err := c.Output()
	if err != nil || !strings.Contains(string(out), l.address(1)) || strings.Contains(string(out), l.address(0)+"/") {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/ns/net", l.hosts[0])); err != nil {
		t.Error(err)
	}
}

package measure

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"

	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/servers/child"
)

// Serving returns the processes that answer the requests of a load, for its Server: those of this
// machine that listen on the port of its URL, with all their descendants. Serving returns an empty
// list for another machine, and nil if unknown, as of a Unix socket, or of a server that this
// process descends from, whose descendants include the load.
func Serving(a loadgen.Attack) ([]sample.Subject, error) {
	if a.Connect.Socket != "" {
		return nil, nil
	}
	target := a.Target.URL
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("find out who serves %s: %w", target, err)
	}
	here, err := onThisMachine(u.Hostname())
	if err != nil || !here {
		return []sample.Subject{}, nil // the load itself reports a host that cannot be resolved
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		port = map[string]int{"http": 80, "ws": 80, "https": 443}[u.Scheme]
	}
	pids, err := child.Listening(port)
	if err != nil || len(pids) == 0 || child.Descends(os.Getpid(), pids) {
		return nil, err
	}
	all := []sample.Subject{}
	for _, pid := range pids {
		if pid != os.Getpid() { // this process is counted already
			all = append(all, sample.Subject{PID: pid, Scope: sample.WithTree})
		}
	}
	return all, nil
}

// onThisMachine reports whether a host is an address of this machine.
func onThisMachine(host string) (bool, error) {
	addresses, err := net.LookupIP(host)
	if err != nil {
		return false, err
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(addresses, func(a net.IP) bool {
		return a.IsLoopback() || a.IsUnspecified() || slices.ContainsFunc(own, func(o net.Addr) bool {
			n, ok := o.(*net.IPNet)
			return ok && n.IP.Equal(a)
		})
	}), nil
}

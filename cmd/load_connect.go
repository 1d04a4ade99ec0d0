package cmd

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"nodecompare/loadgen"
	"nodecompare/results"
)

// connectOptions are the flags that say how to connect.
type connectOptions struct {
	connect      loadgen.Connect
	certificates loadgen.Certificates
	http2        bool
}

func (o *connectOptions) define(c *cobra.Command) {
	flags := c.Flags()
	certificateFlags(flags, &o.certificates)
	flags.StringVar(&o.connect.Socket, "unix-socket", "",
		"connect to the Unix socket at this `path`, and not to the URL's host and port")
	flags.BoolVar(&o.http2, "http2", false, "speak HTTP/2 and nothing else, to http:// from the first byte "+
		"(h2c); --http2=false keeps https to HTTP/1.1 (default: https takes HTTP/2 where the server offers it)")
	flags.IntVar(&o.connect.Streams, "streams", 1, "most requests in flight on each connection of HTTP/2")
	flags.BoolVar(&o.connect.New, "new-connections", false,
		"open a new connection for each request; its latency includes connecting")
	for _, file := range []string{"cacert", "cert", "key"} {
		if err := c.MarkFlagFilename(file, "pem", "crt", "cer", "key"); err != nil {
			panic(err) // unreachable: the flag is defined above
		}
	}
	if err := c.MarkFlagFilename("unix-socket"); err != nil {
		panic(err) // likewise
	}
}

// read returns the connection that the flags describe, with the files that they name.
func (o *connectOptions) read(given func(flag string) bool) (loadgen.Connect, error) {
	connect := o.connect
	switch {
	case connect.Streams < 1:
		return connect, exitError{exitUsage, fmt.Errorf("--streams=%d: it must be 1 or more", connect.Streams)}
	case o.http2:
		connect.Protocol = loadgen.HTTP2
	case given("http2"):
		connect.Protocol = loadgen.HTTP1
	}
	var err error
	connect.TLS, err = o.certificates.TLS()
	return connect, err
}

// hints are advice on errors, by a sign in their text.
var hints = []struct{ sign, hint string }{
	{"failed to verify certificate", "trust its authority by --cacert=FILE, or skip the check by --insecure"},
	{"tls: certificate required", "the server asks for a client's certificate: name it by --cert=FILE and --key=FILE"},
	{"tls: bad certificate", "the server does not accept the client's certificate: see --cert and --key"},
	{"tls: unknown certificate authority", "the server does not trust who signed the client's certificate: see --cert"},
	{"does not look like a TLS handshake", "the server seems to speak plain HTTP: try http://"},
	{"looked like an HTTP/1.1 header", "the server speaks HTTP/1.1: leave --http2 out"},
	{"tls: no application protocol", "it accepts no version of HTTP that it was offered: leave --http2 out"},
	{"HTTP/2 was asked for", "leave --http2 and --streams out"},
}

// hint returns the advice on an error's text, or "".
func hint(text string) string {
	for _, h := range hints {
		if strings.Contains(text, h.sign) {
			return h.hint
		}
	}
	return ""
}

// hinted returns an error with its hint.
func hinted(err error) error {
	if h := hint(err.Error()); h != "" {
		return fmt.Errorf("%w: %s", err, h)
	}
	return err
}

// remarks returns what a reader should know about correct results.
func remarks(run *results.LoadRun, a loadgen.Attack) []string {
	var all []string
	var redirects uint64
	for code, n := range run.Codes {
		if code >= 300 && code < 400 && code != http.StatusNotModified {
			redirects += n
		}
	}
	if redirects > 0 && redirects == run.Requests && !a.Follow {
		all = append(all, "every answer was a redirect, so the redirect is what was measured: give "+
			"--follow-redirects, or the URL that it leads to")
	}
	if n := run.ErrorKinds[loadgen.Ports].Count; n > 0 {
		all = append(all, fmt.Sprintf("%d requests found no free port on this machine, which is not the "+
			"server's fault: each connection that is closed from here keeps its port for a while (TIME_WAIT). "+
			"Lower --rate, use fewer --requests, or widen the range of ports (net.ipv4.ip_local_port_range)", n))
	}
	return all
}

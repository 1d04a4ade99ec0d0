package cmd_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen/loadtest"
)

// authority signs certificates, and has its own in a file.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

func certificate(t *testing.T, name string, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	} else {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

// write writes blocks of PEM to a file of that name.
func write(t *testing.T, name string, blocks ...*pem.Block) string {
	t.Helper()
	var text []byte
	for _, b := range blocks {
		text = append(text, pem.EncodeToMemory(b)...)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func certificateBlock(c *x509.Certificate) *pem.Block {
	return &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}
}

func keyBlock(t *testing.T, key *ecdsa.PrivateKey) *pem.Block {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &pem.Block{Type: "PRIVATE KEY", Bytes: der}
}

// refused runs a load that must fail, and returns what it says.
func refused(t *testing.T, args ...string) string {
	t.Helper()
	c, _, errs := command(t, append([]string{"load", "--quiet"}, args...)...)
	if err := c.Run(); err == nil {
		t.Errorf("%v did not fail", args)
	}
	return errs.String()
}

// A server of its own authority, that wants to know its clients by theirs.
func TestLoadCertificates(t *testing.T) {
	t.Parallel()
	root := new(authority)
	root.certificate, root.key = certificate(t, "authority", nil)
	root.file = write(t, "ca.pem", certificateBlock(root.certificate))
	own, ownKey := certificate(t, "server", root)
	client, clientKey := certificate(t, "client", root)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	roots := x509.NewCertPool()
	roots.AddCert(root.certificate)
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{own.Raw}, PrivateKey: ownKey}},
		ClientCAs:    roots, ClientAuth: tls.RequireAndVerifyClientCert,
	}
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()

	if said := refused(t, s.URL); !strings.Contains(said, "failed to verify certificate") ||
		!strings.Contains(said, "--cacert=FILE") || !strings.Contains(said, "--insecure") {
		t.Errorf("without a flag: %s", said)
	}
	if said := refused(t, s.URL, "-n", "2", "--cacert="+root.file); !strings.Contains(said,
		"certificate required") || !strings.Contains(said, "--cert=FILE") {
		t.Errorf("without a client's certificate: %s", said)
	}
	both := write(t, "client.pem", certificateBlock(client), keyBlock(t, clientKey))
	cert, key := write(t, "cert.pem", certificateBlock(client)), write(t, "key.pem", keyBlock(t, clientKey))
	for _, args := range [][]string{{"--cacert=" + root.file, "--cert=" + both},
		{"-k", "--cert=" + cert, "--key=" + key, "--http2=false"}} {
		o := loadJSON(t, append(args, "-n", "10", "--connections=2", s.URL)...)
		want := map[bool]string{true: "HTTP/1.1", false: "HTTP/2"}[args[0] == "-k"]
		if o["errors"] != 0.0 || o["requests"] != 10.0 || o["bytes_in"] != 60.0 || o["protocol"] != want ||
			!strings.Contains(o["engine_reason"].(string), "https") {
			t.Errorf("%v: %v", args, o)
		}
	}
	for args, want := range map[string]string{
		"--cacert=" + key: "there is none in " + key, "--cacert=missing.pem": "no such file",
		"--cert=" + cert: "client certificate " + cert, "--key=" + key: "no use without",
	} {
		if said := refused(t, s.URL, args); !strings.Contains(said, want) {
			t.Errorf("%s: %s", args, said)
		}
	}
}

// A server of HTTP/2 alone, without TLS, says nothing that a client of HTTP/1.1 understands.
func TestLoadHTTP2(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto)
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	for _, engine := range []string{"loop", "vegeta"} {
		if said := refused(t, "-n", "3", "--engine="+engine, s.URL); !strings.Contains(said,
			"the server speaks HTTP/2 and no HTTP/1.1: give --http2") {
			t.Errorf("%s: %s", engine, said)
		}
	}
	o := loadJSON(t, "-n", "40", "--connections=2", "--http2", "--streams=3", s.URL)
	if o["requests"] != 40.0 || o["errors"] != 0.0 || o["protocol"] != "HTTP/2" || o["streams"] != 3.0 ||
		o["connections"] != 2.0 || o["engine"] != "vegeta" {
		t.Errorf("%v", o)
	}
}

// The password of a URL reaches the server and nobody else.
func TestLoadPassword(t *testing.T) {
	t.Parallel()
	var wrong atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "user" || password != "s3cret@" {
			wrong.Add(1)
		}
	}))
	defer s.Close()
	url, file := strings.Replace(s.URL, "//", "//user:s3cret%40@", 1), filepath.Join(t.TempDir(), "results.gob")
	for _, args := range [][]string{{"--engine=loop"}, {"--engine=vegeta", "--save-results=" + file},
		{"--format=json", "--new-connections"}} {
		c, out, errs := command(t, append([]string{"load", url, "-n", "20"}, args...)...)
		if err := c.Run(); err != nil && c.ProcessState.ExitCode() != 5 {
			t.Errorf("%v: %v\n%s", args, err, errs)
		}
		if said := out.String() + errs.String(); strings.Contains(said, "s3cret") || !strings.Contains(said, s.URL) {
			t.Errorf("%v: %s", args, said)
		}
	}
	if saved, err := os.ReadFile(file); err != nil || bytes.Contains(saved, []byte("s3cret")) ||
		!bytes.Contains(saved, []byte(s.URL)) {
		t.Errorf("%v: %q", err, saved)
	}
	s.Close()
	if said := refused(t, url); strings.Contains(said, "s3cret") || !strings.Contains(said, "refused") {
		t.Error(said)
	}
	if wrong.Load() > 0 {
		t.Errorf("%d requests without the password", wrong.Load())
	}
}

// What is only a redirect is said to be; followed, it is not.
func TestLoadRedirects(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusFound)
		}
	}))
	defer s.Close()
	for _, c := range []struct {
		args []string
		hint bool
	}{{nil, true}, {[]string{"--follow-redirects"}, false}} {
		run, out, errs := command(t, append([]string{"load", s.URL, "-n", "20"}, c.args...)...)
		if err := run.Run(); err != nil && run.ProcessState.ExitCode() != 5 {
			t.Errorf("%v: %v\n%s", c.args, err, errs)
		}
		if strings.Contains(errs.String(), "give --follow-redirects") != c.hint ||
			strings.Contains(out.String(), "302: 20") != c.hint || strings.Contains(out.String(), "200: 20") == c.hint {
			t.Errorf("%v: %s%s", c.args, out, errs)
		}
	}
}

// A Unix socket; and a connection for each request.
func TestLoadConnections(t *testing.T) {
	t.Parallel()
	s, path := loadtest.UnixServer(t)
	var opened atomic.Int64
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	o := loadJSON(t, "-n", "20", "--connections=30", "--new-connections", "--unix-socket="+path, "any.host/x")
	if o["requests"] != 20.0 || o["errors"] != 0.0 || o["bytes_in"] != 160.0 || o["unix_socket"] != path ||
		o["new_connections"] != true || o["connections"] != 20.0 {
		t.Errorf("%v", o)
	}
	if n := opened.Load(); n != 21 { // and the one that looked whether there is a server
		t.Errorf("%d connections for 20 requests", n)
	}
}

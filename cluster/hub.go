package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// DefaultPort is NATS's own.
const DefaultPort = 4222

// Bounds of the embedded server. mostMessage holds the histograms of a run many times over.
const (
	mostMessage     = 4 << 20
	spareConnection = 64 // beyond the agents: those that are refused, and those that come back
	authTime        = 2 * time.Second
	pingInterval    = 500 * time.Millisecond
	mostPings       = 3
	farewell        = time.Second
)

// Names of the two users of the embedded server. Agents may neither give jobs nor read those of
// others.
const (
	agentUser       = "agent"
	coordinatorUser = "coordinator"
)

// Hub is a NATS server within this process, for one coordinator and its agents. It listens on one
// address, with a certificate of its own, and its token is good for as long as it runs.
type Hub struct {
	Access // of an agent
	server *server.Server
	secret string // of the coordinator
}

// NewHub starts a NATS server on an address, of which the port may be 0, for so many agents.
// Refused clients are reported to say.
func NewHub(address string, agents int, say func(string)) (*Hub, error) {
	host, port, err := split(address)
	if err != nil {
		return nil, err
	}
	certificate, fingerprint, err := newCertificate(host)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for the agents' connections: %w", err)
	}
	h := &Hub{Access: Access{Token: rand.Text(), Fingerprint: fingerprint}, secret: rand.Text()}
	h.server, err = server.NewServer(&server.Options{
		ServerName: "nodecompare", Host: host, Port: port, NoSigs: true,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13},
		TLSHandshakeFirst: true, TLSTimeout: authTime.Seconds(), AuthTimeout: authTime.Seconds(),
		MaxPayload: mostMessage, MaxConn: agents + spareConnection, MaxSubs: 16, MaxControlLine: 1 << 10,
		PingInterval: pingInterval, MaxPingsOut: mostPings, WriteDeadline: silence,
		Users: []*server.User{
			{Username: agentUser, Password: h.Token, Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: subjects(h.Token).ofAgents()},
				Subscribe: &server.SubjectPermission{Allow: subjects(h.Token).toAgents()},
			}},
			{Username: coordinatorUser, Password: h.secret},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("start a NATS server for the agents: %w", err)
	}
	h.server.SetLogger(&logger{say: say}, false, false)
	go h.server.Start()
	if !h.server.ReadyForConnections(authTime) {
		h.Close()
		return nil, fmt.Errorf("listen for agents on %s: the address is taken, or not this machine's: "+
			"choose another one by --listen=ADDRESS:PORT", address)
	}
	h.URL = "nats://" + h.server.Addr().String()
	return h, nil
}

// connect returns the coordinator's connection, which goes through no socket.
func (h *Hub) connect() (*nats.Conn, error) {
	return nats.Connect("", nats.InProcessServer(h.server), nats.UserInfo(coordinatorUser, h.secret),
		nats.NoReconnect(), nats.Name("coordinator"), nats.CustomInboxPrefix(inbox))
}

// Close ends the server and all connections to it. Agents that were told to end leave first.
func (h *Hub) Close() {
	for limit := time.Now().Add(farewell); h.server.NumClients() > 0 && time.Now().Before(limit); {
		time.Sleep(farewell / 100)
	}
	h.server.Shutdown()
	h.server.WaitForShutdown()
}

// split returns an address's host and port. A host alone has the default port; no host stands for
// the address by which others reach this machine.
func split(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		host, text, err = address, strconv.Itoa(DefaultPort), nil
	}
	if port, err = strconv.Atoi(text); err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("listen for agents on %q: %q is no port", address, text)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	if host == "" {
		host = ownAddress()
	}
	ips, err := net.LookupIP(host)
	if err != nil || len(ips) == 0 {
		return "", 0, fmt.Errorf("listen for agents on %q: no such host", address)
	}
	if ips[0].IsUnspecified() {
		return "", 0, fmt.Errorf("listen for agents on %q: name one address of this machine, the one that the other "+
			"machines reach", address)
	}
	return ips[0].String(), port, nil
}

// ownAddress returns the address that this machine has on the way to others; 127.0.0.1 if there is
// none. Nothing is sent.
func ownAddress() string {
	c, err := net.Dial("udp", "192.0.2.1:9") // TEST-NET-1, RFC 5737
	if err != nil {
		return "127.0.0.1"
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).IP.String()
}

// certificateLife is longer than any bench.
const certificateLife = 30 * 24 * time.Hour

// newCertificate returns a fresh certificate that signs itself, with its fingerprint.
func newCertificate(host string) (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	now := time.Now()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "nodecompare"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(certificateLife), // agents' clocks may differ
		IPAddresses: []net.IP{net.ParseIP(host)},
	}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, fingerprint(der), nil
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// ErrFingerprint says that the coordinator is another one than the join line named.
var ErrFingerprint = errors.New("its certificate is not the one that --fingerprint names: take the join line that " +
	"this coordinator printed")

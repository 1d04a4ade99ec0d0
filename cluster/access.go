package cluster

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Access says how to reach a NATS server.
type Access struct {
	URL   string
	Token string // of this coordinator's agents; it names their subjects too
	// Fingerprint is the SHA-256 of the only certificate to accept, in hex. An embedded server has
	// one; "" leaves it to the URL's scheme (tls://) and the system's authorities.
	Fingerprint string
	Creds       string // file of credentials, for a NATS server of the user's own
}

// Check rejects what cannot be an access.
func (a Access) Check() error {
	u, err := url.Parse(a.URL)
	switch {
	case a.URL == "":
		return errors.New("the coordinator's address is missing: take the line that it prints")
	case err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls":
		return fmt.Errorf("%q is no address of a NATS server: write it as nats://HOST:4222", a.URL)
	case a.Token == "":
		return errors.New("the token is missing: take the line that the coordinator prints")
	case strings.ContainsAny(a.Token, " \t\r\n.*>"):
		return errors.New("the token has characters that no token has: take the line that the coordinator prints")
	case a.Fingerprint != "" && len(a.Fingerprint) != 64:
		return errors.New("the fingerprint has not 64 digits: take the line that the coordinator prints")
	}
	return nil
}

// connectTime bounds an attempt to connect.
const connectTime = 2 * time.Second

// dial connects once, within a time. The connection is not made again when it ends: whoever comes
// back is another session.
func (a Access) dial(name string, within time.Duration, closed func(), more ...nats.Option) (*nats.Conn, error) {
	options := append(more,
		nats.Name(name), nats.NoReconnect(), nats.Timeout(within), nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(mostPings), nats.FlusherTimeout(silence),
		nats.ClosedHandler(func(*nats.Conn) { closed() }),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // what is lost shows in what is awaited
	)
	if a.Creds != "" {
		options = append(options, nats.UserCredentials(a.Creds))
	}
	if a.Fingerprint != "" {
		options = append(options, nats.UserInfo(agentUser, a.Token), nats.TLSHandshakeFirst(), nats.Secure(&tls.Config{
			MinVersion:         tls.VersionTLS13,
			InsecureSkipVerify: true, // in favour of the one certificate below
			VerifyConnection: func(s tls.ConnectionState) error {
				want := strings.ToLower(a.Fingerprint)
				if len(s.PeerCertificates) == 0 || fingerprint(s.PeerCertificates[0].Raw) != want {
					return ErrFingerprint
				}
				return nil
			},
		}))
	}
	return nats.Connect(a.URL, options...)
}

// NewToken returns a token that nobody can guess.
func NewToken() string { return rand.Text() }

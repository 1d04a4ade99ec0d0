package cluster_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"nodecompare/cluster"
)

// keys are a NATS operator's, an account's below it, or a user's.
type keys struct {
	nkeys.KeyPair
	public string
}

func made(t *testing.T, create func() (nkeys.KeyPair, error)) keys {
	t.Helper()
	pair, err := create()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return keys{pair, public}
}

// ownServer is a NATS server as users have it, with an operator and an account, which lets in who
// has credentials. It returns its address, and the files of good and of bad ones. Users may do what
// docs/cluster.md says that we need.
func ownServer(t *testing.T) (url, good, bad string) {
	t.Helper()
	operator, account := made(t, nkeys.CreateOperator), made(t, nkeys.CreateAccount)
	of := jwt.NewOperatorClaims(operator.public)
	operatorToken, err := of.Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	if of, err = jwt.DecodeOperatorClaims(operatorToken); err != nil {
		t.Fatal(err)
	}
	accountToken, err := jwt.NewAccountClaims(account.public).Encode(operator)
	if err != nil {
		t.Fatal(err)
	}
	resolver := &server.MemAccResolver{}
	if err := resolver.Store(account.public, accountToken); err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		TrustedOperators: []*jwt.OperatorClaims{of}, AccountResolver: resolver})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS does not listen")
	}
	file := func(name string, signer keys) string {
		user := made(t, nkeys.CreateUser)
		claims := jwt.NewUserClaims(user.public)
		claims.Pub.Allow.Add("nodecompare.>", "_INBOX.coordinator.>")
		claims.Sub.Allow.Add("nodecompare.>", "_INBOX.coordinator.>")
		token, err := claims.Encode(signer)
		if err != nil {
			t.Fatal(err)
		}
		seed, err := user.Seed()
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.FormatUserConfig(token, seed)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return s.ClientURL(), file("good.creds", account), file("bad.creds", made(t, nkeys.CreateAccount))
}

// At a NATS server of the user's own, credentials let in coordinator and agents. Two coordinators
// with tokens of their own do not meet.
func TestOwnServer(t *testing.T) {
	url, good, bad := ownServer(t)
	coordinate := func() *field {
		f := &field{}
		var err error
		at := cluster.Access{URL: url, Token: cluster.NewToken(), Creds: good}
		if f.c, err = cluster.Coordinate(nil, at, "1.0", f.said.say); err != nil {
			t.Fatal(err)
		}
		f.hub = &cluster.Hub{Access: at}
		return f
	}
	one, two := coordinate(), coordinate()
	ended := one.join(t.Context(), one.hub.Access, "a", "1.0")
	other := two.join(t.Context(), two.hub.Access, "b", "1.0")
	var back string
	for _, f := range []*field{one, two} {
		a := f.await(t, 1)[0]
		if err := a.Ask(t.Context(), "echo", "hello", &back); err != nil || back != "hello" {
			t.Errorf("%s: %q, %v", a.Name, back, err)
		}
	}
	stranger := one.hub.Access
	stranger.Creds = bad
	err := <-one.join(t.Context(), stranger, "c", "1.0")
	if err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("with credentials of another account: %v", err)
	}
	if _, err := cluster.Coordinate(nil, stranger, "1.0", one.said.say); err == nil {
		t.Error("a coordinator with credentials of another account is let in")
	}
	one.c.Close()
	two.c.Close()
	for _, e := range []<-chan error{ended, other} {
		if err := <-e; err != nil {
			t.Error(err)
		}
	}
	one.closed.Wait()
	two.closed.Wait()
}

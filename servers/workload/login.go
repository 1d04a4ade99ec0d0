package workload

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"golang.org/x/crypto/scrypt"
)

var login = Workload{
	Name:        "login",
	Method:      http.MethodPost,
	Path:        "/login",
	Summary:     "a password check: the user from the database, then scrypt, about 10 ms of computing and 4 MiB",
	Target:      "/login",
	Body:        `{"user":"mango","password":"engineers"}`,
	ContentType: typeJSON,
	CPU:         12 * time.Millisecond,
	Database:    true,
	handle:      serveLogin,
}

// The cost of a password check: 128*N*r = 4 MiB of memory, and about 10 ms on one core (RFC 7914).
// OWASP's Password Storage Cheat Sheet asks for N = 2^17, which is 128 MiB and 0.3 s. A thousand of
// those in flight, in a thread-per-request server, would exhaust the machine's memory before the
// model's limits.
const (
	scryptN   = 1 << 12
	scryptR   = 8
	scryptP   = 1
	hashBytes = 32
	saltBytes = 16
)

func hashPassword(password string, salt []byte) ([]byte, error) {
	return scrypt.Key([]byte(password), salt, scryptN, scryptR, scryptP, hashBytes)
}

// A user is a row of the users table.
type user struct {
	salt, hash []byte
}

// nobody stands in for an unknown user, so that a wrong name takes as long as a wrong password. No
// known password has its hash, and found is checked all the same.
var nobody = user{salt: make([]byte, saltBytes), hash: make([]byte, hashBytes)}

func serveLogin(s *Service, x *Exchange) {
	var form struct{ User, Password *string }
	if err := json.Unmarshal(x.Request.Body, &form); err != nil || form.User == nil || form.Password == nil {
		x.fail(http.StatusBadRequest, `the body must be JSON with two strings: {"user":"…","password":"…"}`)
		return
	}
	name, password := *form.User, *form.Password // copies: the request is gone after the first wait

	var (
		u     user
		found bool
		match bool
		err   error
	)
	check := func() {
		var hash []byte
		hash, err = hashPassword(password, u.salt)
		match = subtle.ConstantTimeCompare(hash, u.hash) == 1
	}
	checked := func(x *Exchange) {
		switch {
		case err != nil:
			x.failed(err, "checking the password")
		case !found || !match:
			x.fail(http.StatusUnauthorized, "the user or the password is wrong")
		default:
			x.json(http.StatusOK, struct {
				Token string `json:"token"`
			}{token(name)})
		}
	}
	s.db.user(x, name, func(x *Exchange, row user, known bool, err error) {
		if err != nil {
			x.failed(err, "looking up the user")
			return
		}
		if u, found = row, known; !found {
			u = nobody
		}
		x.IO.Offload(x, check, checked)
	})
}

// tokenKey signs tokens. It is public, and the tokens open nothing: a login has to make and send
// one.
const tokenKey = "nodecompare: a key for demonstration, known to everybody"

// token names the user and proves, by HMAC-SHA256 (RFC 2104), that this server issued it:
// base64url(user).base64url(mac). A random token would do in practice, but this one is equal on
// every server, so that answers can be compared.
func token(name string) string {
	mac := hmac.New(sha256.New, []byte(tokenKey))
	mac.Write([]byte(name))
	return base64.RawURLEncoding.EncodeToString([]byte(name)) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// secrets are what the database holds of an account's password. The salt is not random, since the
// database is always the same.
func (a account) secrets() (salt, hash []byte, err error) {
	sum := sha256.Sum256([]byte("the salt of " + a.name))
	salt = sum[:saltBytes]
	hash, err = hashPassword(a.password, salt)
	return salt, hash, err
}

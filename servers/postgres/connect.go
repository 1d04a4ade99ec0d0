package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Statement is prepared on each connection, and has a name there.
type Statement struct{ Name, SQL string }

// Config says how servers reach a database.
type Config struct {
	// Schema holds the tables, before all others on the path of names; "" for the user's own path.
	Schema      string
	Connections int // of a server
	Statements  []Statement

	base *pgconn.Config
}

const (
	// Scheme begins a database's URL.
	Scheme = "postgres://"
	// DefaultConnections is the usual size of a server's pool.
	DefaultConnections = 16

	searchPath     = "search_path" // of a URL
	connectTimeout = 10 * time.Second
)

// Is reports whether text is a database's URL.
func Is(text string) bool {
	return strings.HasPrefix(text, Scheme) || strings.HasPrefix(text, "postgresql://")
}

// Parse reads a database's URL, as libpq has it. A search_path in it is the schema. The environment
// variables of libpq, such as PGPASSWORD, fill in what it does not say.
//
// Connections are without TLS, in all modes alike: the event loop has none.
func Parse(text string) (*Config, error) {
	u, err := url.Parse(text)
	if err != nil || !Is(text) {
		return nil, errors.New("the database's URL is not of the form postgres://user:password@host:port/name")
	}
	q := u.Query()
	if mode := q.Get("sslmode"); mode != "" && mode != "disable" && mode != "prefer" && mode != "allow" {
		return nil, fmt.Errorf("the database %s asks for sslmode=%s: measured servers speak to it without TLS, so "+
			"give sslmode=disable, and a database that takes it", u.Redacted(), mode)
	}
	q.Set("sslmode", "disable")
	c := &Config{Schema: q.Get(searchPath), Connections: DefaultConnections}
	q.Del(searchPath)
	u.RawQuery = q.Encode()
	if c.base, err = pgconn.ParseConfig(u.String()); err != nil {
		// pgconn's own message masks the password
		return nil, fmt.Errorf("the database's URL: %w", err)
	}
	c.base.ConnectTimeout = connectTimeout
	return c, nil
}

// With returns the configuration for a schema.
func (c *Config) With(schema string) *Config {
	other := *c
	other.Schema = schema
	return &other
}

// URL is what Parse reads back, but for the password, which is [Config.Env]'s: a command's
// arguments are everybody's to read.
func (c *Config) URL() string { return c.url(nil) }

// Secret is what Parse reads back, with the password.
func (c *Config) Secret() string { return c.url(url.Values{"password": {c.base.Password}}) }

func (c *Config) url(more url.Values) string {
	q := url.Values{"host": {c.base.Host}, "port": {fmt.Sprint(c.base.Port)}, "user": {c.base.User},
		"sslmode": {"disable"}}
	if c.Schema != "" {
		q.Set(searchPath, c.Schema)
	}
	maps.Copy(q, more)
	return (&url.URL{Scheme: "postgres", Path: "/" + c.base.Database, RawQuery: q.Encode()}).String()
}

// Env is the environment that a server needs beside the URL.
func (c *Config) Env() []string {
	if c.base.Password == "" {
		return nil
	}
	return []string{"PGPASSWORD=" + c.base.Password}
}

// Place names the database for people.
func (c *Config) Place() string {
	return fmt.Sprintf("%s at %s:%d", c.base.Database, c.base.Host, c.base.Port)
}

// Version is the server's own, such as 15.13.
func (c *Config) Version(ctx context.Context) (string, error) {
	conn, err := c.connect(ctx, "version")
	if err != nil {
		return "", err
	}
	version, _, _ := strings.Cut(conn.ParameterStatus("server_version"), " ") // of the distribution
	return version, conn.Close(ctx)
}

// connect opens a connection, and blocks. purpose is what the database's own list of connections
// shows.
func (c *Config) connect(ctx context.Context, purpose string) (*pgconn.PgConn, error) {
	p := c.base.Copy()
	p.Fallbacks = nil
	p.RuntimeParams["application_name"] = "nodecompare " + purpose
	if c.Schema != "" {
		p.RuntimeParams[searchPath] = c.Schema
	}
	conn, err := pgconn.ConnectConfig(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("connecting to the database %s: %w", c.Place(), reason(err))
	}
	return conn, nil
}

// reason is the last line of a failure to connect, which the library lists with each address that
// it tried.
func reason(err error) error {
	if c, ok := errors.AsType[*pgconn.PgError](err); ok {
		return errors.New(c.Message)
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	return err
}

// Socket is a connection.
type Socket interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
	File() (*os.File, error)
}

// Open makes a connection with its statements prepared, ready for a new Session. It blocks.
func (c *Config) Open(ctx context.Context) (Socket, error) {
	conn, err := c.connect(ctx, "server")
	if err != nil {
		return nil, err
	}
	if c.Ours() {
		if err := (&Filler{conn}).Exec(ctx, c.lock()); err != nil {
			return nil, errors.Join(fmt.Errorf("locking the schema %s: %w", c.Schema, err), conn.Close(ctx))
		}
	}
	for _, s := range c.Statements {
		if _, err := conn.Prepare(ctx, s.Name, s.SQL, nil); err != nil {
			err = fmt.Errorf("preparing %s on the database %s: %w", s.Name, c.Place(), err)
			return nil, errors.Join(err, conn.Close(ctx))
		}
	}
	// Nothing is in flight, so that no byte is left in the library's buffers.
	raw, err := conn.Hijack()
	if err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	socket, ok := raw.Conn.(Socket)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the connection to %s is a %T", c.Place(), raw.Conn), raw.Conn.Close())
	}
	return socket, nil
}

// OpenAll opens so many connections at once, or none.
func (c *Config) OpenAll(ctx context.Context, n int) ([]Socket, error) {
	type opened struct {
		socket Socket
		err    error
	}
	each := make(chan opened)
	for range n {
		go func() {
			s, err := c.Open(ctx)
			each <- opened{s, err}
		}()
	}
	var all []Socket
	var first error
	for range n {
		o := <-each
		if o.err == nil {
			all = append(all, o.socket)
		} else if first == nil {
			first = o.err
		}
	}
	if first == nil {
		return all, nil
	}
	for _, s := range all {
		first = errors.Join(first, s.Close())
	}
	return nil, first
}

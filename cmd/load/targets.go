package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"nodecompare/cmd/fileio"
	"nodecompare/loadgen"
)

// mostBodies bounds the size of all body files together, each counted as often as it is named.
const mostBodies = fileio.MaxSize

// managed are headers that other code writes too, under these spellings alone.
var managed = []string{"Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer", "Authorization"}

// Targets reads the targets of a file in one of vegeta's formats, by vegeta's own code: JSON if it
// begins with an object, else HTTP. The file - is standard input. every completes each target: URLs
// without a server are relative to its URL, which may be ""; missing headers and a missing body are
// taken from it.
//
// In the JSON format a target may have a weight, a whole number: how often it is sent for each time
// that a target of weight 1 is.
func Targets(ctx context.Context, file string, every loadgen.Target) ([]loadgen.Target, error) {
	name, path := file, file
	if file == "-" {
		name, path = "standard input", os.Stdin.Name()
	}
	text, err := fileio.Read(ctx, path)
	if err != nil {
		return nil, err
	}
	r, err := newTargetReader(text, every)
	if err != nil {
		return nil, err
	}
	var all []loadgen.Target
	for {
		t, line, err := r.next()
		switch {
		case errors.Is(err, vegeta.ErrNoTargets) && all == nil:
			return nil, fmt.Errorf("%s: there are no targets in it: write lines such as GET http://localhost:3000/, "+
				`or {"method":"GET", "url":"http://localhost:3000/"}`, name)
		case errors.Is(err, vegeta.ErrNoTargets):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("%s, line %d: %s", name, line, masked(err))
		}
		all = append(all, t)
	}
}

// targetReader reads one target after another.
type targetReader struct {
	lines  lines
	isJSON bool
	decode vegeta.Targeter
	every  loadgen.Target
	base   *url.URL // every's
	server string   // common to all targets; "" until known
	bodies int64    // size of the body files
}

func newTargetReader(text []byte, every loadgen.Target) (*targetReader, error) {
	// vegeta drops an unterminated last line of JSON
	text = append(bytes.TrimPrefix(text, []byte("\ufeff")), '\n')
	r := &targetReader{lines: lines{rest: text}, isJSON: bytes.HasPrefix(bytes.TrimSpace(text), []byte("{"))}
	r.decode = vegeta.NewHTTPTargeter(&r.lines, nil, nil)
	if r.isJSON {
		r.decode = vegeta.NewJSONTargeter(&r.lines, nil, nil)
	} else {
		r.lines.check = r.checkBody
	}
	var err error
	if every.URL != "" {
		if every, err = every.Normal(); err != nil {
			return nil, err
		}
		r.server = server(every)
	}
	r.every = every
	r.base, err = url.Parse(every.URL)
	return r, err
}

// next returns the next target and the line that it begins in, or an error and its line.
func (r *targetReader) next() (t loadgen.Target, line int, err error) {
	var v vegeta.Target
	err = r.decode(&v)
	switch {
	case r.lines.err != nil: // vegeta takes any error for the end of the file
		err = r.lines.err
	case errors.Is(err, vegeta.ErrNoTargets) && len(r.lines.rest) > 0:
		err = errors.New("it is longer than 64 KiB, the most that a line of vegeta's HTTP format may have")
	case errors.Is(err, io.EOF):
		err = errors.New("the JSON object does not end in its line")
	}
	if err != nil {
		return t, r.lines.number, readable(err, r.isJSON)
	}
	t = loadgen.Target{Method: v.Method, URL: v.URL, Header: http.Header(v.Header), Body: v.Body}
	first := r.lines.begins(func(text string) bool { return r.isJSON || text == v.Method+" "+v.URL })
	if r.isJSON {
		if t.Weight, err = weight(first.text); err != nil {
			return t, first.number, err
		}
	}
	if err := complete(&t, r.every, r.base); err != nil {
		return t, first.number, err
	}
	if r.server == "" {
		r.server = server(t)
	}
	if server(t) != r.server {
		err = fmt.Errorf(
			"%s is on another server than %s: all targets of a load go to one; run a load for each", t.URL, r.server)
	}
	return t, first.number, err
}

// readable says how to write a target where vegeta only says that it cannot read one.
func readable(err error, isJSON bool) error {
	text := err.Error()
	switch {
	case isJSON && strings.HasPrefix(text, "parse error"):
		return errors.New("this is no JSON object of a target: write " +
			`{"method":"GET", "url":"http://localhost:3000/"}`)
	case !isJSON && strings.HasPrefix(text, "bad target"):
		return fmt.Errorf("%w: write a method and a URL, such as GET http://localhost:3000/", err)
	}
	return err
}

// complete adds to a target what all targets share.
func complete(t *loadgen.Target, every loadgen.Target, base *url.URL) error {
	u, err := url.Parse(t.URL)
	if err != nil {
		return err
	}
	switch { // not by ResolveReference alone: the path is sent as it is written, as by vegeta
	case u.Host != "":
	case strings.HasPrefix(t.URL, "/"):
		u.Scheme, u.Host, u.User = base.Scheme, base.Host, base.User
	default:
		u = base.ResolveReference(u)
	}
	if u.Host == "" {
		return fmt.Errorf(
			"%s names no server: write it as http://HOST:PORT/PATH, or name the server's URL before --targets", t.URL)
	}
	t.URL = u.String()
	if *t, err = t.Normal(); err != nil {
		return err
	}
	own := http.Header{}
	for name, values := range t.Header {
		if plain := http.CanonicalHeaderKey(name); slices.Contains(managed, plain) {
			name = plain
		}
		own[name] = append(own[name], values...)
	}
	t.Header = own.Clone()
	for name, values := range every.Header {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(own)),
			func(n string) bool { return strings.EqualFold(n, name) }) {
			t.Header[name] = values
		}
	}
	if t.Body == nil {
		t.Body = every.Body
	}
	return t.Check()
}

// masked returns an error's text with the password of a quoted URL masked.
func masked(err error) string {
	if text := err.Error(); !strings.Contains(text, "://") {
		return text
	}
	return loadgen.Masked(err.Error())
}

// server returns the URL of a target's server.
func server(t loadgen.Target) string {
	u, err := url.Parse(t.URL)
	if err != nil {
		return t.URL
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

func weight(line string) (int, error) {
	var t struct {
		Weight *int `json:"weight"`
	}
	if err := json.Unmarshal([]byte(line), &t); err != nil {
		return 0, fmt.Errorf("weight: %w", err)
	}
	switch {
	case t.Weight == nil:
		return 1, nil
	case *t.Weight < 1:
		return 0, fmt.Errorf("a weight of %d: it must be 1 or more", *t.Weight)
	}
	return *t.Weight, nil
}

// checkBody checks that vegeta, which reads any file named by a line with an @, can do so, and in
// bounded memory.
func (r *targetReader) checkBody(line string) error {
	file, ok := strings.CutPrefix(line, "@")
	if !ok {
		return nil
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return fmt.Errorf("the body: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("the body %s is no regular file", file)
	}
	if r.bodies += info.Size(); r.bodies > mostBodies {
		return fmt.Errorf("with %s the bodies hold more than %d MiB together, the most that a load takes",
			file, mostBodies>>20)
	}
	return nil
}

// lines returns a text line by line, so that a reader that reads ahead, as vegeta does, never reads
// beyond the current line.
type lines struct {
	check  func(line string) error // nil for none
	err    error                   // of check: ends the text
	rest   []byte
	number int    // of the last line begun, from 1
	cut    bool   // the last line was not returned to its end
	open   []line // non-empty lines since the last target began
}

type line struct {
	number int
	text   string
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 || l.err != nil {
		return 0, io.EOF
	}
	end := bytes.IndexByte(l.rest, '\n') + 1
	if !l.cut {
		l.number++
		if text := bytes.TrimSpace(l.rest[:end]); len(text) > 0 && text[0] != '#' {
			l.open = append(l.open, line{l.number, string(text)})
			if l.check != nil {
				l.err = l.check(string(text))
			}
			if l.err != nil {
				return 0, io.EOF
			}
		}
	}
	n := copy(p, l.rest[:end])
	l.rest, l.cut = l.rest[n:], n < end
	return n, nil
}

// begins returns the line that a target begins in: the first line since the previous target that
// like accepts.
func (l *lines) begins(like func(text string) bool) line {
	for i, x := range l.open {
		if like(x.text) {
			l.open = l.open[i+1:]
			return x
		}
	}
	return line{number: l.number}
}

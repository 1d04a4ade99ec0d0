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

// mostBodies is what the files of all bodies may hold together, each counted as often as it is named.
const mostBodies = fileio.MaxSize

// managed are headers that net/http writes by itself, or from fields of a request, and knows by these spellings alone.
var managed = []string{"Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer"}

// Targets reads the targets of a file in one of vegeta's formats, by vegeta's own code: JSON where it begins with an object, else HTTP. A
// file named - is standard input. Each target is completed by what every shares: URLs without a server are taken relative to its URL,
// which may be ""; headers that a target has not, and the body of one that has none, are its.
//
// In the JSON format a target may have a weight, a whole number: how often it is sent for each time that one of weight 1 is.
func Targets(ctx context.Context, file string, every loadgen.Target) ([]loadgen.Target, error) {
	name, path := file, file
	if file == "-" {
		name, path = "standard input", os.Stdin.Name()
	}
	text, err := fileio.Read(ctx, path)
	if err != nil {
		return nil, err
	}
	if every.URL != "" {
		if every, err = every.Normal(); err != nil {
			return nil, err
		}
	}
	base, err := url.Parse(every.URL)
	if err != nil {
		return nil, err
	}
	one := "" // the server of all
	if base.Host != "" {
		one = server(every)
	}
	text = append(bytes.TrimPrefix(text, []byte("\ufeff")), '\n') // vegeta drops a last line of JSON that does not end
	r := &lines{rest: text, text: bytes.Split(text, []byte("\n"))}
	isJSON := bytes.HasPrefix(bytes.TrimSpace(text), []byte("{"))
	next := vegeta.NewHTTPTargeter(r, nil, nil)
	if isJSON {
		next = vegeta.NewJSONTargeter(r, nil, nil)
	} else if err := checkBodies(r.text); err != nil {
		return nil, fmt.Errorf("%s, %w", name, err)
	}
	var all []loadgen.Target
	for line := 0; ; {
		var v vegeta.Target
		err := next(&v)
		if errors.Is(err, vegeta.ErrNoTargets) {
			break
		}
		if isJSON && errors.Is(err, io.EOF) {
			err = errors.New("the JSON object does not end in its line")
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %s", name, r.line, masked(err))
		}
		t := loadgen.Target{Method: v.Method, URL: v.URL, Header: http.Header(v.Header), Body: v.Body}
		if isJSON {
			line = r.line
			t.Weight, err = weight(r.text[line-1])
		} else {
			line = r.find(line, v.Method+" "+v.URL)
		}
		if err == nil {
			err = complete(&t, every, base)
		}
		if err == nil && one == "" {
			one = server(t)
		}
		if err == nil && server(t) != one {
			err = fmt.Errorf("%s is on another server than %s: all targets of a load go to one; run a load for each", t.URL, one)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %s", name, line, masked(err))
		}
		all = append(all, t)
	}
	switch {
	case len(r.rest) > 0:
		return nil, fmt.Errorf("%s, line %d: it is longer than 64 KiB, the most that a line of vegeta's HTTP format may have", name, r.line)
	case all == nil:
		return nil, fmt.Errorf("%s: there are no targets in it: write lines such as GET http://localhost:3000/, or {\"method\":\"GET\", \"url\":\"http://localhost:3000/\"}", name)
	}
	return all, nil
}

// complete gives a target what all share.
func complete(t *loadgen.Target, every loadgen.Target, base *url.URL) error {
	u, err := base.Parse(t.URL)
	if err != nil {
		return err
	}
	if u.Host == "" {
		return fmt.Errorf("%s names no server: write it as http://HOST:PORT/PATH, or name the server's URL before --targets", t.URL)
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
		if !slices.ContainsFunc(slices.Collect(maps.Keys(own)), func(n string) bool { return strings.EqualFold(n, name) }) {
			t.Header[name] = values
		}
	}
	if t.Body == nil {
		t.Body = every.Body
	}
	return t.Check()
}

// masked is an error's text without a password, where it quotes a URL that has one.
func masked(err error) string {
	if text := err.Error(); !strings.Contains(text, "://") {
		return text
	}
	return loadgen.Masked(err.Error())
}

// server is the URL of a target's server.
func server(t loadgen.Target) string {
	u, err := url.Parse(t.URL)
	if err != nil {
		return t.URL
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

func weight(line []byte) (int, error) {
	var t struct {
		Weight *int `json:"weight"`
	}
	if err := json.Unmarshal(line, &t); err != nil {
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

// checkBodies makes sure that vegeta, which reads whatever a line with an @ names, can do so, and in bounded memory.
func checkBodies(text [][]byte) error {
	all := int64(0)
	for i, l := range text {
		file, ok := strings.CutPrefix(string(bytes.TrimSpace(l)), "@")
		if !ok {
			continue
		}
		info, err := os.Stat(file)
		switch {
		case err != nil:
			return fmt.Errorf("line %d: the body: %w", i+1, err)
		case !info.Mode().IsRegular():
			return fmt.Errorf("line %d: the body %s is no regular file", i+1, file)
		}
		if all += info.Size(); all > mostBodies {
			return fmt.Errorf("line %d: with %s the bodies hold more than %d MiB together, the most that a load takes", i+1, file, mostBodies>>20)
		}
	}
	return nil
}

// lines gives a text line by line, so that what reads ahead, as vegeta does, has read up to line.
type lines struct {
	rest []byte
	text [][]byte // all lines
	line int      // number of the last one that was begun, from 1
	cut  bool     // it was not given to its end yet
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		return 0, io.EOF
	}
	if !l.cut {
		l.line++
	}
	end := bytes.IndexByte(l.rest, '\n') + 1
	n := copy(p, l.rest[:end])
	l.rest, l.cut = l.rest[n:], n < end
	return n, nil
}

// find returns the number of the first line after one that reads like this.
func (l *lines) find(after int, text string) int {
	for i, line := range l.text[after:] {
		if string(bytes.TrimSpace(line)) == text {
			return after + i + 1
		}
	}
	return l.line
}

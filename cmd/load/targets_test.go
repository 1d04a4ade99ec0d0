package load_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nodecompare/cmd/load"
	"nodecompare/loadgen"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "targets")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTargetsOfBothFormats(t *testing.T) {
	body := file(t, "from a file")
	shared := loadgen.Target{URL: "http://a.example/base/",
		Header: http.Header{"Accept": {"text/html"}, "X-B": {"shared"}}, Body: []byte("shared")}
	for name, c := range map[string]struct {
		text  string
		every loadgen.Target
		want  []loadgen.Target
	}{
		"HTTP": {
			"# a comment\n\nGET http://a.example/\nGET http://a.example/\nX-A: 1\nx-b: 2\nX-A: 3\n\n  POST " +
				"http://A.example/post?q=a%20b\nhost: other\nContent-Length: 3\n@" + body +
				"\n\nPUT http://a.example/", loadgen.Target{},
			[]loadgen.Target{
				{Method: "GET", URL: "http://a.example/", Header: http.Header{}},
				{Method: "GET", URL: "http://a.example/", Header: http.Header{"X-A": {"1", "3"}, "x-b": {"2"}}},
				{Method: "POST", URL: "http://A.example/post?q=a%20b",
					Header: http.Header{"Host": {"other"}, "Content-Length": {"3"}}, Body: []byte("from a file")},
				{Method: "PUT", URL: "http://a.example/", Header: http.Header{}},
			},
		},
		"JSON": {
			"\ufeff" + `{"method":"GET", "url":"http://a.example/", "weight":7, "unknown":[{}]}` + "\n\n" +
				`{"method":"POST","url":"http://a.example/b","header":{"X-A":["1","2"]},"body":"Rk9P"}`,
			loadgen.Target{},
			[]loadgen.Target{
				{Method: "GET", URL: "http://a.example/", Header: http.Header{}, Weight: 7},
				{Method: "POST", URL: "http://a.example/b", Header: http.Header{"X-A": {"1", "2"}},
					Body: []byte("FOO"), Weight: 1},
			},
		},
		"what all share": {
			"GET /absolute\nx-b: own\n\nGET http://a.example/whole\r\n@" + body, shared,
			[]loadgen.Target{
				{Method: "GET", URL: "http://a.example/absolute",
					Header: http.Header{"Accept": {"text/html"}, "x-b": {"own"}}, Body: []byte("shared")},
				{Method: "GET", URL: "http://a.example/whole", Header: shared.Header, Body: []byte("from a file")},
			},
		},
		"a path of JSON": {
			`{"method":"GET","url":"more?a=b"}`, shared,
			[]loadgen.Target{{Method: "GET", URL: "http://a.example/base/more?a=b", Header: shared.Header,
				Body: []byte("shared"), Weight: 1}},
		},
	} {
		got, err := load.Targets(t.Context(), file(t, c.text), c.every)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Each mistake is named with the file and the line.
func TestTargetsThatCannotBe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	big := file(t, "")
	if err := os.Truncate(big, 40<<20); err != nil { // a hole: it takes no room on the disk
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, want string
		line       int
	}{
		{"", "there are no targets in it", 0},
		{"# nothing\n\n", "there are no targets in it", 0},
		{"GET http://a.example/\n\nget http://a.example/", "bad method: get", 3},
		{"GET http://a.example/\nnonsense", "bad header: nonsense", 2},
		{"GET", "bad target: GET", 1},
		{"GET a.example", "bad URL: a.example", 1},
		{"\nGET /path\nX-A: b", "/path names no server", 2},
		{"GET http://a.example/\nX-A: b\nGET http://a.example/", `header name "GET http" is not a token`, 1},
		{"GET http://a.example/\nX-A: b\n\n\n# a\nGET https://a.example/", "another server than http://a.example", 6},
		{"GET http://a.example/\nGET http://a.example:81/", "another server", 2},
		{"GET http://a.example/\n@missing", "the body: stat missing: no such file", 2},
		{"GET http://a.example/\n@" + pipe, "is no regular file", 2},
		{"GET http://a.example/\n@" + big + "\n\nGET http://a.example/\n@" + big,
			"the bodies hold more than 64 MiB together", 5},
		{"GET http://a.example/\nGET http://a.example/" + strings.Repeat("a", 1<<16) +
			"\nGET http://a.example/", "longer than 64 KiB", 2},
		{`{"method":"GET","url":"http://a.example/"}` + "\n{", "the JSON object does not end in its line", 2},
		{`{"method":"GET"}`, "required url is missing", 1},
		{"\n" + `{"url":"http://a.example/"}`, "required method is missing", 2},
		{`{"method":"GET","url":"http://a.example/","weight":0}`, "a weight of 0: it must be 1 or more", 1},
		{`{"method":"GET","url":"http://a.example/","weight":0.5}`, "weight: ", 1},
		{`{"method":"A B","url":"http://a.example/"}`, "invalid method", 1},
		{`{"method":"GET","url":"http://a.example/","header":{"A":["b\nc"]}}`, "line break", 1},
		{"GET http://me:secret@a.example:b/", "bad URL: http://me:xxxxx@", 1},
		{"GET http://me:secret@a.example/\n\nGET http://me:secret@b.example/",
			"http://b.example/ is on another server", 3},
	} {
		path := file(t, c.text)
		where := path + ": "
		if c.line > 0 {
			where = fmt.Sprintf("%s, line %d: ", path, c.line)
		}
		if got, err := load.Targets(t.Context(), path, loadgen.Target{}); err == nil ||
			!strings.HasPrefix(err.Error(), where) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.200q: got %v, %v; want line %d: … %s", c.text, got, err, c.line, c.want)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("a password is shown: %v", err)
		}
	}
}

// A path is sent as it is written, with its dots, as vegeta does.
func TestTargetsKeepTheirDots(t *testing.T) {
	shared := loadgen.Target{URL: "http://u:p@a.example/base/"}
	all, err := load.Targets(t.Context(), file(t, "GET http://a.example/static/../x\n\nGET /static/./y?q=1\n"), shared)
	if err != nil || len(all) != 2 || !strings.HasSuffix(all[0].URL, "a.example/static/../x") ||
		!strings.HasSuffix(all[1].URL, "a.example/static/./y?q=1") {
		t.Errorf("%v, %+v", err, all)
	}
}

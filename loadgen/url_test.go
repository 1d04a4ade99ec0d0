package loadgen_test

import (
	"strings"
	"testing"

	"nodecompare/loadgen"
)

func TestNormal(t *testing.T) {
	for in, want := range map[string]string{
		"http://h/":                     "http://h/",
		"localhost:3000":                "http://localhost:3000",
		"127.0.0.1:3000/":               "http://127.0.0.1:3000/",
		"[::1]:3000/x":                  "http://[::1]:3000/x",
		"h/?next=http://other/":         "http://h/?next=http://other/",
		"HTTP://h":                      "http://h",
		"http://h/a b?q=a b&n=ñ":        "http://h/a%20b?q=a%20b&n=%C3%B1",
		"http://h/é":                    "http://h/%C3%A9",
		"http://h/a%2Fb c":              "http://h/a%2Fb%20c",
		"http://h?q=%20+&x=<\"1\">":     "http://h?q=%20+&x=%3C%221%22%3E",
		"http://h/x#part":               "http://h/x",
		"http://bücher.example/":        "http://xn--bcher-kva.example/",
		"http://BÜCHER.example:8080/":   "http://xn--bcher-kva.example:8080/",
		"https://例え.テスト":                "https://xn--r8jz45g.xn--zckzah",
		"http://user:pw@h:1/?a=b":       "http://h:1/?a=b",
		"http://h/@mail:x@y":            "http://h/@mail:x@y",
		"http://[fe80::1%25eth0]:80/":   "http://[fe80::1%25eth0]:80/",
		"user:secret@127.0.0.1:80/path": "http://127.0.0.1:80/path",
	} {
		got, err := loadgen.Target{URL: in}.Normal()
		if err != nil || got.URL != want {
			t.Errorf("%s: %s, %v; want %s", in, got.URL, err, want)
		}
		if again, err := got.Normal(); err != nil || again.URL != want {
			t.Errorf("%s, once more: %s, %v", got.URL, again.URL, err)
		}
	}
	for in, want := range map[string]string{
		"ftp://h/": "must begin with http", "http://": "names no host", "http:/h": "names no host", "": "names no host",
		"http://h:99999/": "ports end at 65535", "http://h:x/": "invalid port",
		"http://a b/": "invalid character", "http://h/%zz": "invalid URL escape",
		"http://h/a\nb": "control character", "http://xn--a\u00fc/": "host name",
	} {
		if _, err := (loadgen.Target{URL: in}).Normal(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

// A user and a password become a header, and stand in no text.
func TestCredentials(t *testing.T) {
	target := loadgen.Target{URL: "http://user:pa%40ss@h/"}
	got, err := target.Normal()
	if err != nil || got.Header.Get("Authorization") != "Basic dXNlcjpwYUBzcw==" || target.Header != nil {
		t.Errorf("%+v, %v; of %+v", got, err, target)
	}
	if got, err = (loadgen.Target{URL: "http://user@h/"}).Normal(); err != nil ||
		got.Header.Get("Authorization") != "Basic dXNlcjo=" {
		t.Errorf("without a password: %+v, %v", got, err)
	}
	got.URL = "http://other:one@h/"
	if got, err = got.Normal(); err != nil || got.Header.Get("Authorization") != "Basic dXNlcjo=" {
		t.Errorf("beside a header: %+v, %v", got, err)
	}
	for _, in := range []string{
		"http://user:s3cret word@h/", "http://user:s3cret/@h/", "http://user:s3cret#@h",
		"ftp://user:s3cret@h/", "http://user:s3cret@", "http://user:s3cret@h:99999/",
		"user:s3cret@h:x/", "http://us er:s3c@ret@h/", "http://user:s3cret@h/%zz",
	} {
		_, err := loadgen.Target{URL: in}.Normal()
		if err == nil || strings.Contains(err.Error(), "s3c") || !strings.Contains(err.Error(), "xxxxx") {
			t.Errorf("%s: %v", in, err)
		}
	}
}

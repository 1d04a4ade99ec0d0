package foreign_test

import (
	"strings"
	"testing"

	"nodecompare/results/foreign"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ text, line, lines string }{
		{"plain – text, ½ µs", "plain – text, ½ µs", "plain – text, ½ µs"},
		{"\x1b]0;PWNED\a\x1b[31mRED\x1b[2J", `\x1b]0;PWNED\x07\x1b[31mRED\x1b[2J`,
			`\x1b]0;PWNED\x07\x1b[31mRED\x1b[2J`},
		{"\r::error title=x::evil\n", `\r:\:error title=x::evil\n`, `\r:\:error title=x::evil` + "\n"},
		{"x\n::error::evil", `x\n:\:error::evil`, "x\n:\\:error::evil"},
		{"wrapped here ::stop-commands::x", `wrapped here :\:stop-commands::x`, `wrapped here :\:stop-commands::x`},
		{"std::vector<a::b>, not\t::x", `std::vector<a::b>, not :\:x`, `std::vector<a::b>, not :\:x`},
		{strings.Repeat("y", 80) + "::error::cut", strings.Repeat("y", 80) + `:\:error:\:cut`,
			strings.Repeat("y", 80) + `:\:error:\:cut`},
		{"##[error]evil", `#\#[error]evil`, `#\#[error]evil`},
		{"dial tcp [::1]:80, :: 1", "dial tcp [::1]:80, :: 1", "dial tcp [::1]:80, :: 1"},
		{"a\tb\x7f\u009b31m\u202ec\u2028", `a b\x7f\u009b31m\u202ec\u2028`, `a b\x7f\u009b31m\u202ec\u2028`},
		{"broken \xff\xc3 \uFFFD", `broken \xff\xc3 ` + "\uFFFD", `broken \xff\xc3 ` + "\uFFFD"},
	} {
		for twice := range 2 { // what is plain stays as it is
			if got := foreign.Line(test.text); got != test.line {
				t.Errorf("Line(%q) is %q, want %q", test.text, got, test.line)
			}
			if got := foreign.Lines(test.text); got != test.lines {
				t.Errorf("Lines(%q) is %q, want %q", test.text, got, test.lines)
			}
			if twice == 0 {
				test.text, test.lines = test.line, test.line
			}
		}
	}
}

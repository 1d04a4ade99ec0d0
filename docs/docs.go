// Package docs keeps tables in the documents equal to the code that they are made from. Only tests
// import it.
package docs

import (
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the tables of the documents anew")

// Width is the longest line, in columns, of a document with such a table.
const Width = 120

// Check fails the test unless the document has these lines between its marks "<!-- begin NAME" and
// "<!-- end NAME". With -update it writes them there.
func Check(t *testing.T, document, name string, lines []string) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), "<!-- begin "+name+" ")
	mark, rest, closed := strings.Cut(rest, "\n")
	there, after, ends := strings.Cut(rest, "<!-- end "+name+" ")
	if !begins || !closed || !ends {
		t.Fatalf("%s has no lines between <!-- begin %s and <!-- end %s", document, name, name)
	}
	want := strings.Join(lines, "\n") + "\n"
	switch {
	case there == want:
	case *update:
		whole := before + "<!-- begin " + name + " " + mark + "\n" + want + "<!-- end " + name + " " + after
		if err := os.WriteFile(document, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s, %s, is not what the code says (-update writes it):\n%s\nThe code says:\n%s",
			document, name, there, want)
	}
}

// Item returns a list item on lines of at most Width columns.
func Item(text string) (lines []string) {
	line := "-"
	for word := range strings.FieldsSeq(text) {
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > Width {
			lines = append(lines, line)
			line = " "
		}
		line += " " + word
	}
	return append(lines, line)
}

// Row returns a row of a table.
func Row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |" }

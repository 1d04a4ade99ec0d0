package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"nodecompare/docs"
)

// mostLines is how long the rules may be for somebody to read them all.
const mostLines = 250

func TestDocumentedRulesAreFewPages(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(read(t, "method.md"), "\n"), "\n")
	if len(lines) > mostLines {
		t.Errorf("method.md has %d lines, and %d are the most: put evidence into calibration.md", len(lines), mostLines)
	}
	for i, line := range lines {
		if columns := utf8.RuneCountInString(line); columns > docs.Width {
			t.Errorf("method.md, line %d: %d columns, and %d are the most", i+1, columns, docs.Width)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// Each link within the repository leads to a file that there is, and to a heading in it.
func TestDocumentedLinks(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md") {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			target, heading, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue // of the web
			}
			there := page
			if target != "" {
				there = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(there); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			} else if heading != "" && !headings(read(t, there))[heading] {
				t.Errorf("%s links to %s, and there is no such heading", page, m[1])
			}
		}
	}
}

// headings are those of a page, as GitHub names them in links.
func headings(page string) map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		all[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(strings.TrimLeft(line, "#")))] = true
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

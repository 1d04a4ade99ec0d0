// Package foreign makes text from outside safe to show: a server's output, a record's content, a
// file's name. A terminal obeys control characters in such text, and GitHub's log obeys lines that
// begin with a command.
package foreign

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns text as one line of printable characters. Other characters are written as Go
// escapes, such as \x1b and \n.
func Line(text string) string { return plain(text, func(rune) bool { return false }) }

// Lines is Line for text with several lines.
func Lines(text string) string { return plain(text, func(r rune) bool { return r == '\n' }) }

// command matches what GitHub's runner takes for a command: ##[ anywhere, and :: at the start of a
// line.
var command = regexp.MustCompile(`::[A-Za-z]|##\[`)

// longWord is the length in bytes of a word that any report has room for. A longer word may be cut,
// and its rest begin a line.
const longWord = 40

// disarmed returns the text without commands. A wrapped text may begin a line at each word.
func disarmed(text string) string {
	var b strings.Builder
	done := 0
	for _, at := range command.FindAllStringIndex(text, -1) {
		word := at[0] - 1 - strings.LastIndexFunc(text[:at[0]],
			func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
		if text[at[0]] == ':' && word > 0 && word < longWord {
			continue // a name such as std::string
		}
		b.WriteString(text[done:at[0]+1] + `\`)
		done = at[0] + 1
	}
	return b.String() + text[done:]
}

func plain(text string, keep func(rune) bool) string {
	if strings.Contains(text, "::") || strings.Contains(text, "##[") {
		text = disarmed(text)
	}
	var b *strings.Builder
	for i, r := range text {
		size := utf8.RuneLen(r)
		broken := r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD")
		if broken {
			size = 1
		}
		if !broken && !obeyed(r) || keep(r) {
			if b != nil {
				b.WriteString(text[i : i+size])
			}
			continue
		}
		if b == nil {
			b = &strings.Builder{}
			b.WriteString(text[:i])
		}
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case broken || r < utf8.RuneSelf:
			fmt.Fprintf(b, `\x%02x`, text[i])
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
	if b == nil {
		return text
	}
	return b.String()
}

// obeyed reports whether a terminal or a reader of lines acts on the character instead of showing
// it: control characters, line ends and changes of writing direction.
func obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

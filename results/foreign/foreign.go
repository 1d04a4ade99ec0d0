// Package foreign makes text that others wrote harmless where it is shown: what a server said, what
// stands in a record, a file's name. A terminal obeys control characters in it, and GitHub's log
// the lines that begin with a command.
package foreign

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is text as one line of plain characters. To others it stands as Go writes them, such as \x1b
// and \n.
func Line(text string) string { return plain(text, func(rune) bool { return false }) }

// Lines is the same for text that has lines of its own.
func Lines(text string) string { return plain(text, func(r rune) bool { return r == '\n' }) }

// command is what GitHub's runner takes for one: ##[ anywhere, and :: where a line begins.
var command = regexp.MustCompile(`::[A-Za-z]|##\[`)

// longWord is how many bytes of a word any report has room for: what is longer may be cut, and its
// rest begin a line.
const longWord = 40

// disarmed is the text without commands. A line begins where text is wrapped, too: at each word.
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

// obeyed tells whether a terminal, or who reads lines, does something else for the character than
// to show it: control characters, those that end lines or turn the direction of writing.
func obeyed(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// Package lookup finds entries of tables by the names that a user typed.
package lookup

import (
	"fmt"
	"strings"
)

// Named returns the entry of that name; the error says what was looked for and lists the known names. of returns an entry's name.
func Named[T any](kind, name string, all []T, of func(T) string) (T, error) {
	for _, t := range all {
		if of(t) == name {
			return t, nil
		}
	}
	var none T
	return none, fmt.Errorf("unknown %s %q: the known ones are %s", kind, name, Names(all, of))
}

// Names lists the names of a table as a sentence does.
func Names[T any](all []T, of func(T) string) string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = of(t)
	}
	return strings.Join(names, ", ")
}

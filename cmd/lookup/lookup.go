// Package lookup finds entries of tables by the names that a user typed.
package lookup

import (
	"fmt"
	"strings"
)

// Named returns the entry of that name. The error says what was looked for and lists the known names.
func Named[T fmt.Stringer](kind, name string, all []T) (T, error) {
	for _, t := range all {
		if t.String() == name {
			return t, nil
		}
	}
	var none T
	return none, fmt.Errorf("unknown %s %q: the known ones are %s", kind, name, Names(all))
}

// Names lists the names of a table as a sentence does.
func Names[T fmt.Stringer](all []T) string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

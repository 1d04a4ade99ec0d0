// Package lookup finds entries of tables by the names that users type.
package lookup

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Named returns the entry with the name. Its error states the name, a similar one and the known
// ones.
func Named[T fmt.Stringer](kind, name string, all []T) (T, error) {
	for _, t := range all {
		if t.String() == name {
			return t, nil
		}
	}
	var none T
	if near := Near(name, strings.Split(Names(all), ", ")); near != "" {
		return none, fmt.Errorf("unknown %s %q: did you mean %q? The known ones are %s", kind, name, near, Names(all))
	}
	return none, fmt.Errorf("unknown %s %q: the known ones are %s", kind, name, Names(all))
}

// Near returns the known name that was probably meant, the nearest by cobra's rule for commands; ""
// for none.
func Near(name string, known []string) string {
	commands := &cobra.Command{}
	for _, k := range known {
		commands.AddCommand(&cobra.Command{Use: k, Run: func(*cobra.Command, []string) {}})
	}
	// Half of a short name would be another name.
	for distance := range min(2, (len(name)+1)/3) + 1 {
		commands.SuggestionsMinimumDistance = distance // 0: it begins with the name
		for _, near := range commands.SuggestionsFor(name) {
			return near
		}
	}
	return ""
}

// Names lists the names of a table for a sentence.
func Names[T fmt.Stringer](all []T) string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

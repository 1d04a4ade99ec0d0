package lookup_test

import (
	"testing"

	"nodecompare/cmd/lookup"
)

func TestNamed(t *testing.T) {
	type fruit struct {
		name  string
		seeds int
	}
	fruits := []fruit{{"apple", 5}, {"cherry", 1}}
	of := func(f fruit) string { return f.name }
	if f, err := lookup.Named("fruit", "cherry", fruits, of); err != nil || f.seeds != 1 {
		t.Errorf("cherry: %+v, %v", f, err)
	}
	f, err := lookup.Named("fruit", "nut", fruits, of)
	if want := `unknown fruit "nut": the known ones are apple, cherry`; err == nil || err.Error() != want || f != (fruit{}) {
		t.Errorf("nut: %+v, %v; want the error %s", f, err, want)
	}
}

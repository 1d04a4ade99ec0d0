package lookup_test

import (
	"testing"

	"nodecompare/cmd/lookup"
)

type fruit struct {
	name  string
	seeds int
}

func (f fruit) String() string { return f.name }

func TestNamed(t *testing.T) {
	fruits := []fruit{{"apple", 5}, {"cherry", 1}}
	if f, err := lookup.Named("fruit", "cherry", fruits); err != nil || f.seeds != 1 {
		t.Errorf("cherry: %+v, %v", f, err)
	}
	if _, err := lookup.Named("fruit", "chery", fruits); err == nil ||
		err.Error() != `unknown fruit "chery": did you mean "cherry"? The known ones are apple, cherry` {
		t.Errorf("chery: %v", err)
	}
	if near := lookup.Near("paths", []string{"nats", "path"}); near != "path" {
		t.Errorf("paths: %q is not the nearest", near)
	}
	f, err := lookup.Named("fruit", "nut", fruits)
	if want := `unknown fruit "nut": the known ones are apple, cherry`; err == nil || err.Error() != want ||
		f != (fruit{}) {
		t.Errorf("nut: %+v, %v; want the error %s", f, err, want)
	}
}

package cpuset

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePin(t *testing.T) {
	for _, c := range []struct{ in, want, server, generator string }{
		{"auto", "auto", "", ""},
		{"off", "off", "", ""},
		{"0:1", "0:1", "0", "1"},
		{"0-1,3:2", "0-1,3:2", "0-1,3", "2"},
		{"3,1,2,1:0", "1-3:0", "1-3", "0"},
		{"1023:0-7", "1023:0-7", "1023", "0-7"},
	} {
		p, err := ParsePin(c.in)
		if err != nil || p.String() != c.want || p.Server.String() != c.server || p.Generator.String() != c.generator {
			t.Errorf("%q: %+v, %v; want %v", c.in, p, err, c.want)
		}
	}
}

func TestParsePinSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "no colon",
		"on":                     "no colon",
		"0":                      "no colon",
		":":                      `"" is not a CPU number`,
		"0:":                     `"" is not a CPU number`,
		"0-1,x:2":                `"x" is not a CPU number`,
		"0:1:2":                  `"1:2" is not a CPU number`,
		"0: 1":                   `" 1" is not a CPU number`,
		"-1:2":                   `"" is not a CPU number`,
		"+1:2":                   `"+1" is not a CPU number`,
		"1-:2":                   `"" is not a CPU number`,
		"0-1-2:3":                `"1-2" is not a CPU number`,
		"0:3-1":                  `"3-1" runs backwards: write 1-3`,
		"0:1024":                 "CPU 1024 is beyond the highest number that is taken, 1023",
		"0:99999999999999999999": "is beyond the highest number",
		"0-2:2-3":                "CPU 2 is on both sides",
		"1:0-3":                  "CPU 1 is on both sides",
	} {
		_, err := ParsePin(in)
		if err == nil {
			t.Errorf("%q is taken", in)
		} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "give auto, off, or") {
			t.Errorf("%q: %v; want %s, and what to give", in, err, want)
		}
	}
}

func FuzzParsePin(f *testing.F) {
	for _, s := range []string{"auto", "off", "0:1", "0-1,3:2", "0-1023:0", "1,,2:3", "-:-", "0-1-2:٣",
		"9999999999999999999:0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePin(s)
		if err != nil {
			return
		}
		for _, set := range []CPUs{p.Server, p.Generator} {
			if !slices.IsSorted(set) || len(slices.Compact(slices.Clone(set))) != len(set) ||
				len(set) > 0 && (set[0] < 0 || set[len(set)-1] > MaxCPU) {
				t.Fatalf("%q gives %v", s, []int(set))
			}
		}
		if p.Auto && len(p.Server) > 0 || (len(p.Server) == 0) != (len(p.Generator) == 0) ||
			len(common(p.Server, p.Generator)) > 0 {
			t.Fatalf("%q gives %+v", s, p)
		}
		again, err := ParsePin(p.String())
		if err != nil || again.String() != p.String() || !slices.Equal(again.Server, p.Server) ||
			!slices.Equal(again.Generator, p.Generator) {
			t.Fatalf("%q is written %q, which is read as %+v, %v", s, p, again, err)
		}
	})
}

func alone(int) CPUs { return nil }

func TestAutoSplit(t *testing.T) {
	pairs := func(cpu int) CPUs { return CPUs{cpu &^ 1, cpu | 1} }
	apart := func(cpu int) CPUs { return CPUs{cpu % 4, cpu%4 + 4} } // how most machines number them
	for _, c := range []struct {
		allowed           CPUs
		siblings          func(int) CPUs
		server, generator string
		note              string
	}{
		{CPUs{0}, alone, "", "", "share CPU 0: there is no other"},
		{CPUs{5}, pairs, "", "", "share CPU 5"},
		{CPUs{0, 1}, alone, "0", "1", ""},
		{CPUs{0, 1}, pairs, "0", "1", "threads of one core (CPUs 0-1)"},
		{CPUs{0, 1, 2}, alone, "0-1", "2", ""},
		{CPUs{3, 7, 9, 20, 21}, alone, "3,7,9", "20-21", ""},
		{CPUs{0, 1, 2, 3}, pairs, "0-1", "2-3", ""},
		{CPUs{0, 1, 2}, pairs, "0-1", "2", ""},
		{CPUs{0, 1, 2, 3, 4, 5}, pairs, "0-3", "4-5", ""},
		{CPUs{0, 1, 2, 3, 4, 5, 6, 7}, apart, "0-1,4-5", "2-3,6-7", ""},
	} {
		s, err := Pin{Auto: true}.split(c.allowed, c.siblings)
		if err != nil || s.Server.String() != c.server || s.Generator.String() != c.generator ||
			s.Pinned() != (c.server != "") {
			t.Errorf("%v: %v and %v, %v; want %s and %s", c.allowed, s.Server, s.Generator, err, c.server, c.generator)
		}
		if !strings.Contains(s.Note, c.note) || (s.Note == "") != (c.note == "") {
			t.Errorf("%v: note %q; want %q", c.allowed, s.Note, c.note)
		}
	}
}

// Whatever the machine: each CPU goes to one side, the server has no less, and no core is torn
// apart where there are two.
func TestAutoSplitTakesEachCPUOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		allowed := CPUs(rapid.SliceOfNDistinct(rapid.IntRange(0, MaxCPU), 2, 40, rapid.ID).Draw(t, "allowed"))
		slices.Sort(allowed)
		threads := rapid.IntRange(1, 4).Draw(t, "threads")
		siblings := func(cpu int) CPUs {
			var set CPUs
			for n := range threads {
				set = append(set, cpu/threads*threads+n)
			}
			return set
		}
		s, err := Pin{Auto: true}.split(allowed, siblings)
		if err != nil || len(s.Server) == 0 || len(s.Generator) == 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		if both := append(slices.Clone(s.Server),
			s.Generator...); !slices.Equal(slices.Sorted(slices.Values(both)), allowed) {
			t.Fatalf("%v and %v of %v", s.Server, s.Generator, allowed)
		}
		if threads == 1 && len(s.Server) != (len(allowed)+1)/2 {
			t.Fatalf("the server has %d of %d", len(s.Server), len(allowed))
		}
		for _, cpu := range s.Server {
			if torn := common(s.Generator, siblings(cpu)); len(torn) > 0 && s.Note == "" {
				t.Fatalf("CPUs %d and %v are one core, on both sides", cpu, torn)
			}
		}
	})
}

func TestNamedSplit(t *testing.T) {
	p, err := ParsePin("2:0,4")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := p.split(CPUs{0, 2, 3, 4}, alone); err != nil || s.Server.String() != "2" ||
		s.Generator.String() != "0,4" || s.Note != "" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := p.split(CPUs{0, 1, 2}, alone); err == nil ||
		!strings.Contains(err.Error(), "CPU 4 may not be used") || !strings.Contains(err.Error(), "0-2") {
		t.Errorf("%v; want what is missing and what there is", err)
	}
	if s, err := (Pin{}).Choose(); err != nil || s.Pinned() || !strings.Contains(s.Note, "off") {
		t.Errorf("off: %+v, %v", s, err)
	}
}

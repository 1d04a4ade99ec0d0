package measure_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"

	"nodecompare/cmd/measure"
)

// harnessEnv makes this binary a test harness, which serves in its own process and has a child of
// it look for who serves; as a URL, that child.
const harnessEnv = "MEASURE_TEST_HARNESS"

func playHarness(as string) error {
	if as != "1" {
		subjects, err := measure.Serving(to(as))
		if err == nil {
			fmt.Println(subjects == nil, len(subjects))
		}
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	asks := exec.Command(os.Args[0])
	asks.Env = append(os.Environ(), harnessEnv+"=http://"+ln.Addr().String())
	asks.Stdout, asks.Stderr = os.Stdout, os.Stderr
	return asks.Run()
}

// A server that has started the generator has it among its descendants: what the server alone used
// is unknown, and the generator is not counted as the server.
func TestServingByAnAncestor(t *testing.T) {
	_, out := start(t, harnessEnv)
	if said, err := io.ReadAll(out); err != nil || string(said) != "true 0\n" {
		t.Errorf("%q, %v; want an unknown server", said, err)
	}
}

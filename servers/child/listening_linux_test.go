package child

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What listens is found among a few connections and before many, which are not all read.
func TestListeningAmongConnections(t *testing.T) {
	line := func(port int, state string, inode int) string {
		return fmt.Sprintf("   0: 0100007F:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000 0 0 %d 1 0\n",
			port, state, inode)
	}
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	few, many := strings.Repeat(line(80, "06", 0), 100), strings.Repeat(line(80, "06", 0), 100_000)
	table := filepath.Join(t.TempDir(), "tcp")
	text := head + few + line(3000, "0A", 7) + line(3001, "01", 8) + line(3002, "0A", 9) + many + line(3003, "0A", 10)
	if err := os.WriteFile(table, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	want := map[string]int{"socket:[7]": 3000, "socket:[9]": 3002}
	if err := listening(table, found); err != nil || !maps.Equal(found, want) {
		t.Errorf("%v, %v", found, err)
	}
}

package workload_test

import (
	"os"
	"path/filepath"
	"testing"

	"nodecompare/servers/workload"
)

// What kept the orders' database from being opened for one order does not keep it from the next.
func TestOrdersAfterNoRoom(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	c := dial(t, open(t, workload.Options{Database: "sqlite:" + filepath.Join(dir, "orders.db")}))
	order := func() int {
		return c.do("POST", "/orders", json, []byte(`{"customer":7,"items":[{"product":3,"quantity":2}]}`)).Status
	}
	if got := order(); got != 500 {
		t.Errorf("without a folder for the database an order was answered %d, want 500", got)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := order(); got != 201 {
		t.Errorf("with one it was answered %d, want 201", got)
	}
}

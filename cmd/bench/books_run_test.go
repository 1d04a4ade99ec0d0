package bench_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"nodecompare/cmd/bench"
	"nodecompare/results"
	"nodecompare/thorough"
)

// The orders of a server of ours are all in its database, each once.
func TestOrdersAreAudited(t *testing.T) {
	thorough.Only(t)
	r := ordersBench(t, bench.Options{Modes: []string{"blocking", "async", "node"}})
	for _, trial := range r.Trials {
		b := trial.Books
		if b == nil || !b.Audited || b.Placed == 0 || b.Orders < b.Placed || b.Orders > b.Placed+b.Lost ||
			b.Breaches != nil {
			t.Errorf("%s: %+v", trial.Mode, b)
		}
		for _, rung := range trial.Rungs {
			if rung.Answered() != rung.Codes[http.StatusCreated] {
				t.Errorf("%s, %d connections: %+v", trial.Mode, rung.Connections, rung.Codes)
			}
		}
	}
}

// A user's shop is audited by what it shows of the orders that it confirmed: one that forgets is
// VOID, by name.
func TestUsersOrdersAreReadBack(t *testing.T) {
	thorough.Only(t)
	for _, forgets := range []bool{false, true} {
		s := httptest.NewServer(shop(forgets))
		own, err := bench.ParseServers([]string{"mine=" + s.URL}, []string{"orders=/shop/orders"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		trial := ordersBench(t, bench.Options{Servers: own}).Trials[0]
		s.Close()
		if trial.Books == nil || !trial.Books.Audited {
			t.Fatalf("forgets %v: %+v", forgets, trial.Books)
		}
		void := trial.Trust.Status == results.Void && slices.Contains(trial.Trust.Rules, "books")
		told := strings.Join(trial.Trust.Reasons, " ")
		if void != forgets || forgets && !strings.Contains(told, "was confirmed, and") {
			t.Errorf("forgets %v: %+v, %+v", forgets, trial.Trust, trial.Books)
		}
	}
}

func ordersBench(t *testing.T, o bench.Options) *results.Record {
	t.Helper()
	defer bench.Compiled()()
	return oneRound(t, "orders", o)
}

// shop takes orders and shows them, or shows another one in place of each.
func shop(forgets bool) http.Handler {
	var mu sync.Mutex
	var orders []map[string]any
	m := http.NewServeMux()
	m.HandleFunc("POST /shop/orders", func(w http.ResponseWriter, r *http.Request) {
		var o map[string]any
		if json.NewDecoder(r.Body).Decode(&o) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		orders = append(orders, o)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"order":%d}`, len(orders))
	})
	m.HandleFunc("GET /shop/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		var id int
		fmt.Sscan(r.PathValue("id"), &id)
		mu.Lock()
		defer mu.Unlock()
		if id < 1 || id > len(orders) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		o := orders[id-1]
		if forgets {
			o = orders[0]
		}
		json.NewEncoder(w).Encode(o)
	})
	return m
}

// pgx is the peer of the bar on PostgreSQL: /db as Go's developers usually write it, by net/http
// and a pool of pgx.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

type product struct {
	ID         int64  `json:"id"`
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	Category   string `json:"category"`
	PriceCents int64  `json:"price_cents"`
	Stock      int64  `json:"stock"`
}

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on")
	url := flag.String("db", "", "URL of a database in which a nodecompare serve has its tables")
	connections := flag.Int("connections", 16, "connections to it")
	flag.Parse()
	log.Fatal(serve(*addr, *url, int32(*connections)))
}

func serve(addr, url string, connections int32) error {
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	config.MaxConns, config.MinConns = connections, connections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	var schema string
	err = pool.QueryRow(ctx, "SELECT table_schema FROM information_schema.tables WHERE table_name = 'products' LIMIT 1").
		Scan(&schema)
	if err != nil {
		return fmt.Errorf("looking for the table of products: %w", err)
	}
	query := "SELECT id, sku, name, category, price_cents, stock FROM " + pgx.Identifier{schema, "products"}.Sanitize() +
		" WHERE id = $1"
	http.HandleFunc("GET /db", func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.ParseInt(r.URL.Query().Get("id"), 10, 64)
		if err != nil {
			http.Error(w, "id must be the number of a product", http.StatusBadRequest)
			return
		}
		var p product
		err = pool.QueryRow(r.Context(), query, id).Scan(&p.ID, &p.SKU, &p.Name, &p.Category, &p.PriceCents, &p.Stock)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			http.Error(w, "there is no such product", http.StatusNotFound)
			return
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		body, err := json.Marshal(p)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	})
	return http.ListenAndServe(addr, nil)
}

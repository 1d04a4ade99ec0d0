package workload

import (
	"bytes"
	"context"
	"fmt"

	"nodecompare/servers/postgres"
)

// shopTables are those of SQLite, in PostgreSQL. tries counts how often an order was begun, since
// the database may undo a transaction and have its client repeat it.
const shopTables = `
	CREATE TABLE products (
		id          bigint PRIMARY KEY,
		sku         text NOT NULL,
		name        text NOT NULL,
		category    text NOT NULL,
		price_cents bigint NOT NULL,
		stock       bigint NOT NULL
	);
	CREATE TABLE users (
		name text PRIMARY KEY,
		salt bytea NOT NULL,
		hash bytea NOT NULL
	);
	CREATE TABLE inventory (
		product     bigint PRIMARY KEY,
		price_cents bigint NOT NULL,
		stock       bigint NOT NULL,
		initial     bigint NOT NULL
	);
	CREATE TABLE orders (
		id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		customer    bigint NOT NULL,
		key         text UNIQUE,
		total_cents bigint NOT NULL,
		tries       bigint NOT NULL
	);
	CREATE TABLE order_lines (
		order_id    bigint NOT NULL,
		product     bigint NOT NULL,
		quantity    bigint NOT NULL,
		price_cents bigint NOT NULL,
		PRIMARY KEY (order_id, product)
	)`

// fillShop makes the tables, with what they hold at first.
func fillShop(ctx context.Context, f *postgres.Filler) error {
	if err := f.Exec(ctx, shopTables); err != nil {
		return err
	}
	var rows bytes.Buffer
	for _, p := range products() {
		fmt.Fprintf(&rows, "%d\t%s\t%s\t%s\t%d\t%d\n", p.ID, p.SKU, p.Name, p.Category, p.PriceCents, p.Stock)
	}
	if err := f.Copy(ctx, "products", &rows); err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, a := range accounts {
		salt, hash, err := a.secrets()
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s\t\\\\x%x\t\\\\x%x\n", a.name, salt, hash)
	}
	if err := f.Copy(ctx, "users", &lines); err != nil {
		return err
	}
	err := f.Exec(ctx, fmt.Sprintf(`INSERT INTO inventory (product, price_cents, stock, initial)
		SELECT id, price_cents, s, s FROM (
			SELECT id, price_cents, CASE WHEN id >= %d THEN %d ELSE %d END AS s FROM products) p`,
		scarceFrom, scarce, plenty))
	if err != nil {
		return err
	}
	// So that the first requests do not do for the tables what is done once.
	return f.Exec(ctx, "VACUUM (ANALYZE) products, users, inventory, orders, order_lines")
}

import { Fault } from './fault.js';
import { noOrder, totals } from './orders.js';

/**
 * The orders' database, by a library whose calls block: a transaction is over before anything else of this process runs.
 * prepare(sql) gives a function from parameters to the first row.
 */
export function ledger({ prepare, all, shared }) {
  const run = (sql) => prepare(sql)();
  const byKey = prepare('SELECT id, total_cents FROM orders WHERE key = ?');
  const inStock = prepare('SELECT price_cents, stock FROM inventory WHERE product = ?');
  const take = prepare('UPDATE inventory SET stock = stock - ? WHERE product = ?');
  const insert = prepare(
    'INSERT INTO orders (customer, key, total_cents) VALUES (?, ?, ?) RETURNING id',
  );
  const addLine = prepare(
    'INSERT INTO order_lines (order_id, product, quantity, price_cents) VALUES (?, ?, ?, ?)',
  );
  const find = prepare('SELECT customer, total_cents FROM orders WHERE id = ?');
  const linesOf = all(
    'SELECT product, quantity, price_cents FROM order_lines WHERE order_id = ? ORDER BY product',
  );

  function placeIn(order) {
    const before = order.key && byKey(order.key);
    if (before) return { repeated: true, order: before.id, total: before.total_cents };
    const stock = new Map(order.items.map(({ product }) => [product, inStock(product)]));
    const total = totals(order, stock);
    const { id } = insert(order.customer, order.key || null, total);
    for (const { product, quantity, price_cents } of order.items) {
      take(quantity, product);
      addLine(id, product, quantity, price_cents);
    }
    return { repeated: false, order: id, total };
  }

  return {
    /** Writes an order down in one transaction, or nothing. Throws a Fault. */
    place(order) {
      if (!shared) {
        throw new Fault(
          501,
          'orders of several processes need Node.js 22.13 or later, which has SQLite of its own',
        );
      }
      run('BEGIN IMMEDIATE');
      try {
        const placed = placeIn(order);
        run(placed.repeated ? 'ROLLBACK' : 'COMMIT');
        return placed;
      } catch (err) {
        run('ROLLBACK');
        throw err;
      }
    },
    /** The order with this number. Throws a Fault when there is none. */
    order(id) {
      const row = find(id);
      if (!row) throw noOrder();
      const items = linesOf(id).map(({ product, quantity, price_cents }) => ({
        product,
        quantity,
        price_cents,
      }));
      return { order: id, customer: row.customer, items, total: row.total_cents };
    },
  };
}

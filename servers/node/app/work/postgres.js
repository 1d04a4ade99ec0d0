import { waits } from '../trace.js';
import { Fault } from './fault.js';
import { noOrder, totals } from './orders.js';

// Prepared on each connection by the name, when it is first used there.
const statements = {
  product: 'SELECT id, sku, name, category, price_cents, stock FROM products WHERE id = $1',
  user: 'SELECT salt, hash FROM users WHERE name = $1',
  key: 'SELECT id, total_cents FROM orders WHERE key = $1',
  lock: `SELECT product, price_cents, stock FROM inventory WHERE product = ANY($1::bigint[])
    ORDER BY product FOR UPDATE`,
  insert: `WITH o AS (
      INSERT INTO orders (customer, key, total_cents, tries) VALUES ($1, $2, $3, $4) RETURNING id
    ), l AS (
      INSERT INTO order_lines (order_id, product, quantity, price_cents)
        SELECT o.id, i.* FROM o, unnest($5::bigint[], $6::bigint[], $7::bigint[]) i
    ) SELECT id FROM o`,
  take: `UPDATE inventory SET stock = stock - i.quantity
    FROM unnest($1::bigint[], $2::bigint[]) i (product, quantity) WHERE inventory.product = i.product`,
  order: 'SELECT customer, total_cents FROM orders WHERE id = $1',
  lines:
    'SELECT product, quantity, price_cents FROM order_lines WHERE order_id = $1 ORDER BY product',
};

const mostTries = 10;
const undone = ['40001', '40P01', '23505']; // a conflict, a deadlock, an order of the same key: it may be begun anew

/** The shop in PostgreSQL, over a pool of so many connections, as npm's pg has it. The tables are in the schema that the URL's search_path names. */
export async function openPostgres(text, connections) {
  const { default: pg } = await import('pg');
  pg.types.setTypeParser(pg.types.builtins.INT8, Number); // prices and numbers of orders, far below 2^53
  const url = new URL(text);
  const of = (name) => url.searchParams.get(name) ?? undefined;
  const pool = new pg.Pool({
    host: of('host'),
    port: Number(of('port')),
    user: of('user'),
    database: decodeURIComponent(url.pathname.slice(1)),
    options: `-c search_path=${of('search_path')}`,
    application_name: 'nodecompare server',
    max: connections,
    idleTimeoutMillis: 0, // as in the other modes: a connection stays
  });
  pool.on('error', () => {}); // of an idle connection, which the pool has dropped
  // As long as a server has a lock of the schema, no other program takes it for one that was left behind.
  const number = /^nodecompare_([0-9a-f]{16})$/.exec(of('search_path') ?? '')?.[1];
  if (number) {
    pool.on('connect', (client) => {
      client
        .query('SELECT pg_advisory_lock_shared($1)', [BigInt(`0x${number}`).toString()])
        .catch(() => {});
    });
  }

  const query = (client, name, values = []) =>
    client.query({ name, text: statements[name], values });

  /** Runs what a handler asks of the database, and turns its errors into the other modes' words. */
  async function ask(doing, run) {
    try {
      return await waits('the database', run());
    } catch (err) {
      if (err instanceof Fault) throw err;
      if (err instanceof pg.DatabaseError && !['FATAL', 'PANIC'].includes(err.severity)) {
        throw new Fault(500, `${doing}: the database says: ${err.message} (SQLSTATE ${err.code})`);
      }
      throw new Fault(503, `${doing}: the connection to the database was lost`);
    }
  }

  /** One transaction on one connection, which is dropped unless it is over. */
  async function transaction(write) {
    const client = await pool.connect();
    let failed = true;
    client.on('error', ignore); // the query that runs is told too
    try {
      await client.query('BEGIN');
      try {
        const result = await write(client);
        await client.query(result.repeated ? 'ROLLBACK' : 'COMMIT');
        failed = false;
        return result;
      } catch (err) {
        await client.query('ROLLBACK').then(
          () => (failed = false),
          () => {},
        );
        throw err;
      }
    } finally {
      client.off('error', ignore);
      client.release(failed);
    }
  }

  async function placeIn(client, order, tries) {
    const each = (of) => order.items.map(of);
    const products = each(({ product }) => product);
    const { rows } = await query(client, 'lock', [products]);
    // Behind the locks: the order of this key may be on its way, and has then been written.
    const before = order.key && (await query(client, 'key', [order.key])).rows[0];
    if (before) return { repeated: true, order: before.id, total: before.total_cents };
    const total = totals(order, new Map(rows.map((row) => [row.product, row])));
    const quantities = each(({ quantity }) => quantity);
    const prices = each((item) => item.price_cents);
    const inserted = await query(client, 'insert', [
      order.customer,
      order.key || null,
      total,
      tries,
      products,
      quantities,
      prices,
    ]);
    await query(client, 'take', [products, quantities]);
    return { repeated: false, order: inserted.rows[0].id, total };
  }

  async function place(order) {
    for (let tries = 1; ; tries++) {
      try {
        return await transaction((client) => placeIn(client, order, tries));
      } catch (err) {
        if (tries === mostTries || !undone.includes(err.code)) throw err;
      }
    }
  }

  await pool.query('SELECT'); // where there is no database, the server does not start
  return {
    engine: 'PostgreSQL by pg',
    /** The product with this id, a bigint. Rejects with a Fault when there is none. */
    async product(id) {
      const { rows } = await ask(`looking up product ${id}`, () => query(pool, 'product', [id]));
      if (rows.length === 0) throw new Fault(404, `there is no product ${id}`);
      return rows[0];
    },
    /** Resolves to the user's salt and hash, or undefined. */
    async user(name) {
      if (name.includes('\0')) return undefined; // which no text of the database holds
      const { rows } = await ask('looking up the user', () => query(pool, 'user', [name]));
      return rows[0];
    },
    /** Writes an order down in one transaction, or nothing. Rejects with a Fault. */
    place: (order) => ask('placing the order', () => place(order)),
    /** The order with this number. Rejects with a Fault when there is none. */
    async order(id) {
      const find = (name) => ask('looking up the order', () => query(pool, name, [id]));
      const { rows } = await find('order');
      if (rows.length === 0) throw noOrder();
      const [{ customer, total_cents: total }] = rows;
      // After the order, which is written at once with its lines: asked beside it, they might not be there yet.
      const items = await find('lines');
      return { order: id, customer, items: items.rows, total };
    },
    close: () => void pool.end(),
  };
}

const ignore = () => {};

import { readFile } from 'node:fs/promises';

import { Fault } from './fault.js';

const productById = 'SELECT id, sku, name, category, price_cents, stock FROM products WHERE id = ?';
const userByName = 'SELECT salt, hash FROM users WHERE name = ?';

/**
 * Opens the SQLite database for reading. A query runs on the calling thread, as with every well-kept SQLite library of
 * Node.js: it takes microseconds, a way to another thread and back would take longer.
 */
export async function openShop(file) {
  const { engine, prepare } = (await ownSqlite(file)) ?? (await wasmSqlite(file));
  const product = prepare(productById);
  const user = prepare(userByName);
  return {
    engine,
    /** The product with this id, a bigint. Throws a Fault when there is none. */
    product(id) {
      const found = product(Number(id)); // ids that a number cannot hold are beyond those that there are
      if (!found) throw new Fault(404, `there is no product ${id}`);
      return found;
    },
    /** The user's salt and hash, or undefined. */
    user,
  };
}

/** Node.js's own module, from 22.13 on; undefined before. */
async function ownSqlite(file) {
  let sqlite;
  try {
    sqlite = await import('node:sqlite');
  } catch (err) {
    if (err.code === 'ERR_UNKNOWN_BUILTIN_MODULE') return undefined;
    throw err;
  }
  const db = new sqlite.DatabaseSync(file, { readOnly: true });
  return {
    engine: 'node:sqlite',
    prepare(sql) {
      const statement = db.prepare(sql);
      return (key) => statement.get(key);
    },
  };
}

/** SQLite as WebAssembly: it needs neither a package to be installed nor a compiler. It holds the database in memory. */
async function wasmSqlite(file) {
  const { default: initSqlJs } = await import('../vendor/sql.js/dist/sql-wasm.js');
  const { Database } = await initSqlJs();
  const db = new Database(await readFile(file));
  return {
    engine: 'sql.js',
    prepare(sql) {
      const statement = db.prepare(sql);
      return (key) => {
        statement.bind([key]);
        const row = statement.step() ? statement.getAsObject() : undefined;
        statement.reset();
        return row;
      };
    },
  };
}

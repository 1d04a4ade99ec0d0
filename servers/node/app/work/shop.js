import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { Fault } from './fault.js';
import { ledger } from './ledger.js';

const productById = 'SELECT id, sku, name, category, price_cents, stock FROM products WHERE id = ?';
const userByName = 'SELECT salt, hash FROM users WHERE name = ?';

/**
 * Opens SQLite databases: that of products and users for reading, and that of orders, "" for none. alone says that no other process has
 * the latter. A query runs on the calling thread, as with every well-kept SQLite library of Node.js: it takes microseconds,
 * a way to another thread and back would take longer.
 */
export async function openShop(file, orders, alone) {
  const { engine, open } = (await ownSqlite()) ?? (await wasmSqlite(alone));
  const { prepare } = await open(file, false);
  const product = prepare(productById);
  const user = prepare(userByName);
  const book = orders && (await open(orders, true));
  return {
    engine: `SQLite by ${engine}`,
    /** The product with this id, a bigint. Throws a Fault when there is none. */
    product(id) {
      const found = product(Number(id)); // ids that a number cannot hold are beyond those that there are
      if (!found) throw new Fault(404, `there is no product ${id}`);
      return found;
    },
    /** The user's salt and hash, or undefined. */
    user,
    ...(book ? ledger(book) : { place: noLedger, order: noLedger }),
    /** Writes down what is not on the disk yet; nothing is asked after that. */
    close: () => book && book.close(),
  };
}

function noLedger() {
  throw new Fault(503, 'the server was started without a database for orders');
}

/** Node.js's own module, from 22.13 on; undefined before. */
async function ownSqlite() {
  let sqlite;
  try {
    sqlite = await import('node:sqlite');
  } catch (err) {
    if (err.code === 'ERR_UNKNOWN_BUILTIN_MODULE') return undefined;
    throw err;
  }
  return {
    engine: 'node:sqlite',
    async open(file, writes) {
      const db = new sqlite.DatabaseSync(file, { readOnly: !writes });
      if (writes) {
        // As in the other modes: when to write to the disk is left to the system.
        db.exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = OFF');
      }
      return {
        shared: true,
        prepare(sql) {
          const statement = db.prepare(sql);
          return (...parameters) => statement.get(...parameters);
        },
        all(sql) {
          const statement = db.prepare(sql);
          return (...parameters) => statement.all(...parameters);
        },
        close: () => db.close(),
      };
    },
  };
}

/**
 * SQLite as WebAssembly: it needs neither a package to be installed nor a compiler. It holds the database in memory, so that
 * orders are on the disk at the end only, and of one process.
 */
async function wasmSqlite(alone) {
  const { default: initSqlJs } = await import('../vendor/sql.js/dist/sql-wasm.js');
  const { Database } = await initSqlJs();
  return {
    engine: 'sql.js',
    async open(file, writes) {
      const db = new Database(await readFile(file));
      const rows = (statement, parameters, each) => {
        statement.bind(parameters);
        const row = each(statement);
        statement.reset();
        return row;
      };
      return {
        shared: alone,
        prepare(sql) {
          const statement = db.prepare(sql);
          return (...parameters) =>
            rows(statement, parameters, () =>
              statement.step() ? statement.getAsObject() : undefined,
            );
        },
        all(sql) {
          const statement = db.prepare(sql);
          return (...parameters) =>
            rows(statement, parameters, () => {
              const found = [];
              while (statement.step()) found.push(statement.getAsObject());
              return found;
            });
        },
        close: () => writes && alone && writeFileSync(file, db.export()),
      };
    },
  };
}

import cluster from 'node:cluster';
import http from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { endWithParent, stopOnSignals } from './life.js';
import { observed } from './trace.js';
import { closeChat, openChat } from './work/chat.js';
import { endStreams } from './work/live.js';
import { openPostgres } from './work/postgres.js';
import { openShop } from './work/shop.js';
import { upstream } from './work/upstream.js';

/**
 * Serves what makeListener gives until it is asked to stop, and prints a line with "port N" once it does. With --loops
 * above 1 that many workers of the cluster module serve, each with an event loop of its own. Arguments, all needed:
 * --host ("" for every interface), --port, --loops, --data (the folder with the file, the video and the database), --db (sqlite: and the file of
 * the orders' database, "" for none; or a PostgreSQL's URL), --connections (to that), --upstream ("" for none).
 */
export async function serve(name, makeListener) {
  const names = ['host', 'port', 'loops', 'data', 'db', 'connections', 'upstream'];
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((option) => [option, { type: 'string' }])),
  });
  try {
    const loops = Number(values.loops);
    if (loops > 1 && cluster.isPrimary) {
      lead(name, loops);
    } else {
      await listen(name, makeListener, values);
    }
  } catch (err) {
    fail(name, err);
  }
}

/** One event loop: all there is, or a worker of the cluster. */
async function listen(name, makeListener, { host, port, loops, data, db, upstream: url, ...rest }) {
  const shop = db.startsWith('postgres:')
    ? await openPostgres(db, Math.ceil(Number(rest.connections) / Number(loops)))
    : await openShop(join(data, 'products.db'), db.replace(/^sqlite:/, ''), loops === '1');
  const server = http.createServer(
    { requestTimeout: 30_000, headersTimeout: 30_000 },
    observed(
      makeListener({
        file: join(data, 'file.bin'),
        video: join(data, 'video.bin'),
        shop,
        ask: upstream(url),
      }),
    ),
  );
  server.keepAliveTimeout = 60_000; // as the other modes have it; the default of 5 s would end connections amid a measurement
  server.on('error', (err) => fail(name, err));
  await openChat(server, loops === '1');
  stopOnSignals(() => drain(server, shop));
  if (cluster.isPrimary) endWithParent();
  // The default backlog of 511 would turn away many of a thousand clients that come at once; Go asks for 4096 too.
  server.listen({ host: host || undefined, port: Number(port), backlog: 4096 }, () => {
    if (cluster.isPrimary) announce(name, server.address().port, shop.engine);
  });
}

/** The cluster's first process: it accepts connections, hands them to the workers in turn, and ends with the last of them. */
function lead(name, loops) {
  let listening = 0;
  let stopping = false;
  const stop = () => {
    stopping = true;
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  };
  cluster.on('listening', (worker, { port }) => {
    listening += 1;
    if (listening === loops) announce(name, port, `a cluster of ${loops}`);
  });
  cluster.on('exit', (worker, code, signal) => {
    if (stopping) return;
    console.error(`${name}: worker ${worker.process.pid} ended (${signal ?? code}) unasked`);
    process.exitCode = 1;
    stop();
  });
  stopOnSignals(stop);
  endWithParent();
  for (let i = 0; i < loops; i++) cluster.fork();
}

function announce(name, port, how) {
  console.log(`Server running on port ${port}`);
  console.log(`mode ${name}: Node.js ${process.version}, ${how}, pid ${process.pid}`);
}

const drainTime = 10_000;

/** Lets requests in flight end, for a while, and then ends this process. */
function drain(server, shop) {
  server.prependListener('request', (req, res) => res.setHeader('Connection', 'close'));
  server.keepAliveTimeout = 1; // connections whose response is in the making end behind it
  endStreams();
  closeChat();
  server.close(() => {
    shop.close();
    process.exit();
  });
  setTimeout(() => {
    shop.close();
    console.error(`requests were still in flight after ${drainTime / 1000} s and were cut off`);
    process.exit(1);
  }, drainTime).unref();
}

function fail(name, err) {
  console.error(`${name}: ${err.message}`);
  process.exit(1);
}

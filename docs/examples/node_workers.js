// Node.js with worker_threads: one event loop serves all connections, and threads compute for it. Waiting needs none of them.
//
//   nodecompare bench --workloads=hello,wait,cpu --server workers='exec node node_workers.js'
const http = require('node:http');
const os = require('node:os');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

if (isMainThread) {
  // A pool of one thread for each CPU. Each job has a number, under which whoever asked for it waits.
  const waiting = new Map();
  const pool = Array.from({ length: os.availableParallelism() }, () => {
    const worker = new Worker(__filename);
    worker.on('message', (job) => {
      waiting.get(job)();
      waiting.delete(job);
    });
    return worker;
  });
  let jobs = 0;
  const compute = (ms, done) => {
    const job = ++jobs;
    waiting.set(job, done);
    pool[job % pool.length].postMessage({ job, ms });
  };

  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const ms = Number(url.searchParams.get('ms') ?? 50);
    const answer = (status, text) => {
      response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': text.length });
      response.end(text);
    };
    if (url.pathname === '/') answer(200, 'hello\n');
    else if (url.pathname === '/wait') setTimeout(answer, ms, 200, 'waited\n');
    else if (url.pathname === '/cpu') compute(ms, () => answer(200, 'computed\n'));
    else answer(404, 'not found\n');
  });
  server.keepAliveTimeout = 60_000; // 5 s by default: connections that a bench keeps would be closed meanwhile
  server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 });
} else {
  parentPort.on('message', ({ job, ms }) => {
    // The thread's own CPU time is known from Node.js 23.9 on. Before that, the clock on the wall has to do.
    const used = process.threadCpuUsage
      ? () => (process.threadCpuUsage().user + process.threadCpuUsage().system) / 1000
      : () => performance.now();
    for (const end = used() + ms; used() < end; );
    parentPort.postMessage(job);
  });
}

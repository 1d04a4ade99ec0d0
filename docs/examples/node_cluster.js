// Node.js with the cluster module: an event loop in each of as many processes as there are CPUs. The first one accepts
// connections, and hands them out in turn.
//
//   nodecompare bench --workloads=hello,wait,cpu --server cluster='exec node node_cluster.js'
const cluster = require('node:cluster');
const http = require('node:http');
const os = require('node:os');

function serve(request, response) {
  const url = new URL(request.url, 'http://localhost');
  const ms = Number(url.searchParams.get('ms') ?? 50);
  const answer = (status, text) => {
    response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': text.length });
    response.end(text);
  };
  if (url.pathname === '/') {
    answer(200, 'hello\n');
  } else if (url.pathname === '/wait') {
    setTimeout(answer, ms, 200, 'waited\n');
  } else if (url.pathname === '/cpu') {
    const start = process.cpuUsage();
    for (let used = 0; used < ms * 1000; ) {
      const { user, system } = process.cpuUsage(start);
      used = user + system;
    }
    answer(200, 'computed\n');
  } else {
    answer(404, 'not found\n');
  }
}

if (cluster.isPrimary) {
  for (let i = 0; i < os.availableParallelism(); i++) cluster.fork();
} else {
  const server = http.createServer(serve);
  server.keepAliveTimeout = 60_000; // 5 s by default: connections that a bench keeps would be closed meanwhile
  server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 4096 });
}

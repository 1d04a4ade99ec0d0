// A server of somebody's own: all that it knows of nodecompare is its port.
const http = require('node:http')

http
  .createServer((request, response) => {
    if (request.url !== '/') response.statusCode = 404
    response.end('hello\n')
  })
  .listen(Number(process.env.PORT), '127.0.0.1')

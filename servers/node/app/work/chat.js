import http from 'node:http';

import { Fault } from './fault.js';
import { first, parseQuery, target } from './query.js';

const maxMessage = 4 << 10; // bytes
const maxLag = 256 << 10; // bytes that are kept for a member who is slow to read
const checkEvery = 60_000; // milliseconds
const closeTime = 1000; // milliseconds

const rooms = new Map(); // of the members' Sets, by name
const figures = { members: 0, rooms: 0, messages: 0, deliveries: 0, slow_closed: 0 };
let used = false;
let unable = 'chat is not served yet';
let sockets; // ws's server, where there can be one

/** What the chat has to show, or undefined as long as nobody was there. */
export const chatFigures = () => (used ? figures : undefined);

/**
 * Has the server upgrade GET /chat?room=NAME to a WebSocket. It takes npm's ws, which the folder of the mode node lacks unless
 * it was asked for, and the only process of a server: those of a cluster have no members in common.
 */
export async function openChat(server, alone) {
  if (!alone) {
    unable =
      'chat needs all members in one process, and those of a cluster share nothing: serve with --loops=1';
  } else {
    try {
      const { WebSocketServer } = await import('ws');
      sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessage });
      setInterval(check, checkEvery).unref();
    } catch (err) {
      if (err.code !== 'ERR_MODULE_NOT_FOUND') throw err;
      unable =
        "chat needs npm's ws, which is not installed: serve once with the network up and npm installed";
    }
  }
  server.on('upgrade', (req, socket, head) => {
    const [path, query] = target(req.url);
    let name;
    if (path !== '/chat') {
      serveOn(server, req, socket, head);
      return;
    }
    try {
      name = roomOf(req, parseQuery(query));
    } catch {
      answerPlainly(server, req, socket); // which says what is wrong
      return;
    }
    sockets.handleUpgrade(req, socket, head, (peer) => join(peer, name));
  });
}

/** The room that an opening handshake asks for. Throws a Fault for what is none, or cannot be served. */
function roomOf(req, query) {
  const {
    upgrade = '',
    'sec-websocket-version': version,
    'sec-websocket-key': key = '',
  } = req.headers;
  const isUpgrade =
    req.method === 'GET' && req.httpVersionMinor > 0 && /(^|,)\s*websocket\s*(,|$)/i.test(upgrade);
  if (!isUpgrade || !/(^|,)\s*upgrade\s*(,|$)/i.test(req.headers.connection ?? '')) {
    throw new Fault(
      426,
      'this is a WebSocket: ask with Upgrade: websocket and Connection: Upgrade',
    );
  }
  if (version !== '13') throw new Fault(426, 'Sec-WebSocket-Version must be 13');
  if (!/^[+/0-9A-Za-z]{21}[AQgw]==$/.test(key)) {
    throw new Fault(400, 'Sec-WebSocket-Key must be 16 bytes in base64');
  }
  const name = first(query.room) ?? '';
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new Fault(
      400,
      'room must be a name of 1 to 64 letters, digits, - and _, such as room=lobby',
    );
  }
  if (!sockets) throw new Fault(501, unable);
  return name;
}

/** Answers a request for /chat that is not upgraded: throws the Fault that says why. */
export function refuseChat(req, res, query) {
  try {
    roomOf(req, query);
  } catch (fault) {
    if (fault.status === 426) {
      res.setHeader('Upgrade', 'websocket');
      res.setHeader('Sec-WebSocket-Version', '13');
      res.setHeader('Connection', res.shouldKeepAlive ? 'Upgrade' : 'close, Upgrade');
    }
    throw fault;
  }
}

/**
 * Serves a connection on as if its request had not asked for an upgrade, which RFC 9110 (section 7.8) lets a server do. Node.js
 * gives each request with Upgrade to the listener of upgrades, for whatever route and protocol, and takes its body for the new
 * protocol's: the server is given the connection anew, with the request put back without the field.
 */
function serveOn(server, req, socket, head) {
  let text = `${req.method} ${req.url} HTTP/${req.httpVersion}\r\n`;
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    if (!/^upgrade$/i.test(req.rawHeaders[i]))
      text += `${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

/** Answers a request for a chat as if it had not asked for an upgrade, and ends the connection. */
function answerPlainly(server, req, socket) {
  const res = new http.ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.on('finish', () => socket.end());
  socket.on('error', () => socket.destroy());
  server.emit('request', req, res);
}

function join(peer, name) {
  used = true;
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room.add(peer));
  figures.members += 1;
  figures.rooms = rooms.size;
  peer.heard = true;
  peer.on('message', (text, isBinary) => {
    if (peer.readyState !== peer.OPEN) return; // it broke the rules before, or is being closed
    peer.heard = true;
    if (isBinary) {
      peer.close(1003);
      return;
    }
    figures.messages += 1;
    for (const member of room) {
      if (member.readyState !== member.OPEN) continue;
      figures.deliveries += 1;
      member.send(text, { binary: false });
      bound(member);
    }
  });
  peer.on('ping', () => {
    peer.heard = true;
    bound(peer); // ws has sent the pong
  });
  peer.on('pong', () => (peer.heard = true));
  peer.on('error', () => {}); // ws closes with the status code for it
  peer.on('close', () => {
    room.delete(peer);
    if (room.size === 0) rooms.delete(name);
    figures.members -= 1;
    figures.rooms = rooms.size;
  });
}

/** Cuts a member off for whom too much is kept, and who would cost ever more memory. */
function bound(member) {
  if (member.bufferedAmount <= maxLag || member.readyState !== member.OPEN) return;
  figures.slow_closed += 1;
  member.terminate();
}

/** Pings the members of whom nothing was heard since the last check, and gives up those who were pinged then. */
function check() {
  for (const peer of sockets.clients) {
    if (peer.heard) {
      peer.heard = peer.pinged = false;
    } else if (peer.pinged) {
      peer.terminate();
    } else {
      peer.pinged = true;
      peer.ping();
    }
  }
}

/** Closes all members' connections, which would go on for as long as they like. */
export function closeChat() {
  if (!sockets) return;
  for (const peer of sockets.clients) peer.close(1001);
  setTimeout(() => sockets.clients.forEach((peer) => peer.terminate()), closeTime).unref();
}

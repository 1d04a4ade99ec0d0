'use strict'

// Serves a chat as ws's documentation has a broadcast: each text goes to everyone in the room. A
// member that lags by more than 256 KiB is closed, and messages have 4 KiB at the most.
const { WebSocketServer, WebSocket } = require('ws')

const MOST_BEHIND = 256 * 1024

const rooms = new Map()
const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  path: '/chat',
  maxPayload: 4096,
  perMessageDeflate: false,
})
server.on('connection', (socket, request) => {
  const name = new URL(request.url, 'http://localhost').searchParams.get('room')
  let room = rooms.get(name)
  if (!room) rooms.set(name, (room = new Set()))
  room.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => {
    room.delete(socket)
    if (room.size === 0 && rooms.get(name) === room) rooms.delete(name)
  })
  socket.on('message', (data, binary) => {
    for (const member of room) {
      if (member.readyState !== WebSocket.OPEN) continue
      if (member.bufferedAmount > MOST_BEHIND) member.terminate()
      else member.send(data, { binary })
    }
  })
})

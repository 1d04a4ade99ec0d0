"""Joins chat rooms on a port and behaves badly, until its standard input ends: 500 members never
read what their rooms of 10 say, in which one of each ten speaks as fast as it can, until a line comes
on standard input, and ten times a second from then on; and 500 have sent half a frame. Prints a line
when all are there.
"""

import os
import resource
import select
import socket
import struct
import sys
import time

MEMBERS, ROOM = 500, 10
SAYS = 4000  # bytes of a message
EVERY = 0.1  # seconds between two messages of a room, from the line on

HANDSHAKE = (
    "GET /chat?room=bad-{} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def joined(port, room):
    """Returns a socket whose handshake is over, with the smallest buffer for what it is told."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", port))
    s.sendall(HANDSHAKE.format(room, "AAAAAAAAAAAAAAAAAAAAAA==").encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = s.recv(1)
        if not byte:
            sys.exit(f"the server did not let anybody in: {head.decode()}")
        head += byte
    return s


def message(text):
    """Returns a text in a frame, masked with zeros."""
    return struct.pack(">BBHI", 0x81, 0x80 | 126, len(text), 0) + text


def main():
    port = int(sys.argv[1])
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    deaf = [joined(port, n // ROOM) for n in range(MEMBERS)]
    half = [joined(port, f"half-{n}") for n in range(MEMBERS)]
    for s in half:
        s.sendall(message(b"a" * SAYS)[:100])
    print("ready", flush=True)
    said = message(b"a" * SAYS)
    left = [b""] * len(deaf[::ROOM])  # of a message that the server has not read in full
    fast = True
    while True:
        if select.select([sys.stdin], [], [], 0)[0]:
            if not sys.stdin.readline():
                os._exit(0)  # with all sockets at once
            fast = False
        for i, s in enumerate(deaf[::ROOM]):
            try:
                left[i] = left[i] or said
                left[i] = left[i][s.send(left[i], socket.MSG_DONTWAIT) :]
            except OSError:
                pass  # it was closed, or the server does not read
        time.sleep(0.001 if fast else EVERY)


main()

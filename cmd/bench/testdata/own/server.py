# What python3 -m http.server does, with room for more than the 5 connections of its backlog: with 5 most of a load's connections wait
# seconds for the system to try again, and a bench of it takes minutes.
import http.server
import os

http.server.ThreadingHTTPServer.request_queue_size = 4096
http.server.test(
    http.server.SimpleHTTPRequestHandler,
    http.server.ThreadingHTTPServer,
    port=int(os.environ["PORT"]),
    bind="127.0.0.1",
)

"""Python's own http.server: a thread for each connection, blocking calls.

    nodecompare bench --workloads=hello,wait,cpu --server python='exec python3 python_threads.py'
"""

import http.server
import os
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections; it is 1.0 by default
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        ms = int(urllib.parse.parse_qs(url.query).get("ms", ["50"])[0])
        if url.path == "/":
            self.answer(200, "hello\n")
        elif url.path == "/wait":
            time.sleep(ms / 1000)
            self.answer(200, "waited\n")
        elif url.path == "/cpu":
            end = time.thread_time() + ms / 1000
            while time.thread_time() < end:
                pass
            self.answer(200, "computed\n")
        else:
            self.answer(404, "not found\n")

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 4096  # the backlog, which is 5 by default: further clients would try again for seconds


Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()

"""Python's asyncio: one event loop on one thread. The HTTP is the least that will do, as asyncio has none.

    nodecompare bench --workloads=hello,wait,cpu --server asyncio='exec python3 python_asyncio.py'
"""

import asyncio
import os
import time
import urllib.parse


async def answer(target):
    url = urllib.parse.urlsplit(target)
    ms = int(urllib.parse.parse_qs(url.query).get("ms", ["50"])[0])
    if url.path == "/":
        return "200 OK", b"hello\n"
    if url.path == "/wait":
        await asyncio.sleep(ms / 1000)
        return "200 OK", b"waited\n"
    if url.path == "/cpu":  # nobody else is served meanwhile
        end = time.thread_time() + ms / 1000
        while time.thread_time() < end:
            pass
        return "200 OK", b"computed\n"
    return "404 Not Found", b"not found\n"


async def converse(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, target, version = head.split("\r\n", 1)[0].split(" ")
            status, body = await answer(target) if method == "GET" else ("405 Method Not Allowed", b"")
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            await writer.drain()
            if version != "HTTP/1.1" or method != "GET" or "\r\nconnection: close\r\n" in head.lower():
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client has gone
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(converse, "127.0.0.1", int(os.environ["PORT"]), backlog=4096)
    async with server:
        await server.serve_forever()


asyncio.run(main())

/* Holds what both floors share: the reply that they give and the socket on which they listen. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Equals our own servers' reply to "/", but for the order of the headers and a Date that stands. */
static const char reply[] =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Length: 35\r\n"
    "Date: Sun, 22 Nov 2026 06:31:00 GMT\r\n"
    "\r\n"
    "Hello from Mango Engineers Backend!";

/* Returns a socket that listens on the loopback address. Ends the program if it cannot. */
static int listen_on(int port, int flags) {
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | flags, 0);
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = htons(port)};
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* connections inherit it */
    if (bind(listener, (void *)&loopback, sizeof loopback) || listen(listener, 4096)) {
        perror("cannot listen");
        exit(1);
    }
    return listener;
}

/* Raises the limit on open files to the most allowed, because each connection is one. */
static void allow_many_files(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

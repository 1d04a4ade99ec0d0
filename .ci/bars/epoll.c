/* Serves a fixed reply by one thread and epoll: the floor for an event-loop server.
   Requests are not parsed: what one read returns counts as one request.

   usage: epoll PORT [WAIT_MS]    WAIT_MS is the time before each reply, 0 by default */
#include "floor.h"
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

/* Holds the connections that wait for their reply. All wait equally long, so the first to come is
   the first due, and a ring can stand in for a timer heap. A connection has one request at a time,
   so the ring has room for 131,072 connections. */
enum { ROOM = 1 << 17 };
static struct { long long due; int conn; } waiting[ROOM];
static unsigned first, next;

static int poller, listener;
static long long wait_us;

static long long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* Returns the milliseconds until the first reply is due, rounded up, or -1 if none waits. */
static int until_due(void) {
    if (first == next) return -1;
    long long left = waiting[first % ROOM].due - now_us();
    return left > 0 ? (int)((left + 999) / 1000) : 0;
}

static void send_reply(int conn) {
    if (write(conn, reply, sizeof reply - 1) < 0) close(conn);
}

static void send_due(void) {
    for (long long now = now_us(); first != next && waiting[first % ROOM].due <= now; first++)
        send_reply(waiting[first % ROOM].conn);
}

static void watch(int fd) {
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &readable);
}

static void accept_all(void) {
    for (int conn; (conn = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0;) watch(conn);
}

static void serve(int conn) {
    char request[16384];
    ssize_t n = read(conn, request, sizeof request);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        close(conn);
    } else if (wait_us) {
        waiting[next % ROOM].due = now_us() + wait_us;
        waiting[next++ % ROOM].conn = conn;
    } else {
        send_reply(conn);
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return fputs("usage: epoll PORT [WAIT_MS]\n", stderr), 2;
    wait_us = argc > 2 ? atoll(argv[2]) * 1000 : 0;
    allow_many_files();
    listener = listen_on(atoi(argv[1]), SOCK_NONBLOCK);
    poller = epoll_create1(0);
    watch(listener);
    for (;;) {
        struct epoll_event ready[512];
        int n = epoll_wait(poller, ready, 512, until_due());
        for (int i = 0; i < n; i++) {
            if (ready[i].data.fd == listener) accept_all();
            else serve(ready[i].data.fd);
        }
        send_due();
    }
}

/* Serves a fixed reply by a thread for each connection: the floor for a server of blocking calls.
   Requests are not parsed: what one read returns counts as one request.

   usage: threads PORT [WAIT_MS]    WAIT_MS is the time before each reply, 0 by default */
#include "floor.h"
#include <pthread.h>

static int wait_us;

static void *serve(void *arg) {
    int conn = (int)(long)arg;
    char request[4096];
    while (read(conn, request, sizeof request) > 0) {
        if (wait_us) usleep(wait_us);
        if (write(conn, reply, sizeof reply - 1) < 0) break;
    }
    close(conn);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 2) return fputs("usage: threads PORT [WAIT_MS]\n", stderr), 2;
    wait_us = argc > 2 ? atoi(argv[2]) * 1000 : 0;
    allow_many_files();
    int listener = listen_on(atoi(argv[1]), 0);

    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 * 1024);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (;;) {
        pthread_t thread;
        int conn = accept(listener, 0, 0);
        if (conn >= 0 && pthread_create(&thread, &small, serve, (void *)(long)conn)) close(conn);
    }
}

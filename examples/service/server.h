/*
 * server.h - the network side: one thread with epoll reads lines, workers answer them.
 *
 * Requests, one a line, each with one line for an answer:
 *
 *     GET key            VALUE text | MISSING
 *     SET key text       STORED | REFUSED
 *     MOVE from to       MOVED | MISSING
 *     PURGE key          PURGED number
 *     STATS              STATS entries=… bytes=… gets=… hits=… refused=… connections=…
 */
#ifndef SERVICE_SERVER_H
#define SERVICE_SERVER_H

#include "audit.h"
#include "cache.h"

struct server_options {
    unsigned short port; /* 0 = any; host byte order */
    unsigned workers;
    unsigned bugs;
};

/*
 * Listens on 127.0.0.1, prints "listening on PORT", and serves until SIGTERM or SIGINT, which every thread must have
 * blocked. Returns 0, or -1 after a message on standard error.
 */
int server_run(const struct server_options *options, struct cache *cache, struct audit *audit);

#endif

/*
 * request.h - what one line asks for, done and answered. See server.h for the requests.
 */
#ifndef SERVICE_REQUEST_H
#define SERVICE_REQUEST_H

#include "audit.h"
#include "cache.h"
#include "connection.h"

#define ANSWER_BYTES 256

struct backend {
    struct cache *cache;
    struct audit *audit;
    struct connections *connections;
};

/* May be called by any thread. Cuts `line` up. */
void request_answer(struct backend *backend, char *line, char answer[ANSWER_BYTES]);

#endif

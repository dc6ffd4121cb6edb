/*
 * connection.h - clients: a buffer of unread bytes each, and the table of all of them.
 *
 * A connection is in the hands of one thread at a time: the event loop's, or a worker's from the queue until it is
 * watched again. So it needs no lock; the table has one, since STATS counts it.
 */
#ifndef SERVICE_CONNECTION_H
#define SERVICE_CONNECTION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 1024 /* with the NUL; a client that sends longer lines is dropped */

struct connection {
    struct connection *next, **link;
    int socket;
    size_t used;
    char bytes[LINE_BYTES];
};

struct connections {
    pthread_mutex_t lock;
    struct connection *first;
    unsigned count;
};

void connections_init(struct connections *table);
void connections_release(struct connections *table);                       /* closes all */
struct connection *connections_add(struct connections *table, int socket); /* NULL without memory */
void connections_remove(struct connections *table, struct connection *connection);
unsigned connections_count(struct connections *table);

/* Takes what has come. False at the end of the stream, after an error, or if a line is too long. */
bool connection_receive(struct connection *connection);
bool connection_has_line(const struct connection *connection);

/* Takes the first whole line, without its end. */
bool connection_line(struct connection *connection, char line[LINE_BYTES]);

/* Waits up to a second for a slow client, then gives it up: the next receive sees the end of the stream. */
void connection_send(struct connection *connection, const char *text);

#endif

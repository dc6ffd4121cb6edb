#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_MS 1000

void connections_init(struct connections *table)
{
    *table = (struct connections){.first = NULL};
    pthread_mutex_init(&table->lock, NULL);
}

void connections_release(struct connections *table)
{
    while (table->first)
        connections_remove(table, table->first);
    pthread_mutex_destroy(&table->lock);
}

struct connection *connections_add(struct connections *table, int socket)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        return NULL;
    connection->socket = socket;
    pthread_mutex_lock(&table->lock);
    connection->next = table->first;
    connection->link = &table->first;
    if (table->first)
        table->first->link = &connection->next;
    table->first = connection;
    table->count++;
    pthread_mutex_unlock(&table->lock);
    return connection;
}

void connections_remove(struct connections *table, struct connection *connection)
{
    pthread_mutex_lock(&table->lock);
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    table->count--;
    pthread_mutex_unlock(&table->lock);
    close(connection->socket);
    free(connection);
}

unsigned connections_count(struct connections *table)
{
    pthread_mutex_lock(&table->lock);
    unsigned count = table->count;
    pthread_mutex_unlock(&table->lock);
    return count;
}

bool connection_receive(struct connection *connection)
{
    size_t room = sizeof connection->bytes - connection->used;
    if (room == 0)
        return false;
    ssize_t n = recv(connection->socket, connection->bytes + connection->used, room, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    connection->used += (size_t)n;
    return n > 0;
}

bool connection_has_line(const struct connection *connection)
{
    return memchr(connection->bytes, '\n', connection->used) != NULL;
}

bool connection_line(struct connection *connection, char line[LINE_BYTES])
{
    char *end = memchr(connection->bytes, '\n', connection->used);
    if (!end)
        return false;
    size_t size = (size_t)(end - connection->bytes), taken = size + 1;
    memcpy(line, connection->bytes, size);
    line[size] = '\0';
    line[strcspn(line, "\r")] = '\0';
    connection->used -= taken;
    memmove(connection->bytes, connection->bytes + taken, connection->used);
    return true;
}

void connection_send(struct connection *connection, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = send(connection->socket, text, left, MSG_NOSIGNAL);
        if (n >= 0) {
            text += n;
            left -= (size_t)n;
            continue;
        }
        struct pollfd room = {.fd = connection->socket, .events = POLLOUT};
        if (errno == EINTR || (errno == EAGAIN && poll(&room, 1, SEND_MS) > 0))
            continue;
        shutdown(connection->socket, SHUT_RDWR);
        return;
    }
}

// expect: hot-alloc HIGH|MEDIUM
// allow: alloc-churn
// where: hot-alloc split
/*
 * An event loop takes lines of fields apart. Each field becomes a node and a copy, both from malloc, that are freed at
 * the end of the tick: 64 allocations for every line.
 *
 * Kiwi prints hot-alloc: allocations in the median tick and at worst, how much of the tick's time the heap takes, and
 * the call paths that allocate.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINES 600
#define FIELDS 32

struct field {
    char *text;
    struct field *next;
};

static int server, client;
static unsigned long letters;

static __attribute__((noinline)) struct field *split(const char *line)
{
    struct field *list = NULL;

    for (const char *at = line; *at; at += 4) {
        struct field *f = malloc(sizeof *f);

        f->text = malloc(5);
        memcpy(f->text, at, 4);
        f->text[4] = '\0';
        f->next = list;
        list = f;
    }
    return list;
}

static __attribute__((noinline)) void on_line(const char *line)
{
    struct field *list = split(line);

    while (list) {
        struct field *next = list->next;

        letters += strlen(list->text);
        free(list->text);
        free(list);
        list = next;
    }
}

static void *run_loop(void *unused)
{
    struct pollfd p = {server, POLLIN, 0};
    char line[4 * FIELDS + 1];

    while (poll(&p, 1, -1) == 1 && recv(server, line, sizeof line, 0) > 0)
        on_line(line);
    return unused;
}

int main(void)
{
    char line[4 * FIELDS + 1] = "";
    int pair[2];
    pthread_t loop;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
        return 1;
    server = pair[0];
    client = pair[1];
    for (int i = 0; i < FIELDS; i++)
        memcpy(line + (size_t)4 * i, "key;", 4);
    pthread_create(&loop, NULL, run_loop, NULL);
    for (int i = 0; i < LINES; i++) {
        if (send(client, line, sizeof line, 0) < 0)
            return 1;
        if (i % 4 == 0)
            usleep(500);
    }
    close(client);
    pthread_join(loop, NULL);
    printf("%lu letters\n", letters);
    return 0;
}

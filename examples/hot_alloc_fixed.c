// expect: none
/* hot_alloc.c mended: nodes and copies come from an arena that was made before the loop and is reset for each line. */
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

struct arena {
    char *base;
    size_t used, size;
};

static int server, client;
static unsigned long letters;

static void *arena_get(struct arena *a, size_t size)
{
    char *p = a->base + a->used;

    size = (size + 15) & ~(size_t)15;
    if (a->used + size > a->size)
        abort();
    a->used += size;
    return p;
}

static __attribute__((noinline)) struct field *split(struct arena *a, const char *line)
{
    struct field *list = NULL;

    for (const char *at = line; *at; at += 4) {
        struct field *f = arena_get(a, sizeof *f);

        f->text = arena_get(a, 5);
        memcpy(f->text, at, 4);
        f->text[4] = '\0';
        f->next = list;
        list = f;
    }
    return list;
}

static __attribute__((noinline)) void on_line(struct arena *a, const char *line)
{
    a->used = 0;
    for (struct field *f = split(a, line); f; f = f->next)
        letters += strlen(f->text);
}

static void *run_loop(void *unused)
{
    struct pollfd p = {server, POLLIN, 0};
    struct arena a = {malloc(8192), 0, 8192};
    char line[4 * FIELDS + 1];

    while (poll(&p, 1, -1) == 1 && recv(server, line, sizeof line, 0) > 0)
        on_line(&a, line);
    free(a.base);
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

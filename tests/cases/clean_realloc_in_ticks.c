// expect: none
// about: loops whose buffers double, reach their bound and stay, grow while the configuration is read, or once for all
#include "loop_case.h"
#include <poll.h>

#define MESSAGES 1200

struct buffer {
    char *data;
    size_t used, room;
};

static FRAME void buffer_double(struct buffer *b, size_t n) /* a new one for each hundred messages */
{
    if (b->used + n > b->room) {
        b->room = b->room ? 2 * b->room : 64;
        b->data = realloc(b->data, b->room);
        require(b->data != NULL, "realloc");
    }
    b->used += n;
}

static FRAME void buffer_bounded(struct buffer *b, size_t n) /* grows by pieces to its bound, and is used again */
{
    if (b->used + n > b->room && b->room < 30000) {
        b->room += n;
        b->data = realloc(b->data, b->room);
        require(b->data != NULL, "realloc");
    }
    b->used = b->used + n > b->room ? 0 : b->used + n;
}

static FRAME void table_add(struct buffer *b, size_t n) /* while the first messages configure it */
{
    b->data = realloc(b->data, b->room += n);
    require(b->data != NULL, "realloc");
}

struct loop {
    int fds[2];
    int kind;
};

static FRAME void on_message(int kind, int number, struct buffer *b, struct buffer *table)
{
    if (kind == 0) {
        buffer_double(b, 100);
        if (number % 100 == 99) {
            free(b->data);
            *b = (struct buffer){NULL, 0, 0};
        }
    } else if (kind == 1) {
        buffer_bounded(b, 120);
    } else if (number < 400) {
        table_add(table, 100);
        if (number % 100 == 99) { /* four tables */
            free(table->data);
            *table = (struct buffer){NULL, 0, 0};
        }
    }
}

static FRAME void *run_loop(void *arg)
{
    struct loop *l = arg;
    struct pollfd p[2] = {{l->fds[0], POLLIN, 0}, {l->fds[1], POLLIN, 0}};
    struct buffer b = {NULL, 0, 0}, table = {NULL, 0, 0};
    for (int seen = 0; seen < MESSAGES && poll(p, 2, 5000) > 0;)
        for (int i = 0; i < 2; i++)
            if (p[i].revents && hear(p[i].fd))
                on_message(l->kind, seen++, &b, &table);
    free(b.data);
    free(table.data);
    return NULL;
}

int main(void)
{
    struct loop loops[3];
    int out[3][2];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        loops[i].kind = i;
        for (int k = 0; k < 2; k++)
            pair_make(&loops[i].fds[k], &out[i][k]);
        threads[i] = thread_start(run_loop, &loops[i]);
    }
    for (int i = 0; i < MESSAGES; i++) {
        for (int k = 0; k < 3; k++)
            say(out[k][i % 2], 'm');
        if (i % 16 == 0)
            nap_ms(2);
    }
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
    return 0;
}

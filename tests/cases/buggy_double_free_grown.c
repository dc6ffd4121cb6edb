// expect: double-free CRITICAL
// where: double-free drop
// options: heap=exact
// status: any
// about: a message buffer grows and moves, and the reader goes on to free the pointer that it had before
#include "case.h"

struct message {
    char *body;
    size_t used, room;
};

static FRAME void drop(char *body)
{
    free(body);
}

/* The caller's copy of the pointer stays as it was. */
static FRAME void append(struct message m[static 1], const char *bytes, size_t n)
{
    while (m->used + n > m->room) {
        m->room *= 8;
        m->body = realloc(m->body, m->room);
    }
    memcpy(m->body + m->used, bytes, n);
    m->used += n;
}

int main(void)
{
    static char bytes[6000];
    struct message m = {malloc(4000), 0, 4000};
    char *body = m.body, *beside = malloc(4000); /* so that it cannot grow where it is */
    append(&m, bytes, sizeof bytes);
    drop(body);
    free(beside);
    free(m.body);
    return 0;
}

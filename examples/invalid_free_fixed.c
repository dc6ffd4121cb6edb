// expect: none
// options: heap=exact
/*
 * invalid_free.c, mended: a session that is closed goes back to the table's list of free ones; the table is freed
 * whole.
 *
 * Kiwi prints no finding.
 */
#include <stdio.h>
#include <stdlib.h>

struct session {
    int id;
    struct session *next;
    char peer[48];
};

struct table {
    struct session *all, *unused;
};

static __attribute__((noinline)) void table_init(struct table *t, int sessions)
{
    t->all = calloc((size_t)sessions, sizeof *t->all);
    t->unused = NULL;
    if (!t->all)
        exit(9);
    for (int i = 0; i < sessions; i++)
        t->all[i].id = i;
}

static __attribute__((noinline)) void session_close(struct table *t, struct session *s)
{
    printf("closing %d\n", s->id);
    s->next = t->unused;
    t->unused = s;
}

int main(void)
{
    struct table t;
    table_init(&t, 16);
    session_close(&t, &t.all[3]);
    free(t.all);
    return 0;
}

// expect: invalid-free CRITICAL
// where: invalid-free session_close
// options: heap=exact
// status: any
/*
 * Sessions are elements of one table, made by one calloc. One path frees a single session, an address inside that
 * block.
 *
 * Kiwi, with heap=exact, prints invalid-free (CRITICAL): who freed it, how far into which block it lies, who made that.
 */
#include <stdio.h>
#include <stdlib.h>

struct session {
    int id;
    char peer[60];
};

static __attribute__((noinline)) struct session *table_new(int sessions)
{
    struct session *table = calloc((size_t)sessions, sizeof *table);
    if (!table)
        exit(9);
    for (int i = 0; i < sessions; i++)
        table[i].id = i;
    return table;
}

static __attribute__((noinline)) void session_close(struct session *s)
{
    printf("closing %d\n", s->id);
    fflush(stdout);
    free(s);
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    struct session *table = table_new(16);
    session_close(&table[3]);
    free(table);
    return 0;
}

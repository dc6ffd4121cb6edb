// expect: double-free CRITICAL
// where: double-free request_release
// options: heap=exact
// status: any
/*
 * A request that does not parse is cleaned up where the error is found, and once more by the caller, as every request.
 *
 * Kiwi, with heap=exact, prints double-free (CRITICAL): where it was freed again, where before, and where it was made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
    char *name;
    int ok;
};

static __attribute__((noinline)) void request_parse(struct request *r, const char *line)
{
    r->name = malloc(64);
    if (!r->name)
        exit(9);
    r->ok = strlen(line) < 8;
    snprintf(r->name, 64, "%s", line);
    if (!r->ok)
        free(r->name);
}

#pragma GCC diagnostic ignored "-Wuse-after-free"
static __attribute__((noinline)) void request_release(struct request *r)
{
    free(r->name);
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    static const char *const lines[] = {"get", "put", "a line that is too long", "list"};
    for (int i = 0; i < 4; i++) {
        struct request r;
        request_parse(&r, lines[i]);
        request_release(&r);
    }
    puts("4 requests");
    return 0;
}

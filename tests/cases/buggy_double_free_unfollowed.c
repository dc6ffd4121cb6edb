// expect: double-free CRITICAL
// where: double-free release
// status: any
// about: one request of many frees its value twice, in a process whose blocks are followed one in thousands by then: glibc's own check ends it
#include "case.h"

struct request {
    char *key, *value;
};

static FRAME void release(struct request *r)
{
    free(r->value);
}

static FRAME int serve(int i)
{
    struct request r = {strdup("content-type"), malloc(120)};
    snprintf(r.value, 120, "text/plain; number=%d", i);
    int length = (int)strlen(r.value);
    free(r.key);
    if (i == 30000)
        release(&r);
    release(&r);
    return length;
}

int main(void)
{
    long sum = 0;
    for (int i = 0; i < 30100; i++)
        sum += serve(i);
    printf("%ld\n", sum);
    return 0;
}

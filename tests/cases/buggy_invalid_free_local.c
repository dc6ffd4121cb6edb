// expect: invalid-free CRITICAL
// where: invalid-free path_release
// options: heap=exact
// status: any
// about: short paths are kept in a buffer of the caller, and the common cleanup frees them all the same
#include "case.h"

struct path {
    char *text, buffer[32];
};

static FRAME void path_set(struct path *p, const char *text)
{
    size_t size = strlen(text) + 1;
    p->text = size <= sizeof p->buffer ? p->buffer : malloc(size);
    require(p->text != NULL, "memory");
    memcpy(p->text, text, size);
}

#pragma GCC diagnostic ignored "-Wfree-nonheap-object"
static FRAME void path_release(struct path *p)
{
    free(p->text);
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    struct path p;
    path_set(&p, "/a/path/that/is/longer/than/the/buffer/of/the/caller");
    path_release(&p);
    path_set(&p, "/short");
    path_release(&p);
    puts("done");
    return 0;
}

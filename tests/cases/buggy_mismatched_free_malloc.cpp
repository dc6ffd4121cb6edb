// expect: mismatched-free CRITICAL
// where: mismatched-free name_drop
// options: heap=exact
// status: any
// about: a string that strdup made is owned by an object whose cleanup deletes it
#include "case.h"

struct Named {
    char *name;
};

static FRAME void name_take(Named *n, const char *name)
{
    n->name = strdup(name);
}

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
static FRAME void name_drop(Named *n)
{
    delete[] n->name;
    __asm__ volatile("" ::: "memory");
}

int main()
{
    for (int i = 0; i < 20; i++) {
        Named n;
        name_take(&n, "some name of something");
        name_drop(&n);
    }
    puts("done");
    return 0;
}

// expect: heap-leak
// where: heap-leak serve
// options: heap=exact
// about: a host loads a library for each request and unloads it again, and forgets a block each time: one place, however often
#include "case.h"

#include <dlfcn.h>

#define REQUESTS 150

static FRAME void *serve(size_t size)
{
    void *library = dlopen("libresolv.so.2", RTLD_NOW);
    require(library && dlsym(library, "ns_sprintrr"), "a library");
    char *answer = malloc(size);
    answer[0] = 1;
    require(dlclose(library) == 0, "unloaded");
    return answer;
}

int main(void)
{
    void *volatile answer = NULL;
    for (size_t i = 0; i < REQUESTS; i++)
        answer = serve(300 + i % 4);
    answer = NULL;
    return answer != NULL;
}

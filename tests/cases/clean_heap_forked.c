// expect: none
// options: heap=exact
// about: blocks that were made or freed before a fork are freed in parent and child; one of another thread is freed at exit
#include "case.h"

#include <sys/wait.h>
#include <unistd.h>

#define BLOCKS 500

static char *blocks[BLOCKS], *last;

static void *maker(void *arg)
{
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc((size_t)i * 7 + 1);
        require(blocks[i] != NULL, "memory");
        memset(blocks[i], i, (size_t)i * 7 + 1);
    }
    return arg;
}

static void at_exit(void)
{
    free(last);
}

int main(void)
{
    pthread_t t;
    int status = 0;
    must(pthread_create(&t, NULL, maker, NULL), "pthread_create");
    must(pthread_join(t, NULL), "pthread_join");
    last = strdup("freed by a handler of exit");
    atexit(at_exit);
    for (int i = 0; i < BLOCKS; i += 2)
        free(blocks[i]);
    fflush(stdout);
    pid_t child = fork();
    for (int i = 1; i < BLOCKS; i += 2) {
        blocks[i][0]++;
        free(blocks[i]);
    }
    for (int i = 0; i < BLOCKS; i++)
        free(malloc((size_t)i + 10));
    if (child > 0)
        require(waitpid(child, &status, 0) == child && status == 0, "the child ended well");
    return 0;
}

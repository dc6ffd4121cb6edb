// expect: none
// allow: alloc-churn
// about: workers whose buffers double, are kept, or grow by steps once, while one table is loaded
#include "case.h"

static long used_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static FRAME void *print_doubling(void *sum)
{
    while (used_ms() < 700) {
        char *data = NULL;
        size_t size = 0, room = 0;
        for (int i = 0; i < 300; i++) {
            if (size + 40 > room)
                data = realloc(data, room = room ? 2 * room : 64);
            require(data != NULL, "realloc");
            size += (size_t)snprintf(data + size, 40, "%d,%d,some text;", i, i);
        }
        *(unsigned long *)sum += size;
        free(data);
    }
    return NULL;
}

static FRAME void *load_then_look_up(void *sum)
{
    unsigned *table = NULL;
    unsigned n = 0;
    for (; n < 20000; n++) {
        table = realloc(table, (n + 1) * sizeof *table);
        require(table != NULL, "realloc");
        table[n] = n * 2654435761u;
    }
    while (used_ms() < 700)
        for (unsigned i = 0; i < n; i++)
            *(unsigned long *)sum += table[i];
    free(table);
    return NULL;
}

int main(void)
{
    unsigned long sums[2] = {0, 0};
    pthread_t a = thread_start(print_doubling, &sums[0]), b = thread_start(load_then_look_up, &sums[1]);
    thread_join(a);
    thread_join(b);
    return sums[0] && sums[1] ? 0 : 1;
}

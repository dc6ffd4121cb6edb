// expect: realloc-growth MEDIUM
// where: realloc-growth text_add
// allow: alloc-churn
// about: workers that print tables make each table's text larger by one cell at a time
#include "case.h"

struct text {
    char *data;
    size_t size;
};

static FRAME void text_add(struct text *t, const char *cell, size_t n)
{
    t->data = realloc(t->data, t->size + n);
    require(t->data != NULL, "realloc");
    memcpy(t->data + t->size, cell, n);
    t->size += n;
}

static long used_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *print_tables(void *sum)
{
    char cell[64];
    while (used_ms() < 800)
        for (int table = 0; table < 8; table++) {
            struct text text = {NULL, 0};
            for (int i = 0; i < 300; i++) {
                int n = snprintf(cell, sizeof cell, "%d,%d,some text in a cell;", table, i);
                text_add(&text, cell, (size_t)n);
            }
            *(unsigned long *)sum += text.size;
            free(text.data);
        }
    return NULL;
}

int main(void)
{
    unsigned long sums[2] = {0, 0};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(print_tables, &sums[i]);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    return sums[0] && sums[1] ? 0 : 1;
}

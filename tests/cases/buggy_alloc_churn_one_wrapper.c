// expect: alloc-churn MEDIUM
// where: alloc-churn label_make
// allow: realloc-growth
// about: everything is allocated by one function: one thread grows pages line by line, another one makes labels and drops them
#include "case.h"

#include <stdlib.h>

#define LINE 28u
#define LINES 800u

static unsigned long sum[2];

static FRAME void *get_memory(void *p, size_t size)
{
    void *q = realloc(p, size);
    require(q != NULL, "memory");
    return q;
}

static FRAME char *page_add(char *page, size_t size)
{
    char *larger = get_memory(page, size + LINE);
    memset(larger + size, '-', LINE);
    return larger;
}

static FRAME char *label_make(unsigned long number)
{
    char *label = get_memory(NULL, 48);
    memset(label, 'a' + (int)(number % 26), 47);
    label[47] = '\0';
    return label;
}

static long used_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *pages(void *arg)
{
    while (used_ms() < 900) {
        char *page = NULL;
        for (size_t i = 0; i < LINES; i++)
            page = page_add(page, i * LINE);
        sum[0] += (unsigned char)page[LINE];
        free(page);
    }
    return arg;
}

static void *labels(void *arg)
{
    while (used_ms() < 900)
        for (unsigned long i = 0; i < 1000; i++) {
            char *label = label_make(i);
            sum[1] += (unsigned char)label[7];
            free(label);
        }
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(pages, NULL), b = thread_start(labels, NULL);
    thread_join(a);
    thread_join(b);
    return sum[0] + sum[1] == 0;
}

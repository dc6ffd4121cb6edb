/* The heap calls: results, errno and alignment at the edges, and errno left alone by free. */
#include "transcript.h"

#include <malloc.h>

static volatile size_t huge = PTRDIFF_MAX, most = SIZE_MAX;

static void made(const char *what, void *p)
{
    int error = errno;
    say("%s: %s %s", what, p ? "a block" : "NULL", p ? "" : error_name(error));
    free(p);
    errno = 0;
}

static void edges(void)
{
    errno = 0;
    made("malloc(0)", malloc(0));
    made("malloc(PTRDIFF_MAX)", malloc(huge));
    made("malloc(PTRDIFF_MAX + 1)", malloc(huge + 1));
    made("malloc(SIZE_MAX)", malloc(most));
    made("calloc(0, 5)", calloc(0, 5));
    made("calloc overflow", calloc(most / 2, 3));
    made("calloc huge", calloc(huge, 1));
    made("realloc(NULL, 5)", realloc(NULL, 5));
    made("realloc(NULL, SIZE_MAX)", realloc(NULL, most));
    made("realloc(p, 0)", realloc(malloc(5), 0));
    made("reallocarray(NULL, 3, 4)", reallocarray(NULL, 3, 4));
    made("reallocarray overflow", reallocarray(NULL, most / 2, 3));
    made("memalign", memalign(64, 10));
    made("memalign, odd alignment", memalign(24, 10));
    made("memalign, huge", memalign(64, most - 100));
    made("aligned_alloc", aligned_alloc(4096, 4096));
    made("valloc", valloc(10));
    made("pvalloc", pvalloc(10));
    unsigned char *volatile p = malloc(100); /* volatile: the compiler takes it for gone after a realloc */
    memset(p, 7, 100);
    void *q = realloc(p, most);
    say("realloc(p, SIZE_MAX): %s %s, %d there still", q ? "a block" : "NULL", error_name(errno), p[99]);
    q = reallocarray(p, most / 2, 3);
    say("reallocarray(p, overflow): %s %s", q ? "a block" : "NULL", error_name(errno));
    free(p);
}

static void posix(void)
{
    void *p = (void *)5;
    errno = ENOTTY;
    outcome("posix_memalign, alignment 3", posix_memalign(&p, 3, 10));
    outcome("posix_memalign, alignment 4", posix_memalign(&p, 4, 10));
    outcome("posix_memalign, alignment 24", posix_memalign(&p, 24, 10));
    outcome("posix_memalign, alignment 0", posix_memalign(&p, 0, 10));
    outcome("posix_memalign, huge", posix_memalign(&p, 64, most - 100));
    say("p is untouched: %d", p == (void *)5);
    for (size_t a = sizeof(void *); a <= 1 << 16; a *= 4) {
        outcome("posix_memalign", posix_memalign(&p, a, 1000));
        say("aligned to %zu: %d, room %d", a, (uintptr_t)p % a == 0, malloc_usable_size(p) >= 1000);
        free(p);
    }
}

static void contents(void)
{
    unsigned bad = 0;
    for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
        unsigned char *p = calloc(size, 1);
        for (size_t i = 0; i < size; i++)
            bad += p[i] != 0;
        memset(p, 0x5a, size);
        p = realloc(p, size * 2);
        for (size_t i = 0; i < size; i++)
            bad += p[i] != 0x5a;
        bad += malloc_usable_size(p) < size * 2 || (uintptr_t)p % 16;
        p = realloc(p, size / 2 + 1);
        for (size_t i = 0; i < size / 2 + 1; i++)
            bad += p[i] != 0x5a;
        free(p);
    }
    say("%u bad bytes", bad);
    say("usable size of NULL: %zu", malloc_usable_size(NULL));
}

/* Blocks with locks in them, which the recorder takes notice of. */
struct node {
    pthread_mutex_t mutex;
    char payload[200];
};

static void errno_stays(void)
{
    errno = ENOTTY;
    free(NULL);
    free(malloc(10));
    free(malloc(10 << 20));
    struct node *n = malloc(sizeof *n);
    errno = ENOTTY;
    pthread_mutex_init(&n->mutex, NULL);
    pthread_mutex_lock(&n->mutex);
    pthread_mutex_unlock(&n->mutex);
    n = realloc(n, 100000);
    free(n);
    struct node *large = calloc(50000, sizeof *large);
    errno = ENOTTY;
    for (int i = 0; i < 50000; i += 999) {
        pthread_mutex_lock(&large[i].mutex);
        pthread_mutex_unlock(&large[i].mutex);
    }
    free(large);
    say("errno is still %s", error_name(errno));
}

static void *churn(void *seed)
{
    unsigned x = (unsigned)(long)seed * 2654435761u + 1;
    void *blocks[256] = {NULL};
    for (int i = 0; i < 200000; i++) {
        x = x * 1664525u + 1013904223u;
        void **b = &blocks[x >> 24];
        if (x & 1024)
            *b = realloc(*b, x % 5000 + 1);
        else {
            free(*b);
            *b = malloc(x % 3000);
        }
    }
    for (int i = 0; i < 256; i++)
        free(blocks[i]);
    return NULL;
}

int main(void)
{
    edges();
    posix();
    contents();
    errno_stays();
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        threads[i] = start(churn, (void *)i);
    for (int i = 0; i < 4; i++)
        finish(threads[i]);
    say("text: %s", strdup("duplicated"));
    return 0;
}

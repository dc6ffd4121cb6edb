// expect: alloc-churn MEDIUM
// where: alloc-churn quote
// about: workers that write records copy each of them into a fresh buffer, which is freed after the write
#include "case.h"

static unsigned long written[2];

static FRAME char *quote(const char *text, size_t n)
{
    char *copy = malloc(2 * n + 3), *at = copy;
    require(copy != NULL, "malloc");
    *at++ = '"';
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"')
            *at++ = '\\';
        *at++ = text[i];
    }
    *at++ = '"';
    *at = '\0';
    return copy;
}

static FRAME void write_record(unsigned long *sum, const char *text)
{
    char *quoted = quote(text, strlen(text));
    for (const char *at = quoted; *at; at++)
        *sum += (unsigned char)*at;
    free(quoted);
}

static long used_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *write_all(void *sum)
{
    while (used_ms() < 700)
        for (int i = 0; i < 1000; i++)
            write_record(sum, "{\"sensor\": 12, \"value\": 3.5}");
    return NULL;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(write_all, &written[i]);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    return written[0] && written[1] ? 0 : 1;
}

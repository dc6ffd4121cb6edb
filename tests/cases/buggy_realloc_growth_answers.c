// expect: realloc-growth MEDIUM|HIGH
// where: realloc-growth answer_add
// about: a server builds each answer from 200 pieces, with a realloc for each, which is most of what its ticks do: one finding, and no hot-alloc beside it
#include "loop_case.h"
#include <poll.h>

struct answer {
    char *text;
    size_t size;
};

static unsigned long sum;

static FRAME void answer_add(struct answer *a, const char *piece, size_t n)
{
    a->text = realloc(a->text, a->size + n);
    require(a->text != NULL, "realloc");
    memcpy(a->text + a->size, piece, n);
    a->size += n;
}

static FRAME void answer(int request)
{
    struct answer a = {NULL, 0};
    char piece[40];
    for (int i = 0; i < 200; i++)
        answer_add(&a, piece, (size_t)snprintf(piece, sizeof piece, "<i n=%d r=%d>", i, request));
    sum += a.size;
    free(a.text);
}

static void *serve(void *arg)
{
    struct pollfd p = {*(int *)arg, POLLIN, 0};
    for (int i = 0; poll(&p, 1, 5000) > 0 && hear(p.fd); i++)
        answer(i);
    return NULL;
}

int main(void)
{
    int in, out;
    pair_make(&in, &out);
    pthread_t thread = thread_start(serve, &in);
    for (int i = 0; i < 1000; i++) {
        say(out, 'x');
        nap_ms(1);
    }
    close(out);
    thread_join(thread);
    printf("%lu\n", sum);
    return 0;
}

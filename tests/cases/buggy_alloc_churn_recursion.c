// expect: alloc-churn MEDIUM
// where: alloc-churn atom
// about: a reader of nested expressions that calls itself, by two ways, copies each atom into a block that it frees at once
#include "case.h"

#define DEEPEST 7
#define ATOM 24

struct reader {
    const char *at;
    unsigned long sum;
};

static void expression(struct reader *r);

static FRAME void atom(struct reader *r)
{
    char *copy = malloc(ATOM);
    size_t n = strcspn(r->at, "()[] ");
    require(copy != NULL && n < ATOM, "malloc");
    memcpy(copy, r->at, n);
    copy[n] = '\0';
    for (const char *c = copy; *c; c++)
        r->sum = r->sum * 31 + (unsigned char)*c;
    r->at += n;
    free(copy);
}

static FRAME void until(struct reader *r, char end)
{
    r->at++;
    while (*r->at != end) {
        if (*r->at == ' ')
            r->at++;
        else
            expression(r);
    }
    r->at++;
}

static FRAME void list(struct reader *r)
{
    until(r, ')');
    r->sum++;
}

static FRAME void vector(struct reader *r)
{
    until(r, ']');
    r->sum += 2;
}

static FRAME void expression(struct reader *r)
{
    if (*r->at == '(')
        list(r);
    else if (*r->at == '[')
        vector(r);
    else
        atom(r);
    r->sum ^= r->sum >> 7;
}

/* Each way to nest lists and vectors in each other, down to a depth, with an atom in each. */
static char *nest(char *to, int depth)
{
    for (int way = 0; way < 2; way++) {
        *to++ = "(["[way];
        to += sprintf(to, "x%d ", depth);
        if (depth < DEEPEST)
            to = nest(to, depth + 1);
        *to++ = ")]"[way];
    }
    return to;
}

static char text[16 << DEEPEST];

static long used_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void *read_all(void *sum)
{
    while (used_ms() < 900) {
        struct reader r = {.at = text};
        list(&r);
        *(unsigned long *)sum += r.sum;
    }
    return NULL;
}

int main(void)
{
    unsigned long sums[2] = {0};
    pthread_t threads[2];
    text[0] = '(';
    strcpy(nest(text + 1, 1), ")");
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(read_all, &sums[i]);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    return sums[0] && sums[1] ? 0 : 1;
}

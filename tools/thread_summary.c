#include "thread_summary.h"

#include "words.h"

#include "../analysis/review.h"

#include <inttypes.h>
#include <stdlib.h>

#define LOCKS_SHOWN 5u

/* A lock that threads wait for. */
struct queue {
    uint32_t object, waiters;
    uint64_t since; /* ticks of the longest wait, 0 = not recorded */
};

static int print_deadlocks(const struct thread_dump *d, FILE *out)
{
    struct review_options o = {.only_some = true};
    struct model *models[1] = {d->model};
    struct review *r;

    o.only[FINDING_DEADLOCK] = true;
    r = review_make(models, 1, &o);
    if (!r)
        return -1;
    for (unsigned i = 0; i < r->findings.count; i++) {
        const struct finding *f = r->findings.items[i];

        fprintf(out, "\n%s\n", f->title);
        for (unsigned e = 0; e < f->evidence_count; e++)
            fprintf(out, "  - %s\n", f->evidence[e]);
    }
    review_free(r);
    return 0;
}

static bool waits(const struct model_waiter *w)
{
    return w->want == KIWI_WANT_WAITING || w->want == KIWI_WANT_TIMED;
}

static struct queue queue_of(const struct model *m, uint32_t object)
{
    struct queue q = {.object = object};
    uint32_t count = 0;
    const struct model_waiter *w = model_waiters(m, object, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (!waits(&w[i]))
            continue;
        q.waiters++;
        q.since = w[i].since && (!q.since || w[i].since < q.since) ? w[i].since : q.since;
    }
    return q;
}

/* Most waiters first, then the longest wait. */
static int compare_queues(const void *a, const void *b)
{
    const struct queue *x = a, *y = b;

    if (x->waiters != y->waiters)
        return x->waiters > y->waiters ? -1 : 1;
    if (x->since != y->since)
        return x->since < y->since ? -1 : 1;
    return (x->object > y->object) - (x->object < y->object);
}

static void print_holders(const struct thread_dump *d, uint32_t object, FILE *out)
{
    uint32_t count = 0;
    const struct model_holder *h = model_holders(d->model, object, &count);

    if (!count) {
        fputs("held by nobody that is recorded", out);
        return;
    }
    fprintf(out, "held by %s", model_thread_name(d->model, h[0].thread));
    if (count > 1)
        fprintf(out, " and %" PRIu32 " more", count - 1);
}

static void print_queue(const struct thread_dump *d, const struct queue *q, FILE *out)
{
    uint64_t now = d->facts.duration_ns, since = q->since ? trace_ns_at(d->model->trace, q->since) : now;
    char text[WORDS_SIZE];

    fprintf(out, "  %" PRIu32 " thread%s for %s, ", q->waiters, q->waiters == 1 ? "" : "s",
            model_object_name(d->model, q->object));
    print_holders(d, q->object, out);
    if (now > since)
        fprintf(out, "; the longest wait is %s%s", d->facts.live ? "" : "at least ", words_duration(now - since, text));
    fputc('\n', out);
}

static int print_queues(const struct thread_dump *d, FILE *out)
{
    uint32_t rows = trace_rows(d->model->trace, KIWI_TABLE_OBJECTS), count = 0;
    struct queue *queues = calloc((size_t)rows + 1, sizeof *queues);

    if (!queues)
        return -1;
    for (uint32_t object = 1; object < rows; object++) {
        struct queue q = queue_of(d->model, object);

        if (q.waiters)
            queues[count++] = q;
    }
    qsort(queues, count, sizeof *queues, compare_queues);
    if (count)
        fputs("\nWaiting for locks:\n", out);
    for (uint32_t i = 0; i < count && i < LOCKS_SHOWN; i++)
        print_queue(d, &queues[i], out);
    if (count > LOCKS_SHOWN)
        fprintf(out, "  and for %" PRIu32 " more locks\n", count - LOCKS_SHOWN);
    free(queues);
    return 0;
}

int thread_summary_print(const struct thread_dump *d, FILE *out)
{
    return print_deadlocks(d, out) || print_queues(d, out) ? -1 : 0;
}

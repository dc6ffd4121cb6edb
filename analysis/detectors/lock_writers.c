#include "lock_writers.h"

#include <pthread.h>
#include <stdlib.h>

static uint32_t object_of(const struct lock_writers *w, uint32_t row)
{
    return w->m->acquisitions[row].row->object;
}

static bool puts_writers_first(const struct model *m, uint32_t object)
{
    const struct kiwi_object *o = trace_object(m->trace, object);

    return o && o->kind == KIWI_OBJECT_RWLOCK && o->type == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
}

static bool is_writer(const struct model *m, uint32_t row)
{
    const struct kiwi_acquisition *a = m->acquisitions[row].row;

    return a && a->mode == KIWI_MODE_WRITE && a->how == KIWI_HOW_LOCK && m->acquisitions[row].count &&
           !(a->flags & (KIWI_ACQ_UNPUBLISHED | KIWI_ACQ_MAKER_ALONE)) && puts_writers_first(m, a->object);
}

static int by_object(const void *a, const void *b, void *of)
{
    uint32_t x = object_of(of, *(const uint32_t *)a), y = object_of(of, *(const uint32_t *)b);

    return (x > y) - (x < y);
}

int lock_writers_make(struct lock_writers *w, const struct model *m)
{
    uint32_t count = 0;

    *w = (struct lock_writers){.m = m};
    for (uint32_t i = 1; i < m->acquisition_count; i++)
        count += is_writer(m, i);
    w->rows = calloc(count + 1ul, sizeof *w->rows);
    if (!w->rows)
        return -1;
    for (uint32_t i = 1; i < m->acquisition_count; i++)
        if (is_writer(m, i))
            w->rows[w->count++] = i;
    qsort_r(w->rows, w->count, sizeof *w->rows, by_object, w);
    return 0;
}

void lock_writers_release(struct lock_writers *w)
{
    free(w->rows);
    *w = (struct lock_writers){0};
}

/* The first of the object's, or where it would be. */
static uint32_t first_of(const struct lock_writers *w, uint32_t object)
{
    uint32_t low = 0, high = w->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (object_of(w, w->rows[middle]) < object)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool lock_writers_keep_out(const struct lock_writers *w, uint32_t object)
{
    uint32_t i = first_of(w, object);

    return i < w->count && object_of(w, w->rows[i]) == object;
}

static bool is_among(const struct lock_others *others, uint32_t thread)
{
    for (uint32_t i = 0; i < others->thread_count; i++)
        if (others->threads[i] == thread)
            return true;
    return false;
}

/* Both hold a lock that they can not hold at one time, or the writer waits for one of the others before it comes to
 * this lock. */
static bool shut_out(const struct model *m, uint32_t row, const struct lock_others *others)
{
    struct model_held mine[MODEL_MAX_HELD], theirs[MODEL_MAX_HELD];
    unsigned count = model_held_set(m, m->acquisitions[row].row->parent, mine, MODEL_MAX_HELD);

    for (uint32_t k = 0; count && k < others->held_count; k++) {
        unsigned held = model_held_set(m, others->held[k], theirs, MODEL_MAX_HELD);

        for (unsigned i = 0; i < count; i++)
            for (unsigned j = 0; j < held; j++)
                if (mine[i].object == theirs[j].object)
                    return true;
    }
    return false;
}

/* It wrote when the readers had begun (see kiwi_acquisition.last_ticks), and before the one that holds the lock
 * ended. */
static bool is_meanwhile(const struct model *m, const struct kiwi_acquisition *a, const struct lock_others *others)
{
    const struct kiwi_thread *t = trace_thread(m->trace, others->reader_thread);

    return a->last_ticks > others->reader->first_ticks &&
           (a->first_ticks < others->reader->first_ticks || (t && (!t->end_ticks || a->first_ticks < t->end_ticks)));
}

uint32_t lock_writers_choose(const struct lock_writers *w, uint32_t object, const struct lock_others *others,
                             uint32_t *thread)
{
    for (uint32_t i = first_of(w, object); i < w->count && object_of(w, w->rows[i]) == object; i++) {
        const struct kiwi_acquisition *a = w->m->acquisitions[w->rows[i]].row;

        if (!is_meanwhile(w->m, a, others) || shut_out(w->m, w->rows[i], others))
            continue;
        for (unsigned k = 0; k < sizeof a->witness / sizeof *a->witness; k++) {
            const struct kiwi_thread *t = trace_thread(w->m->trace, a->witness[k].thread);

            *thread = a->witness[k].thread;
            if (t && t->serial == a->witness[k].serial && !is_among(others, *thread))
                return w->rows[i];
        }
    }
    return 0;
}

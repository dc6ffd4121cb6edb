#include "loop_rows.h"
#include "show.h"
#include "words.h"

#include <stdlib.h>

struct loop_rows *loop_rows_open(struct loop_uses *loops)
{
    struct loop_rows *r = calloc(1, sizeof *r);

    if (!r) {
        loop_uses_close(loops);
        return NULL;
    }
    r->loops = loops;
    r->heap = loops ? hot_heap_open(loops) : NULL;
    if (r->heap)
        return r;
    loop_rows_close(r);
    return NULL;
}

void loop_rows_close(void *rows)
{
    struct loop_rows *r = rows;

    if (!r)
        return;
    hot_heap_close(r->heap);
    loop_uses_close(r->loops);
    free(r);
}

uint32_t loop_rows_count(const void *rows)
{
    return ((const struct loop_rows *)rows)->loops->count;
}

int loop_rows_by_time(const void *a, const void *b)
{
    return largest_first(((const struct loop_use *)a)->total, ((const struct loop_use *)b)->total);
}

int loop_rows_by_max(const void *a, const void *b)
{
    return largest_first(((const struct loop_use *)a)->max, ((const struct loop_use *)b)->max);
}

int loop_rows_by_count(const void *a, const void *b)
{
    return largest_first(((const struct loop_use *)a)->count, ((const struct loop_use *)b)->count);
}

static bool is_told(const struct loop_use *use, unsigned percent)
{
    return percent <= 50 || durations_tell(use->count, percent, 100);
}

static uint64_t quantile_ns(const struct loop_uses *u, const struct loop_use *use, unsigned percent)
{
    return trace_ns(u->m->trace, loop_use_quantile(u, use, percent));
}

const char *loop_rows_quantile(const struct loop_uses *u, const struct loop_use *use, unsigned percent, char *text)
{
    return is_told(use, percent) ? words_duration(quantile_ns(u, use, percent), text) : "-";
}

json_t *loop_rows_quantile_json(const struct loop_uses *u, const struct loop_use *use, unsigned percent)
{
    return is_told(use, percent) ? json_integer((json_int_t)quantile_ns(u, use, percent)) : json_null();
}

/*
 * loop_rows.h - loops or scopes with what they allocate: the rows of `kiwi show ticks` and `kiwi show scopes`.
 */
#ifndef KIWI_LOOP_ROWS_H
#define KIWI_LOOP_ROWS_H

#include "../analysis/hot_heap.h"

#include <jansson.h>

struct loop_rows {
    struct loop_uses *loops;
    struct hot_heap *heap;
};

/* Takes the loops over, also when it fails; NULL = no memory. */
struct loop_rows *loop_rows_open(struct loop_uses *loops);
/* These as `kiwi show` calls them: see show.h. */
void loop_rows_close(void *rows);
uint32_t loop_rows_count(const void *rows);

/* Orders, for qsort. */
int loop_rows_by_time(const void *a, const void *b);
int loop_rows_by_max(const void *a, const void *b);
int loop_rows_by_count(const void *a, const void *b);

/* A percentile is told only where enough samples lie above it; else it is "-" or null. */
const char *loop_rows_quantile(const struct loop_uses *u, const struct loop_use *use, unsigned percent, char *text);
json_t *loop_rows_quantile_json(const struct loop_uses *u, const struct loop_use *use, unsigned percent);
#endif

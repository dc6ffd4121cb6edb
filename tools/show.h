/*
 * show.h - what the tables of `kiwi show` are asked for. Each is a row of tables.def and a file show_NAME.c.
 */
#ifndef KIWI_SHOW_H
#define KIWI_SHOW_H

#include "input.h"

#include <jansson.h>
#include <stdio.h>

struct show_request {
    const char *sort; /* NULL = the table's own order */
    unsigned top;     /* rows of each trace, 0 = all */
    bool json;
    FILE *out;
};

struct show_table {
    const char *name;
    const char *schema;       /* of its JSON */
    const char *const *sorts; /* words for --sort, NULL-terminated; the first is the table's own order */
    /* One trace: as text to q->out, or one element added to `processes`. 0, or -1 when it ran out of memory or could
     * not be written (errno tells). */
    int (*print)(const struct show_request *q, struct model *m, json_t *processes);
};

static inline int largest_first(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

#define TABLE(word, sentence) extern const struct show_table show_##word;
#include "tables.def"
#undef TABLE
#endif

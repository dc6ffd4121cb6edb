/*
 * show.h - the tables of `kiwi show`. Each is a row of tables.def and a file show_NAME.c.
 */
#ifndef KIWI_SHOW_H
#define KIWI_SHOW_H

#include "input.h"
#include "trace_facts.h"

#include <jansson.h>
#include <stdio.h>

struct show_request {
    const char *sort; /* NULL = the table's own order */
    unsigned top;     /* rows of each trace, 0 = all */
    bool json;
    FILE *out;
};

/* One trace, while it is shown. */
struct show_view {
    void *rows; /* what the table's open gave */
    struct trace_facts facts;
};

struct show_table {
    const char *name;
    const char *what;         /* rows in a sentence: "call paths" */
    const char *schema;       /* of its JSON */
    const char *list;         /* the rows' name in it */
    const char *const *sorts; /* words for --sort, NULL-terminated; the first is the table's own order */

    void *(*open)(struct model *m); /* NULL = no memory */
    void (*close)(void *rows);      /* takes NULL */
    uint32_t (*count)(const void *rows);
    int (*sort)(void *rows, const char *word); /* 0, or -1 when it ran out of memory */

    /* As text. 0, or -1 when it ran out of memory. */
    void (*heading)(const struct show_view *v, FILE *out);
    int (*line)(const struct show_view *v, uint32_t at, FILE *out);
    void (*footing)(const struct show_view *v, FILE *out);

    /* As JSON: what is said before the rows, and a row. NULL = no memory. */
    json_t *(*about)(const struct show_view *v);
    json_t *(*row)(const struct show_view *v, uint32_t at);
};

/* One trace: as text to q->out, or one element added to `processes`. 0, or -1 when it ran out of memory (errno
 * tells). */
int show_print(const struct show_table *table, const struct show_request *q, struct model *m, json_t *processes);

static inline int largest_first(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

#define TABLE(word, sentence) extern const struct show_table show_##word;
#include "tables.def"
#undef TABLE
#endif

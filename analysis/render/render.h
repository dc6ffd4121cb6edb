/*
 * render.h - a review as text for a terminal, as markdown, as JSON (schema: docs/report.schema.json), and as entries
 * for a file of suppressions.
 *
 * Each returns 0, or -1 with errno when writing failed or memory ran out. None closes or flushes `out` to disk.
 */
#ifndef KIWI_RENDER_H
#define KIWI_RENDER_H

#include "../review.h"

#include <stdio.h>

struct render_options {
    bool colour;    /* text only: ANSI colours */
    unsigned width; /* text only: columns, 0 = 100 */
};

int review_render_text(const struct review *r, FILE *out, const struct render_options *o); /* o may be NULL */
int review_render_markdown(const struct review *r, FILE *out, const struct render_options *o);
int review_render_json(const struct review *r, FILE *out, const struct render_options *o);
int review_render_suppressions(const struct review *r, FILE *out, const struct render_options *o);
#endif

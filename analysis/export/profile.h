/*
 * profile.h - figures by call path, as flame graphs and pprof want them.
 *
 *     export_collapsed(models, count, PROFILE_LIVE, file);
 *     export_pprof(models, count, PROFILE_LIVE, file);
 *
 * Both sum up several processes. 0, or -1 when out of memory or the file cannot be written (errno tells).
 */
#ifndef KIWI_PROFILE_H
#define KIWI_PROFILE_H

#include "../model.h"

#include <stdio.h>

enum profile_value {
#define VALUE(enumerator, word, type, unit, summary) PROFILE_##enumerator,
#include "values.def"
#undef VALUE
    PROFILE_VALUES
};

struct profile_info {
    const char *word, *type, *unit, *summary;
};
const struct profile_info *profile_info(enum profile_value v); /* never NULL for values below PROFILE_VALUES */

struct profile_sample {
    uint32_t stack;
    double values[PROFILE_VALUES];
};

struct profile {
    struct profile_sample *items;
    uint32_t count;
};
int profile_open(struct profile *p, struct model *m); /* -1 when out of memory */
void profile_close(struct profile *p);

/* Lines "outermost;...;innermost VALUE", sorted, one for each path of functions; paths with the value 0 are left
 * out. */
int export_collapsed(struct model **models, unsigned count, enum profile_value v, FILE *out);
/* A gzip-compressed perftools.profiles.Profile with all values; v is the one shown first. */
int export_pprof(struct model **models, unsigned count, enum profile_value v, FILE *out);
#endif

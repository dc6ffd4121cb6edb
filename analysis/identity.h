/*
 * identity.h - what makes a finding the same finding in another run or another build: names, never addresses or lines.
 *
 *     struct identity a = {0};
 *     if (identity_of(&a, finding)) out of memory;
 *     if (identity_same(&a, &b)) ...
 *     identity_release(&a);
 *
 * The functions are those at whose calls the finding's stacks point, its location first. Where names are unknown
 * (stripped files) module and offset stand in: the same in another run of the same files, and nothing in another build.
 */
#ifndef KIWI_IDENTITY_H
#define KIWI_IDENTITY_H

#include "finding.h"

struct identity_names {
    char **items; /* each once */
    unsigned count;
};

struct identity {
    struct identity_names functions; /* of the finding's stacks, the location's first */
    struct identity_names objects;   /* what it is about: variables, or where they were made */
};

int identity_of(struct identity *i, const struct finding *f); /* -1 when out of memory */
int identity_add(struct identity_names *names,
                 const char *name); /* a name that is there already is left out; likewise */
void identity_release(struct identity *i);

/* The same objects, and at least half of the functions in common. The caller compares ids. */
bool identity_same(const struct identity *a, const struct identity *b);

/* "cache_lock", "shards[].lock", "mutex in a block of conn_new", "mutex": what an object is called in every run.
 * Written into text, which is returned. */
const char *identity_object(struct model *m, uint32_t object, char *text, size_t size);
#endif

/*
 * suppressions.h - findings that somebody has looked at and accepted.
 *
 *     struct suppressions s = {0};
 *     if (suppressions_read(&s, "kiwi.supp", error, sizeof error)) ...      // "kiwi.supp:12: unknown key 'lien'"
 *     const struct suppression *e = suppressions_find(&s, finding);
 *     suppressions_release(&s);
 *
 * The file has blocks: "[finding-id]", then "key = pattern" lines, all of which must hold. Patterns are those of
 * pattern.h; docs/suppressions.md tells users the same.
 */
#ifndef KIWI_SUPPRESSIONS_H
#define KIWI_SUPPRESSIONS_H

#include "finding.h"

/* A key and what its pattern is held against. */
#define SUPPRESSION_KEYS(X)                                                                                            \
    X(LOCATION, "location", "the function of the finding's location")                                                  \
    X(FUNCTION, "function", "a function anywhere in its stacks")                                                       \
    X(FILE, "file", "a source file anywhere in its stacks")                                                            \
    X(MODULE, "module", "a library or program anywhere in its stacks")                                                 \
    X(LOCK, "lock", "the name of a lock or other object that it is about")                                             \
    X(OBJECT, "object", "the same")

enum suppression_key {
#define X(enumerator, word, text) SUPPRESSION_##enumerator,
    SUPPRESSION_KEYS(X)
#undef X
            SUPPRESSION_KEY_COUNT
};

struct suppression_condition {
    enum suppression_key key;
    char *pattern;
};

struct suppression {
    char *file;
    unsigned line; /* of its "[finding-id]" */
    char *id;      /* pattern */
    char *reason;  /* NULL = none given */
    struct suppression_condition *conditions;
    unsigned condition_count;
    unsigned hid; /* findings: counted by the review */
    bool matched; /* some finding, perhaps one that an earlier entry had hidden */
};

struct suppressions {
    struct suppression *entries;
    unsigned count;
};

/* Adds a file's entries. -1 and the reason, with file and line, without a newline. */
int suppressions_read(struct suppressions *s, const char *path, char *error, size_t error_size);
void suppressions_release(struct suppressions *s);

/* Index of the first entry that fits, -1 = none. Marks every entry that fits as matched. */
int suppressions_find(struct suppressions *s, const struct finding *f);
#endif

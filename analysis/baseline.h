/*
 * baseline.h - the findings of an earlier review, so that a later one can say what is new, what is known and what is
 * gone.
 *
 *     struct baseline b = {0};
 *     if (baseline_read_report(&b, "main.json", error, sizeof error)) ...   // of kiwi report --format=json
 *     if (baseline_add(&b, finding)) ...                                    // or the findings of an earlier trace
 *     if (baseline_knows(&b, finding)) ...                                  // also notes what it was found to be now
 *     baseline_release(&b);
 *
 * Findings are told apart by identity.h, so a moved line, another address or another machine changes nothing. A known
 * finding that has become CRITICAL since is new again: nobody has accepted that.
 */
#ifndef KIWI_BASELINE_H
#define KIWI_BASELINE_H

#include "identity.h"

struct baseline_entry {
    enum finding_id id;
    enum severity severity;
    char *title;
    struct identity identity;
    bool asked;        /* by --only: else it is neither known nor gone */
    bool seen;         /* in the later review too */
    enum severity now; /* there; the worst, if it is several findings */
};

struct baseline {
    struct baseline_entry *entries;
    unsigned count;
    bool partial; /* a report was itself made against a baseline: it holds only what was new then */
};

/* Does the file begin like a JSON report? (Anything else, and what cannot be read, is taken for a trace.) */
bool baseline_is_report(const char *path);
/* -1 and the reason without a newline: not readable, not JSON, not a report of kiwi. */
int baseline_read_report(struct baseline *b, const char *path, char *error, size_t error_size);
int baseline_add(struct baseline *b, const struct finding *f); /* -1 when out of memory */

/* 1 = known and no worse than it was in what matters, 0 = new, -1 = out of memory. */
int baseline_knows(struct baseline *b, const struct finding *f);
void baseline_release(struct baseline *b);
#endif

/*
 * finding.h - one finding of a review, and the list that detectors add to.
 *
 *     struct finding *f = finding_add(list, FINDING_DEADLOCK);
 *     if (!f) return -1;
 *     finding_set(f, &f->title, "%s and %s wait for each other", a, b);
 *     finding_stack(f, m, row->stack, thread, "waits for %s", a);      // the first stack gives the location
 *     finding_evidence(f, "T3 has waited for %s", model_duration(m, ticks));
 *
 * ids, categories, usual severities and titles come from findings.def alone. The functions that fill a finding do not
 * fail one by one: out of memory sets `incomplete`, which whoever runs the detectors checks once (as with ferror).
 */
#ifndef KIWI_FINDING_H
#define KIWI_FINDING_H

#include "model.h"

enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

enum finding_id {
#define FINDING(enumerator, id, category, severity, title) FINDING_##enumerator,
#include "findings.def"
#undef FINDING
    FINDING_COUNT
};

struct finding_info {
    const char *id;       /* "lock-order-cycle" */
    const char *category; /* "synchronization" */
    enum severity severity;
    const char *title;
};
const struct finding_info *finding_info(enum finding_id id); /* never NULL for ids below FINDING_COUNT */
int finding_by_name(const char *id);                         /* enum finding_id, or -1 */
const char *severity_name(enum severity s);                  /* "CRITICAL" ... "INFO" */
const char *confidence_name(enum confidence c);              /* "High" ... "Low" */

struct finding_object {
    char *kind, *name;
    char *label;    /* short, for the rest of the texts; NULL = none given */
    char *identity; /* what it is called in every run (identity.h) */
    uint64_t address;
    uint32_t row; /* object row in its trace */
};

struct finding_stack {
    char *label, *thread; /* thread: "" if none is known */
    uint32_t stack;       /* row; 0 = not recorded */
    struct trace *trace;
    struct symbols *symbols; /* may be NULL */
};

struct finding {
    enum finding_id id;
    enum severity severity;
    enum confidence confidence;
    const char *grade; /* "G3" or NULL */
    char *title;       /* specific: names the objects */
    char *why, *fix, *validation;
    char **evidence;
    unsigned evidence_count;
    struct finding_object *objects;
    unsigned object_count;
    struct finding_stack *stacks; /* stacks[0] gives the location */
    unsigned stack_count;
    uint64_t count;                       /* occurrences */
    uint64_t first_seen_ns, last_seen_ns; /* CLOCK_REALTIME, 0 = unknown */
    unsigned process;                     /* index of the trace it came from */
    unsigned processes;                   /* traces in which it was found */
    int suppression;                      /* entry of the suppressions that hides it, -1 = shown */
    uint64_t cause;                       /* same value in two traces: same cause; 0 = taken from the stacks */
    unsigned alike;                       /* findings that were put into this one and only came from elsewhere */
    bool incomplete;                      /* out of memory while it was filled */
};

struct finding_list {
    struct finding **items;
    unsigned count, capacity;
    unsigned left_out; /* found, but too many of one kind to show */
    bool cut;          /* a search was stopped early: there may be more */
};

/* Usual severity and title, Medium confidence, count 1. NULL when out of memory. */
struct finding *finding_add(struct finding_list *list, enum finding_id id);
void finding_evidence(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_object(struct finding *f, struct model *m, uint32_t object); /* once each: repeated rows are ignored */
/* thread: row, 0 = none to name. The label says what the thread does there ("waits for cache_lock"). */
void finding_stack(struct finding *f, struct model *m, uint32_t stack, uint32_t thread, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
/* Moves a stack of another finding, which will not be used any more, behind those of f. */
void finding_take_stack(struct finding *f, struct finding *from, unsigned index);
/* Replaces one of f's own texts: finding_set(f, &f->why, ...). */
void finding_set(struct finding *f, char **field, const char *format, ...) __attribute__((format(printf, 3, 4)));
void finding_free(struct finding *f); /* NULL is fine */
void finding_list_release(struct finding_list *list);
#endif

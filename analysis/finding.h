/*
 * finding.h - one finding of a review, and the list that detectors add to.
 *
 * ids, categories, default severities and titles come from findings.def alone.
 */
#ifndef KIWI_FINDING_H
#define KIWI_FINDING_H

#include "model.h"

enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
enum confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

enum finding_id {
#define FINDING(id, name, category, severity, title) FINDING_##id,
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
const struct finding_info *finding_info(enum finding_id id);
int finding_by_name(const char *id); /* enum finding_id, or -1 */

struct finding_object { char *kind, *name; uint64_t address; };
struct finding_stack { char *label, *thread; uint32_t stack; struct trace *trace; struct symbols *symbols; };

struct finding {
    enum finding_id id;
    enum severity severity;
    enum confidence confidence;
    const char *grade;  /* "G3" or NULL */
    char *title;        /* specific: names the objects */
    char *why, *fix, *validation;
    char **evidence; unsigned evidence_count;
    struct finding_object *objects; unsigned object_count;
    struct finding_stack *stacks; unsigned stack_count; /* stacks[0] gives the location */
    uint64_t count;     /* occurrences */
    uint64_t first_seen_ns, last_seen_ns; /* CLOCK_REALTIME, 0 = unknown */
    unsigned process;   /* index of the trace it came from */
};

struct finding_list { struct finding **items; unsigned count, capacity; };

struct finding *finding_add(struct finding_list *list, enum finding_id id); /* default severity, title, Medium confidence */
void finding_evidence(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_object(struct finding *f, struct model *m, uint32_t object);
void finding_stack(struct finding *f, struct model *m, uint32_t stack, uint32_t thread, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
void finding_set(char **field, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_list_release(struct finding_list *list);
#endif

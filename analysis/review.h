/*
 * review.h - what all detectors say about one or several traces, put in order.
 *
 *     struct review_options o = {0};
 *     struct review *r = review_make(models, count, &o);
 *     if (!r) out of memory;
 *     review_render_text(r, stdout, &render);          // render/render.h
 *     int status = review_worst_severity(r) >= (int)SEVERITY_HIGH;
 *     review_free(r);                                  // before the models are closed
 *
 * With suppressions or a baseline, `findings` are those that are neither hidden nor known, and verdict, risk and
 * confidence come from them alone.
 *
 * Findings of the same cause in several traces are one finding. Findings are sorted by severity, confidence, then id
 * and title, so that the same traces always give the same review.
 */
#ifndef KIWI_REVIEW_H
#define KIWI_REVIEW_H

#include "baseline.h"
#include "finding.h"
#include "health.h"
#include "suppressions.h"

struct review_options {
    bool only_some;                    /* false: every id */
    bool only[FINDING_COUNT];          /* ids to report if only_some */
    unsigned unreadable;               /* traces that were asked for and are not among the models */
    struct suppressions *suppressions; /* NULL = none; the review counts in it what each entry hid */
    struct baseline *baseline;         /* NULL = none; the review notes in it what was found again */
};

enum verdict { VERDICT_APPROVE, VERDICT_REQUEST_CHANGES };

struct review {
    /* REQUEST_CHANGES if a finding is HIGH or above (findings alone count, not the two lists below), or if something
     * of what was recorded could not be read: nobody can approve that. */
    enum verdict verdict;
    bool partial; /* the latter */
    bool stands;  /* a process stood still, and nothing tells why */
    int risk;     /* severity of the worst finding, -1 = no finding */
    enum confidence confidence;
    const char *top_concern; /* title of the worst finding, or why there is none */
    struct finding_list findings;
    struct finding_list known;               /* not among `findings`, since the baseline has them */
    struct finding_list suppressed;          /* likewise, since a suppression hides them */
    const struct suppressions *suppressions; /* as in the options */
    const struct baseline *baseline;
    struct health health;
};

/* "deadlock,lock-order-cycle" into o. -1 and a message without a newline if an id is unknown. */
int review_options_only(struct review_options *o, const char *ids, char *error, size_t error_size);

/* Borrows the models, suppressions and baseline, which must outlive the review. o may be NULL. Returns NULL when out of
 * memory. */
struct review *review_make(struct model **models, unsigned count, const struct review_options *o);
void review_free(struct review *r); /* NULL is fine */

int review_worst_severity(const struct review *r); /* enum severity, or -1 without findings */
#endif

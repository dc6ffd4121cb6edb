#include "review.h"

#include "detectors/detector.h"
#include "detectors/standstill.h"
#include "pattern.h"
#include "place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_ENOUGH_NS 10000000000ull /* a silent review of a shorter recording says little */
#define ALIKE_SHOWN 3u     /* findings that only came from elsewhere, and are told in the evidence of another one */
#define ALIKE_SEARCHED 64u /* findings of the same words to compare with */

static detector_run *const detectors[] = {
#define DETECTOR(name) detect_##name,
#include "detectors/detectors.def"
};

static bool wanted(const struct review_options *o, enum finding_id id)
{
    return !o || !o->only_some || o->only[id];
}

int review_options_only(struct review_options *o, const char *ids, char *error, size_t error_size)
{
    char *copy = strdup(ids), *rest = copy;
    int result = 0;

    if (!copy) {
        snprintf(error, error_size, "out of memory");
        return -1;
    }
    o->only_some = true;
    for (char *id = strtok_r(copy, ",", &rest); id && !result; id = strtok_r(NULL, ",", &rest)) {
        int found = finding_by_name(id);

        if (found < 0) {
            snprintf(error, error_size, "unknown finding '%s'", id);
            result = -1;
        } else {
            o->only[found] = true;
        }
    }
    free(copy);
    return result;
}

/* Removes what was not asked for at once, so that nothing is left out in favour of a finding that nobody sees. */
static void drop_unwanted(struct finding_list *list, const struct review_options *o)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < list->count; i++) {
        if (wanted(o, list->items[i]->id))
            list->items[kept++] = list->items[i];
        else
            finding_free(list->items[i]);
    }
    list->count = kept;
}

static uint64_t finding_cause(const struct finding *f)
{
    uint64_t sum = 0;

    if (f->cause)
        return f->cause;
    for (unsigned i = 0; i < f->stack_count; i++)
        sum += place_stack_hash(f->stacks[i].trace, f->stacks[i].stack);
    return sum ? sum : 1;
}

/* One process: all detectors, then what the state of the trace means for what they say. */
static int review_model(struct model *m, const struct review_options *o, unsigned process, bool lossy,
                        struct finding_list *list)
{
    for (unsigned i = 0; i < sizeof detectors / sizeof *detectors; i++) {
        if (detectors[i](m, list))
            return -1;
        drop_unwanted(list, o);
    }
    if (!wanted(o, FINDING_LOCK_ORDER_CYCLE)) { /* the only search that has limits */
        list->left_out = 0;
        list->cut = false;
    }
    for (unsigned i = 0; i < list->count; i++) {
        struct finding *f = list->items[i];

        f->process = process;
        f->cause = finding_cause(f);
        if (lossy && f->confidence > CONFIDENCE_LOW)
            f->confidence--;
        if (lossy)
            finding_evidence(
                    f, "The trace is not complete (see the recording's health), so this is less sure than usual.");
        if (o && o->suppressions)
            f->suppression = suppressions_find(o->suppressions, f);
        for (unsigned s = 0; s < f->stack_count; s++) /* so that health knows of modules without symbols */
            place_frames(f->stacks[s].trace, f->stacks[s].symbols, f->stacks[s].stack);
        if (f->incomplete)
            return -1;
    }
    return 0;
}

static bool finding_stronger(const struct finding *a, const struct finding *b)
{
    return a->severity != b->severity ? a->severity > b->severity : a->confidence > b->confidence;
}

static void finding_add_counts(struct finding *f, const struct finding *other)
{
    f->count += other->count;
    if (other->first_seen_ns && (!f->first_seen_ns || other->first_seen_ns < f->first_seen_ns))
        f->first_seen_ns = other->first_seen_ns;
    if (other->last_seen_ns > f->last_seen_ns)
        f->last_seen_ns = other->last_seen_ns;
}

/* Adds what `other` counts to f, and a line about it. */
static void finding_absorb(struct finding *f, const struct finding *other, const struct health *h)
{
    const struct health_process *p = &h->processes[other->process];

    finding_add_counts(f, other);
    if (other->process != f->process) {
        f->processes += other->processes;
        finding_evidence(f, "Also in %s, process %" PRIu32 " (%" PRIu64 " time%s).",
                         p->executable[0] ? place_base_name(p->executable) : "another program", p->pid, other->count,
                         other->count == 1 ? "" : "s");
    } else {
        finding_evidence(f, "The same once more: %s.", other->title);
    }
}

static int compare_causes(const void *a, const void *b)
{
    const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    if (x->cause != y->cause)
        return x->cause < y->cause ? -1 : 1;
    if (x->suppression != y->suppression)
        return x->suppression < y->suppression ? -1 : 1;
    if (finding_stronger(x, y) != finding_stronger(y, x))
        return finding_stronger(x, y) ? -1 : 1;
    return x->process != y->process ? (x->process < y->process ? -1 : 1) : strcmp(x->title, y->title);
}

static void sort_findings(struct finding_list *list, int (*compare)(const void *, const void *))
{
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

static void merge_causes(struct finding_list *list, const struct health *h)
{
    unsigned kept = 0;

    sort_findings(list, compare_causes);
    for (unsigned i = 0; i < list->count; i++) {
        struct finding *f = list->items[i], *last = kept ? list->items[kept - 1] : NULL;

        if (!last || last->id != f->id || last->cause != f->cause || last->suppression != f->suppression) {
            list->items[kept++] = f;
            continue;
        }
        finding_absorb(last, f, h);
        finding_free(f);
    }
    list->count = kept;
}

/* Is it about one object, whatever else was held as well? Where several are concerned, another path is another
 * matter. */
static bool finding_of_one(const struct finding *f)
{
    return f->object_count == 1 || f->id == FINDING_LOCK_ACROSS_POLL || f->id == FINDING_LOCK_ACROSS_BLOCK;
}

/* One lock, one place and the same words: findings that differ only in what led there, as their second stacks tell. */
static bool finding_alike(const struct finding *a, const struct finding *b)
{
    struct symbol_frame x, y;

    if (a->id != b->id || a->suppression != b->suppression || a->process != b->process || !finding_of_one(a) ||
        !finding_of_one(b) || !a->stack_count || !b->stack_count || strcmp(a->title, b->title) != 0)
        return false;
    x = place_location(a->stacks[0].trace, a->stacks[0].symbols, a->stacks[0].stack);
    y = place_location(b->stacks[0].trace, b->stacks[0].symbols, b->stacks[0].stack);
    if (x.line != y.line || (!x.line && x.offset != y.offset))
        return false;
    return strcmp(x.function ? x.function : place_base_name(x.module),
                  y.function ? y.function : place_base_name(y.module)) == 0;
}

/* As finding_absorb, with the second stack: the first ones are at the same place. */
static void finding_absorb_alike(struct finding *f, struct finding *other)
{
    finding_add_counts(f, other);
    if (f->alike++ >= ALIKE_SHOWN)
        return;
    if (other->evidence_count)
        finding_evidence(f, "The same, coming from elsewhere: %s", other->evidence[0]);
    if (other->stack_count > 1)
        finding_take_stack(f, other, 1);
}

static int compare_words(const void *a, const void *b)
{
    const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;
    int order;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    order = strcmp(x->title, y->title);
    if (order)
        return order;
    if (finding_stronger(x, y) != finding_stronger(y, x))
        return finding_stronger(x, y) ? -1 : 1;
    return (x->cause > y->cause) - (x->cause < y->cause);
}

/* Of the latest few. */
static struct finding *find_alike(struct finding *const *items, unsigned count, const struct finding *f)
{
    for (unsigned i = count; i-- > 0 && count - i <= ALIKE_SEARCHED;)
        if (finding_alike(items[i], f))
            return items[i];
    return NULL;
}

static int merge_alike(struct finding_list *list)
{
    unsigned kept = 0;
    int result = 0;

    sort_findings(list, compare_words);
    for (unsigned i = 0; i < list->count; i++) {
        struct finding *f = list->items[i], *alike = find_alike(list->items, kept, f);

        if (!alike) {
            list->items[kept++] = f;
            continue;
        }
        finding_absorb_alike(alike, f);
        finding_free(f);
    }
    list->count = kept;
    for (unsigned i = 0; i < kept; i++) {
        struct finding *f = list->items[i];

        if (f->alike > ALIKE_SHOWN)
            finding_evidence(f, "The same, coming from %u more places.", f->alike - ALIKE_SHOWN);
        result = f->incomplete ? -1 : result;
    }
    return result;
}

static int compare_findings(const void *a, const void *b)
{
    const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;
    int order;

    if (finding_stronger(x, y) || finding_stronger(y, x))
        return finding_stronger(x, y) ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    order = strcmp(x->title, y->title);
    return order ? order : (x->cause > y->cause) - (x->cause < y->cause);
}

static int list_append(struct finding_list *to, struct finding_list *from)
{
    unsigned count = to->count + from->count;
    struct finding **items = reallocarray(to->items, count + 1ul, sizeof *items);

    if (!items)
        return -1;
    to->items = items;
    for (unsigned i = 0; i < from->count; i++)
        items[to->count++] = from->items[i];
    to->capacity = count + 1;
    from->count = 0;
    to->left_out += from->left_out;
    to->cut = to->cut || from->cut;
    return 0;
}

/* Whether a trace lost something is known before the detectors run; which symbols are missing only after them. */
static bool model_lossy(struct model *m)
{
    struct health h;
    bool lossy = health_make(&h, &m, 1) || h.processes[0].lossy;

    health_release(&h);
    return lossy;
}

static int review_detect(struct review *r, struct model **models, unsigned count, const struct review_options *o)
{
    for (unsigned i = 0; i < count; i++) {
        struct finding_list list = {0};
        int result = review_model(models[i], o, i, model_lossy(models[i]), &list);

        if (!result)
            result = list_append(&r->findings, &list);
        finding_list_release(&list);
        if (result)
            return -1;
    }
    return 0;
}

static enum confidence silent_confidence(const struct review *r)
{
    const struct health *h = &r->health;
    uint64_t longest_ns = 0; /* short-lived children of a service take nothing away */

    for (unsigned i = 0; i < h->process_count; i++) {
        if (h->processes[i].lossy)
            return CONFIDENCE_LOW;
        if (h->processes[i].recorded_ns > longest_ns)
            longest_ns = h->processes[i].recorded_ns;
    }
    return r->partial || r->stands || !h->process_count ? CONFIDENCE_LOW
           : longest_ns < LONG_ENOUGH_NS                ? CONFIDENCE_MEDIUM
                                                        : CONFIDENCE_HIGH;
}

static int note_limits(struct review *r)
{
    if (r->findings.left_out &&
        health_note(&r->health.notes, "%u more findings of the kinds shown were left out.", r->findings.left_out))
        return -1;
    if (!r->findings.cut)
        return 0;
    return health_note(&r->health.unseen,
                       "The search for lock-order cycles was stopped early: so many nested locks are "
                       "entangled that not all circles could be tried.");
}

static int list_push(struct finding_list *list, struct finding *f)
{
    struct finding **items = reallocarray(list->items, list->count + 1ul, sizeof *items);

    if (!items)
        return -1;
    list->items = items;
    items[list->count++] = f;
    return 0;
}

/* The list that a finding belongs to; NULL when out of memory. */
static struct finding_list *list_of(struct review *r, struct finding *f, const struct review_options *o)
{
    int known = o->baseline ? baseline_knows(o->baseline, f) : 0; /* a hidden one is not gone either */

    if (known < 0)
        return NULL;
    if (f->suppression >= 0) {
        o->suppressions->entries[f->suppression].hid++;
        return &r->suppressed;
    }
    return known ? &r->known : &r->findings;
}

/* Moves what is hidden and what is known out of the findings. */
static int set_aside(struct review *r, const struct review_options *o)
{
    unsigned kept = 0, i;
    int result = 0;

    if (!o || (!o->suppressions && !o->baseline))
        return 0;
    for (i = 0; o->baseline && i < o->baseline->count; i++)
        o->baseline->entries[i].asked = wanted(o, o->baseline->entries[i].id);
    for (i = 0; i < r->findings.count; i++) {
        struct finding *f = r->findings.items[i];
        struct finding_list *list = result ? &r->findings : list_of(r, f, o);

        if (!list || (list != &r->findings && list_push(list, f)))
            result = -1;
        if (!list || list == &r->findings || result)
            r->findings.items[kept++] = f;
    }
    r->findings.count = kept;
    return result;
}

static int note_hidden(struct review *r)
{
    for (unsigned i = 0; i < r->suppressions->count; i++) {
        const struct suppression *e = &r->suppressions->entries[i];

        if (e->hid && health_note(&r->health.notes, "%s:%u [%s] hid %u finding%s%s%s.", e->file, e->line, e->id, e->hid,
                                  e->hid == 1 ? "" : "s", e->reason ? ": " : "", e->reason ? e->reason : ""))
            return -1;
    }
    return 0;
}

/* Entries for findings that were not asked for had no chance. */
static bool idle(const struct suppression *e, const struct review_options *o)
{
    for (int id = 0; id < FINDING_COUNT; id++)
        if (wanted(o, (enum finding_id)id) && pattern_matches(e->id, finding_info((enum finding_id)id)->id))
            return !e->matched;
    return false;
}

/* One line for all of them: a file may serve many programs. */
static int note_idle(struct review *r, const struct review_options *o)
{
    char *list = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&list, &size);
    int result = 0;

    if (!out)
        return -1;
    for (unsigned i = 0; i < r->suppressions->count; i++) {
        const struct suppression *e = &r->suppressions->entries[i];

        if (idle(e, o))
            fprintf(out, "%s%s:%u [%s]", ftell(out) > 0 ? ", " : "", e->file, e->line, e->id);
    }
    if (fclose(out))
        result = -1;
    else if (size)
        result = health_note(&r->health.notes, "Suppressions that matched nothing: %s.", list);
    free(list);
    return result;
}

static int note_suppressions(struct review *r, const struct review_options *o)
{
    if (!r->suppressions)
        return 0;
    return note_hidden(r) || note_idle(r, o) ? -1 : 0;
}

static bool partly_read(const struct health *h)
{
    for (unsigned i = 0; i < h->process_count; i++)
        if (h->processes[i].partial)
            return true;
    return false;
}

static int note_unreadable(struct review *r, const struct review_options *o)
{
    if (!o || !o->unreadable)
        return 0;
    return health_note(&r->health.notes, "%u trace%s could not be read and %s not part of this review.", o->unreadable,
                       o->unreadable == 1 ? "" : "s", o->unreadable == 1 ? "is" : "are");
}

static const char *nothing_found(const struct review *r)
{
    if (r->partial)
        return "a part of the recording could not be read; nothing was found in the rest";
    if (r->known.count)
        return "none: nothing that the baseline does not have";
    if (r->suppressed.count)
        return "none: all that was found is suppressed";
    return "none: nothing was found in what was recorded";
}

static void review_conclude(struct review *r)
{
    const struct finding *worst = r->findings.count ? r->findings.items[0] : NULL;

    r->risk = worst ? (int)worst->severity : -1;
    r->verdict = r->partial || r->risk >= (int)SEVERITY_HIGH ? VERDICT_REQUEST_CHANGES : VERDICT_APPROVE;
    r->confidence = worst ? worst->confidence : silent_confidence(r);
    r->top_concern = worst ? worst->title : nothing_found(r);
}

/* A hang that no finding explains is told all the same. */
static int note_standstills(struct review *r, struct model **models, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        bool total = false;

        if (standstill_is_total(models[i], &total))
            return -1;
        for (unsigned k = 0; k < r->findings.count; k++)
            if (r->findings.items[k]->process == i && standstill_explained_by(r->findings.items[k]->id))
                total = false;
        r->stands = r->stands || total;
        if (total && health_note(&r->health.notes,
                                 "Process %" PRIu32 " stood still at the end of the recording: each of its threads was "
                                 "waiting for a wake-up that only another one could have given. What was recorded does "
                                 "not tell whose turn it was, so this is no finding; kiwi threads shows where they "
                                 "wait, and since when.",
                                 trace_header(models[i]->trace)->pid))
            return -1;
    }
    return 0;
}

struct review *review_make(struct model **models, unsigned count, const struct review_options *o)
{
    struct review *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    r->suppressions = o ? o->suppressions : NULL;
    r->baseline = o ? o->baseline : NULL;
    if (review_detect(r, models, count, o) || health_make(&r->health, models, count))
        goto failed;
    if (note_standstills(r, models, count))
        goto failed;
    merge_causes(&r->findings, &r->health);
    if (merge_alike(&r->findings) || set_aside(r, o) || note_limits(r) || note_suppressions(r, o) ||
        note_unreadable(r, o))
        goto failed;
    r->partial = (o && o->unreadable) || partly_read(&r->health);
    sort_findings(&r->findings, compare_findings);
    sort_findings(&r->known, compare_findings);
    sort_findings(&r->suppressed, compare_findings);
    review_conclude(r);
    return r;
failed:
    review_free(r);
    return NULL;
}

void review_free(struct review *r)
{
    if (!r)
        return;
    finding_list_release(&r->findings);
    finding_list_release(&r->known);
    finding_list_release(&r->suppressed);
    health_release(&r->health);
    free(r);
}

int review_worst_severity(const struct review *r)
{
    return r->risk;
}

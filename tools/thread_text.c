/* thread_dump.h as text. */
#include "thread_dump.h"
#include "thread_groups.h"
#include "thread_summary.h"
#include "thread_view.h"
#include "words.h"

#include "../analysis/call_kinds.h"
#include "../analysis/descriptor_use.h"
#include "../analysis/peer.h"
#include "../analysis/place.h"

#include <inttypes.h>
#include <string.h>

#define LABEL "    %-10s"
#define NO_LABEL "              "

#define ALIKE_NAMED 8u /* threads of a group that are named */

struct writer {
    const struct thread_dump *dump;
    struct thread_groups groups; /* empty with --all */
    FILE *out;
};

static const char *thread_name(const struct writer *w, uint32_t row)
{
    return row ? model_thread_name(w->dump->model, row) : "an unknown thread";
}

/* " for 1.20 s": exact while the process runs; of one that has ended only the last recorded moment is known. */
static void print_age(const struct writer *w, uint64_t ns)
{
    char text[WORDS_SIZE];

    if (ns > 0)
        fprintf(w->out, " for %s%s", w->dump->facts.live ? "" : "at least ", words_duration(ns, text));
}

static void print_lock(const struct writer *w, uint32_t object, uint64_t address)
{
    struct model *m = w->dump->model;

    fprintf(w->out, "%s (%s at 0x%" PRIx64 ")", model_lock_name(m, object, address),
            object ? model_object_kind(m, object) : "lock", address);
}

/* How many frames are worth printing: what lies outside the program's outermost function says nothing. */
static unsigned useful_frames(const struct writer *w, uint32_t stack)
{
    const struct model *m = w->dump->model;
    unsigned all = place_frames(m->trace, m->symbols, stack), count = 0;

    for (unsigned i = 0; i < all; i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        if (f.function && strncmp(f.function, "__libc_start_", strlen("__libc_start_")) == 0)
            break; /* only _start is behind it */
        if (!f.internal)
            count = i + 1;
    }
    return count > 0 ? count : all;
}

static void print_stack(const struct writer *w, uint32_t stack, const char *label)
{
    const struct model *m = w->dump->model;
    unsigned count = useful_frames(w, stack), limit = w->dump->frames;
    char text[512];

    for (unsigned i = 0; i < count && (limit == 0 || i < limit); i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        fprintf(w->out, LABEL "%s\n", i == 0 ? label : "", place_text(&f, text, sizeof text));
    }
    if (limit > 0 && count > limit)
        fprintf(w->out, LABEL "... %u more frames (--frames=0 shows all)\n", "", count - limit);
}

/* Nobody is recorded as holder: say who may have become it, or that nobody is known. */
static void print_possible_holders(const struct writer *w, const struct thread_view *v)
{
    const struct model_waiter *other;
    uint32_t from = 0;
    bool found = false;

    while ((other = thread_view_possible_holder(v, w->dump->model, &from)) != NULL) {
        fprintf(w->out, LABEL "%s is taking it and may own it\n", found ? "" : "held by",
                thread_name(w, other->thread));
        found = true;
    }
    if (!found)
        fprintf(w->out, LABEL "nobody that is recorded\n", "held by");
}

static void print_holders(const struct writer *w, const struct thread_view *v)
{
    for (uint32_t i = 0; i < v->holder_count; i++) {
        const struct model_holder *h = &v->holders[i];

        fprintf(w->out, LABEL "%s%s", i == 0 ? "held by" : "", thread_name(w, h->thread),
                h->thread == v->row ? ", this thread itself" : "");
        print_age(w, thread_view_age(w->dump->model, w->dump->facts.duration_ns, h->held.since));
        fprintf(w->out, "%s\n", h->releasing ? ", releasing it" : "");
    }
    if (v->holder_count == 0)
        print_possible_holders(w, v);
}

static void print_lock_state(const struct writer *w, const struct thread_view *v)
{
    fprintf(w->out, LABEL, v->state == THREAD_WAITING ? "waits for" : v->state == THREAD_TAKING ? "takes" : "releases");
    print_lock(w, v->object, v->address);
    if (v->for_reading)
        fputs(", for reading", w->out);
    print_age(w, v->for_ns);
    if (v->timed)
        fputs(", with a time limit", w->out);
    if (v->call)
        fprintf(w->out, ", inside %s", v->call);
    fputc('\n', w->out);
    if (v->state == THREAD_WAITING)
        print_holders(w, v);
}

/* " (socket, dialled, internet, to 10.0.0.7:5432)" */
static void print_about(const struct writer *w, const struct kiwi_descriptor *d)
{
    const struct descriptor_use use = {.row = d};
    char flags[DESCRIPTOR_FLAGS_SIZE], peer[PEER_TEXT];

    fprintf(w->out, " (%s", descriptor_use_kind(&use));
    if (*descriptor_use_flags(&use, flags, sizeof flags))
        fprintf(w->out, ", %s", flags);
    if (*peer_text_of(w->dump->model->trace, d, peer, sizeof peer))
        fprintf(w->out, ", %s %s", d->peer ? "to" : "from", peer);
    fputc(')', w->out);
}

static void print_loop(const struct writer *w, const struct thread_view *v)
{
    struct model *m = w->dump->model;
    const char *name = v->loop ? trace_string(m->trace, v->loop->name) : "";
    char longest[WORDS_SIZE];

    if (!v->loop)
        return;
    if (*name)
        fprintf(w->out, LABEL "\"%s\"", "loop", name);
    else
        fprintf(w->out, LABEL "%s", "loop", v->loop->call_kind ? call_kind_name(v->loop->call_kind) : "waits");
    fprintf(w->out, " at %s, %" PRIu64 " tick%s", model_site(m, v->loop->stack), v->loop->count,
            v->loop->count == 1 ? "" : "s");
    if (v->loop->count)
        fprintf(w->out, ", the longest %s", words_duration(trace_ns(m->trace, v->loop->max_ticks), longest));
    if (v->in_tick) {
        fputs("; in a tick", w->out);
        print_age(w, v->tick_ns);
    } else if (v->state == THREAD_CALLING && v->loop->call_kind == v->slot->call_kind) {
        fputs("; waits for events", w->out);
    }
    fputc('\n', w->out);
}

static void print_call(const struct writer *w, const struct thread_view *v)
{
    fprintf(w->out, LABEL "%s", "in", v->call);
    if (v->joined)
        fprintf(w->out, " of %s", thread_name(w, v->joined));
    if (v->condition) {
        const struct kiwi_object *o = trace_object(w->dump->model->trace, v->condition);

        fputs(" on ", w->out);
        print_lock(w, v->condition, o ? o->address : 0);
    }
    if (v->descriptor >= 0)
        fprintf(w->out, " on descriptor %" PRId64, v->descriptor);
    if (v->about)
        print_about(w, v->about);
    print_age(w, v->for_ns);
    if (v->timed)
        fputs(", with a time limit", w->out);
    fputc('\n', w->out);
}

static void print_held(const struct writer *w, const struct thread_view *v)
{
    const struct model *m = w->dump->model;

    for (unsigned i = 0; i < v->held_count; i++) {
        const struct model_holder *h = &v->held[i];

        fprintf(w->out, LABEL, "holds");
        print_lock(w, h->object, h->held.address);
        if (h->mode == KIWI_MODE_READ)
            fputs(" for reading", w->out);
        print_age(w, thread_view_age(m, w->dump->facts.duration_ns, h->held.since));
        if (h->held.count > 1)
            fprintf(w->out, ", locked %" PRIu32 " times", h->held.count);
        if (h->releasing)
            fputs(", releasing it", w->out);
        fputs(", taken at\n", w->out);
        print_stack(w, h->stack, "");
    }
    if (v->slot && v->slot->held_lost > 0)
        fprintf(w->out, LABEL "%" PRIu32 " more locks that found no room\n", "holds", v->slot->held_lost);
}

static const char *event_name(uint32_t kind)
{
    switch (kind) {
#define X(id, name, text)                                                                                              \
    case id:                                                                                                           \
        return text;
        KIWI_EVENTS(X)
#undef X
    default:
        return "unknown event";
    }
}

static void print_event_subject(const struct writer *w, const struct kiwi_event *e)
{
    struct model *m = w->dump->model;
    const struct kiwi_acquisition *a;
    const struct kiwi_call *c;
    char text[WORDS_SIZE];

    switch (e->kind) {
    case KIWI_EVENT_LOCK_WAIT:
    case KIWI_EVENT_ACQUIRE:
    case KIWI_EVENT_RELEASE:
        a = trace_acquisition(m->trace, e->row);
        fprintf(w->out, " %s", a ? model_object_name(m, a->object) : "an unknown lock");
        if (e->kind == KIWI_EVENT_LOCK_WAIT)
            fprintf(w->out, ", waited %s", words_duration(trace_ns(m->trace, e->value), text));
        break;
    case KIWI_EVENT_CALL:
        c = trace_call(m->trace, e->row);
        fprintf(w->out, " %s at %s, %s, result %" PRId64, c ? call_kind_name(c->kind) : "",
                c ? model_site(m, c->stack) : "an unknown place", words_duration(trace_ns(m->trace, e->value), text),
                (int64_t)e->value2);
        break;
    case KIWI_EVENT_CREATE:
    case KIWI_EVENT_JOIN:
        fprintf(w->out, " %s", thread_name(w, e->row));
        break;
    case KIWI_EVENT_FORK:
    case KIWI_EVENT_MARK:
        fprintf(w->out, " %" PRIu64, e->value);
        break;
    case KIWI_EVENT_COND_SIGNAL:
        fprintf(w->out, " %s", model_object_name(m, e->row));
        break;
    default:
        break;
    }
}

static void print_events(const struct writer *w, const struct thread_view *v)
{
    const struct thread_dump *d = w->dump;
    const struct kiwi_event *e;
    char text[WORDS_SIZE];

    for (unsigned i = 0; i < d->events && (e = thread_view_event(v, i)) != NULL; i++) {
        uint64_t age = thread_view_age(d->model, d->facts.duration_ns, e->ticks);

        fprintf(w->out, LABEL "%s ago: %s", i == 0 ? "last" : "", words_duration(age, text), event_name(e->kind));
        print_event_subject(w, e);
        fputc('\n', w->out);
    }
}

/* "T5, T6, T7 and 94 more": those that go with a thread. */
static void print_alike(const struct writer *w, const struct thread_view *v)
{
    uint32_t row = v->row;
    const struct trace *t = w->dump->model->trace;
    uint32_t others = thread_groups_others(&w->groups, row), named = 0;

    if (!others)
        return;
    fprintf(w->out, LABEL "%" PRIu32 " more threads do the same%s: ", "", others,
            v->descriptor >= 0 ? ", each on its descriptor" : "");
    for (uint32_t i = row + 1; i < trace_rows(t, KIWI_TABLE_THREADS) && named < ALIKE_NAMED; i++) {
        const struct kiwi_thread *other = trace_thread(t, i);

        if (other && thread_groups_first(&w->groups, i) == row)
            fprintf(w->out, "%sT%" PRIu32, named++ ? ", " : "", other->serial);
    }
    fprintf(w->out, "%s (--all shows each)\n", named < others ? ", ..." : "");
}

static void print_thread(const struct writer *w, const struct thread_view *v)
{
    fprintf(w->out, "\n%s: %s%s\n", thread_name(w, v->row), thread_state_word(v->state),
            v->settled ? "" : " (changed while it was read)");
    if (v->state == THREAD_CALLING)
        print_call(w, v);
    else if (thread_view_has_lock(v))
        print_lock_state(w, v);
    if (v->stack)
        print_stack(w, v->stack, "at");
    print_loop(w, v);
    print_alike(w, v);
    print_held(w, v);
    print_events(w, v);
}

static void print_heading(const struct writer *w, const unsigned *states)
{
    const struct trace_facts *f = &w->dump->facts;
    char started[WORDS_SIZE], duration[WORDS_SIZE];
    const char *between = " ";
    unsigned alive = 0;

    for (int s = THREAD_EXITED + 1; s <= THREAD_CALLING; s++)
        alive += states[s];
    fprintf(w->out, "%s (pid %" PRIu32 "): %s, recorded from %s for %s\n", f->executable, f->pid, f->state,
            words_local_time(f->started_ns, started), words_duration(f->duration_ns, duration));
    fprintf(w->out, "%u thread%s%s", alive, alive == 1 ? "" : "s", f->live ? ":" : " at the last moment:");
    for (int s = THREAD_EXITED + 1; s <= THREAD_CALLING; s++) {
        if (states[s] == 0)
            continue;
        fprintf(w->out, "%s%u %s", between, states[s], thread_state_word((enum thread_state)s));
        between = ", ";
    }
    fprintf(w->out, "%s", alive == 0 ? " none" : "");
    if (states[THREAD_EXITED] > 0)
        fprintf(w->out, "; %u ended before", states[THREAD_EXITED]);
    fputc('\n', w->out);
}

/* Runs over all threads: counts states when `states` is given, prints them otherwise. */
static int each_thread(const struct writer *w, unsigned *states)
{
    const struct thread_dump *d = w->dump;
    uint32_t rows = trace_rows(d->model->trace, KIWI_TABLE_THREADS);

    for (uint32_t row = 1; row < rows; row++) {
        struct thread_view v;

        if (!trace_thread(d->model->trace, row))
            continue;
        if (!thread_view_open(&v, d->model, d->facts.duration_ns, row))
            return -1;
        if (states)
            states[v.state]++;
        else if ((v.state != THREAD_EXITED || d->ended) && thread_groups_first(&w->groups, row) == row)
            print_thread(w, &v);
        thread_view_close(&v);
    }
    return 0;
}

int thread_dump_text(const struct thread_dump *d, FILE *out)
{
    struct writer w = {.dump = d, .out = out};
    unsigned states[THREAD_CALLING + 1] = {0};
    int result = -1;

    if (each_thread(&w, states) != 0 || (!d->all && thread_groups_make(&w.groups, d->model, d->facts.duration_ns) != 0))
        return -1;
    print_heading(&w, states);
    if (thread_summary_print(d, out) == 0 && each_thread(&w, NULL) == 0)
        result = ferror(out) ? -1 : 0;
    thread_groups_release(&w.groups);
    return result;
}

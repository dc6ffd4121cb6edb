/* thread_dump.h as JSON, schema "kiwi-threads/1" (see kiwi-threads(1)). */
#include "thread_dump.h"

#include "json_text.h"
#include "thread_view.h"
#include "words.h"

#include "../analysis/call_kinds.h"
#include "../analysis/descriptor_use.h"
#include "../analysis/peer.h"
#include "../analysis/place.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* jansson's *_new functions take over the reference that they are given, also when they fail. */

static json_t *text_or_null(const char *raw)
{
    return raw && *raw ? json_text(raw) : json_null();
}

static json_t *number_or_null(uint64_t value)
{
    return value ? json_integer((json_int_t)value) : json_null();
}

static json_t *thread_or_null(const struct thread_dump *d, uint32_t row)
{
    const struct kiwi_thread *t = trace_thread(d->model->trace, row);

    return t ? json_pack("{s:i, s:i}", "serial", (int)t->serial, "tid", (int)t->tid) : json_null();
}

static json_t *lock_object(const struct thread_dump *d, uint32_t object, uint64_t address)
{
    return json_pack("{s:s, s:o, s:I}", "kind", object ? model_object_kind(d->model, object) : "lock", "name",
                     json_text(model_lock_name(d->model, object, address)), "address", (json_int_t)address);
}

static json_t *object_or_null(const struct thread_dump *d, uint32_t object)
{
    const struct kiwi_object *o = trace_object(d->model->trace, object);

    return o ? lock_object(d, object, o->address) : json_null();
}

static json_t *frame(const struct symbol_frame *f)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:I}", "function", text_or_null(f->function), "file", text_or_null(f->file),
                     "line", f->line > 0 ? json_integer(f->line) : json_null(), "module", text_or_null(f->module),
                     "offset", (json_int_t)f->offset);
}

static json_t *stack_frames(const struct thread_dump *d, uint32_t stack)
{
    const struct model *m = d->model;
    unsigned count = place_frames(m->trace, m->symbols, stack);
    json_t *frames = json_array();

    for (unsigned i = 0; i < count && (d->frames == 0 || i < d->frames); i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        json_array_append_new(frames, frame(&f));
    }
    return frames;
}

static json_t *holders(const struct thread_dump *d, const struct thread_view *v)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < v->holder_count; i++) {
        json_t *entry = thread_or_null(d, v->holders[i].thread);

        json_object_set_new(entry, "releasing", json_boolean(v->holders[i].releasing));
        json_array_append_new(list, entry);
    }
    return list;
}

/* Threads that may own the lock though they are not recorded as its holders. */
static json_t *possible_holders(const struct thread_dump *d, const struct thread_view *v)
{
    json_t *list = json_array();
    const struct model_waiter *other;
    uint32_t from = 0;

    while ((other = thread_view_possible_holder(v, d->model, &from)) != NULL)
        json_array_append_new(list, thread_or_null(d, other->thread));
    return list;
}

static json_t *lock_or_null(const struct thread_dump *d, const struct thread_view *v)
{
    if (!thread_view_has_lock(v))
        return json_null();
    return json_pack("{s:o, s:s, s:b, s:o, s:o, s:o}", "object", lock_object(d, v->object, v->address), "mode",
                     v->for_reading ? "read" : "write", "timed", v->timed, "for_ns", number_or_null(v->for_ns),
                     "holders", holders(d, v), "possible_holders", possible_holders(d, v));
}

static json_t *peer_or_null(const struct thread_dump *d, const struct kiwi_descriptor *about)
{
    char peer[PEER_TEXT];

    return about && *peer_text_of(d->model->trace, about, peer, sizeof peer) ? json_text(peer) : json_null();
}

static json_t *call_or_null(const struct thread_dump *d, const struct thread_view *v)
{
    if (!v->call)
        return json_null();
    return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "name", v->call, "timed", v->timed, "for_ns",
                     number_or_null(v->state == THREAD_CALLING ? v->for_ns : 0), "thread", thread_or_null(d, v->joined),
                     "object", object_or_null(d, v->condition), "descriptor",
                     v->descriptor >= 0 ? json_integer(v->descriptor) : json_null(), "descriptor_kind",
                     v->about ? json_string(descriptor_kind_word(v->about->kind)) : json_null(), "peer",
                     peer_or_null(d, v->about));
}

static json_t *loop_or_null(const struct thread_dump *d, const struct thread_view *v)
{
    struct model *m = d->model;

    if (!v->loop)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:b, s:o}", "call",
                     v->loop->call_kind ? json_string(call_kind_name(v->loop->call_kind)) : json_null(), "name",
                     text_or_null(trace_string(m->trace, v->loop->name)), "site",
                     json_text(model_site(m, v->loop->stack)), "ticks", (json_int_t)v->loop->count, "max_ns",
                     (json_int_t)trace_ns(m->trace, v->loop->max_ticks), "in_tick", v->in_tick, "for_ns",
                     number_or_null(v->tick_ns));
}

static json_t *held_lock(const struct thread_dump *d, const struct model_holder *h)
{
    uint64_t age = thread_view_age(d->model, d->facts.duration_ns, h->held.since);

    return json_pack("{s:o, s:s, s:i, s:b, s:o, s:o}", "object", lock_object(d, h->object, h->held.address), "mode",
                     h->mode == KIWI_MODE_READ ? "read" : "write", "count", (int)h->held.count, "releasing",
                     h->releasing, "for_ns", number_or_null(age), "stack", stack_frames(d, h->stack));
}

static json_t *held_locks(const struct thread_dump *d, const struct thread_view *v)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < v->held_count; i++)
        json_array_append_new(list, held_lock(d, &v->held[i]));
    return list;
}

static json_t *thread(const struct thread_dump *d, const struct thread_view *v)
{
    return json_pack("{s:i, s:i, s:o, s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:i}", "serial", (int)v->thread->serial,
                     "tid", (int)v->thread->tid, "name", json_text(v->thread->name), "label",
                     json_text(model_thread_name(d->model, v->row)), "state", thread_state_word(v->state), "settled",
                     v->settled, "lock", lock_or_null(d, v), "call", call_or_null(d, v), "loop", loop_or_null(d, v),
                     "stack", stack_frames(d, v->stack), "holds", held_locks(d, v), "holds_lost",
                     v->slot ? (int)v->slot->held_lost : 0);
}

static json_t *process(const struct thread_dump *d)
{
    const struct trace_facts *f = &d->facts;
    char started[WORDS_SIZE];

    return json_pack("{s:i, s:i, s:s, s:s, s:s, s:I, s:s, s:b, s:o}", "pid", (int)f->pid, "parent", (int)f->parent,
                     "executable", f->executable, "host", f->host, "started", words_iso_time(f->started_ns, started),
                     "duration_ns", (json_int_t)f->duration_ns, "state", f->state, "live", f->live, "trace",
                     json_text(trace_path(d->model->trace)));
}

static json_t *threads(const struct thread_dump *d)
{
    uint32_t rows = trace_rows(d->model->trace, KIWI_TABLE_THREADS);
    json_t *list = json_array();

    for (uint32_t row = 1; row < rows; row++) {
        struct thread_view v;

        if (!trace_thread(d->model->trace, row))
            continue;
        if (!thread_view_open(&v, d->model, d->facts.duration_ns, row)) {
            json_decref(list);
            return NULL;
        }
        if (v.state != THREAD_EXITED || d->ended)
            json_array_append_new(list, thread(d, &v));
        thread_view_close(&v);
    }
    return list;
}

int thread_dump_json(const struct thread_dump *d, FILE *out)
{
    json_t *root =
            json_pack("{s:s, s:o, s:o}", "schema", "kiwi-threads/1", "process", process(d), "threads", threads(d));
    int result;

    if (!root) {
        errno = ENOMEM;
        return -1;
    }
    result = json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(root);
    return result == 0 && fputc('\n', out) != EOF ? 0 : -1;
}

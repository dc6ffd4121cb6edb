#include "names.h"

#include "arena.h"
#include "call_kinds.h"
#include "place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_US 1000
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000
#define S_PER_MINUTE 60
#define S_PER_HOUR 3600
#define PLACE_BYTES 512 /* longer places are cut */

struct names {
    struct arena texts;
    const char **objects, **threads, **sites; /* index = row; NULL = not made yet */
    uint32_t object_count, thread_count, site_count;
};

struct names *names_open(const struct model *m)
{
    struct names *n = calloc(1, sizeof *n);

    if (!n)
        return NULL;
    n->object_count = trace_rows(m->trace, KIWI_TABLE_OBJECTS);
    n->thread_count = trace_rows(m->trace, KIWI_TABLE_THREADS);
    n->site_count = trace_rows(m->trace, KIWI_TABLE_STACKS);
    n->objects = calloc((size_t)n->object_count + 1, sizeof *n->objects);
    n->threads = calloc((size_t)n->thread_count + 1, sizeof *n->threads);
    n->sites = calloc((size_t)n->site_count + 1, sizeof *n->sites);
    if (n->objects && n->threads && n->sites)
        return n;
    names_close(n);
    return NULL;
}

void names_close(struct names *n)
{
    if (!n)
        return;
    free(n->objects);
    free(n->threads);
    free(n->sites);
    arena_release(&n->texts);
    free(n);
}

static const char *or_unnamed(const char *text)
{
    return text ? text : "(out of memory)";
}

static const char *frame_name(struct names *n, const struct symbol_frame *f)
{
    char text[PLACE_BYTES];

    return arena_copy(&n->texts, place_text(f, text, sizeof text));
}

static const char *site_text(struct model *m, uint32_t stack)
{
    struct symbol_frame f = place_user_location(m->trace, m->symbols, stack);

    return frame_name(m->names, &f);
}

const char *model_site(struct model *m, uint32_t stack)
{
    if (!trace_stack(m->trace, stack))
        return "an unknown place";
    if (!m->names->sites[stack])
        m->names->sites[stack] = or_unnamed(site_text(m, stack));
    return m->names->sites[stack];
}

/* Without its parameters. */
static const char *called_name(struct model *m, const struct symbol_frame *f)
{
    char text[PLACE_BYTES];
    const char *name = place_function(f, text, sizeof text), *end = strchr(name, '(');

    return end > name ? arena_format(&m->names->texts, "%.*s", (int)(end - name), name)
                      : arena_format(&m->names->texts, "%s", name);
}

const char *model_call(struct model *m, uint32_t kind, uint32_t stack)
{
    struct symbol_frame called = {0};
    unsigned count = place_frames(m->trace, m->symbols, stack);
    const char *name;

    for (unsigned i = 0; kind == KIWI_CALL_FUTEX_WAIT && i < count; i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        if (!f.internal && called.function && (name = called_name(m, &called)) && name[0])
            return name;
        if (!f.internal)
            break;
        called = f;
    }
    return call_kind_name(kind);
}

const char *model_inner_site(struct model *m, uint32_t stack)
{
    struct symbol_frame f = place_location(m->trace, m->symbols, stack);

    return trace_stack(m->trace, stack) ? or_unnamed(frame_name(m->names, &f)) : "an unknown place";
}

/* The user's frame of one code address; an inlined library header's frame is not one. */
static const char *code_text(struct model *m, uint64_t address, bool is_return)
{
    unsigned count = 0;
    const struct symbol_frame *frames = m->symbols ? symbols_address(m->symbols, address, is_return, &count) : NULL;
    const struct symbol_frame *chosen = count ? &frames[0] : NULL;

    for (unsigned i = 0; i < count && chosen->internal; i++)
        chosen = &frames[i];
    return chosen ? frame_name(m->names, chosen) : arena_format(&m->names->texts, "0x%" PRIx64, address);
}

const char *model_object_kind(const struct model *m, uint32_t object)
{
    static const char *const words[] = {
#define X(id, name, text) [id] = text,
            KIWI_OBJECT_KINDS(X)
#undef X
    };
    const struct kiwi_object *o = trace_object(m->trace, object);
    const char *word = o && o->kind < sizeof words / sizeof *words ? words[o->kind] : NULL;

    return word ? word : "lock";
}

static const char *variable_name(struct model *m, uint64_t address)
{
    uint64_t offset = 0;
    const char *module = NULL;
    const char *variable = m->symbols ? symbols_variable(m->symbols, address, &offset, &module) : NULL;

    if (!variable)
        return NULL;
    module = module ? place_base_name(module) : "an unknown module";
    if (offset)
        return arena_format(&m->names->texts, "%s+0x%" PRIx64 " in %s", variable, offset, module);
    return arena_format(&m->names->texts, "%s in %s", variable, module);
}

/* "a 96-byte", "an 80-byte", "an 11-byte": by how the number begins when it is read out. */
static const char *article(uint64_t number)
{
    while (number >= 1000)
        number /= 1000;
    return number == 8 || number == 11 || number == 18 || number / 10 == 8 || number / 100 == 8 ? "an" : "a";
}

/* xmalloc, g_malloc0, os::malloc, operator new: a place that allocates for everybody says nothing. */
static bool is_allocator(const char *place)
{
    size_t length = strcspn(place, " (");

    return strcasestr(place, "operator new") == place || memmem(place, length, "alloc", 5) ||
           memmem(place, length, "Alloc", 5);
}

/* A place in a library says nothing either, if it has no name or is a runtime's. */
static bool is_foreign(struct model *m, uint64_t return_address)
{
    unsigned count = 0;
    const struct symbol_frame *f = m->symbols ? symbols_address(m->symbols, return_address, true, &count) : NULL;

    return !count || !f->function || f->internal;
}

static const char *block_name(struct model *m, const struct kiwi_object *o, const char *kind)
{
    if (!o->block || o->address < o->block || o->address - o->block >= o->block_size)
        return NULL;
    const char *caller = o->block_caller ? or_unnamed(code_text(m, o->block_caller, true)) : "an unknown place";
    if (o->init_stack && (is_allocator(caller) || is_foreign(m, o->block_caller)))
        return NULL;
    return arena_format(&m->names->texts, "%s at +0x%" PRIx64 " in %s %" PRIu64 "-byte block allocated at %s", kind,
                        o->address - o->block, article(o->block_size), o->block_size, caller);
}

/* A thread that lives comes before one that used the same memory. */
uint32_t model_stack_owner(const struct model *m, uint32_t object)
{
    const struct kiwi_object *o = trace_object(m->trace, object);
    uint32_t owner = 0, count = trace_rows(m->trace, KIWI_TABLE_THREADS);

    for (uint32_t i = 1; o && i < count; i++) {
        const struct kiwi_thread *t = trace_thread(m->trace, i);
        if (!t || o->address < t->stack_low || o->address >= t->stack_high)
            continue;
        if (t->state == KIWI_ROW_LIVE)
            owner = i;
        else if (!owner && (o->flags & KIWI_OBJECT_ON_STACK))
            owner = i;
        if (owner == i && (i == o->first_thread || i == o->creator))
            return i;
    }
    return owner;
}

static const char *stack_variable_name(struct model *m, uint32_t object, const char *kind)
{
    const struct kiwi_object *o = trace_object(m->trace, object);
    const struct kiwi_thread *t = trace_thread(m->trace, model_stack_owner(m, object));
    uint32_t site = o->init_stack ? o->init_stack : o->first_stack;

    if (t)
        return arena_format(&m->names->texts, "%s in the stack of T%u at %s", kind, t->serial,
                            model_inner_site(m, site));
    if (o->flags & KIWI_OBJECT_ON_STACK)
        return arena_format(&m->names->texts, "%s in a thread's stack at %s", kind, model_inner_site(m, site));
    return NULL;
}

static const char *site_name(struct model *m, const struct kiwi_object *o, const char *kind)
{
    bool is_lock = o->kind == KIWI_OBJECT_MUTEX || o->kind == KIWI_OBJECT_RWLOCK || o->kind == KIWI_OBJECT_SPIN ||
                   o->kind == KIWI_OBJECT_GMUTEX || o->kind == KIWI_OBJECT_CUSTOM;

    if (o->init_stack)
        return arena_format(&m->names->texts, "%s initialised at %s", kind, model_inner_site(m, o->init_stack));
    if (o->first_stack)
        return arena_format(&m->names->texts, "%s first %s at %s", kind, is_lock ? "locked" : "used",
                            model_inner_site(m, o->first_stack));
    return NULL;
}

/* The address of a class is the stack that names it: where its locks are initialised or taken. */
static const char *class_name(struct model *m, const struct kiwi_object *o, const char *kind)
{
    if (!(o->flags & KIWI_OBJECT_CLASS))
        return NULL;
    return arena_format(&m->names->texts, "one of many locks (%s) of %s", kind,
                        model_inner_site(m, (uint32_t)o->address));
}

static const char *make_object_name(struct model *m, uint32_t object)
{
    const struct kiwi_object *o = trace_object(m->trace, object);
    const char *kind = model_object_kind(m, object), *name;

    if (!o)
        return "an unknown object";
    if (o->name && trace_string(m->trace, o->name)[0])
        return trace_string(m->trace, o->name);
    if ((name = class_name(m, o, kind)) || (name = variable_name(m, o->address)) || (name = block_name(m, o, kind)) ||
        (name = stack_variable_name(m, object, kind)) || (name = site_name(m, o, kind)))
        return name;
    return arena_format(&m->names->texts, "%s 0x%" PRIx64, kind, o->address);
}

const char *model_object_name(struct model *m, uint32_t object)
{
    if (!trace_object(m->trace, object))
        return "an unknown object";
    if (!m->names->objects[object])
        m->names->objects[object] = or_unnamed(make_object_name(m, object));
    return m->names->objects[object];
}

const char *model_lock_name(struct model *m, uint32_t object, uint64_t address)
{
    const char *name = trace_object(m->trace, object) ? model_object_name(m, object) : variable_name(m, address);

    return name ? name : or_unnamed(arena_format(&m->names->texts, "lock 0x%" PRIx64, address));
}

/* std::thread and its like start all threads in one function of their library: then the place of creation says more. */
static const char *thread_start(struct model *m, const struct kiwi_thread *t)
{
    unsigned count = 0;
    const struct symbol_frame *f = m->symbols ? symbols_address(m->symbols, t->start_function, false, &count) : NULL;

    if (count && f[count - 1].internal && t->create_stack)
        return arena_format(&m->names->texts, "created at %s", model_site(m, t->create_stack));
    /* The outermost frame is the function itself; others were inlined into its beginning. */
    const char *start = count && f[count - 1].function ? f[count - 1].function : code_text(m, t->start_function, false);
    return arena_format(&m->names->texts, "start %s", or_unnamed(start));
}

static const char *make_thread_name(struct model *m, const struct kiwi_thread *t)
{
    struct arena *texts = &m->names->texts;
    const char *title =
            t->name[0] ? arena_format(texts, "T%u \"%s\"", t->serial, t->name) : arena_format(texts, "T%u", t->serial);

    title = or_unnamed(title);
    if (t->flags & KIWI_THREAD_MAIN)
        return arena_format(texts, "%s (tid %d, main thread)", title, t->tid);
    if (t->flags & KIWI_THREAD_FORKED)
        return arena_format(texts, "%s (tid %d, the thread that called fork)", title, t->tid);
    if (!t->start_function)
        return arena_format(texts, "%s (tid %d)", title, t->tid);

    return arena_format(texts, "%s (tid %d, %s)", title, t->tid, or_unnamed(thread_start(m, t)));
}

const char *model_thread_name(struct model *m, uint32_t thread)
{
    const struct kiwi_thread *t = trace_thread(m->trace, thread);

    if (!t)
        return "an unknown thread";
    if (!m->names->threads[thread])
        m->names->threads[thread] = or_unnamed(make_thread_name(m, t));
    return m->names->threads[thread];
}

/* Three significant digits; what would round up to 1000 belongs to the next unit. */
static const char *in_units(struct arena *texts, uint64_t ns, uint64_t unit, const char *name)
{
    double value = (double)ns / (double)unit;

    return arena_format(texts, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, name);
}

static const char *duration_text(struct arena *texts, uint64_t ns)
{
    uint64_t seconds = ns / NS_PER_S;

    if (ns < NS_PER_US)
        return arena_format(texts, "%" PRIu64 " ns", ns);
    if (ns < NS_PER_MS - NS_PER_US / 2)
        return in_units(texts, ns, NS_PER_US, "us");
    if (ns < NS_PER_S - NS_PER_MS / 2)
        return in_units(texts, ns, NS_PER_MS, "ms");
    if (seconds < 2 * S_PER_MINUTE)
        return in_units(texts, ns, NS_PER_S, "s");
    if (seconds < 2 * S_PER_HOUR)
        return arena_format(texts, "%" PRIu64 " min %" PRIu64 " s", seconds / S_PER_MINUTE, seconds % S_PER_MINUTE);
    return arena_format(texts, "%" PRIu64 " h %" PRIu64 " min", seconds / S_PER_HOUR,
                        seconds % S_PER_HOUR / S_PER_MINUTE);
}

const char *model_duration(struct model *m, uint64_t ticks)
{
    return or_unnamed(duration_text(&m->names->texts, trace_ns(m->trace, ticks)));
}

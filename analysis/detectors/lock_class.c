#include "lock_class.h"

#include "../place.h"

#include <stdlib.h>
#include <string.h>

/* A data or code address as something that does not change from run to run. */
static uint64_t address_hash(const struct trace *t, uint64_t address)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_MODULES); i++) {
        const struct kiwi_module *m = trace_module(t, i);

        if (m && address >= m->start && address < m->end)
            return place_hash(place_hash_text(0, place_base_name(trace_string(t, m->path))), address - m->base);
    }
    return place_hash(0, address);
}

/* "shards[3].mutex in svc" without the number: all elements of an array. 0 = not in an array. */
static uint64_t array_hash(struct model *m, uint32_t object)
{
    const char *name = model_object_name(m, object);
    uint64_t hash = 0;
    bool inside = false;

    if (!strchr(name, '['))
        return 0;
    for (; *name; name++) {
        inside = *name == '[' || (inside && *name != ']');
        hash = inside ? hash : place_hash(hash, (unsigned char)*name);
    }
    return hash;
}

static uint64_t static_hash(struct model *m, uint32_t object, const struct kiwi_object *o)
{
    uint64_t array = array_hash(m, object);

    if (array)
        return array;
    return o->init_stack ? place_stack_hash(m->trace, o->init_stack) : address_hash(m->trace, o->address);
}

/* By where it was made; 0 = not known. */
static uint64_t origin_hash(struct model *m, uint32_t object, const struct kiwi_object *o)
{
    uint64_t hash = place_hash(o->kind, o->type);

    if (o->flags & KIWI_OBJECT_STATIC)
        return place_hash(hash, static_hash(m, object, o));
    if (o->block_caller)
        return place_hash(place_hash(hash, address_hash(m->trace, o->block_caller)), o->address - o->block);
    return o->init_stack ? place_hash(hash, place_stack_hash(m->trace, o->init_stack)) : 0;
}

uint64_t lock_cause(struct model *m, uint32_t object)
{
    const struct kiwi_object *o = trace_object(m->trace, object);

    return o ? origin_hash(m, object, o) : 0;
}

uint64_t lock_class(struct model *m, uint32_t object)
{
    const struct kiwi_object *o = trace_object(m->trace, object);
    uint64_t hash = lock_cause(m, object);

    if (!o || hash)
        return hash;
    hash = place_hash(o->kind, o->type);
    return o->first_stack ? place_hash(hash, place_stack_hash(m->trace, o->first_stack)) : place_hash(hash, o->address);
}

bool lock_same_kind(struct model *m, uint32_t a, uint32_t b)
{
    const struct kiwi_object *x = trace_object(m->trace, a), *y = trace_object(m->trace, b);

    if (x && y && x->block && x->block == y->block && x->init_stack && x->init_stack == y->init_stack)
        return true;
    return lock_class(m, a) == lock_class(m, b);
}

bool lock_is_class(const struct model *m, uint32_t object)
{
    const struct kiwi_object *o = trace_object(m->trace, object);

    return o && (o->flags & KIWI_OBJECT_CLASS);
}

static bool thread_alive_in(const struct model *m, uint32_t thread, uint64_t first_ticks, uint64_t last_ticks)
{
    const struct kiwi_thread *t = trace_thread(m->trace, thread);

    if (!t)
        return false;
    return t->start_ticks <= last_ticks && (!t->end_ticks || t->end_ticks >= first_ticks);
}

/* Not who only ever tries. */
static bool can_be_waited_for(const struct model *m, uint32_t object)
{
    bool known = false;

    for (uint32_t i = 1; i < m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = m->acquisitions[i].row;

        if (a && a->object == object && a->how != KIWI_HOW_TRY)
            return true;
        known |= a && a->object == object;
    }
    return !known;
}

uint32_t lock_other_user(const struct model *m, uint32_t object, uint32_t thread, uint64_t first_ticks,
                         uint64_t last_ticks)
{
    const struct kiwi_object *o = trace_object(m->trace, object);

    if (!o || !o->other_thread || (lock_is_class(m, object) && !o->contended) || !can_be_waited_for(m, object))
        return 0;
    if (o->first_thread != thread && thread_alive_in(m, o->first_thread, first_ticks, last_ticks))
        return o->first_thread;
    if (o->other_thread != thread && thread_alive_in(m, o->other_thread, first_ticks, last_ticks))
        return o->other_thread;
    return 0;
}

static uint64_t link_hash(struct model *m, const struct lock_link *link)
{
    uint64_t hash = place_hash(lock_cause(m, link->from), lock_cause(m, link->to));

    hash = place_hash(hash, place_location_hash(m->trace, m->symbols, link->held_stack));
    return place_hash(hash, place_location_hash(m->trace, m->symbols, link->wanted_stack));
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

uint64_t lock_links_cause(struct model *m, const struct lock_link *links, unsigned count)
{
    uint64_t hashes[LOCK_LINKS_MAX] = {0}, cause = 0;

    count = count < LOCK_LINKS_MAX ? count : LOCK_LINKS_MAX;
    for (unsigned i = 0; i < count; i++)
        hashes[i] = link_hash(m, &links[i]);
    qsort(hashes, count, sizeof *hashes, compare_hashes);
    for (unsigned i = 0; i < count; i++) /* each once: transfer(a, b) closes circles of any length */
        if (!i || hashes[i] != hashes[i - 1])
            cause = place_hash(cause, hashes[i]);
    return cause ? cause : 1;
}

/*
 * heap_follow.c - what is done about single blocks: samples get a record, the latest ones of a thread can name the lock
 * that lies in them, and a free ends the identity of the locks in the block, finds mistakes, and may be put off.
 */
#include "heap_follow.h"
#include "allocator.h"
#include "heap_marks.h"

#include "../record/allocator.h"
#include "../record/gone.h"
#include "../record/heap_path.h"
#include "../record/leftover.h"
#include "../record/misuse.h"
#include "../record/sampler.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

/*
 * malloc_usable_size may be asked about a block only if it belongs to the allocator that made it: a program may define
 * malloc, free and no more, and glibc's would take what lies in front of such a block for a header. Blocks that reach
 * the free of this library are the next library's; those that reach delete are whoever's free the process sees first.
 */
static bool free_tells_sizes, delete_tells_sizes;

/* Threads need not keep their recent blocks: nobody asks them for the sizes of what is freed, and allocations that fail
 * because of a limit need not be tried again, which only the ways that keep them do. */
static bool keeping_may_end;

static bool is_ours(const void *function)
{
    return real_module_of(function) == real_module_of((const void *)&free_tells_sizes);
}

__attribute__((constructor(101))) static void heap_start(void)
{
    if (!real_ensure())
        return;
    const void *sizes = real_module_of((const void *)malloc_usable_size);
    free_tells_sizes = sizes && sizes == real_module_of((const void *)real.free);
    delete_tells_sizes = (free_tells_sizes && heap_is_first(is_ours)) ||
                         (sizes && real._ZdlPv && sizes == real_module_of((const void *)real._ZdlPv));
    keeping_may_end = free_tells_sizes && sys_space_limit() == UINT64_MAX;
    heap_marks_learn();
    heap_learn(is_ours);
    allocator_learn();
    heap_forms_known = heap_is_first(is_ours) && cxx_heap_is_first(is_ours);
}

/* The guard is set: what the allocator does to answer is not the service's doing. */
static size_t size_of(struct thread *t, void *p, bool tells)
{
    struct misuse_facts facts;
    if (!tells || unlikely(heap_marks_refuse(p, &facts)))
        return recent_block_size(t, (uintptr_t)p);
    t->asked = (uintptr_t)malloc_usable_size;
    COMPILER_BARRIER();
    size_t size = malloc_usable_size(p);
    COMPILER_BARRIER();
    t->asked = 0;
    return size;
}

/* Allocation. */

/* The allocation is looked at because it may be the first one in a hold that is timed. */
static void first_in_hold(struct thread *t, struct call_site site)
{
    uint64_t drawn = t->heap_drawn;
    t->heap_drawn = 0;
    thread_heap_next(t, drawn);
    if (t->heap_lock && !t->heap_lock_stack && t->slot->held_count)
        t->heap_lock_stack = stack_of(t, site);
}

static COLD void timed(struct thread *t)
{
    heap_path_spent(t, t->heap_since);
    t->heap_since = 0;
    if (!heap_path_in_piece(t))
        t->heap_timing = 0; /* the loop was left in the middle of a tick */
}

static NOINLINE void sampled_fully(struct thread *t, void *p, size_t size, struct call_site site)
{
    int saved = errno;
    guard_set(t);
    if (unlikely(t->heap_since))
        timed(t);
    if (t->heap_drawn)
        first_in_hold(t, site);
    uint32_t units = t->heap_left ? 0 : sampler_take(t, size);
    if (units)
        block_add(t, (uintptr_t)p, size, stack_of(t, site), units);
    if (heap_path_watches(t)) {
        heap_path_note(t, stack_of(t, site), size);
        heap_look_at_next(t);
    }
    if (keeping_may_end)
        recent_blocks_settle(t);
    if (units && allocator_is_due())
        allocator_look(t, site);
    guard_clear(t);
    errno = saved;
}

/* Looked at for one reason alone, that a tick or scope goes on, and on a known path: it is counted there, the next one
 * will be looked at as well, and the sample is still to come. */
NOINLINE void heap_sampled(struct thread *t, void *p, size_t size, struct call_site site)
{
    if (unlikely(record_settings.heap == HEAP_EXACT))
        gone_forget((uintptr_t)p);
    bool plain = t->heap_drawn > t->heap_next && !t->heap_left && !t->heap_since && !t->heap_lock;
    struct stack_entry *e = likely(plain) && heap_path_in_piece(t) ? stack_find(t, site) : NULL;
    if (unlikely(!e)) {
        sampled_fully(t, p, size, site);
        return;
    }
    guard_set(t);
    heap_path_note(t, e->row, size);
    guard_clear(t);
}

/* Its bytes are no part of what is sampled: the points that were drawn move on. */
COLD void heap_counted(struct thread *t, void *p, size_t size, struct call_site site)
{
    int saved = errno;
    gone_forget((uintptr_t)p);
    t->heap_calls++;
    t->heap_next += size; /* and so thread_heap_bytes */
    if (t->heap_drawn)
        t->heap_drawn += size;
    guard_set(t);
    if (heap_path_watches(t))
        heap_path_note(t, stack_of(t, site), size);
    guard_clear(t);
    errno = saved;
}

COLD void *heap_got_unseen(void *p)
{
    if (p && memory_alive())
        gone_forget((uintptr_t)p);
    return p;
}

COLD void *heap_quickly_failed(size_t size, void *(*fully)(size_t size))
{
    struct thread *t = kiwi_self;
    t->heap_left += size;
    t->heap_calls--;
    return fully(size);
}

static COLD void mark_form(struct thread *t, uintptr_t p, enum kiwi_heap_form form, bool direct)
{
    guard_set(t);
    struct heap_block *b = block_find(p);
    if (b) {
        b->form = (uint8_t)form;
        b->direct = direct;
    }
    guard_clear(t);
}

void *heap_got_new(struct thread *t, void *p, size_t size, enum kiwi_heap_form form, uint64_t calls,
                   struct call_site site)
{
    bool direct = t->heap_calls == calls;
    if (direct)
        heap_got(t, p, size, site);
    else
        recent_block_note(t, p, size, ((void **)site.sp)[-1], stack_depth_below(site.sp));
    if (suspect_block((uintptr_t)p))
        mark_form(t, (uintptr_t)p, form, direct);
    return p;
}

/* Free. */

struct freeing {
    struct thread *t;
    struct call_site site;
    bool held; /* a lock in the block is */
};

/* Blocks freed while they hold known locks end those locks' identity. Before the real free: then it is someone
 * else's. */
static void lock_freed(uint32_t object, void *arg)
{
    struct freeing *f = arg;
    struct misuse_facts facts;
    if (unlikely(leftover_in_block(object, &facts))) {
        f->held = true;
        facts.stack = stack_of(f->t, f->site);
        leftover_freed(f->t, &facts);
    }
    object_end(region_object(object)->address);
}

static void free_all(const struct quarantine_out *out)
{
    for (uint32_t i = 0; i < out->count; i++)
        real.free((void *)out->addresses[i]);
}

COLD bool heap_gives_back(size_t size)
{
    struct thread *t = thread_enter();
    struct quarantine_out out;
    bool any = false;
    if (errno != ENOMEM || size > PTRDIFF_MAX || !memory_alive())
        return false;
    for (uint32_t from = 0;; any = true) {
        if (t)
            guard_set(t);
        bool more = quarantine_empty(t, &from, &out);
        if (t)
            guard_clear(t);
        if (!more)
            break;
        free_all(&out);
    }
    errno = ENOMEM;
    return any;
}

/* One that was never worth a row of its own is known by its address alone. */
static bool holds_lock_in(const struct thread *t, uintptr_t address, size_t size)
{
    for (uint32_t i = 0; i < t->slot->held_count; i++)
        if (t->held[i].address - address < size)
            return true;
    return false;
}

/* With heap=exact blocks are known; of what is none of them, glibc's books may tell that it never was one. */
static bool is_refused(const struct heap_freeing *h)
{
    struct misuse_facts facts;
    return record_settings.heap == HEAP_EXACT && !h->known && heap_marks_refuse((const void *)h->address, &facts);
}

/* The guard is set. Ends the identity of the locks in the block. HEAP_GOES: that is done; else there is no such
 * block. */
static enum heap_fate block_dies(struct thread *t, struct heap_freeing *h, bool tells)
{
    if (heap_invalid(t, h))
        return HEAP_WRONG;
    if (is_refused(h))
        return HEAP_REFUSED;
    size_t size = size_of(t, (void *)h->address, tells);
    struct freeing f = {t, h->site, holds_lock_in(t, h->address, size)};
    object_each_in(h->address, size, lock_freed, &f);
    h->usable = tells ? size : 0;
    h->held = f.held;
    return HEAP_GOES;
}

/* Neighbours share a mark, and so do addresses far apart: the block that a busy thread gets again and again may be one
 * of those. No lock can lie in it, and it is not followed. */
static ALWAYS_INLINE bool is_plain(const void *p)
{
    uintptr_t address = (uintptr_t)p;
    return record_settings.heap != HEAP_EXACT && !suspect_page(address) && !suspect_large(address) &&
           !block_find(address);
}

NOINLINE enum heap_fate heap_fate_of(struct thread *t, void *p, struct call_site site)
{
    if (is_plain(p))
        return HEAP_GOES;
    int saved = errno;
    struct heap_freeing h = {.address = (uintptr_t)p, .form = KIWI_HEAP_MALLOC, .site = site};
    struct quarantine_out out;
    out.count = 0; /* and no more: to clear it all takes as long as the rest */
    guard_set(t);
    enum heap_fate fate = block_dies(t, &h, free_tells_sizes);
    if (fate == HEAP_GOES && heap_freed(t, &h, &out))
        fate = HEAP_KEPT;
    guard_clear(t);
    free_all(&out);
    errno = saved;
    return fate;
}

COLD bool heap_keeps_unseen(const void *p)
{
    return memory_alive() && block_forget((uintptr_t)p);
}

COLD void heap_deletes(struct thread *t, void *p, enum kiwi_heap_form form, struct call_site site)
{
    int saved = errno;
    struct heap_freeing h = {.address = (uintptr_t)p, .form = form, .site = site};
    guard_set(t);
    if (block_dies(t, &h, delete_tells_sizes) == HEAP_GOES)
        heap_deleted(t, &h);
    guard_clear(t);
    errno = saved;
}

/* Realloc. */

static void find_held(uint32_t object, void *held)
{
    struct misuse_facts facts;
    if (leftover_in_block(object, &facts))
        *(struct misuse_facts *)held = facts;
}

/* A block that was freed before, and is kept since: a new one takes its place, as it would have by chance. */
static void *copy_of(const void *old, size_t old_size, size_t size)
{
    void *p = real.malloc(size);
    if (p)
        memcpy(p, old, old_size < size ? old_size : size);
    return p;
}

/* Whether a lock in it is held must be seen while it is there. */
static COLD bool suspect_moves(struct heap_moving *m, size_t size)
{
    int saved = errno;
    struct thread *t = m->t;
    struct heap_freeing h = {.address = m->address, .form = KIWI_HEAP_MALLOC, .site = m->site};
    guard_set(t);
    if (!heap_invalid(t, &h) && !(m->refused = is_refused(&h))) {
        m->locks = size_of(t, (void *)m->address, free_tells_sizes);
        object_each_in(m->address, m->locks, find_held, &m->held);
        h.usable = free_tells_sizes ? m->locks : 0;
        m->followed = heap_move_begin(t, &h, &m->was);
    }
    guard_clear(t);
    errno = saved;
    if (m->followed != HEAP_MOVE_FREED)
        return true;
    m->instead = copy_of((const void *)m->address, m->was.size, size);
    return false;
}

static COLD void size_before(struct heap_moving *m)
{
    int saved = errno;
    guard_set(m->t);
    m->before = size_of(m->t, (void *)m->address, free_tells_sizes);
    guard_clear(m->t);
    errno = saved;
}

bool heap_move_starts(struct heap_moving *m, struct thread *t, void *old, size_t size, struct call_site site)
{
    m->t = t;
    m->site = site;
    m->address = (uintptr_t)old;
    m->locks = 0;
    m->held.object = 0;
    m->followed = HEAP_MOVE_UNKNOWN;
    m->before = 0;
    m->refused = false;
    m->unfollowed = false;
    if (likely(t && old)) {
        if (unlikely(suspect_block((uintptr_t)old)) && !suspect_moves(m, size))
            return false;
        if (unlikely(heap_path_in_piece(t)))
            size_before(m);
        return true;
    }
    if (!old || !heap_keeps_unseen(old))
        return true;
    m->instead = copy_of(old, free_tells_sizes ? malloc_usable_size(old) : 0, size);
    return false;
}

/* A block that moves takes no lock with it: one in the old place is gone. So is one in a block that realloc freed. */
static COLD void locks_moved(const struct heap_moving *m)
{
    if (m->held.object) {
        struct misuse_facts held = m->held;
        held.stack = stack_of(m->t, m->site);
        leftover_freed(m->t, &held);
    }
    object_end_range(m->address, m->locks);
}

/* In a tick or a scope, or a followed block. A new block (before: 0) begins a buffer, too. */
static COLD void grown(const struct heap_moving *m, const void *p, size_t size)
{
    int saved = errno;
    size_t before = heap_path_in_piece(m->t) || m->followed != HEAP_MOVE_LIVE ? m->before : m->was.size;
    guard_set(m->t);
    heap_path_grown(m->t, stack_of(m->t, m->site), before, size, m->address && (uintptr_t)p != m->address);
    guard_clear(m->t);
    errno = saved;
}

void heap_move_ends(struct heap_moving *m, void *p, size_t size)
{
    struct thread *t = m->t;
    if (!t) {
        heap_got_unseen(p);
        return;
    }
    bool gone = p || !size;
    if (unlikely(m->locks || m->followed == HEAP_MOVE_LIVE)) {
        int saved = errno;
        guard_set(t);
        if (gone && (uintptr_t)p != m->address && m->locks)
            locks_moved(m);
        if (m->followed == HEAP_MOVE_LIVE)
            heap_move_end(t, m->address, &m->was, gone);
        guard_clear(t);
        errno = saved;
    }
    if (!p)
        return;
    if (unlikely(m->unfollowed))
        heap_counted(t, p, size, m->site);
    else
        heap_got(t, p, size, m->site);
    if (unlikely(heap_path_in_piece(t) || (m->followed == HEAP_MOVE_LIVE && !heap_path_piece(t))))
        grown(m, p, size);
}

/*
 * heap.c - the heap calls, passed through: Kiwi notes the latest blocks of each thread (to name the block that holds a
 * lock) and ends the identity of locks whose block is freed.
 *
 * Heap calls made while the real functions are being looked up (dlsym allocates) come from a small pool that is never
 * given back.
 */
#include "../process/enter.h"
#include "../record/leftover.h"
#include "../record/misuse.h"
#include "../record/stack.h"

#include "cxx_heap.h"

#include "../base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define BOOT_POOL 65536u

static char boot_pool[BOOT_POOL] __attribute__((aligned(16)));
static uint32_t boot_used;

static bool from_boot_pool(const void *p)
{
    return (uintptr_t)p - (uintptr_t)boot_pool < BOOT_POOL;
}

/* The size stands in front of each block, for realloc. Past the pool, each block is a mapping of its own. */
static void *boot_allocate(size_t size)
{
    size_t room = (size + 31) & ~(size_t)15;
    uint32_t at = size < BOOT_POOL ? RELAXED_ADD(&boot_used, (uint32_t)room) : BOOT_POOL;
    if (at + room > BOOT_POOL) {
        void *map = sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        return sys_failed((long)map) ? NULL : map;
    }
    *(size_t *)(void *)&boot_pool[at] = size;
    return &boot_pool[at + 16];
}

static size_t boot_size(const void *p)
{
    return *(const size_t *)((uintptr_t)p - 16);
}

/*
 * malloc_usable_size may be asked about a block only if it belongs to the allocator that made it: a program may define
 * malloc, free and no more, and glibc's would take what lies in front of such a block for a header. Blocks that reach
 * the free of this library are the next library's; those that reach delete are whoever's free the process sees first.
 */
static bool free_tells_sizes, delete_tells_sizes;

static const void *module_of(const void *function)
{
    struct dl_find_object f;
    return _dl_find_object((void *)(uintptr_t)function, &f) == 0 ? f.dlfo_link_map : NULL;
}

__attribute__((constructor(101))) static void heap_start(void)
{
    if (!real_ensure())
        return;
    const void *sizes = module_of((const void *)malloc_usable_size);
    free_tells_sizes = sizes && sizes == module_of((const void *)real.free);
    delete_tells_sizes = (free_tells_sizes && module_of((const void *)free) == module_of(&boot_used)) ||
                         (sizes && real._ZdlPv && sizes == module_of((const void *)real._ZdlPv));
}

static size_t size_of(const struct thread *t, void *p, bool tells)
{
    return tells ? malloc_usable_size(p) : object_block_size(t, (uintptr_t)p);
}

struct freeing {
    struct thread *t;
    struct call_site site;
};

/* Blocks freed while they hold known locks end those locks' identity. Before the real free: then it is someone
 * else's. */
static void lock_freed(uint32_t object, void *arg)
{
    const struct freeing *f = arg;
    struct misuse_facts facts;
    if (unlikely(leftover_in_block(object, &facts))) {
        facts.stack = stack_of(f->t, f->site);
        leftover_freed(f->t, &facts);
    }
    object_end(region_object(object)->address);
}

COLD static void suspect_freed(struct thread *t, void *p, bool tells, struct call_site site)
{
    int saved = errno;
    struct freeing f = {t, site};
    guard_set(t);
    object_each_in((uintptr_t)p, size_of(t, p, tells), lock_freed, &f);
    guard_clear(t);
    errno = saved;
}

void heap_note_delete(struct thread *t, void *p, struct call_site site)
{
    suspect_freed(t, p, delete_tells_sizes, site);
}

#define CHECKS_MAX 8u /* heap calls looked at during one call that waits */

/*
 * The thread is inside a call that waits, or sends a signal, and yet here: in a signal handler, if the stack says so.
 * Heap calls in handlers that interrupt anything else are not looked for: each call would have to be.
 */
NOINLINE COLD static void heap_inside(struct thread *t, void *caller)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (here >= t->inside && t->inside >= t->stack_low && here < t->stack_high) {
        t->inside = 0; /* that call was left by an exception or a jump */
        return;
    }
    if (t->inside_checked != t->inside)
        t->inside_checks = 0;
    t->inside_checked = t->inside;
    if (t->inside_checks++ >= CHECKS_MAX) {
        t->inside_checks = CHECKS_MAX;
        return;
    }
    int saved = errno;
    guard_set(t);
    uint32_t stack = stack_of_handler(t, (uintptr_t)caller);
    if (stack)
        misuse_note(t, &(struct misuse_facts){.kind = KIWI_MISUSE_HEAP_IN_HANDLER, .stack = stack});
    guard_clear(t);
    errno = saved;
}

EXPORT void *malloc(size_t size)
{
    struct thread *t = thread_enter();
    if (unlikely(t && t->inside))
        heap_inside(t, __builtin_return_address(0));
    if (unlikely(!t && real_state != REAL_READY))
        return boot_allocate(size);
    void *p = real.malloc(size);
    return likely(t && p) ? object_note_block(t, p, size, __builtin_return_address(0)) : p;
}

EXPORT void *calloc(size_t n, size_t size)
{
    struct thread *t = thread_enter();
    if (unlikely(t && t->inside))
        heap_inside(t, __builtin_return_address(0));
    if (unlikely(!t && real_state != REAL_READY)) {
        size_t bytes;
        return __builtin_mul_overflow(n, size, &bytes) ? NULL : boot_allocate(bytes); /* the pool is zeroed */
    }
    void *p = real.calloc(n, size);
    return likely(t && p) ? object_note_block(t, p, n * size, __builtin_return_address(0)) : p;
}

EXPORT void free(void *p)
{
    if (unlikely(from_boot_pool(p)))
        return;
    struct thread *t = thread_enter();
    if (unlikely(t && t->inside && p))
        heap_inside(t, __builtin_return_address(0));
    if (likely(t && p) && object_block_suspect((uintptr_t)p))
        suspect_freed(t, p, free_tells_sizes, CALL_SITE());
    if (likely(real_state == REAL_READY))
        real.free(p);
}

static void *boot_realloc(void *old, size_t size)
{
    void *p = real_state == REAL_READY ? real.malloc(size) : boot_allocate(size);
    if (p)
        memcpy(p, old, boot_size(old) < size ? boot_size(old) : size);
    return p;
}

static size_t size_if_suspect(const struct thread *t, void *p)
{
    return t && p && object_block_suspect((uintptr_t)p) ? size_of(t, p, free_tells_sizes) : 0;
}

/* A block that may be moved; size 0: no lock can lie in it. */
struct moving {
    uintptr_t address;
    size_t size;
    struct misuse_facts held; /* object 0: no lock in it is held */
};

static void find_held(uint32_t object, void *held)
{
    struct misuse_facts facts;
    if (leftover_in_block(object, &facts))
        *(struct misuse_facts *)held = facts;
}

/* Whether a lock in it is held must be seen while it is there. */
static void move_begin(struct moving *m, struct thread *t, void *old)
{
    *m = (struct moving){.address = (uintptr_t)old, .size = size_if_suspect(t, old)};
    if (likely(!m->size))
        return;
    int saved = errno;
    guard_set(t);
    object_each_in(m->address, m->size, find_held, &m->held);
    guard_clear(t);
    errno = saved;
}

/* A block that moves takes no lock with it: one in the old place is gone. So is one in a block that realloc freed. */
static void move_end(struct moving *m, struct thread *t, void *p, size_t size, struct call_site site)
{
    if ((uintptr_t)p != m->address && m->size) {
        int saved = errno;
        guard_set(t);
        if (unlikely(m->held.object)) {
            m->held.stack = stack_of(t, site);
            leftover_freed(t, &m->held);
        }
        object_end_range(m->address, m->size);
        guard_clear(t);
        errno = saved;
    }
    if (p)
        object_note_block(t, p, size, *(void **)(site.sp - sizeof(void *)));
}

EXPORT void *realloc(void *old, size_t size)
{
    struct thread *t = thread_enter();
    if (unlikely(t && t->inside))
        heap_inside(t, __builtin_return_address(0));
    if (unlikely(real_state != REAL_READY || from_boot_pool(old)))
        return old ? boot_realloc(old, size) : boot_allocate(size);
    struct moving m;
    move_begin(&m, t, old);
    void *p = real.realloc(old, size);
    if (t && (p || !size))
        move_end(&m, t, p, size, CALL_SITE());
    return p;
}

EXPORT void *reallocarray(void *old, size_t n, size_t size)
{
    struct thread *t = thread_enter();
    if (unlikely(from_boot_pool(old))) {
        size_t bytes;
        if (!__builtin_mul_overflow(n, size, &bytes))
            return boot_realloc(old, bytes);
        errno = ENOMEM;
        return NULL;
    }
    struct moving m;
    move_begin(&m, t, old);
    void *p = real.reallocarray(old, n, size);
    if (t && p)
        move_end(&m, t, p, n * size, CALL_SITE());
    return p;
}

static void *noted(struct thread *t, void *p, size_t size, void *caller)
{
    if (t && p)
        object_note_block(t, p, size, caller);
    return p;
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    struct thread *t = thread_enter();
    return noted(t, real.memalign(alignment, size), size, __builtin_return_address(0));
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    struct thread *t = thread_enter();
    return noted(t, real.aligned_alloc(alignment, size), size, __builtin_return_address(0));
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
    struct thread *t = thread_enter();
    int result = real.posix_memalign(p, alignment, size);
    if (result == 0)
        noted(t, *p, size, __builtin_return_address(0));
    return result;
}

EXPORT void *valloc(size_t size)
{
    struct thread *t = thread_enter();
    return noted(t, real.valloc(size), size, __builtin_return_address(0));
}

EXPORT void *pvalloc(size_t size)
{
    struct thread *t = thread_enter();
    return noted(t, real.pvalloc(size), size, __builtin_return_address(0));
}

/*
 * heap.c - the heap calls: counted, and passed through to the service's own allocator. What is done about single blocks
 * is in heap_follow.c.
 *
 * Heap calls made while the real functions are being looked up (dlsym allocates) come from a small pool that is never
 * given back.
 */
#include "heap_follow.h"
#include "heap_marks.h"

#include "../base/clock.h"
#include "../record/heap_path.h"
#include "../record/misuse.h"

#include "../base/sys.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define BOOT_POOL 65536u

static char boot_pool[BOOT_POOL] __attribute__((aligned(4096)));
static uint32_t boot_used;

static bool from_boot_pool(const void *p)
{
    return (uintptr_t)p - (uintptr_t)boot_pool < BOOT_POOL;
}

/* The size stands in front of each block, for realloc. Past the pool, each block is a mapping of its own. */
static void *boot_allocate(size_t size)
{
    size_t room = (size + 31) & ~(size_t)15;
    suspect_always((uintptr_t)boot_pool, BOOT_POOL); /* free must look at them */
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

#define CHECKS_MAX 8u /* heap calls looked at during one call that waits */

/*
 * The thread is inside a call that waits, or sends a signal, and yet here: in a signal handler, if the stack says so.
 * Heap calls in handlers that interrupt anything else are not looked for: each call would have to be.
 */
static COLD void heap_inside(struct thread *t, void *caller)
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

/* Not an ordinary call: a wait goes on, or the heap calls of the present tick or scope are timed (heap_path.h). */
static ALWAYS_INLINE bool heap_special_to(const struct thread *t)
{
    return t->inside | t->heap_timing;
}

static ALWAYS_INLINE bool heap_special(const struct thread *t)
{
    return t && heap_special_to(t);
}

static NOINLINE void heap_specially(struct thread *t, void *caller)
{
    if (t->inside)
        heap_inside(t, caller);
    if (t->heap_timing)
        t->heap_since = clock_ticks();
}

/* Before anything else looks at the block: nothing but the real free may. With heap=exact it is known which addresses
 * are blocks', and only what is left is looked at. */
static bool is_refused(const void *p)
{
    struct misuse_facts facts;
    return record_settings.heap != HEAP_EXACT && unlikely(heap_marks_refuse(p, &facts));
}

/* true: it is freed. */
static NOINLINE bool free_specially(struct thread *t, void *p, void *caller)
{
    if (t->inside)
        heap_inside(t, caller);
    if (!t->heap_timing || suspect_block((uintptr_t)p) || is_refused(p))
        return false;
    uint64_t since = clock_ticks();
    real.free(p);
    heap_path_spent(t, since);
    return true;
}

/* What ends in _fully is a tail call of its wrapper: its frame stands in the place of the wrapper's. */

static NOINLINE void *malloc_fully(size_t size)
{
    struct thread *t = thread_enter();
    if (unlikely(heap_special(t)))
        heap_specially(t, __builtin_return_address(0));
    if (unlikely(!t && real_state != REAL_READY))
        return boot_allocate(size);
    void *p = real.malloc(size);
    if (unlikely(!p) && heap_gives_back(size))
        p = real.malloc(size);
    return likely(t && p) ? heap_got(t, p, size, CALL_SITE()) : heap_got_unseen(p);
}

/* Its block is kept, if no more. */
static NOINLINE void *malloc_keeping(size_t size)
{
    struct recent_block *b = heap_quickly(size, __builtin_return_address(0));
    return likely(b != NULL) ? heap_quickly_got(b, real.malloc(size), malloc_fully) : malloc_fully(size);
}

EXPORT void *malloc(size_t size)
{
    if (unlikely(!heap_counts_only(kiwi_self, size)))
        return malloc_keeping(size);
    return real.malloc(size);
}

static size_t bytes_of(size_t n, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(n, size, &bytes) ? SIZE_MAX : bytes;
}

static NOINLINE void *calloc_fully(size_t n, size_t size)
{
    struct thread *t = thread_enter();
    if (unlikely(heap_special(t)))
        heap_specially(t, __builtin_return_address(0));
    if (unlikely(!t && real_state != REAL_READY)) {
        size_t bytes;
        return __builtin_mul_overflow(n, size, &bytes) ? NULL : boot_allocate(bytes); /* the pool is zeroed */
    }
    void *p = real.calloc(n, size);
    if (unlikely(!p) && heap_gives_back(bytes_of(n, size)))
        p = real.calloc(n, size);
    return likely(t && p) ? heap_got(t, p, n * size, CALL_SITE()) : heap_got_unseen(p);
}

static NOINLINE void *calloc_one_fully(size_t size)
{
    return calloc_fully(1, size);
}

static NOINLINE void *calloc_keeping(size_t n, size_t size)
{
    struct recent_block *b = heap_quickly(n * size, __builtin_return_address(0));
    return likely(b != NULL) ? heap_quickly_got(b, real.calloc(n, size), calloc_one_fully) : calloc_fully(n, size);
}

EXPORT void *calloc(size_t n, size_t size)
{
    size_t bytes;
    if (unlikely(__builtin_mul_overflow(n, size, &bytes))) /* the call fails */
        return calloc_fully(n, size);
    if (unlikely(!heap_counts_only(kiwi_self, bytes)))
        return calloc_keeping(n, size);
    return real.calloc(n, size);
}

static bool is_free_already(const void *p)
{
    struct misuse_facts facts;
    return heap_marks_refuse(p, &facts) && facts.kind == KIWI_MISUSE_FREE_MARKED;
}

static NOINLINE void free_fully(void *p)
{
    if (unlikely(!p || from_boot_pool(p)))
        return;
    struct thread *t = thread_enter();
    if (unlikely(heap_special(t)) && free_specially(t, p, __builtin_return_address(0)))
        return;
    enum heap_fate fate = HEAP_GOES;
    bool refused = t && is_refused(p);
    if (unlikely(!t))
        fate = heap_keeps_unseen(p) ? HEAP_KEPT : HEAP_GOES;
    else if (!refused && suspect_block((uintptr_t)p))
        fate = heap_fate_of(t, p, CALL_SITE());
    if (fate == HEAP_KEPT || unlikely(real_state != REAL_READY))
        return;
    if (refused || fate == HEAP_REFUSED ||
        (t && fate == HEAP_GOES && record_settings.heap == HEAP_EXACT && is_free_already(p)))
        heap_marks_free(p, CALL_SITE());
    else
        real.free(p);
}

static NOINLINE void free_refused_fully(void *p)
{
    heap_marks_free(p, CALL_SITE());
}

static NOINLINE void free_doubtful(void *p)
{
    if (likely(heap_marks_fine(p)))
        real.free(p);
    else
        free_refused_fully(p);
}

EXPORT void free(void *p)
{
    if (unlikely(suspect_block((uintptr_t)p) || heap_special_to(kiwi_self)))
        free_fully(p);
    else if (unlikely(heap_marks_doubt(p)))
        free_doubtful(p);
    else
        real.free(p);
}

static void *boot_realloc(void *old, size_t size)
{
    void *p = real_state == REAL_READY ? real.malloc(size) : boot_allocate(size);
    if (p)
        memcpy(p, old, boot_size(old) < size ? boot_size(old) : size);
    return p;
}

/* The row that says that glibc will not do it; 0 = none. With heap=exact, heap_move_starts sees to blocks. */
static ALWAYS_INLINE uint32_t move_refused(struct thread *t, const void *old, struct call_site site)
{
    bool doubtful = t && old && (suspect_large((uintptr_t)old) || heap_marks_doubt(old));
    if (likely(!doubtful) || (record_settings.heap == HEAP_EXACT && suspect_block((uintptr_t)old)))
        return 0;
    return heap_marks_note(t, old, site);
}

EXPORT void *realloc(void *old, size_t size)
{
    struct thread *t = thread_enter();
    if (unlikely(heap_special(t)))
        heap_specially(t, __builtin_return_address(0));
    if (unlikely(real_state != REAL_READY || from_boot_pool(old)))
        return old ? boot_realloc(old, size) : boot_allocate(size);
    struct heap_moving m;
    uint32_t refused = move_refused(t, old, CALL_SITE());
    if (unlikely(!heap_move_starts(&m, t, old, size, CALL_SITE())))
        return m.instead;
    if (unlikely(m.refused))
        refused = heap_marks_note(t, old, CALL_SITE());
    void *p = real.realloc(old, size);
    if (unlikely(!p) && size && heap_gives_back(size))
        p = real.realloc(old, size);
    if (unlikely(refused))
        misuse_result(refused, 0);
    heap_move_ends(&m, p, size);
    return p;
}

/* It would come back to the realloc above, and be counted there as well. */
static bool array_is_realloc;

void heap_learn(bool (*is_ours)(const void *function))
{
    const struct link_map *makes = real_module_of((const void *)real.reallocarray);
    array_is_realloc =
            makes && makes == real_module_of((const void *)gnu_get_libc_version) && is_ours((const void *)realloc);
}

EXPORT void *reallocarray(void *old, size_t n, size_t size)
{
    struct thread *t = thread_enter();
    if (unlikely(heap_special(t)))
        heap_specially(t, __builtin_return_address(0));
    size_t bytes;
    bool overflow = __builtin_mul_overflow(n, size, &bytes);
    if (unlikely(from_boot_pool(old))) {
        if (!overflow)
            return boot_realloc(old, bytes);
        errno = ENOMEM;
        return NULL;
    }
    struct heap_moving m;
    uint32_t refused = move_refused(t, old, CALL_SITE());
    if (unlikely(!heap_move_starts(&m, t, old, overflow ? SIZE_MAX : bytes, CALL_SITE())))
        return m.instead;
    if (unlikely(m.refused))
        refused = heap_marks_note(t, old, CALL_SITE());
    void *p = array_is_realloc && !overflow ? real.realloc(old, bytes) : real.reallocarray(old, n, size);
    if (unlikely(!p) && !overflow && bytes && heap_gives_back(bytes))
        p = real.realloc(old, bytes);
    if (unlikely(refused))
        misuse_result(refused, 0);
    heap_move_ends(&m, p, overflow ? SIZE_MAX : bytes);
    return p;
}

static ALWAYS_INLINE void *noted(struct thread *t, void *p, size_t size, struct call_site site)
{
    return t && p ? heap_got(t, p, size, site) : heap_got_unseen(p);
}

EXPORT void *memalign(size_t alignment, size_t size)
{
    struct thread *t = thread_enter();
    void *p = real.memalign(alignment, size);
    if (unlikely(!p) && heap_gives_back(size))
        p = real.memalign(alignment, size);
    return noted(t, p, size, CALL_SITE());
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    struct thread *t = thread_enter();
    void *p = real.aligned_alloc(alignment, size);
    if (unlikely(!p) && heap_gives_back(size))
        p = real.aligned_alloc(alignment, size);
    return noted(t, p, size, CALL_SITE());
}

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
    struct thread *t = thread_enter();
    int before = errno, result = real.posix_memalign(p, alignment, size), left = errno;
    if (unlikely(result == ENOMEM)) {
        errno = result; /* where this call does not tell it */
        if (heap_gives_back(size))
            result = real.posix_memalign(p, alignment, size);
        errno = result == 0 ? before : left;
    }
    if (result == 0)
        noted(t, *p, size, CALL_SITE());
    return result;
}

EXPORT void *valloc(size_t size)
{
    struct thread *t = thread_enter();
    void *p = real.valloc(size);
    if (unlikely(!p) && heap_gives_back(size))
        p = real.valloc(size);
    return noted(t, p, size, CALL_SITE());
}

EXPORT void *pvalloc(size_t size)
{
    struct thread *t = thread_enter();
    void *p = real.pvalloc(size);
    if (unlikely(!p) && heap_gives_back(size))
        p = real.pvalloc(size);
    return noted(t, p, size, CALL_SITE());
}

const void *heap_in_front(bool (*is_ours)(const void *function))
{
    return !is_ours((const void *)malloc) ? (const void *)malloc
           : !is_ours((const void *)free) ? (const void *)free
                                          : NULL;
}

bool heap_is_first(bool (*is_ours)(const void *function))
{
    return !heap_in_front(is_ours);
}

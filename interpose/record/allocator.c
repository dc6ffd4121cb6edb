#include "allocator.h"

#include "../base/sys.h"

#include <signal.h>
#include <string.h>

#define ROW 1u
#define AGAIN_NS 10000000u     /* after an unsafe moment */
#define COST_SHARE 1000u       /* what asking may take of the time: one part in so many */
#define STACK_LEFT (32u << 10) /* bytes of stack that must be left */
#define ALL_SIGNALS (~UINT64_C(0))

struct allocator_facts allocator_facts;

static uint32_t path_string(const char *path)
{
    return path ? region_string(path, strlen(path)) : 0;
}

void allocator_begin(void)
{
    if (region_claim(KIWI_TABLE_ALLOCATORS, 1) != ROW)
        return;
    struct kiwi_allocator *a = region_allocator(ROW);
    a->unseen = allocator_facts.unseen;
    a->first = path_string(allocator_facts.first);
    a->serves = path_string(allocator_facts.serves);
    RELAXED_STORE(&memory.allocator_due, clock_ticks() + clock_ns_to_ticks(ALLOCATOR_NS));
    region_publish(&a->state, KIWI_ROW_LIVE);
}

static bool is_not_its_code(uintptr_t address)
{
    return !allocator_facts.is_its_code(address);
}

static bool has_room(const struct thread *t)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return here >= t->stack_low && here < t->stack_high && here - t->stack_low >= STACK_LEFT;
}

/* No other thread looks at the same time: they begin at moments that are far apart, or lose the exchange. */
static bool begins(uint64_t now)
{
    uint64_t due = RELAXED_LOAD(&memory.allocator_due);
    return now >= due && __atomic_compare_exchange_n(&memory.allocator_due, &due, UINT64_MAX, false, __ATOMIC_RELAXED,
                                                     __ATOMIC_RELAXED);
}

static void note(const struct allocator_figures *f, uint64_t now, uint64_t cost)
{
    struct kiwi_allocator *a = region_allocator(ROW);
    a->allocated = f->allocated;
    a->active = f->active;
    a->metadata = f->metadata;
    a->resident = f->resident;
    a->mapped = f->mapped;
    a->retained = f->retained;
    if (f->resident > a->resident_max) {
        a->resident_max = f->resident;
        a->allocated_then = f->allocated;
    }
    a->looks++;
    a->last_ticks = now;
    a->cost_ticks += cost;
    RELAXED_STORE(&a->figures, KIWI_FIGURES_TAKEN);
}

/* A handler that left by a jump would leave the allocator's locks taken: none runs meanwhile. And what the allocator
 * locks for this is none of the service's doing: it passes the wrappers as it does in a thread that has ended. */
static bool ask(struct thread *t, struct allocator_figures *f)
{
    uintptr_t guard = t->guard;
    uint64_t all = ALL_SIGNALS, before = 0;
    if (sys_failed(sys_call6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all, 0, 0)))
        return false;
    t->guard = GUARD_ENDED;
    COMPILER_BARRIER();
    bool told = allocator_facts.ask(f);
    COMPILER_BARRIER();
    t->guard = guard;
    sys_call6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
    return told;
}

/* Returns ticks to wait before the next time; UINT64_MAX = for ever. */
static uint64_t ask_and_note(struct thread *t, uint64_t now)
{
    struct allocator_figures f = {0};
    if (!ask(t, &f)) {
        RELAXED_STORE(&region_allocator(ROW)->figures, KIWI_FIGURES_REFUSED);
        return UINT64_MAX;
    }
    uint64_t cost = clock_ticks() - now, least = clock_ns_to_ticks(ALLOCATOR_NS);
    note(&f, now, cost);
    return cost > least / COST_SHARE ? cost * COST_SHARE : least;
}

static bool is_possible(const struct thread *t)
{
    return !region.frozen && has_room(t) && region.header->pid == (uint32_t)sys_getpid() &&
           RELAXED_LOAD(&region_allocator(ROW)->state) == KIWI_ROW_LIVE;
}

COLD void allocator_look(struct thread *t, struct call_site site)
{
    uint64_t now = clock_ticks(), wait = clock_ns_to_ticks(AGAIN_NS);
    if (!begins(now))
        return;
    if (is_possible(t) && stack_is_plain(t, site, is_not_its_code))
        wait = ask_and_note(t, now);
    RELAXED_STORE(&memory.allocator_due, wait == UINT64_MAX ? wait : clock_ticks() + wait);
}

static bool any_code(uintptr_t address)
{
    (void)address;
    return true;
}

/* The executable may be the allocator, and so on any stack: nothing calls exit from in there. */
COLD void allocator_look_last(struct thread *t, struct call_site site)
{
    struct kiwi_allocator *a = region_allocator(ROW);
    if (!allocator_facts.ask || !is_possible(t) || RELAXED_LOAD(&a->figures) == KIWI_FIGURES_REFUSED ||
        !stack_is_plain(t, site, any_code))
        return;
    RELAXED_STORE(&memory.allocator_due, UINT64_MAX);
    ask_and_note(t, clock_ticks());
}

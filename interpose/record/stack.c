#define UNW_LOCAL_ONLY
#include "stack.h"

#include "../base/clock.h"
#include "../base/sys.h"
#include "../base/unwind_shim.h"
#include "handler.h"
#include "let_in.h"
#include "memory.h"
#include "module.h"

#include <libunwind.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define LARGE_ARENA (256u << 10)
#define SAVE_AREA_WORDS 8 /* callee-saved registers are pushed within this many words below the return address */

uint32_t stack_depth_limit = 32;
uint32_t stack_module_epoch;

/* Stacks by content. */

struct stack_key {
    const uint64_t *frames;
    uint32_t depth, flags;
    uint64_t hash;
    uint64_t unloaded; /* the latest module_epoch at which another module lay under one of its frames; 0 = none ever */
};

static bool stack_same(uint32_t row, const void *key)
{
    const struct stack_key *k = key;
    const struct kiwi_stack *s = region_stack(row);
    return s->hash == k->hash && s->depth == k->depth && s->epoch >= k->unloaded && s->flags == k->flags &&
           memcmp(region_frames(s->first), k->frames, k->depth * sizeof *k->frames) == 0;
}

static uint32_t stack_make(const void *key)
{
    const struct stack_key *k = key;
    uint32_t first = region_claim(KIWI_TABLE_FRAMES, k->depth);
    uint32_t row = first ? region_claim(KIWI_TABLE_STACKS, 1) : 0;
    if (!row)
        return 0;
    memcpy(region_frames(first), k->frames, k->depth * sizeof *k->frames);
    struct kiwi_stack *s = region_stack(row);
    s->depth = k->depth;
    s->first = first;
    s->flags = k->flags;
    s->hash = k->hash;
    s->epoch = RELAXED_LOAD(&region.header->module_epoch);
    if (k->flags & KIWI_STACK_TRUNCATED)
        region_drop(KIWI_DROP_TRUNCATED_STACKS);
    if (k->flags & KIWI_STACK_SHORT)
        region_drop(KIWI_DROP_UNWOUND_SHORT);
    return row;
}

static void stack_publish(uint32_t row)
{
    region_publish(&region_stack(row)->state, KIWI_ROW_LIVE);
}

uint32_t stack_intern(const uint64_t *frames, uint32_t depth, uint32_t flags)
{
    static const struct index_ops ops = {stack_same, stack_make, stack_publish};
    if (!depth)
        return 0;
    struct stack_key key = {.frames = frames, .depth = depth, .flags = flags, .hash = depth};
    bool any_unloaded = RELAXED_LOAD(&region.header->module_epoch) > MODULE_EPOCH_FIRST;
    for (uint32_t i = 0; i < depth; i++) {
        key.hash = hash_mix(key.hash ^ frames[i]);
        uint64_t unloaded = any_unloaded ? module_unloaded_epoch(frames[i] - 1) : 0;
        key.unloaded = unloaded > key.unloaded ? unloaded : key.unloaded;
    }
    if (key.unloaded)
        key.hash = hash_mix(key.hash ^ key.unloaded); /* or all that have the same frames met in one place */
    return index_get(&memory.stacks, key.hash, &ops, &key);
}

/* Unwinding. */

struct unwound {
    uint32_t depth, flags;
    bool in_handler; /* ended at a signal frame */
    bool whole;      /* walked to the thread's first frame */
    uint64_t frames[STACK_MAX_DEPTH];
    uintptr_t cfa[STACK_MAX_DEPTH + 1]; /* stack pointer in frame i = just above the slot of frames[i] */
    uintptr_t rbp[STACK_MAX_DEPTH + 1];
};

static uintptr_t cursor_reg(unw_cursor_t *c, int reg)
{
    unw_word_t v = 0;
    return unw_get_reg(c, reg, &v) == UNW_ESUCCESS ? (uintptr_t)v : 0;
}

static bool on_own_stack(const struct thread *t, uintptr_t sp)
{
    return sp >= t->stack_low && sp < t->stack_high;
}

/* The same from a wrapper that knows no more of its caller than the return address. */
static bool cursor_to_return(unw_cursor_t *c, uintptr_t ip)
{
    for (int i = 0; i < 16; i++) {
        if (cursor_reg(c, UNW_REG_IP) == ip)
            return true;
        if (unw_step(c) <= 0)
            return false;
    }
    return false;
}

/* Steps out of the recorder's own frames until the cursor stands in the caller of the wrapper. */
static bool cursor_to_site(unw_cursor_t *c, struct call_site site)
{
    for (int i = 0; i < 16; i++) {
        uintptr_t sp = cursor_reg(c, UNW_REG_SP);
        if (sp == site.sp)
            return true;
        if (sp > site.sp || unw_step(c) <= 0)
            return false;
    }
    return false;
}

/* A handler was called from the kernel's frame at sp, where the context lies that was saved. One that made this process
 * by a fork came in another process: what it interrupted there is not known here, and it may go on as if it were
 * none. */
static void meet_handler(struct thread *t, struct unwound *u, uintptr_t sp, uintptr_t start)
{
    u->in_handler = true;
    if (region.frozen || !on_own_stack(t, sp + sizeof(ucontext_t)) || (t->fork_sp && sp >= t->fork_sp))
        return;
    uint64_t signals = handler_interrupts((const void *)sp, start);
    if (signals && !let_in_is_quiet(t, sp, signals))
        u->flags |= KIWI_STACK_HANDLER;
}

static void unwind_from(struct thread *t, unw_cursor_t *c, struct unwound *u)
{
    uintptr_t last = 0, start = 0, inner_start = 0; /* first address of this frame's function, and of the one before */
    for (;;) {
        uintptr_t ip = cursor_reg(c, UNW_REG_IP), sp = cursor_reg(c, UNW_REG_SP);
        /* A frame must lie above the last one, inside this thread's stack, and return to known code. */
        if (!ip || sp <= last || (sp & 7) || !on_own_stack(t, sp - 8) || *(uintptr_t *)(sp - 8) != ip)
            break;
        if (u->depth == stack_depth_limit) {
            u->flags |= KIWI_STACK_TRUNCATED;
            break;
        }
        u->frames[u->depth] = ip;
        u->cfa[u->depth] = sp;
        u->rbp[u->depth++] = cursor_reg(c, UNW_X86_64_RBP);
        last = sp;
        if (!module_note(ip - 1))
            break;
        unw_proc_info_t function;
        inner_start = start;
        start = unw_get_proc_info(c, &function) == UNW_ESUCCESS ? (uintptr_t)function.start_ip : 0;
        int stepped = unw_step(c);
        u->whole = stepped == 0;
        if (stepped > 0 && unw_is_signal_frame(c) > 0) /* libunwind says so of the step that left it */
            meet_handler(t, u, last, inner_start);
        if (stepped <= 0 || u->in_handler)
            break;
    }
    u->cfa[u->depth] = cursor_reg(c, UNW_REG_SP);
}

static COLD void unwind(struct thread *t, struct call_site site, struct unwound *u)
{
    unw_context_t context;
    unw_cursor_t cursor;
    u->depth = u->flags = 0;
    u->whole = u->in_handler = false;
    unw_getcontext(&context);
    if (__builtin_setjmp(unwind_escape) == 0 && unw_init_local(&cursor, &context) == UNW_ESUCCESS &&
        (site.sp ? cursor_to_site(&cursor, site) : cursor_to_return(&cursor, site.rbp)))
        unwind_from(t, &cursor, u);
}

/* The cache. */

struct proof {
    uint32_t words;
    bool possible, rbp_live;
    struct stack_word list[2 * STACK_MAX_DEPTH + 8];
};

static void proof_add(struct proof *p, uintptr_t sp, uintptr_t slot)
{
    int32_t offset = (int32_t)(slot - sp);
    p->possible &= (uintptr_t)(intptr_t)offset == slot - sp;
    p->list[p->words++] = (struct stack_word){offset, *(uint32_t *)slot};
}

/* Where frame i saved the RBP of its caller; 0 = not found. The usual prologue pushes it first. */
static uintptr_t saved_rbp_slot(const struct unwound *u, uint32_t i)
{
    for (uint32_t w = 2; w < 2 + SAVE_AREA_WORDS; w++) {
        uintptr_t slot = u->cfa[i + 1] - 8 * w;
        if (slot < u->cfa[i])
            return 0;
        if (*(uintptr_t *)slot == u->rbp[i + 1])
            return slot;
    }
    return 0;
}

/* Frame i found its caller through RBP: then the words from which that RBP came must be compared too. */
static void prove_rbp(const struct unwound *u, uintptr_t sp, uint32_t i, struct proof *p)
{
    uint32_t saver = i;
    while (saver > 0 && u->rbp[saver - 1] == u->rbp[i])
        saver--;
    if (saver == 0) {
        p->rbp_live = true; /* still in the register when the wrapper was called */
        return;
    }
    uintptr_t slot = saved_rbp_slot(u, saver - 1);
    if (slot && p->words < sizeof p->list / sizeof *p->list - 4)
        proof_add(p, sp, slot);
    else
        p->possible = false;
}

/* A frame that realigned its stack for a local keeps the place of its caller in a word just below where RBP points (the
 * "dynamic realign argument pointer"; DWARF gives the CFA as what that word holds). 0 = not such a frame. */
static uintptr_t realigned_cfa_slot(const struct unwound *u, uint32_t i)
{
    for (uint32_t w = 1; w <= SAVE_AREA_WORDS; w++) {
        uintptr_t slot = u->rbp[i] - 8 * w;
        if ((slot & 7) || slot < u->cfa[i] || slot >= u->cfa[i + 1])
            return 0;
        if (*(uintptr_t *)slot == u->cfa[i + 1])
            return slot;
    }
    return 0;
}

/* What frame i needed besides its stack pointer to find its caller. */
static void prove_link(const struct unwound *u, uintptr_t sp, uint32_t i, struct proof *p)
{
    uintptr_t slot = 0;
    if (u->rbp[i] + 16 != u->cfa[i + 1] && !(slot = realigned_cfa_slot(u, i)))
        return;
    prove_rbp(u, sp, i, p);
    if (slot && p->words < sizeof p->list / sizeof *p->list - 4)
        proof_add(p, sp, slot);
    else if (slot)
        p->possible = false;
}

/* The two outermost frames of a whole stack are libc's start code. They never change while the thread runs, and there
 * is one call in them that can lead to the third. */
#define START_FRAMES 2u

static void prove(const struct unwound *u, uintptr_t sp, struct proof *p)
{
    *p = (struct proof){.possible = true};
    uint32_t depth = u->whole && u->depth > 2 * START_FRAMES ? u->depth - START_FRAMES : u->depth;
    for (uint32_t i = 0; i < depth && p->possible; i++) {
        proof_add(p, sp, u->cfa[i] - 8);
        if (i + 1 < u->depth)
            prove_link(u, sp, i, p);
    }
    while (p->words % 4)
        proof_add(p, sp, sp - 8);
}

static uint32_t arena_size_of(uint32_t size)
{
    return (size + 15) & ~15u;
}

/* Room without forgetting anything. */
static bool arena_has(const struct thread *t, uint32_t size)
{
    return t->arena_used + arena_size_of(size) <= t->arena_size;
}

static void *arena_take(struct thread *t, uint32_t size)
{
    if (!arena_has(t, size)) {
        if (t->arena == t->first_arena && !region.frozen) {
            void *large = sys_mmap(NULL, LARGE_ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
            if (!sys_failed((long)large)) {
                t->arena = large; /* entries in the first arena stay valid */
                t->arena_size = LARGE_ARENA;
                t->arena_used = 0;
            }
        }
        if (!arena_has(t, size))
            stack_cache_flush(t);
    }
    void *at = t->arena + t->arena_used;
    t->arena_used += arena_size_of(size);
    return at;
}

void stack_cache_flush(struct thread *t)
{
    memset(t->stacks, 0, sizeof t->stacks);
    memset(t->predicted, 0, sizeof t->predicted);
    t->arena_used = 0;
}

static void sample_anew(struct stack_entry *e)
{
    e->tick = e->interval = 1;
    e->samples = 0;
}

void stack_cache_begin(struct thread *t)
{
    if (!t->arena) { /* its first owner, or the kernel has wiped it */
        t->arena = t->first_arena;
        t->arena_size = THREAD_STACK_ARENA;
    }
    bool known = t->cached_low == t->stack_low && t->cached_high == t->stack_high && t->cached_epoch == t->module_epoch;
    if (!t->stack_high || !known) {
        stack_cache_flush(t);
        return;
    }
    for (uint32_t i = 0; i < THREAD_STACK_HEADS; i++)
        for (struct stack_entry *e = t->stacks[i]; e; e = e->next)
            sample_anew(e);
}

void stack_cache_end(struct thread *t)
{
    t->cached_low = t->stack_low;
    t->cached_high = t->stack_high;
    t->cached_epoch = t->module_epoch;
}

static void cache_insert(struct thread *t, struct call_site site, uint32_t row, const struct proof *p)
{
    struct stack_entry *e = arena_take(t, (uint32_t)(sizeof *e + p->words * sizeof *p->list));
    struct stack_entry **head = &t->stacks[stack_bucket(site)];
    memcpy(e->words, p->list, p->words * sizeof *p->list);
    e->sp = site.sp;
    e->rbp = (uint32_t)site.rbp;
    e->rbp_mask = p->rbp_live ? ~0u : 0;
    e->row = row;
    e->count = (uint16_t)p->words;
    sample_anew(e);
    while (*head && (*head)->sp & STACK_SIGNPOST) /* they stay in front */
        head = &(*head)->next;
    e->next = *head;
    *head = e; /* the youngest in front: a program that has settled keeps using what it met last */
}

/*
 * Several paths that meet in one function (a lock wrapper of the service) share return address and stack pointer. Which
 * of them it is shows in some word further up. A signpost in front of their bucket keeps up to two such places, and the
 * words there choose the entry to compare first; a wrong choice only costs a walk along the bucket. It is for one stack
 * pointer, so its places lie on the stack; and it matches no call site, so that the quick look at the head of a bucket
 * does not compare a dozen words of one of the paths in vain.
 */
#define SIGNPOST_PLACES 2
#define SIGNPOST_NOWHERE (-8) /* a place not learnt yet: the return address stands in */

static bool leads_to(const struct stack_entry *post, struct call_site site)
{
    return post->sp == (site.sp | STACK_SIGNPOST);
}

/* The first of two. */
static ALWAYS_INLINE struct stack_entry **prediction(struct thread *t, struct call_site site,
                                                     const struct stack_entry *post)
{
    uint64_t a = stack_word_at(site, post->words[0].offset), b = stack_word_at(site, post->words[1].offset);
    uint64_t h = (a << 32 ^ b ^ (uintptr_t)post) * 0x9e3779b97f4a7c15u;
    return &t->predicted[h >> 40 & (THREAD_STACK_HEADS - 2)];
}

/* Where the two paths differ, but for the call itself: two call sites may share a bucket. */
static int32_t first_difference(const struct stack_entry *wrong, struct call_site site)
{
    for (uint32_t i = 1; i < wrong->count; i++)
        if (stack_word_at(site, wrong->words[i].offset) != wrong->words[i].value)
            return wrong->words[i].offset;
    return SIGNPOST_NOWHERE;
}

static struct stack_entry *signpost_make(struct thread *t, struct call_site site, const struct stack_entry *wrong)
{
    uint32_t size = sizeof *wrong + SIGNPOST_PLACES * sizeof *wrong->words;
    int32_t place = first_difference(wrong, site);
    if (place == SIGNPOST_NOWHERE || !arena_has(t, size))
        return NULL;
    struct stack_entry *post = arena_take(t, size), **head = &t->stacks[stack_bucket(site)];
    *post = (struct stack_entry){.sp = site.sp | STACK_SIGNPOST, .next = *head};
    post->words[0] = (struct stack_word){.offset = place};
    post->words[1] = (struct stack_word){.offset = SIGNPOST_NOWHERE};
    *head = post;
    return post;
}

/* The first word in which the wrongly predicted path differs from the present one tells the two apart next time. */
static void learn(struct stack_entry *post, struct call_site site, const struct stack_entry *wrong)
{
    if (post->words[1].offset == SIGNPOST_NOWHERE) {
        int32_t place = first_difference(wrong, site);
        if (place != post->words[0].offset)
            post->words[1].offset = place;
    }
}

static void expect(struct thread *t, struct call_site site, struct stack_entry *post, struct stack_entry *e)
{
    struct stack_entry *wrong = *prediction(t, site, post);
    if (wrong && wrong->sp == site.sp)
        learn(post, site, wrong);
    struct stack_entry **two = prediction(t, site, post);
    two[1] = two[0];
    two[0] = e;
}

/* Of two call sites in a bucket the first may be one that the service has left for good. Not each time: both may be in
 * use. The signposts stay in front. */
#define WALKS_TO_MOVE 16u
static void move_to_front(struct stack_entry **head, struct stack_entry *before, struct stack_entry *e)
{
    while ((*head)->sp & STACK_SIGNPOST)
        head = &(*head)->next;
    if (*head == e)
        return;
    /* A handler may jump away at any point: the entry may get lost, but must never be there twice. */
    before->next = e->next;
    COMPILER_BARRIER();
    e->next = *head;
    COMPILER_BARRIER();
    *head = e;
}

/* The walk. It leaves the entry where the next such call looks first. What is further than WALK_MOST from the head is
 * not worth it: there are so many paths that few are met again. */
#define WALK_MOST 64u
static NOINLINE struct stack_entry *search_all(struct thread *t, struct call_site site)
{
    struct stack_entry *post = NULL, *other = NULL, *before = NULL, *e;
    uint32_t steps = 0;
    uintptr_t guard = (uintptr_t)__builtin_frame_address(0);
    bool unguarded = t->guard == GUARD_IDLE; /* a signal handler could empty the cache meanwhile, and fill it anew */
    if (unguarded)
        t->guard = guard;
    COMPILER_BARRIER();
    for (e = t->stacks[stack_bucket(site)]; e && steps < WALK_MOST; before = e, e = e->next, steps++) {
        if (leads_to(e, site))
            post = e;
        else if (stack_entry_matches(e, site))
            break;
        else if (e->sp == site.sp)
            other = e;
    }
    if (steps == WALK_MOST)
        e = NULL;
    if (e && !post && other)
        post = signpost_make(t, site, other);
    if (e && post)
        expect(t, site, post, e);
    else if (e && before && ++t->walks % WALKS_TO_MOVE == 0)
        move_to_front(&t->stacks[stack_bucket(site)], before, e);
    COMPILER_BARRIER();
    if (unguarded && t->guard == guard)
        t->guard = GUARD_IDLE;
    return e;
}

NOINLINE struct stack_entry *stack_search(struct thread *t, struct call_site site)
{
    for (const struct stack_entry *post = t->stacks[stack_bucket(site)]; post && post->sp & STACK_SIGNPOST;
         post = post->next)
        if (likely(leads_to(post, site))) {
            struct stack_entry **two = prediction(t, site, post);
            if (likely(two[0] && stack_entry_matches(two[0], site)))
                return two[0];
            if (two[1] && stack_entry_matches(two[1], site))
                return two[1];
            break;
        }
    return search_all(t, site);
}

uint32_t stack_sample(struct thread *t, struct stack_entry *e)
{
    uint32_t weight = e->interval, x = thread_random(t);
    if (record_settings.events_all)
        return 1; /* tick stays at 1: each one is recorded in full */
    if (unlikely(RELAXED_LOAD(&memory.stack_pinned[e->row]))) {
        e->tick = e->interval = 1;
        return 1;
    }
    if (++e->samples >= (e->interval == 1 ? SAMPLE_EXACT : SAMPLE_STEP) && e->interval < SAMPLE_MAX) {
        e->interval *= 2;
        e->samples = 0;
    }
    e->tick = e->interval == 1 ? 1 : 1 + x % (2 * e->interval - 1); /* mean gap = interval */
    return weight;
}

COLD void stack_pin(struct thread *t, uint32_t row)
{
    if (!row)
        return;
    RELAXED_STORE(&memory.stack_pinned[row], 1);
    for (uint32_t i = 0; i < THREAD_STACK_HEADS; i++)
        for (struct stack_entry *e = t->stacks[i]; e; e = e->next)
            if (e->row == row && !(e->sp & STACK_SIGNPOST))
                e->tick = e->interval = 1;
}

COLD static uint32_t capture_short(struct call_site site)
{
    return stack_intern(&(uint64_t){*(uintptr_t *)(site.sp - 8)}, 1, KIWI_STACK_SHORT);
}

/* What follows takes several KiB of stack. */
static bool can_unwind(const struct thread *t, struct call_site site)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return on_own_stack(t, here) && here - t->stack_low >= STACK_ROOM && on_own_stack(t, site.sp - 8);
}

COLD static uint32_t capture_new(struct thread *t, struct call_site site)
{
    struct unwound u;
    struct proof p;
    unwind(t, site, &u);
    if (!u.depth)
        return capture_short(site);
    uint32_t row = stack_intern(u.frames, u.depth, u.flags);
    if (u.in_handler)
        return row; /* what it interrupts is another thing each time */
    prove(&u, site.sp, &p);
    if (p.possible)
        cache_insert(t, site, row, &p); /* also "no row": a full table must not mean an unwinding at every call */
    return row;
}

/*
 * A program whose call paths never repeat (an interpreter, a walk over trees) would unwind at every lock, which takes
 * some microseconds. So a thread may spend one part in UNWIND_SHARE of its time on it, and save up some for its
 * beginning and for what it does for the first time later on. What is beyond that is told by the return address alone.
 */
#define UNWIND_SHARE 16
#define UNWIND_SAVED_NS 100000000u
#define UNWIND_MOST_NS 200000u /* in one go; if it took longer, the thread did not run all that time */

static bool may_unwind(struct thread *t, uint64_t now)
{
    int64_t most = (int64_t)clock_ns_to_ticks(UNWIND_SAVED_NS), earned = (int64_t)(now - t->unwind_at) / UNWIND_SHARE;
    t->unwind_credit = t->unwind_at && t->unwind_credit + earned < most ? t->unwind_credit + earned : most;
    t->unwind_at = now;
    return t->unwind_credit > 0;
}

static uint32_t capture_within_time(struct thread *t, struct call_site site)
{
    uint64_t now = clock_ticks(), most = clock_ns_to_ticks(UNWIND_MOST_NS);
    if (!may_unwind(t, now) && record_settings.heap != HEAP_EXACT) /* which asks for every path, whatever it costs */
        return capture_short(site);
    uint32_t row = capture_new(t, site);
    uint64_t took = clock_ticks() - now;
    t->unwind_credit -= (int64_t)(took < most ? took : most);
    return row;
}

NOINLINE uint32_t stack_capture(struct thread *t, struct call_site site)
{
    uint32_t epoch = RELAXED_LOAD(&stack_module_epoch);
    if (unlikely(t->module_epoch != epoch)) {
        stack_cache_flush(t);
        thread_epoch_set(t, epoch);
    }
    struct stack_entry *e = stack_search(t, site);
    if (e)
        return e->row;
    return can_unwind(t, site) ? capture_within_time(t, site) : capture_short(site);
}

COLD uint32_t stack_of_handler(struct thread *t, uintptr_t return_address)
{
    struct unwound u;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (!on_own_stack(t, here) || here - t->stack_low < STACK_ROOM)
        return 0;
    unwind(t, (struct call_site){.rbp = return_address}, &u);
    return u.flags & KIWI_STACK_HANDLER ? stack_intern(u.frames, u.depth, u.flags) : 0;
}

#define PLAIN_DEPTH 256u

static bool cursor_is_plain(const struct thread *t, unw_cursor_t *c, bool (*passes)(uintptr_t address))
{
    uintptr_t last = 0;
    for (uint32_t depth = 0; depth < PLAIN_DEPTH; depth++) {
        uintptr_t ip = cursor_reg(c, UNW_REG_IP), sp = cursor_reg(c, UNW_REG_SP);
        if (!ip || sp <= last || (sp & 7) || !on_own_stack(t, sp - 8) || !module_note(ip - 1) || !passes(ip - 1))
            return false;
        last = sp;
        int stepped = unw_step(c);
        if (stepped <= 0)
            return stepped == 0;
        if (unw_is_signal_frame(c) > 0)
            return false;
    }
    return false;
}

COLD bool stack_is_plain(struct thread *t, struct call_site site, bool (*passes)(uintptr_t address))
{
    unw_context_t context;
    unw_cursor_t cursor;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (!on_own_stack(t, here) || here - t->stack_low < STACK_ROOM)
        return false;
    unw_getcontext(&context);
    return __builtin_setjmp(unwind_escape) == 0 && unw_init_local(&cursor, &context) == UNW_ESUCCESS &&
           cursor_to_site(&cursor, site) && cursor_is_plain(t, &cursor, passes);
}

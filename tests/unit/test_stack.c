/* stack.h: real call stacks of this program, told apart at every depth, cached only where that proves the path. */
#include "recorder.h"

#include <alloca.h>
#include <link.h>
#include <pthread.h>
#include <ucontext.h>

#define NEVER_INLINE __attribute__((noinline, noclone))
#define BARRIER() __asm__ __volatile__("" ::: "memory")

/* A thread whose stack is the one that runs the test. */
static struct thread *thread_here(void)
{
    pthread_attr_t attr;
    void *low;
    size_t size;
    assert_int_equal(pthread_getattr_np(pthread_self(), &attr), 0);
    pthread_attr_getstack(&attr, &low, &size);
    pthread_attr_destroy(&attr);
    struct thread_birth birth = {.stack_low = (uintptr_t)low, .stack_high = (uintptr_t)low + size};
    struct thread *t = thread_attach(&birth);
    assert_non_null(t);
    return t;
}

/* Stands for a wrapper. */
NEVER_INLINE static uint32_t wrapper(struct thread *t)
{
    return stack_of(t, CALL_SITE());
}

NEVER_INLINE static bool is_cached(struct thread *t)
{
    return stack_find(t, CALL_SITE()) != NULL;
}

NEVER_INLINE static uint32_t common(struct thread *t)
{
    uint32_t row = wrapper(t);
    BARRIER();
    return row;
}

NEVER_INLINE static uint32_t deeper(struct thread *t, int levels)
{
    uint32_t row = levels > 0 ? deeper(t, levels - 1) : common(t);
    BARRIER();
    return row;
}

NEVER_INLINE static uint32_t north(struct thread *t, int levels)
{
    uint32_t row = deeper(t, levels);
    BARRIER();
    return row;
}

NEVER_INLINE static uint32_t south(struct thread *t, int levels)
{
    uint32_t row = deeper(t, levels);
    BARRIER();
    return row;
}

static void stack__callers_are_told_apart_at_every_depth(void **state)
{
    struct thread *t = thread_here();
    uint32_t norths[24], souths[24];

    (void)state;
    for (int round = 0; round < 4; round++)
        for (int levels = 0; levels < 24; levels++) {
            uint32_t n = north(t, levels), s = south(t, levels);
            assert_int_not_equal(n, s);
            assert_true(round == 0 || (n == norths[levels] && s == souths[levels]));
            norths[levels] = n;
            souths[levels] = s;
        }
    assert_int_equal(region_stack(norths[5])->depth + 7, region_stack(norths[12])->depth);
    assert_int_equal(region_stack(norths[5])->flags, 0);
}

static void stack__frames_are_return_addresses_outward(void **state)
{
    struct thread *t = thread_here();
    const struct kiwi_stack *s = region_stack(north(t, 0));
    const uint64_t *f = region_frames(s->first);

    (void)state;
    assert_in_range(f[0], (uintptr_t)common, (uintptr_t)common + 200);
    assert_in_range(f[1], (uintptr_t)deeper, (uintptr_t)deeper + 200);
    assert_in_range(f[2], (uintptr_t)north, (uintptr_t)north + 200);
    assert_in_range(f[3], (uintptr_t)stack__frames_are_return_addresses_outward,
                    (uintptr_t)stack__frames_are_return_addresses_outward + 2000);
    assert_true(region.header->tables[KIWI_TABLE_MODULES].used > 1);
}

static void stack__second_time_is_a_hit(void **state)
{
    struct thread *t = thread_here();

    (void)state;
    bool hits[3];
    for (int i = 0; i < 3; i++) {
        hits[i] = is_cached(t);
        if (!hits[i])
            common(t);
    }
    assert_false(hits[0]);
    uint32_t rows = 0;
    for (int i = 0; i < 10; i++) {
        north(t, 3);
        uint32_t now = (uint32_t)region.header->tables[KIWI_TABLE_STACKS].used;
        assert_true(!rows || rows == now);
        rows = now;
    }
}

struct short_life {
    struct thread_birth birth;
    bool known;        /* the path was in the cache when the thread came to it */
    uint32_t interval; /* then */
    uint32_t slot;
};

NEVER_INLINE static void visit(struct thread *t, struct short_life *life)
{
    struct call_site site = CALL_SITE();
    struct stack_entry *e = stack_find(t, site);
    life->known = e != NULL;
    life->interval = e ? e->interval : 0;
    if (!e) {
        assert_int_not_equal(stack_capture(t, site), 0);
        e = stack_find(t, site);
    }
    for (int i = 0; i < 1000; i++)
        stack_sample(t, e);
}

NEVER_INLINE static void live(struct short_life *life)
{
    struct thread *t = thread_attach(&life->birth);
    life->slot = t->slot_index;
    visit(t, life);
    thread_detach(t);
}

/* One short thread after the other runs on the same stack: a connection each, say. */
static void stack__next_thread_on_the_stack_knows_the_paths(void **state)
{
    struct thread *t = thread_here();
    static const struct {
        uintptr_t low; /* more than that of the stack: then it is another one with the same end */
        uint32_t unloads;
        bool known;
    } lives[] = {{0, 0, false}, {0, 0, true},   {0, 0, true}, {64, 0, false},
                 {64, 0, true}, {64, 1, false}, {64, 0, true}};

    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        struct short_life life = {.birth = {.stack_low = t->stack_low + lives[i].low, .stack_high = t->stack_high}};
        stack_module_epoch += lives[i].unloads;
        live(&life);
        assert_int_equal(life.known, lives[i].known);
        assert_int_equal(life.interval, lives[i].known); /* recorded in full from its beginning */
        assert_int_equal(life.slot, t->slot_index + 1);
    }
}

/* Two stacks, two slots, whichever thread comes first. */
static void stack__slot_follows_the_stack(void **state)
{
    struct thread *t = thread_here();
    struct thread_birth a = {.stack_low = 0x10000, .stack_high = 0x20000};
    struct thread_birth b = {.stack_low = 0x20000, .stack_high = 0x30000};
    struct thread *first = thread_attach(&a), *second = thread_attach(&b);

    (void)state;
    assert_true(first->slot_index != second->slot_index && first->slot_index != t->slot_index);
    thread_detach(first);
    thread_detach(second);
    assert_ptr_equal(thread_attach(&b), second);
    assert_ptr_equal(thread_attach(&a), first);
    thread_detach(second);
    struct thread *other = thread_attach(&a);
    assert_ptr_equal(other, second); /* its own is taken */
}

static void stack__cut_at_the_limit(void **state)
{
    struct thread *t = thread_here();
    uint32_t limit = stack_depth_limit;

    (void)state;
    stack_depth_limit = 8;
    uint32_t row = north(t, 30), other = south(t, 30);
    assert_int_equal(row, other);
    assert_int_equal(region_stack(row)->depth, 8);
    assert_int_equal(region_stack(row)->flags, KIWI_STACK_TRUNCATED);
    assert_true(region.header->dropped[KIWI_DROP_TRUNCATED_STACKS] > 0);
    stack_depth_limit = STACK_MAX_DEPTH;
    stack_cache_flush(t);
    assert_int_not_equal(north(t, 30), south(t, 30));
    stack_depth_limit = limit;
}

/* Frames of varying size, which find their callers through RBP. */
NEVER_INLINE static uint32_t with_room(struct thread *t, size_t room, bool go_north)
{
    volatile char *p = alloca(room);
    p[0] = 1;
    uint32_t row = go_north ? north(t, 2) : south(t, 2);
    BARRIER();
    return row + (p[0] - 1u);
}

static void stack__frames_of_any_size_are_told_apart(void **state)
{
    struct thread *t = thread_here();
    uint32_t first_north = 0, first_south = 0;

    (void)state;
    for (int round = 0; round < 3; round++)
        for (size_t room = 16; room < 4000; room += 48) {
            uint32_t n = with_room(t, room, true), s = with_room(t, room, false);
            first_north = first_north ? first_north : n;
            first_south = first_south ? first_south : s;
            assert_int_equal(n, first_north);
            assert_int_equal(s, first_south);
        }
    assert_int_not_equal(first_north, first_south);
}

static ucontext_t back, coroutine;
static struct thread *coroutine_thread;
static uint32_t coroutine_row;

static void in_coroutine(void)
{
    coroutine_row = common(coroutine_thread);
    coroutine_row = common(coroutine_thread);
}

static void stack__coroutine_has_the_return_address(void **state)
{
    static char room[64 << 10];

    (void)state;
    coroutine_thread = thread_here();
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = room;
    coroutine.uc_stack.ss_size = sizeof room;
    coroutine.uc_link = &back;
    makecontext(&coroutine, in_coroutine, 0);
    swapcontext(&back, &coroutine);
    const struct kiwi_stack *s = region_stack(coroutine_row);
    assert_int_equal(s->depth, 1);
    assert_int_equal(s->flags, KIWI_STACK_SHORT);
    assert_in_range(region_frames(s->first)[0], (uintptr_t)common, (uintptr_t)common + 200);
}

static void stack__little_room_is_not_unwound(void **state)
{
    struct thread *t = thread_here();

    (void)state;
    t->stack_low = (uintptr_t)__builtin_frame_address(0) - STACK_ROOM / 2;
    assert_int_equal(region_stack(common(t))->flags, KIWI_STACK_SHORT);
    assert_int_equal(region.header->dropped[KIWI_DROP_UNWOUND_SHORT], 1);
}

static void stack__what_takes_too_long_is_cut_short(void **state)
{
    struct thread *t = thread_here();
    int64_t second = (int64_t)clock_ns_to_ticks(1000000000);

    (void)state;
    t->unwind_at = clock_ticks();
    t->unwind_credit = -second;
    uint32_t row = north(t, 3);
    assert_int_equal(region_stack(row)->depth, 1);
    assert_int_equal(region_stack(row)->flags, KIWI_STACK_SHORT);
    t->unwind_at -= (uint64_t)second * 20; /* long ago: what it owes is paid off, and more is not saved up than a bit */
    row = north(t, 3);
    assert_true(region_stack(row)->depth > 3);
    assert_true(t->unwind_credit > 0 && t->unwind_credit < second / 10);
}

static void stack__unloading_makes_the_cache_stale(void **state)
{
    struct thread *t = thread_here();
    uint32_t rows[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        rows[i] = north(t, 1);
        assert_int_equal(t->module_epoch, stack_module_epoch);
        if (i == 1) {
            region.header->module_epoch++;
            stack_module_epoch++;
        }
    }
    for (int i = 1; i < 4; i++)
        assert_int_equal(rows[0], rows[i]); /* no other module lies under the path */
}

static void stack__same_frames_are_one_row(void **state)
{
    uint64_t a[] = {1, 2, 3}, b[] = {1, 2, 4};

    (void)state;
    uint32_t row = stack_intern(a, 3, 0);
    assert_int_equal(stack_intern(a, 3, 0), row);
    assert_int_not_equal(stack_intern(b, 3, 0), row);
    assert_int_not_equal(stack_intern(a, 2, 0), row);
    assert_int_not_equal(stack_intern(a, 3, KIWI_STACK_TRUNCATED), row);
    assert_int_equal(stack_intern(a, 0, 0), 0);
    for (int i = 0; i < 500; i++) { /* plugins that come and go elsewhere change nothing */
        RELAXED_ADD(&region.header->module_epoch, 1);
        assert_int_equal(stack_intern(a, 3, 0), row);
    }
}

static struct stack_entry left_for_good = {.sp = 8}; /* the entry of another call site */

/* What stands in front of the bucket of the call. */
NEVER_INLINE static struct stack_entry *front(struct thread *t, bool first)
{
    struct call_site site = CALL_SITE();
    struct stack_entry **head = &t->stacks[stack_bucket(site)];
    if (first) {
        stack_of(t, site);
        left_for_good.next = *head;
        *head = &left_for_good;
    }
    struct stack_entry *e = stack_find(t, site);
    assert_non_null(e);
    assert_int_equal(e->row, stack_of(t, site));
    return *head;
}

static void stack__what_is_in_use_comes_to_the_front(void **state)
{
    struct thread *t = thread_here();
    struct stack_entry *fronts[20];

    (void)state;
    for (int i = 0; i < 20; i++)
        fronts[i] = front(t, i == 0);
    assert_ptr_equal(fronts[0], &left_for_good);
    assert_ptr_not_equal(fronts[19], &left_for_good);
    assert_ptr_equal(fronts[19]->next, &left_for_good);
}

static void stack__many_paths_outgrow_the_arena(void **state)
{
    struct thread *t = thread_here();
    uint32_t rows[64];

    (void)state;
    for (int round = 0; round < 60; round++)
        for (int i = 0; i < 64; i++) {
            uint32_t row = (i & 1 ? north : south)(t, i / 2);
            assert_true(round == 0 || rows[i] == row);
            rows[i] = row;
            if (round % 20 == 7)
                stack_cache_flush(t);
        }
}

/* Machine code between functions that have entries in the unwind tables, and has none itself. */
void without_entry(void);
__asm__(".text\n.globl without_entry\nwithout_entry: ret\n.fill 64, 1, 0xcc");

int kiwi_unwind_dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);

static int found(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    return info->dlpi_phnum;
}

static int tables_for(uintptr_t address)
{
    struct {
        void *unused[2];
        uintptr_t target;
    } request = {.target = address};
    return kiwi_unwind_dl_iterate_phdr(found, &request);
}

/* Else libunwind would read the tables of the whole module to find nothing. */
static void stack__code_without_an_entry_is_not_searched_for(void **state)
{
    (void)state;
    for (uintptr_t at = 0; at < 8; at++)
        assert_int_equal(tables_for((uintptr_t)tables_for + at), 2);
    assert_int_equal(tables_for((uintptr_t)memcpy), 2);
    assert_int_equal(tables_for((uintptr_t)without_entry + 4), 0);
    assert_int_equal(tables_for(16), 0);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(stack__callers_are_told_apart_at_every_depth),
            FRESH(stack__frames_are_return_addresses_outward),
            FRESH(stack__second_time_is_a_hit),
            FRESH(stack__next_thread_on_the_stack_knows_the_paths),
            FRESH(stack__slot_follows_the_stack),
            FRESH(stack__cut_at_the_limit),
            FRESH(stack__frames_of_any_size_are_told_apart),
            FRESH(stack__coroutine_has_the_return_address),
            FRESH(stack__little_room_is_not_unwound),
            FRESH(stack__what_takes_too_long_is_cut_short),
            FRESH(stack__unloading_makes_the_cache_stale),
            FRESH(stack__same_frames_are_one_row),
            FRESH(stack__what_is_in_use_comes_to_the_front),
            FRESH(stack__many_paths_outgrow_the_arena),
            cmocka_unit_test(stack__code_without_an_entry_is_not_searched_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* acquisition.h: held locks, the chains that name held sets, rows by behaviour, and counts that survive eviction. */
#include "recorder.h"

#define A ((uintptr_t)0x100000)
#define B ((uintptr_t)0x200040)
#define C ((uintptr_t)0x300080)

/* Acquisitions of a row: its own and those that still lie in cache lines. */
static uint64_t total(const struct thread *t, uint32_t row)
{
    uint64_t n = region_acquisition(row)->count;
    for (uint32_t i = 0; i <= t->cache_mask; i++)
        if (t->cache[i].row == row && t->cache[i].address >= KIWI_CALL_LIMIT)
            n += t->cache[i].count;
    return n;
}

static void acquisition__same_behaviour_is_one_row(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1), row = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint32_t now = lock_taken_at(t, A, stack)->row;
        assert_true(!row || row == now);
        row = now;
        lock_let_go(t, A);
    }
    assert_int_equal(total(t, row), 1000);
    assert_int_equal(region_acquisition(row)->parent, 0);
    assert_int_equal(region_acquisition(row)->depth, 1);
    assert_int_not_equal(lock_taken_at(t, A, stack_made(2))->row, row);
}

static void acquisition__chain_names_the_held_set(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t a = lock_taken_at(t, A, stack_made(1))->row;
    uint32_t b = lock_taken_at(t, B, stack_made(2))->row;
    uint32_t c = lock_taken_at(t, C, stack_made(3))->row;

    (void)state;
    assert_int_equal(region_acquisition(c)->parent, b);
    assert_int_equal(region_acquisition(b)->parent, a);
    assert_int_equal(region_acquisition(c)->depth, 3);
    assert_int_equal(acquisition_chain(t), c);
    lock_let_go(t, C);
    assert_int_equal(acquisition_chain(t), b);
    assert_int_equal(t->slot->held_count, 2);
}

static void acquisition__release_out_of_order_derives_a_chain(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t a = lock_taken_at(t, A, stack_made(1))->row;
    uint32_t b = lock_taken_at(t, B, stack_made(2))->row;

    (void)state;
    lock_let_go(t, A);
    uint32_t chain = acquisition_chain(t);
    assert_int_not_equal(chain, b);
    assert_int_equal(region_acquisition(chain)->object, region_acquisition(b)->object);
    assert_int_equal(region_acquisition(chain)->parent, 0);
    assert_int_equal(region_acquisition(chain)->flags & KIWI_ACQ_DERIVED, KIWI_ACQ_DERIVED);
    assert_int_equal(region_acquisition(chain)->count, 0);
    uint32_t c = lock_taken_at(t, C, stack_made(3))->row;
    assert_int_equal(region_acquisition(c)->parent, chain);
    assert_int_not_equal(region_acquisition(c)->parent, a);
}

static void acquisition__locks_only_noted_are_linked_when_needed(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    assert_true(acquisition_taking(t, A, stack_made(1) | ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_LOCK), 0));
    acquisition_taken(t);
    assert_int_equal(t->held[0].row, 0);
    uint32_t b = lock_taken_at(t, B, stack_made(2))->row;
    assert_int_not_equal(t->held[0].row, 0);
    assert_int_equal(region_acquisition(b)->parent, t->held[0].row);
}

static void acquisition__new_generation_is_a_new_row(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1), first = lock_taken_at(t, A, stack)->row;

    (void)state;
    lock_let_go(t, A);
    object_end(A);
    uint32_t second = lock_taken_at(t, A, stack)->row;
    assert_int_not_equal(second, first);
    assert_int_not_equal(region_acquisition(second)->object, region_acquisition(first)->object);
    assert_int_equal(total(t, first), 1);
}

static void acquisition__counts_survive_eviction(void **state)
{
    struct thread *t = thread_made("a");
    enum { LOCKS = 80, ROUNDS = 50 };
    uint32_t rows[LOCKS], stacks[LOCKS];

    (void)state;
    for (unsigned i = 0; i < LOCKS; i++)
        stacks[i] = stack_made(100 + i);
    for (int round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < LOCKS; i++) {
            rows[i] = lock_taken_at(t, A + i * 4096, stacks[i])->row;
            lock_let_go(t, A + i * 4096);
        }
    for (unsigned i = 0; i < LOCKS; i++)
        assert_int_equal(total(t, rows[i]), ROUNDS);
    thread_detach(t);
    for (unsigned i = 0; i < LOCKS; i++)
        assert_int_equal(region_acquisition(rows[i])->count, ROUNDS);
}

static void acquisition__held_array_grows_without_limit(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);
    enum { MANY = 1000 };

    (void)state;
    for (uintptr_t i = 0; i < MANY; i++)
        lock_taken_at(t, A + i * 64, stack);
    assert_int_equal(t->slot->held_count, MANY);
    assert_int_not_equal(t->slot->held_rows, 0);
    assert_int_equal(t->slot->held_lost, 0);
    assert_int_equal(acquisition_held(t, A + 500 * 64), 500);
    for (uintptr_t i = 0; i < MANY; i++)
        lock_let_go(t, A + i * 64);
    assert_int_equal(t->slot->held_count, 0);
}

static void acquisition__lost_locks_are_counted(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);

    (void)state;
    while (region_claim(KIWI_TABLE_HELD, 100))
        ;
    for (uintptr_t i = 0; i < KIWI_SLOT_HELD + 5; i++)
        lock_taken_at(t, A + i * 64, stack);
    assert_int_equal(t->slot->held_count, KIWI_SLOT_HELD);
    assert_int_equal(t->slot->held_lost, 5);
    assert_true(region.header->dropped[KIWI_DROP_HELD] >= 5);
}

static void acquisition__waiting_shows_and_adds_up(void **state)
{
    struct thread *t = thread_made("a"), *holder = thread_made("b");
    uint32_t row = lock_taken_at(t, A, stack_made(1))->row;
    const struct kiwi_object *o = region_object(region_acquisition(row)->object);

    (void)state;
    lock_let_go(t, A);
    uint64_t since = acquisition_wait_begin(t, row, KIWI_WANT_WAITING, holder->row);
    assert_int_equal(KIWI_WANT_OF(t->slot), KIWI_WANT_WAITING);
    assert_int_equal(t->slot->want_row, row);
    assert_int_equal(t->slot->want_holder, holder->row);
    assert_int_equal(o->waiters, 1);
    acquisition_wait_end(t, row, since, holder->row);
    acquisition_want(t, KIWI_WANT_NONE);
    assert_int_equal(o->waiters, 0);
    assert_int_equal(o->contended, 1);
    assert_int_equal(region_acquisition(row)->requested, 1);
    assert_true(o->wait_ticks > 0 && o->wait_max_ticks == o->wait_ticks);
}

static void acquisition__witnesses_are_distinct_threads(void **state)
{
    struct thread_birth birth = {.start_function = 5, .tid = 77};
    uint32_t one = stack_made(1), two = stack_made(2), row = 0;

    (void)state;
    for (int i = 1; i <= 4; i++) {
        birth.tid++;
        struct thread *t = thread_attach(&birth);
        lock_taken_at(t, A, one);
        row = lock_taken_at(t, B, two)->row;
        const struct kiwi_acquisition *a = region_acquisition(row);
        assert_int_equal(a->threads, i < 3 ? i : 3);
        assert_int_equal(a->witness[i > 1].serial, t->serial);
        assert_int_not_equal(a->witness[i > 1].first_segment, 0);
        lock_let_go(t, B);
        lock_let_go(t, A);
        thread_detach(t);
    }
}

static void acquisition__full_table_still_tracks_what_is_held(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    while (region_claim(KIWI_TABLE_ACQUISITIONS, 1))
        ;
    for (uintptr_t i = 0; i < 30; i++)
        assert_int_equal(lock_taken_at(t, A + i * 64, stack_made(i))->row, 0);
    assert_int_equal(t->slot->held_count, 30);
    for (uintptr_t i = 30; i-- > 0;)
        lock_let_go(t, A + i * 64);
    assert_true(region.header->dropped[KIWI_DROP_ACQUISITIONS] >= 30);
}

static void acquisition__path_without_room_for_locks_is_a_class(void **state)
{
    struct thread *t = thread_made("a");
    struct object_facts facts = {.address = 0x7700000000, .kind = KIWI_OBJECT_MUTEX};
    uint32_t stack = stack_made(9), none = stack_made(8);

    (void)state;
    while (object_get(t, &facts, none))
        facts.address += 64;
    uint32_t row = lock_taken_at(t, A, stack)->row;
    assert_int_not_equal(row, 0);
    lock_let_go(t, A);
    assert_true(region_object(region_acquisition(row)->object)->flags & KIWI_OBJECT_CLASS);
    assert_int_equal(acquisition_identity(A + 64, stack), CLASS_ADDRESS | stack);
    assert_true(region.header->dropped[KIWI_DROP_OBJECTS] > 0);
    RELAXED_STORE(&acquisition_classes, 0); /* as a new process begins */
}

static void acquisition__sightings_are_kept_ever_fewer(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t outer = stack_made(1), inner = stack_made(2);

    (void)state;
    for (int i = 0; i < 2000; i++) {
        lock_taken_at(t, A, outer);
        lock_taken_at(t, A + 64, inner);
        lock_let_go(t, A + 64);
        lock_let_go(t, A);
        thread_created_another(t);
    }
    uint64_t kept = region.header->tables[KIWI_TABLE_SIGHTINGS].used;
    assert_in_range(kept, 60, 120);
    for (uint32_t i = 1; i < kept; i++) {
        const struct kiwi_sighting *s = region_sighting(i);
        assert_int_equal(s->thread, t->row);
        assert_int_not_equal(s->segment, 0);
        assert_true(i == 1 || s->segment > s[-1].segment);
    }
}

static const struct kiwi_acquisition *nest(struct thread *t, uintptr_t outer, uintptr_t inner, uint32_t stack)
{
    lock_taken_at(t, outer, stack);
    lock_taken_at(t, inner, stack);
    const struct kiwi_acquisition *a = region_acquisition(t->held[1].row);
    lock_let_go(t, inner);
    lock_let_go(t, outer);
    return a;
}

/* Known steps are not timed one by one; that they go on after another one came is seen all the same. */
static void acquisition__new_step_tells_whether_the_one_before_it_goes_on(void **state)
{
    struct thread *t = thread_made("a"), *other = thread_made("b");
    uint32_t stack = stack_made(1);

    (void)state;
    const struct kiwi_acquisition *old = nest(t, A, B, stack), *new;
    uint64_t first = old->last_ticks;
    assert_ptr_equal(nest(t, A, B, stack), old);
    assert_int_equal(old->last_ticks, first); /* by the cache */
    new = nest(other, B, C, stack);
    assert_true(old->last_ticks < new->first_ticks);
    nest(t, A, B, stack);
    assert_true(old->last_ticks > new->first_ticks);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(acquisition__same_behaviour_is_one_row),
            FRESH(acquisition__chain_names_the_held_set),
            FRESH(acquisition__release_out_of_order_derives_a_chain),
            FRESH(acquisition__locks_only_noted_are_linked_when_needed),
            FRESH(acquisition__new_generation_is_a_new_row),
            FRESH(acquisition__counts_survive_eviction),
            FRESH(acquisition__held_array_grows_without_limit),
            FRESH(acquisition__lost_locks_are_counted),
            FRESH(acquisition__waiting_shows_and_adds_up),
            FRESH(acquisition__witnesses_are_distinct_threads),
            FRESH(acquisition__full_table_still_tracks_what_is_held),
            FRESH(acquisition__path_without_room_for_locks_is_a_class),
            FRESH(acquisition__sightings_are_kept_ever_fewer),
            FRESH(acquisition__new_step_tells_whether_the_one_before_it_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

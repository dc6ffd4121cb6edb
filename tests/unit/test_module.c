/* module.h: loaded files become rows when an address of theirs is first met. */
#include "../../interpose/record/stack.h"
#include "recorder.h"

#include <dlfcn.h>
#include <pthread.h>

static uint32_t rows_holding(uintptr_t address)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < RELAXED_LOAD(&region.header->tables[KIWI_TABLE_MODULES].used); i++) {
        const struct kiwi_module *m = region_module(i);
        if (m->state == KIWI_ROW_LIVE && address >= m->start && address < m->end)
            count++;
    }
    return count;
}

static void module__is_noted_once(void **state)
{
    uintptr_t here = (uintptr_t)rows_holding;

    (void)state;
    assert_true(module_note(here));
    assert_true(module_note(here + 1));
    assert_true(module_note((uintptr_t)pthread_create));
    assert_int_equal(rows_holding(here), 1);
    assert_int_equal(rows_holding((uintptr_t)pthread_create), 1);
    assert_int_equal(region.header->tables[KIWI_TABLE_MODULES].used, 3);
}

static void module__of_no_file_is_unknown(void **state)
{
    static int local;

    (void)state;
    assert_false(module_note(16));
    assert_false(module_note((uintptr_t)&local - ((uintptr_t)&local & 0xfff) + ((uintptr_t)1 << 46)));
    assert_int_equal(region.header->tables[KIWI_TABLE_MODULES].used, 1);
}

static void module__tells_variables_from_code(void **state)
{
    static int variable = 1;

    (void)state;
    assert_true(module_holds_data((uintptr_t)&variable));
    assert_false(module_holds_data((uintptr_t)rows_holding));
    assert_int_equal(rows_holding((uintptr_t)&variable), 1);
}

static uintptr_t loaded(void **library)
{
    *library = dlopen("libresolv.so.2", RTLD_NOW);
    assert_non_null(*library);
    uintptr_t address = (uintptr_t)dlsym(*library, "ns_sprintrr");
    assert_true(address);
    return address;
}

static void module__that_comes_back_has_its_row_again(void **state)
{
    void *library;
    uintptr_t first = loaded(&library);
    uint64_t frames[] = {first + 4, (uintptr_t)rows_holding + 4};

    (void)state;
    assert_true(module_note(first));
    uint32_t path = stack_intern(frames, 2, 0);
    assert_int_equal(module_unloaded_epoch(first), 0);
    uint32_t used = region.header->tables[KIWI_TABLE_MODULES].used;
    for (int round = 0; round < 100; round++) {
        dlclose(library);
        module_sweep();
        assert_int_equal(rows_holding(first), 0);
        assert_int_equal(module_unloaded_epoch(first), region.header->module_epoch);
        if (round == 0)
            assert_int_not_equal(stack_intern(frames, 2, 0), path); /* that is another module's by now */
        if (loaded(&library) != first)
            skip(); /* the loader put it elsewhere */
        assert_true(module_note(first));
        assert_int_equal(rows_holding(first), 1);
        assert_int_equal(module_unloaded_epoch(first), 0);
        assert_int_equal(stack_intern(frames, 2, 0), path);
    }
    assert_int_equal(region.header->tables[KIWI_TABLE_MODULES].used, used);
    dlclose(library);
}

#define AT_ONCE 8

static void *note_all(void *started)
{
    __atomic_add_fetch((int *)started, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n((int *)started, __ATOMIC_SEQ_CST) < AT_ONCE)
        ;
    module_note((uintptr_t)rows_holding);
    module_note((uintptr_t)pthread_create);
    return NULL;
}

/* None waits for another, so none can be kept waiting by one that was left in the middle. */
static void module__met_by_many_threads_is_noted_by_some(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        pthread_t threads[AT_ONCE];
        int started = 0;
        module_reset();
        for (int i = 0; i < AT_ONCE; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, note_all, &started), 0);
        for (int i = 0; i < AT_ONCE; i++)
            pthread_join(threads[i], NULL);
        assert_true(rows_holding((uintptr_t)rows_holding) > 0);
        assert_true(rows_holding((uintptr_t)pthread_create) > 0);
        uint32_t used = region.header->tables[KIWI_TABLE_MODULES].used;
        assert_true(module_note((uintptr_t)rows_holding) && module_note((uintptr_t)pthread_create));
        assert_int_equal(region.header->tables[KIWI_TABLE_MODULES].used, used);
    }
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(module__is_noted_once),
            FRESH(module__of_no_file_is_unknown),
            FRESH(module__tells_variables_from_code),
            FRESH(module__that_comes_back_has_its_row_again),
            FRESH(module__met_by_many_threads_is_noted_by_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

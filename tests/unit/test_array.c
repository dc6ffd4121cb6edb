/* Arrays that grow: what is in them stays, and the old one is still there when there is no more room. */
#include "../../analysis/array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void keeps_what_is_in_it(void **state)
{
    uint64_t *items = NULL;
    uint32_t count = 0, capacity = 0;

    (void)state;
    for (; count < 1000; count++) {
        uint64_t *grown = array_room(items, count, &capacity, sizeof *items);
        assert_non_null(grown);
        assert_true(capacity > count);
        items = grown;
        items[count] = count * 3ul;
    }
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(items[i], i * 3ul);
    free(items);
}

static void refuses_what_does_not_fit(void **state)
{
    int item = 7;
    uint32_t capacity = 1u << 31; /* twice that is no uint32_t */

    (void)state;
    assert_null(array_room(&item, capacity, &capacity, sizeof item));
    assert_int_equal(capacity, 1u << 31);
    assert_int_equal(item, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(keeps_what_is_in_it),
            cmocka_unit_test(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

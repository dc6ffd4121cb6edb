/* image.h with what it is made of: this program's own file, looked at by file address. */
#include "../../analysis/code_index.h"
#include "../../analysis/die_names.h"
#include "../../analysis/image.h"
#include "../../analysis/symbol_table.h"
#include "../../analysis/variable.h"

#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int first_bias(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    *(uint64_t *)data = info->dlpi_addr;
    return 1;
}

static uint64_t file_address(const void *address)
{
    uint64_t bias = 0;

    dl_iterate_phdr(first_bias, &bias);
    return (uint64_t)(uintptr_t)address - bias;
}

static struct image *open_self(void)
{
    struct image *i = image_open("/proc/self/exe", NULL, 0);

    assert_non_null(i);
    assert_null(image_fault(i));
    return i;
}

static pthread_mutex_t some_lock = PTHREAD_MUTEX_INITIALIZER;

static void image__function_and_line_of_an_address(void **state)
{
    struct image *i = open_self();
    struct arena texts = {0};
    struct symbol_frame frames[4];

    (void)state;
    assert_int_equal(image_frames(i, file_address((const void *)(uintptr_t)open_self), &texts, frames, 4), 1);
    assert_string_equal(frames[0].function, "open_self");
    assert_non_null(strstr(frames[0].file, "test_image.c"));
    assert_true(frames[0].line > 0);
    assert_int_equal(image_frames(i, UINT64_MAX, &texts, frames, 4), 1);
    assert_null(frames[0].function);
    assert_int_equal(image_frames(i, 0, &texts, frames, 0), 0);
    arena_release(&texts);
    image_close(i);
}

static void image__data_symbol_covers_its_size_alone(void **state)
{
    struct image *i = open_self();
    uint64_t offset = 9;

    (void)state;
    assert_string_equal(image_data_symbol(i, file_address((char *)&some_lock + 8), &offset), "some_lock");
    assert_int_equal(offset, 8);
    assert_null(image_data_symbol(i, file_address((const void *)(uintptr_t)open_self), &offset));
    assert_null(image_data_symbol(i, UINT64_MAX, &offset));
    image_close(i);
}

static void image__what_is_no_elf_file_has_a_fault(void **state)
{
    struct arena texts = {0};
    struct symbol_frame frame;
    uint64_t offset, bias;

    (void)state;
    struct image *i = image_open("/etc/passwd", NULL, 0);
    assert_string_equal(image_fault(i), "not an ELF file that can be read");
    assert_int_equal(image_frames(i, 100, &texts, &frame, 1), 1);
    assert_null(frame.function);
    assert_null(image_data_symbol(i, 100, &offset));
    assert_null(image_dwarf(i, &bias));
    image_close(i);
    i = image_open("/tmp", NULL, 0);
    assert_string_equal(image_fault(i), "the file is not there");
    image_close(i);
}

static void image__unknown_build_id_is_refused(void **state)
{
    const uint8_t build_id[20] = {1, 2, 3};

    (void)state;
    struct image *i = image_open("/proc/self/exe", build_id, sizeof build_id);
    assert_string_equal(image_fault(i), "not the file that was recorded (its build id differs)");
    image_close(i);
}

static void code_index__addresses_outside_all_units_have_no_frames(void **state)
{
    struct image *i = open_self();
    struct arena texts = {0};
    struct symbol_frame frame;
    uint64_t bias;
    bool bare;
    struct code_index *x = code_index_open(image_dwarf(i, &bias));

    (void)state;
    assert_non_null(x);
    assert_int_equal(code_index_frames(x, 1, &texts, &frame, 1, &bare), 0);
    assert_int_equal(code_index_frames(x, UINT64_MAX, &texts, &frame, 1, &bare), 0);
    code_index_close(x);
    arena_release(&texts);
    image_close(i);
}

static void variable__root_name_replaces_the_plain_one(void **state)
{
    struct image *i = open_self();
    struct arena texts = {0};
    uint64_t bias, offset;
    struct variable_index *x = variable_index_open(image_dwarf(i, &bias));
    uint64_t address = file_address(&some_lock) - bias;

    (void)state;
    assert_string_equal(variable_name_at(x, address, NULL, &texts, &offset), "some_lock");
    assert_string_equal(variable_name_at(x, address, "ns::some_lock", &texts, &offset), "ns::some_lock");
    assert_null(variable_name_at(x, 1, NULL, &texts, &offset));
    variable_index_close(x);
    arena_release(&texts);
    image_close(i);
}

/* The unit of this very file. */
static bool own_unit(Dwarf *dwarf, Dwarf_Die *unit)
{
    Dwarf_CU *cu = NULL;

    while (dwarf_get_units(dwarf, cu, &cu, NULL, NULL, unit, NULL) == 0)
        if (dwarf_diename(unit) && strstr(dwarf_diename(unit), "test_image.c"))
            return true;
    return false;
}

static void die_names__functions_of_c_are_not_bare(void **state)
{
    struct image *i = open_self();
    uint64_t bias;
    Dwarf_Die unit;
    struct arena texts = {0};
    struct die_names names = {{0}};

    (void)state;
    assert_true(own_unit(image_dwarf(i, &bias), &unit));
    assert_false(die_is_bare(&unit, &unit));
    assert_non_null(strstr(die_name(&unit, &texts), "test_image.c"));
    assert_ptr_equal(die_qualified_name(&names, &unit, &texts), die_qualified_name(&names, &unit, &texts));
    arena_release(&texts);
    image_close(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(image__function_and_line_of_an_address),
            cmocka_unit_test(image__data_symbol_covers_its_size_alone),
            cmocka_unit_test(image__what_is_no_elf_file_has_a_fault),
            cmocka_unit_test(image__unknown_build_id_is_refused),
            cmocka_unit_test(code_index__addresses_outside_all_units_have_no_frames),
            cmocka_unit_test(variable__root_name_replaces_the_plain_one),
            cmocka_unit_test(die_names__functions_of_c_are_not_bare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

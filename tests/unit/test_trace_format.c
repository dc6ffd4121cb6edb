/* docs/trace-format.md against interpose/trace_format.h: the layout comes from this program's own debug information. */
#include "../../analysis/reader.h"
#include "../../interpose/record/region.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DOCUMENT "docs/trace-format.md"
#define TRACE_SIZE (64u << 20)

/* One of each, so that the compiler describes it. */
static struct {
    struct kiwi_header header;
    struct kiwi_module module;
    struct kiwi_stack stack;
    struct kiwi_thread_class thread_class;
    struct kiwi_thread thread;
    struct kiwi_segment segment;
    struct kiwi_object object;
    struct kiwi_acquisition acquisition;
    struct kiwi_sighting sighting;
    struct kiwi_loop loop;
    struct kiwi_tick tick;
    struct kiwi_stall stall;
    struct kiwi_shutdown shutdown;
    struct kiwi_heap_site heap_site;
    struct kiwi_heap_path heap_path;
    struct kiwi_allocator allocator;
    struct kiwi_call call;
    struct kiwi_misuse misuse;
    struct kiwi_slot slot;
    struct kiwi_contention contention;
    struct kiwi_histogram histogram;
    struct kiwi_charge charge;
    struct kiwi_cond cond;
    struct kiwi_wait_site wait_site;
    struct kiwi_descriptor descriptor;
    struct kiwi_peer peer;
    struct kiwi_failure failure;
} *volatile all_of_them;

struct fixture {
    char *document;
    Dwarf *dwarf;
    int fd;
};

static char *read_document(void)
{
    FILE *file = fopen(DOCUMENT, "r");
    char *text = calloc(1, 1 << 20);

    if (!file || !text || fread(text, 1, (1 << 20) - 1, file) == 0) {
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    f->document = read_document();
    f->fd = open("/proc/self/exe", O_RDONLY);
    f->dwarf = dwarf_begin(f->fd, DWARF_C_READ);
    *state = f;
    return f->document && f->dwarf && !all_of_them ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    dwarf_end(f->dwarf);
    close(f->fd);
    free(f->document);
    free(f);
    return 0;
}

/* Calls one(f, die) for every structure of the format. */
static unsigned each_structure(struct fixture *f, void (*one)(struct fixture *f, Dwarf_Die *structure))
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit, die;
    unsigned count = 0;

    while (dwarf_get_units(f->dwarf, cu, &cu, NULL, NULL, &unit, NULL) == 0) {
        const char *name = dwarf_diename(&unit);
        if (!name || !strstr(name, "test_trace_format.c") || dwarf_child(&unit, &die) != 0)
            continue;
        do {
            name = dwarf_diename(&die);
            if (dwarf_tag(&die) == DW_TAG_structure_type && name && strncmp(name, "kiwi_", 5) == 0) {
                one(f, &die);
                count++;
            }
        } while (dwarf_siblingof(&die, &die) == 0);
    }
    return count;
}

static void assert_says(const char *text, const char *line, const char *of)
{
    if (!text || !strstr(text, line))
        fail_msg("%s has no \"%s\" in %s", DOCUMENT, line, of);
}

/* The table of one structure with its heading; the caller frees it. */
static char *section_of(const struct fixture *f, const char *name, uint64_t size)
{
    char heading[128];

    snprintf(heading, sizeof heading, "\n### struct %s, %llu bytes\n", name, (unsigned long long)size);
    const char *start = strstr(f->document, heading);
    if (!start)
        fail_msg("%s has no heading \"%s\"", DOCUMENT, heading + 1);
    char *section = strdup(start + 1);
    assert_non_null(section);
    char *table = strstr(section, "\n|---"), *end = table ? strstr(table, "\n\n") : NULL;
    if (end)
        *end = '\0';
    return section;
}

static uint64_t attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute a;
    Dwarf_Word value = 0;

    if (dwarf_attr(die, name, &a))
        assert_int_equal(dwarf_formudata(&a, &value), 0);
    return value;
}

static unsigned count_text(const char *text, const char *what)
{
    unsigned count = 0;

    for (; (text = strstr(text, what)); text++)
        count++;
    return count;
}

static void compare_structure(struct fixture *f, Dwarf_Die *structure)
{
    Dwarf_Die member, type;
    Dwarf_Attribute a;
    Dwarf_Word size;
    char line[256];
    unsigned members = 0;
    char *section = section_of(f, dwarf_diename(structure), attribute(structure, DW_AT_byte_size));

    assert_int_equal(dwarf_child(structure, &member), 0);
    do {
        assert_non_null(dwarf_attr(&member, DW_AT_type, &a));
        assert_non_null(dwarf_formref_die(&a, &type));
        assert_int_equal(dwarf_aggregate_size(&type, &size), 0);
        snprintf(line, sizeof line, "\n| %llu | %llu | ",
                 (unsigned long long)attribute(&member, DW_AT_data_member_location), (unsigned long long)size);
        assert_says(section, line, dwarf_diename(structure));
        char *row = strstr(section, line) + 1, *end = strchr(row, '\n');
        if (end)
            *end = '\0';
        snprintf(line, sizeof line, " | `%s` | ", dwarf_diename(&member));
        assert_says(row, line, row);
        if (end)
            *end = '\n';
        members++;
    } while (dwarf_siblingof(&member, &member) == 0);
    assert_int_equal(count_text(section, "\n| "), members + 1); /* and the head */
    free(section);
}

static void trace_format__document_has_every_field_where_it_is(void **state)
{
    assert_true(each_structure(*state, compare_structure) >= 16);
}

static void trace_format__document_has_every_table_and_its_room(void **state)
{
    struct fixture *f = *state;
    char line[128];

    assert_true(region_open_memory(TRACE_SIZE));
#define X(id, name, type)                                                                                              \
    snprintf(line, sizeof line, "| %d | %s | `%s` | %llu |", id, #name, #type,                                         \
             (unsigned long long)region.header->tables[id].capacity);                                                  \
    assert_says(f->document, line, "Tables");
    KIWI_TABLES(X)
#undef X
    region_close_memory();
}

static void trace_format__document_has_every_value(void **state)
{
    struct fixture *f = *state;
    char line[256];

#define SAYS(...)                                                                                                      \
    snprintf(line, sizeof line, __VA_ARGS__);                                                                          \
    assert_says(f->document, line, "its tables");
#define X(id, name, text) SAYS("| %d | %s | %s |", id, #name, text)
    KIWI_DROPS(X)
    KIWI_OBJECT_KINDS(X)
#undef X
#define X(id, name, text, group) SAYS("| %d | `%s` | %s |", id, text, #group)
    KIWI_CALLS(X)
#undef X
#define X(id, name, finding) SAYS("| %d | %s | `%s` |", id, #name, finding)
    KIWI_MISUSES(X)
#undef X
#define X(id, name, text) SAYS("| %d | `%s` |", id, text)
    KIWI_EVENTS(X)
#undef X
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(trace_format__document_has_every_field_where_it_is),
            cmocka_unit_test(trace_format__document_has_every_table_and_its_room),
            cmocka_unit_test(trace_format__document_has_every_value),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

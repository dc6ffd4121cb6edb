/* symbols.h: this very program is the one that is looked at; its lines are marked where they matter. */
#include "../../analysis/symbols.h"
#include "../lib/trace_builder.h"
#include "include/boost/guard.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct trace_builder *builder;
    struct trace *trace;
    struct symbols *symbols;
    uint32_t module;
};

/* What the recorder would have noted of the executable. */
static int fill_executable(struct dl_phdr_info *info, size_t size, void *data)
{
    struct kiwi_module *m = data;

    (void)size;
    m->base = info->dlpi_addr;
    m->start = UINT64_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && info->dlpi_addr + p->p_vaddr < m->start)
            m->start = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && info->dlpi_addr + p->p_vaddr + p->p_memsz > m->end)
            m->end = info->dlpi_addr + p->p_vaddr + p->p_memsz;
        const ElfW(Nhdr) *note = (const void *)(info->dlpi_addr + p->p_vaddr);
        if (p->p_type == PT_NOTE && note->n_type == NT_GNU_BUILD_ID && note->n_descsz <= KIWI_BUILD_ID_BYTES) {
            m->build_id_size = note->n_descsz;
            memcpy(m->build_id, (const char *)(note + 1) + ((note->n_namesz + 3) & ~3u), note->n_descsz);
        }
    }
    return 1; /* the executable comes first */
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    if (!f || length < 0)
        return -1;
    path[length] = '\0';
    f->builder = builder_open();
    builder_header(f->builder)->executable = builder_string(f->builder, path);
    f->module = builder_module(f->builder, "", 0, 0);
    dl_iterate_phdr(fill_executable, builder_at(f->builder, KIWI_TABLE_MODULES, f->module));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    symbols_close(f->symbols);
    trace_close(f->trace);
    builder_close(f->builder);
    free(f);
    return 0;
}

static struct symbols *make(struct fixture *f)
{
    f->trace = builder_trace(f->builder);
    f->symbols = symbols_open(f->trace);
    assert_non_null(f->symbols);
    return f->symbols;
}

static struct kiwi_module *module_row(struct fixture *f)
{
    return builder_at(f->builder, KIWI_TABLE_MODULES, f->module);
}

#define STAYS __attribute__((noinline, noclone))
#define AFTER_CALL __asm__ volatile("" ::: "memory") /* no tail call */

STAYS static uint64_t where(void)
{
    return (uint64_t)(uintptr_t)__builtin_return_address(0);
}

static const int inner_line = __LINE__ + 3;
static inline __attribute__((always_inline)) uint64_t inner(void)
{
    uint64_t address = where();
    AFTER_CALL;
    return address;
}

static const int outer_line = __LINE__ + 3;
STAYS static uint64_t outer(void)
{
    uint64_t address = inner();
    AFTER_CALL;
    return address;
}

static void symbols__inlined_frames_are_expanded(void **state)
{
    struct fixture *f = *state;
    unsigned count;
    uint64_t address = outer();
    uint32_t stack = builder_stack(f->builder, 1, address);
    struct symbols *s = make(f);
    const struct symbol_frame *frames = symbols_stack(s, stack, &count);

    assert_int_equal(count, 2);
    assert_string_equal(frames[0].function, "inner");
    assert_int_equal(frames[0].line, inner_line);
    assert_true(frames[0].inlined);
    assert_non_null(strstr(frames[0].file, "test_symbols.c"));
    assert_string_equal(frames[1].function, "outer");
    assert_int_equal(frames[1].line, outer_line);
    assert_false(frames[1].inlined);
    assert_false(frames[1].internal);
    assert_int_equal(frames[1].offset, address - module_row(f)->base);
    assert_string_equal(frames[1].module, trace_string(f->trace, trace_header(f->trace)->executable));
    assert_ptr_equal(symbols_stack(s, stack, &count), frames);
    assert_int_equal(symbols_unresolved(s, NULL, 0), 0);
}

/* Its call is its last instruction: the return address lies behind the function. */
STAYS static uint64_t guarded(void)
{
    uint64_t address = guard_take(where);
    AFTER_CALL;
    return address;
}

static void symbols__headers_of_libraries_are_internal(void **state)
{
    struct fixture *f = *state;
    unsigned count;
    uint32_t stack = builder_stack(f->builder, 1, guarded());
    struct symbols *s = make(f);
    const struct symbol_frame *frames = symbols_stack(s, stack, &count);

    assert_int_equal(count, 2);
    assert_string_equal(frames[0].function, "guard_take");
    assert_true(frames[0].internal);
    assert_string_equal(frames[1].function, "guarded");
    assert_false(frames[1].internal);
}

/* An operator new that came with a runtime of which nothing but names is known: its section has no lines. */
__asm__(".pushsection .text.runtime, \"ax\", @progbits\n"
        "    .type _Znwm, @function\n"
        "_Znwm:\n"
        "    .skip 16, 0x90\n"
        "    .size _Znwm, 16\n"
        "    .popsection");
extern const char runtime_new[] __asm__("_Znwm") __attribute__((visibility("hidden")));

static void symbols__operators_of_a_static_runtime_are_internal(void **state)
{
    struct fixture *f = *state;
    unsigned count;
    uint32_t stack = builder_stack(f->builder, 2, (uint64_t)(uintptr_t)runtime_new + 5, outer());
    struct symbols *s = make(f);
    const struct symbol_frame *frames = symbols_stack(s, stack, &count);

    assert_int_equal(count, 3);
    assert_string_equal(frames[0].function, "operator new(unsigned long)");
    assert_true(frames[0].internal);
    assert_string_equal(frames[1].function, "inner");
    assert_false(frames[1].internal);
}

__attribute__((noreturn)) STAYS static void leave(uint64_t *address, jmp_buf back)
{
    *address = where();
    longjmp(back, 1);
}

/* What the wrapped call would record: it is the last thing that `last` does, and so a jump. */
typedef uint64_t (*teller)(void);
STAYS static uint64_t last(teller tell)
{
    return tell();
}

static const int first_line = __LINE__ + 3;
STAYS static uint64_t first(void)
{
    uint64_t address = last(where);
    AFTER_CALL;
    return address;
}

STAYS static uint64_t not_last(teller tell)
{
    uint64_t address = tell();
    AFTER_CALL;
    return address;
}

/* Of two neighbours. */
static bool is_in(uint64_t address, uint64_t function, uint64_t other)
{
    return function <= address && (other > address || other < function);
}

static void symbols__function_that_left_by_a_jump_is_shown(void **state)
{
    struct fixture *f = *state;
    unsigned count, plain;
    uint64_t address = first(), inside = not_last(where);
    uint32_t stack = builder_stack(f->builder, 1, address), other = builder_stack(f->builder, 1, inside);
    struct symbols *s = make(f);
    const struct symbol_frame *frames = symbols_stack(s, stack, &count);
    const struct symbol_frame *direct = symbols_stack(s, other, &plain);

    assert_string_equal(direct[0].function, "not_last");
    if (is_in(address, (uint64_t)(uintptr_t)last, (uint64_t)(uintptr_t)first))
        skip(); /* not made a jump, as without optimisation */
    assert_string_equal(frames[0].function, "last");
    assert_true(count >= 2);
    assert_string_equal(frames[1].function, "first");
    assert_int_equal(frames[1].line, first_line);
}

static void symbols__return_address_means_the_call_before_it(void **state)
{
    struct fixture *f = *state;
    unsigned count;
    struct symbols *s = make(f);
    const struct symbol_frame *frame = symbols_address(s, (uint64_t)(uintptr_t)outer, false, &count);

    assert_string_equal(frame[count - 1].function, "outer");
    frame = symbols_address(s, (uint64_t)(uintptr_t)outer, true, &count);
    assert_true(count == 0 || !frame[count - 1].function || strcmp(frame[count - 1].function, "outer") != 0);

    jmp_buf back;
    uint64_t address = 0;
    if (setjmp(back) == 0)
        leave(&address, back);
    frame = symbols_address(s, address, true, &count);
    assert_string_equal(frame[count - 1].function, "leave");
}

static void symbols__other_build_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *modules[4];
    unsigned count;
    char expected[PATH_MAX + 100];

    if (!module_row(f)->build_id_size)
        skip();
    module_row(f)->build_id[3] ^= 1;
    uint32_t stack = builder_stack(f->builder, 1, outer());
    struct symbols *s = make(f);
    const struct symbol_frame *frames = symbols_stack(s, stack, &count);

    assert_int_equal(count, 1);
    assert_null(frames[0].function);
    assert_null(frames[0].file);
    assert_int_equal(symbols_unresolved(s, modules, 4), 1);
    snprintf(expected, sizeof expected, "%s: not the file that was recorded (its build id differs)",
             trace_string(f->trace, trace_header(f->trace)->executable));
    assert_string_equal(modules[0], expected);
}

static void symbols__missing_file_is_named(void **state)
{
    struct fixture *f = *state;
    const char *modules[4];
    unsigned count;

    builder_module(f->builder, "/nonexistent/libgone.so", 0x10000, 0x1000);
    builder_module(f->builder, "/dev/zero", 0x20000, 0x1000);
    builder_module(f->builder, "/nonexistent/unused.so", 0x30000, 0x1000);
    uint32_t stack = builder_stack(f->builder, 3, UINT64_C(0x10010), UINT64_C(0x20010), UINT64_C(0x90010));
    struct symbols *s = make(f);
    const struct symbol_frame *frames = symbols_stack(s, stack, &count);

    assert_int_equal(count, 3);
    assert_string_equal(frames[0].module, "/nonexistent/libgone.so");
    assert_int_equal(frames[0].offset, 0x10);
    assert_null(frames[2].module);
    assert_int_equal(frames[2].offset, 0x90010);
    assert_int_equal(symbols_unresolved(s, modules, 4), 2);
    assert_string_equal(modules[0], "/nonexistent/libgone.so: the file is not there");
    assert_string_equal(modules[1], "/dev/zero: the file is not there");
}

static void symbols__libc_is_internal(void **state)
{
    struct fixture *f = *state;
    unsigned count;
    void *address = dlsym(RTLD_NEXT, "qsort_r");
    Dl_info info;

    assert_true(dladdr(address, &info));
    builder_module(f->builder, info.dli_fname, (uint64_t)(uintptr_t)info.dli_fbase, 0x1000000);
    uint32_t stack = builder_stack(f->builder, 2, (uint64_t)(uintptr_t)address + 5, outer());
    struct symbols *s = make(f);
    const struct symbol_frame *frames = symbols_stack(s, stack, &count);

    assert_true(count >= 3);
    assert_non_null(strstr(frames[0].function, "qsort_r"));
    assert_true(frames[0].internal);
    assert_false(frames[count - 1].internal);
}

static void symbols__kiwi_frames_are_left_out(void **state)
{
    struct fixture *f = *state;
    unsigned count;

    builder_module(f->builder, "/usr/lib/libkiwi.so", 0x10000, 0x1000);
    uint32_t stack = builder_stack(f->builder, 2, UINT64_C(0x10010), outer());
    const struct symbol_frame *frames = symbols_stack(make(f), stack, &count);

    assert_int_equal(count, 2);
    assert_string_equal(frames[0].function, "inner");
}

static pthread_mutex_t plain_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    pthread_mutex_t first;
    int id;
    union {
        struct {
            char pad[16];
            pthread_rwlock_t lock;
        };
        int other;
    };
} show;
struct shard {
    long count;
    pthread_mutex_t lock;
};
static struct shard shards[4];
static int futex_word[3];

static const char *variable(struct symbols *s, const void *address, uint64_t *offset)
{
    const char *module = NULL;
    const char *name = symbols_variable(s, (uint64_t)(uintptr_t)address, offset, &module);

    if (name)
        assert_non_null(strstr(module, "test_symbols"));
    return name;
}

static void symbols__variables_are_named_down_to_the_lock(void **state)
{
    struct fixture *f = *state;
    struct symbols *s = make(f);
    uint64_t offset = 99;

    assert_string_equal(variable(s, &plain_lock, &offset), "plain_lock");
    assert_int_equal(offset, 0);
    assert_string_equal(variable(s, &show, &offset), "show.first");
    assert_string_equal(variable(s, &show.lock, &offset), "show.lock");
    assert_string_equal(variable(s, &show.id, &offset), "show.id");
    assert_int_equal(offset, 0);
    assert_string_equal(variable(s, &shards[3].lock, &offset), "shards[3].lock");
    assert_string_equal(variable(s, &shards[2], &offset), "shards[2]");
    assert_string_equal(variable(s, &futex_word[1], &offset), "futex_word[1]");
    assert_string_equal(variable(s, (char *)&plain_lock + 3, &offset), "plain_lock");
    assert_int_equal(offset, 3);
    assert_null(variable(s, &s, &offset)); /* a local variable is no variable of the module */
}

static void symbols__static_variables_of_functions_have_their_plain_name(void **state)
{
    static pthread_mutex_t inside = PTHREAD_MUTEX_INITIALIZER;
    struct fixture *f = *state;
    uint64_t offset = 99;

    pthread_mutex_lock(&inside); /* or the compiler leaves it out */
    pthread_mutex_unlock(&inside);
    assert_string_equal(variable(make(f), &inside, &offset), "inside");
    assert_int_equal(offset, 0);
}

static void symbols__debuginfod_servers_stay_as_they_were(void **state)
{
    struct fixture *f = *state;
    unsigned count;

    assert_int_equal(setenv("DEBUGINFOD_URLS", "http://192.0.2.1/", 1), 0);
    assert_non_null(symbols_address(make(f), outer(), true, &count));
    assert_string_equal(getenv("DEBUGINFOD_URLS"), "http://192.0.2.1/");
    unsetenv("DEBUGINFOD_URLS");
}

static void symbols__unknown_stack_has_no_frames(void **state)
{
    struct fixture *f = *state;
    unsigned count = 9;

    assert_null(symbols_stack(make(f), 4711, &count));
    assert_int_equal(count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            TEST(symbols__inlined_frames_are_expanded),
            TEST(symbols__function_that_left_by_a_jump_is_shown),
            TEST(symbols__return_address_means_the_call_before_it),
            TEST(symbols__other_build_is_refused),
            TEST(symbols__missing_file_is_named),
            TEST(symbols__libc_is_internal),
            TEST(symbols__headers_of_libraries_are_internal),
            TEST(symbols__operators_of_a_static_runtime_are_internal),
            TEST(symbols__kiwi_frames_are_left_out),
            TEST(symbols__variables_are_named_down_to_the_lock),
            TEST(symbols__static_variables_of_functions_have_their_plain_name),
            TEST(symbols__debuginfod_servers_stay_as_they_were),
            TEST(symbols__unknown_stack_has_no_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

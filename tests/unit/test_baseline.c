/* baseline.h and identity.h: what is the same finding; reports as baselines. */
#include "../../analysis/baseline.h"
#include "../../analysis/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct baseline baseline;
    struct finding_list list;
    char path[64], error[512];
};

static int set_up(void **state)
{
    struct fixture *x = *state = calloc(1, sizeof *x);
    int fd;

    if (!x)
        return -1;
    snprintf(x->path, sizeof x->path, "/tmp/test_baseline.XXXXXX");
    fd = mkstemp(x->path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    struct fixture *x = *state;

    unlink(x->path);
    baseline_release(&x->baseline);
    finding_list_release(&x->list);
    free(x);
    return 0;
}

/* "a,b" into names. */
static void names(struct identity_names *n, const char *list)
{
    char copy[100], *rest = NULL;

    snprintf(copy, sizeof copy, "%s", list);
    for (char *name = strtok_r(copy, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
        assert_int_equal(identity_add(n, name), 0);
}

static bool same(const char *functions_a, const char *objects_a, const char *functions_b, const char *objects_b)
{
    struct identity a = {0}, b = {0};
    bool result;

    names(&a.functions, functions_a);
    names(&a.objects, objects_a);
    names(&b.functions, functions_b);
    names(&b.objects, objects_b);
    result = identity_same(&a, &b);
    assert_int_equal(result, identity_same(&b, &a));
    identity_release(&a);
    identity_release(&b);
    return result;
}

static void identity__same_locks_and_half_of_the_functions(void **state)
{
    (void)state;
    assert_true(same("get,put", "cache", "get,put", "cache"));
    assert_true(same("put,get", "cache,table", "get,put", "table,cache")); /* a circle begun elsewhere */
    assert_true(same("get,put,wait", "cache", "get,put,poll", "cache"));   /* other waiters were seen */
    assert_true(same("", "cache", "", "cache"));
    assert_true(same("get,get", "", "get", ""));
    assert_false(same("get,put", "cache", "get,sync", "cache")); /* another call under the same lock */
    assert_false(same("get,put", "cache,table", "get,put", "cache,index"));
    assert_false(same("get,put", "cache", "get,put", "cache,table"));
    assert_false(same("get", "cache", "put", "cache"));
}

static struct finding *new_finding(struct fixture *x, enum finding_id id, enum severity severity)
{
    struct finding *f = finding_add(&x->list, id);

    assert_non_null(f);
    f->severity = severity;
    return f;
}

static void baseline__knows_what_it_was_given(void **state)
{
    struct fixture *x = *state;
    struct finding *held = new_finding(x, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_MEDIUM);
    struct finding *worse = new_finding(x, FINDING_LOCK_ACROSS_BLOCK, SEVERITY_HIGH);
    struct finding *other = new_finding(x, FINDING_LOCK_ACROSS_POLL, SEVERITY_HIGH);

    assert_int_equal(baseline_add(&x->baseline, held), 0);
    assert_int_equal(baseline_knows(&x->baseline, other), 0);
    assert_false(x->baseline.entries[0].seen);
    assert_int_equal(baseline_knows(&x->baseline, worse), 1);
    assert_int_equal(baseline_knows(&x->baseline, held), 1);
    assert_true(x->baseline.entries[0].seen);
    assert_int_equal(x->baseline.entries[0].severity, SEVERITY_MEDIUM);
    assert_int_equal(x->baseline.entries[0].now, SEVERITY_HIGH);
}

static void baseline__what_has_become_critical_is_new(void **state)
{
    struct fixture *x = *state;
    struct finding *low = new_finding(x, FINDING_LOCK_ORDER_CYCLE, SEVERITY_LOW);
    struct finding *critical = new_finding(x, FINDING_LOCK_ORDER_CYCLE, SEVERITY_CRITICAL);

    assert_int_equal(baseline_add(&x->baseline, low), 0);
    assert_int_equal(baseline_knows(&x->baseline, critical), 0);
    assert_true(x->baseline.entries[0].seen); /* so it is not called fixed */
    assert_int_equal(baseline_add(&x->baseline, critical), 0);
    assert_int_equal(x->baseline.count, 1);
    assert_int_equal(baseline_knows(&x->baseline, critical), 1);
}

static int read_text(struct fixture *x, const char *text)
{
    FILE *out = fopen(x->path, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    return baseline_read_report(&x->baseline, x->path, x->error, sizeof x->error);
}

#define REPORT(findings) "{\"schema\": \"kiwi-report/1\", \"findings\": [" findings "]}"
#define IDENTITY "\"identity\": {\"functions\": [\"get\"], \"objects\": [\"cache\"]}"
#define FINDING_OF(id) "{\"id\": \"" id "\", \"severity\": \"HIGH\", \"title\": \"held\\u0007\", " IDENTITY "}"

static void baseline__reads_a_report(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(read_text(x, REPORT(FINDING_OF("deadlock") "," FINDING_OF("of-the-future"))), 0);
    assert_int_equal(x->baseline.count, 1);
    assert_int_equal(x->baseline.entries[0].id, FINDING_DEADLOCK);
    assert_int_equal(x->baseline.entries[0].severity, SEVERITY_HIGH);
    assert_string_equal(x->baseline.entries[0].title, "held?");
    assert_string_equal(x->baseline.entries[0].identity.functions.items[0], "get");
    assert_string_equal(x->baseline.entries[0].identity.objects.items[0], "cache");
    assert_false(x->baseline.partial);
    assert_int_equal(read_text(x, REPORT(FINDING_OF("deadlock"))), 0); /* another report of the same */
    assert_int_equal(x->baseline.count, 1);
}

static void baseline__a_report_made_against_a_baseline_is_partial(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(read_text(x, "{\"schema\": \"kiwi-report/1\", \"findings\": [], \"baseline\": {}}"), 0);
    assert_true(x->baseline.partial);
}

static void baseline__refuses_what_is_no_report(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
            {"{", "line 1: "},
            {"[]", "not a report of kiwi"},
            {"{\"schema\": \"kiwi-report/2\", \"findings\": []}", "not a report of kiwi"},
            {"{\"schema\": \"kiwi-report/1\"}", "not a report of kiwi"},
            {REPORT("3"), "finding 1 has no id"},
            {REPORT(FINDING_OF("deadlock") ",{\"id\": \"deadlock\"}"), "finding 2 has no id"},
            {REPORT("{\"id\": \"deadlock\", \"severity\": \"HIGH\", \"title\": \"x\", \"identity\": {\"functions\": "
                    "[1], \"objects\": []}}"),
             "finding 1 has no id"},
    };
    struct fixture *x = *state;

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_text(x, cases[i].text), -1);
        assert_non_null(strstr(x->error, cases[i].error));
    }
    assert_int_equal(baseline_read_report(&x->baseline, "/nowhere/x", x->error, sizeof x->error), -1);
    assert_non_null(strstr(x->error, "No such file"));
}

static void baseline__a_report_begins_with_a_brace(void **state)
{
    struct fixture *x = *state;

    read_text(x, "\n  {\"schema\": 1}");
    assert_true(baseline_is_report(x->path));
    read_text(x, "KIWITRC");
    assert_false(baseline_is_report(x->path));
    read_text(x, "");
    assert_false(baseline_is_report(x->path));
    assert_false(baseline_is_report("/nowhere/x"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(identity__same_locks_and_half_of_the_functions),
            TEST(baseline__knows_what_it_was_given),
            TEST(baseline__what_has_become_critical_is_new),
            TEST(baseline__reads_a_report),
            TEST(baseline__a_report_made_against_a_baseline_is_partial),
            TEST(baseline__refuses_what_is_no_report),
            TEST(baseline__a_report_begins_with_a_brace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

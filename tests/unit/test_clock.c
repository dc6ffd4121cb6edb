/* clock.h: ticks and how many of them are a second, on a machine that is busy with other things. */
#include "recorder.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPINNERS = 4, ESTIMATES = 1500 };

static pid_t spinners[SPINNERS];

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < SPINNERS; i++) {
        spinners[i] = fork();
        if (spinners[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                ;
        }
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < SPINNERS; i++)
        if (spinners[i] > 0) {
            kill(spinners[i], SIGKILL);
            waitpid(spinners[i], NULL, 0);
        }
    return 0;
}

static void clock__samples_go_together(void **state)
{
    (void)state;
    clock_init();
    struct clock_sample first = clock_sample(), last = first;
    while (last.monotonic_ns - first.monotonic_ns < 100000000u)
        last = clock_sample();
    uint64_t expected = clock_ns_to_ticks(last.monotonic_ns - first.monotonic_ns), ticks = last.ticks - first.ticks;

    assert_in_range(ticks, expected / 100 * 97, expected / 100 * 103);
    assert_true(last.ticks <= clock_ticks());
}

/* Its own time slices end in the middle of many of these. */
static void clock__rate_is_right_on_a_busy_machine(void **state)
{
    uint64_t estimates[ESTIMATES];

    (void)state;
    clock_init();
    struct clock_sample first = clock_sample();
    for (int i = 0; i < ESTIMATES; i++) {
        clock_init();
        estimates[i] = clock_state.ticks_per_second;
    }
    struct clock_sample last = clock_sample();
    uint64_t rate = (uint64_t)((unsigned __int128)(last.ticks - first.ticks) * 1000000000u /
                               (last.monotonic_ns - first.monotonic_ns));

    for (int i = 0; i < ESTIMATES; i++)
        assert_in_range(estimates[i], rate / 100 * 97, rate / 100 * 103);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(clock__samples_go_together),
            cmocka_unit_test(clock__rate_is_right_on_a_busy_machine),
    };
    return cmocka_run_group_tests_name("clock", tests, setup, teardown);
}

/* handler.h: which handlers may have interrupted anything. The signals are real, and sent to this very thread. */
#include "../../interpose/record/handler.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

static volatile int answer; /* 1 = it may have */

static void asks(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    answer = handler_interrupts(context, (uintptr_t)asks) != 0;
}

/* As if the handler had left for this function by a tail call. */
static void asks_for_another(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    answer = handler_interrupts(context, (uintptr_t)asks) != 0;
}

static int answer_of(int signal, void (*handler)(int, siginfo_t *, void *), int flags, bool blocked)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags}, before;
    sigset_t one, mask;

    answer = -1;
    sigemptyset(&one);
    sigaddset(&one, signal);
    sigaction(signal, &action, &before);
    pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &one, &mask);
    raise(signal);
    sigset_t open = mask;
    sigdelset(&open, signal);
    if (blocked)
        sigsuspend(&open);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(signal, &before, NULL);
    return answer;
}

static void handler__of_a_signal_that_is_let_in_anywhere(void **state)
{
    (void)state;
    assert_int_equal(answer_of(SIGUSR1, asks, 0, false), 1);
    assert_int_equal(answer_of(SIGUSR1, asks, SA_NODEFER, false), 1);
    assert_int_equal(answer_of(SIGTERM, asks, SA_RESETHAND, false), 1);
    assert_int_equal(answer_of(SIGHUP, asks_for_another, 0, false), 1);
}

static void handler__of_a_signal_that_is_let_in_while_waiting_only(void **state)
{
    (void)state;
    assert_int_equal(answer_of(SIGUSR1, asks, 0, true), 0);
    assert_int_equal(answer_of(SIGUSR1, asks, SA_NODEFER, true), 0);
}

static void handler__of_a_fault_is_not_meant(void **state)
{
    (void)state;
    assert_int_equal(answer_of(SIGSEGV, asks, 0, false), 0);
    assert_int_equal(answer_of(SIGABRT, asks, 0, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(handler__of_a_signal_that_is_let_in_anywhere),
            cmocka_unit_test(handler__of_a_signal_that_is_let_in_while_waiting_only),
            cmocka_unit_test(handler__of_a_fault_is_not_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

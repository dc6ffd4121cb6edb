// expect: signal-unsafe-call HIGH
// where: signal-unsafe-call on_hangup
// about: a handler of SIGHUP notes the request in a vector of strings, on the heap, while its thread sleeps
#include "case.h"

#include <signal.h>
#include <string>
#include <vector>

static std::vector<std::string> requests;
static int ready, noted;

static FRAME void note(int signal)
{
    requests.push_back("a reload that was asked for by signal number " + std::to_string(signal));
}

static FRAME void on_hangup(int signal)
{
    note(signal);
    stage_arrive(&noted);
}

static void *sleeper(void *arg)
{
    stage_reach(&ready, 1);
    while (__atomic_load_n(&noted, __ATOMIC_SEQ_CST) < 3)
        nap_ms(50);
    return arg;
}

int main()
{
    struct sigaction action = {};
    action.sa_handler = on_hangup;
    sigaction(SIGHUP, &action, nullptr);
    pthread_t thread = thread_start(sleeper, nullptr);
    stage_await(&ready, 1);
    for (int tries = 0; tries < 200 && __atomic_load_n(&noted, __ATOMIC_SEQ_CST) < 3; tries++) {
        nap_ms(20);
        if (__atomic_load_n(&noted, __ATOMIC_SEQ_CST) < 3)
            pthread_kill(thread, SIGHUP);
    }
    thread_join(thread);
    printf("%d\n", requests.size() >= 3);
    return 0;
}

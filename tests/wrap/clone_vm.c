/* Children that run on their parent's memory, as some libraries make them to start programs quickly. With an argument:
 * one such child, and then the parent stays. */
#include "transcript.h"

#include <sched.h>
#include <sys/prctl.h>

#define STACK 65536

static char stack[STACK] __attribute__((aligned(16)));
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int run_program(void *unused)
{
    (void)unused;
    execl("/bin/true", "true", (char *)NULL);
    _exit(1);
}

static int fail_to_run(void *unused)
{
    (void)unused;
    execl("/nonexistent/program", "program", (char *)NULL);
    _exit(errno == ENOENT ? 5 : 6);
}

static int just_exit(void *unused)
{
    (void)unused;
    _exit(7);
}

static pid_t told;

static int make_a_note(void *number)
{
    *(int *)number += 1;
    return 9;
}

/* Not waited for by the call; all of its arguments are passed on. */
static void run_beside(void)
{
    int number = 41;
    int flags = CLONE_VM | CLONE_PARENT_SETTID | SIGCHLD;
    pid_t child = clone(make_a_note, stack + STACK, flags, &number, &told);
    child_ended("beside", child);
    say("number %d, %s", number, told == child ? "id told" : "id not told");
    returned("no function", clone(NULL, stack + STACK, flags, &number, &told));
    returned("flags that do not go together", clone(make_a_note, stack + STACK, CLONE_THREAD, &number));
}

static void run(const char *what, int (*function)(void *))
{
    child_ended(what, clone(function, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
    outcome("lock", pthread_mutex_lock(&lock));
    outcome("unlock", pthread_mutex_unlock(&lock));
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!*only || !strcmp(only, "exec"))
        run("exec", run_program);
    if (!*only)
        run("failed exec", fail_to_run);
    if (!*only || !strcmp(only, "exit"))
        run("exit", just_exit);
    if (!*only)
        run_beside();
    if (*only) {
        say("still here");
        sleep(60);
    }
    return 0;
}

/* fork, vfork and clone of a process with threads: what the child may do, how it ends, and that the parent goes on. */
#include "transcript.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>

extern char **environ;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static volatile int stop;

static void lock_both(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other);
    pthread_mutex_unlock(&mutex);
}

static void *allocate_all_the_time(void *unused)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    while (!stop) {
        pthread_mutex_lock(&own);
        free(malloc(1000));
        pthread_mutex_unlock(&own);
    }
    return unused;
}

static void *work_a_little(void *value)
{
    lock_both();
    free(malloc(100));
    return value;
}

static void do_everything(void)
{
    lock_both();
    free(realloc(malloc(10), 100000));
    for (long i = 0; i < 3; i++)
        say("in the child: %ld", (long)finish(start(work_a_little, (void *)i)));
    say("in the child: poll %d", poll(NULL, 0, 1));
}

static void end_by_exit(void)
{
    do_everything();
    exit(3);
}

static void end_by_abort(void)
{
    work_a_little(NULL);
    abort();
}

static void *end_process(void *unused)
{
    exit(5);
    return unused;
}

static void end_by_a_thread(void)
{
    start(end_process, NULL);
    for (;;)
        pause();
}

static void end_by_pthread_exit(void)
{
    work_a_little(NULL);
    pthread_exit(NULL);
}

static void fork_again(void)
{
    in_child("grandchild", do_everything);
    lock_both();
}

static void unlock_inherited(void)
{
    outcome("child: trylock", pthread_mutex_trylock(&mutex));
    outcome("child: unlock", pthread_mutex_unlock(&mutex));
    lock_both();
}

static void with_threads(void)
{
    say("-- with threads that allocate and lock");
    pthread_t busy = start(allocate_all_the_time, NULL);
    in_child("child that does everything", do_everything);
    in_child("child that calls exit", end_by_exit);
    in_child("child that calls abort", end_by_abort);
    in_child("child whose thread calls exit", end_by_a_thread);
    in_child("child that ends its only thread", end_by_pthread_exit);
    in_child("child that forks", fork_again);
    pthread_mutex_lock(&mutex);
    in_child("child of a lock's holder", unlock_inherited);
    outcome("parent: unlock", pthread_mutex_unlock(&mutex));
    int bad = 0;
    for (int i = 0; i < 60; i++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            work_a_little(NULL);
            _exit(4);
        }
        waitpid(pid, &status, 0);
        bad += !WIFEXITED(status) || WEXITSTATUS(status) != 4;
    }
    say("60 children, %d bad", bad);
    stop = 1;
    finish(busy);
}

static volatile bool interrupted;

static void fork_there(int number)
{
    (void)number;
    interrupted = true;
    fork(); /* the child goes on in the call that the signal interrupted */
}

/* A handler forks, and the child returns from it into the middle of a call that its parent began. */
static void fork_in_handler(const char *what, int (*call)(void))
{
    pid_t parent = getpid();
    struct poke poke;
    interrupted = false;
    handle(SIGALRM, fork_there, 0);
    poke_start(&poke, SIGALRM);
    int result = call();
    if (getpid() != parent) {
        lock_both();
        _exit(20 + result);
    }
    poke_end(&poke);
    int status = -1;
    wait(&status);
    say("%s: parent got %d, child left with %d", what, result, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static int call_poll(void)
{
    return poll(NULL, 0, 20000) < 0 ? errno == EINTR : 2;
}

static int call_timedwait(void)
{
    static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
    int error = 0;
    pthread_mutex_lock(&mutex);
    while (!interrupted && (error == 0 || error == ETIMEDOUT)) {
        struct timespec until = in_ms(CLOCK_REALTIME, 60);
        error = pthread_cond_timedwait(&c, &mutex, &until);
    }
    pthread_mutex_unlock(&mutex);
    return error == ETIMEDOUT;
}

static void *sleep_a_little(void *unused)
{
    pause_ms(30);
    return unused;
}

static int call_sleep(void)
{
    struct timespec t = {20, 0};
    return nanosleep(&t, NULL) < 0 ? errno == EINTR : 2;
}

static void *fork_from_thread(void *small)
{
    in_child(small ? "child of a thread with a small stack" : "child of a thread", do_everything);
    return NULL;
}

static void from_threads(void)
{
    pthread_attr_t attr;
    pthread_t id;
    say("-- from threads");
    finish(start(fork_from_thread, NULL));
    pthread_attr_init(&attr);
    size_t size = PTHREAD_STACK_MIN + 4096;
    char *stack = mmap(NULL, size + 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(stack + 65536, size, PROT_READ | PROT_WRITE);
    pthread_attr_setstack(&attr, stack + 65536, size);
    int error = pthread_create(&id, &attr, fork_from_thread, (void *)1);
    if (!error)
        finish(id);
    outcome("create with a small stack", error); /* only now: the thread prints as well */
    pthread_attr_destroy(&attr);
    munmap(stack, size + 65536);
}

static void raw_fork(long number, const char *what)
{
    fflush(stdout);
    long pid = number == SYS_clone ? syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : syscall(number);
    if (pid == 0) {
        lock_both();
        free(malloc(5000));
        say("%s: the child allocates and locks", what);
        _exit(6);
    }
    child_ended(what, (pid_t)pid);
}

/* The first that Kiwi could see of this child is its exit. */
static void raw_fork_and_exit(void)
{
    fflush(stdout);
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        exit(8);
    child_ended("raw clone, and exit at once", (pid_t)pid);
    fflush(stdout);
    pid = _Fork();
    if (pid == 0)
        exit(9);
    child_ended("_Fork, and exit at once", (pid_t)pid);
}

static void with_vfork(void)
{
    int ends[2];
    char text[32] = "";
    say("-- vfork");
    pid_t pid = vfork();
    if (pid == 0)
        _exit(11);
    child_ended("vfork and _exit", pid);
    if (pipe(ends))
        return;
    pid = vfork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execlp("echo", "echo", "from echo", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    say("read %s", text);
    child_ended("vfork and exec", pid);
    pid = vfork();
    if (pid == 0) {
        char *arguments[] = {(char *)"nothing", NULL};
        execv("/nowhere/nothing", arguments);
        _exit(errno == ENOENT ? 12 : 13);
    }
    child_ended("vfork and failing exec", pid);
    lock_both();
    pthread_mutex_lock(&mutex);
    pid = vfork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    in_child("fork after vfork, holding a lock", unlock_inherited);
    outcome("unlock", pthread_mutex_unlock(&mutex));
}

static int on_own_stack(void *unused)
{
    (void)unused;
    lock_both();
    _exit(14);
}

static void with_clone(void)
{
    size_t size = 256 << 10;
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    say("-- clone");
    child_ended("own memory", clone(on_own_stack, stack + size, SIGCHLD, NULL));
    child_ended("shared memory", clone(on_own_stack, stack + size, SIGCHLD | CLONE_VM | CLONE_VFORK, NULL));
    munmap(stack, size);
    lock_both();
}

static void with_spawn(void)
{
    char *arguments[] = {(char *)"sh", (char *)"-c", (char *)"exit 17", NULL};
    pid_t pid = -1;
    say("-- spawn");
    outcome("spawn", posix_spawnp(&pid, "sh", NULL, NULL, arguments, environ));
    child_ended("spawned", pid);
    outcome("spawn of nothing", posix_spawn(&pid, "/nowhere/nothing", NULL, NULL, arguments, environ));
    say("system: %d", WEXITSTATUS(system("exit 18")));
    char text[32] = "";
    FILE *f = popen("echo piped", "r");
    if (f && fgets(text, sizeof text, f))
        say("popen: %s", text);
    say("pclose: %d", f ? pclose(f) : -1);
}

static void failing_exec(void)
{
    char *arguments[] = {(char *)"nothing", NULL};
    returned("execv", execv("/nowhere/nothing", arguments));
    returned("execvp", execvp("nothing-of-that-name", arguments));
    returned("execve of a directory", execve("/", arguments, environ));
    returned("execl", execl("/nowhere/nothing", "nothing", "one", "two", (char *)NULL));
    lock_both();
}

int main(void)
{
    with_threads();
    from_threads();
    fork_in_handler("poll", call_poll);
    fork_in_handler("timedwait", call_timedwait);
    fork_in_handler("nanosleep", call_sleep);
    start(sleep_a_little, NULL);
    raw_fork(SYS_fork, "raw fork");
    raw_fork(SYS_clone, "raw clone");
    raw_fork_and_exit();
    with_vfork();
    with_clone();
    with_spawn();
    failing_exec();
    lock_both();
    say("the parent ends");
    return 0;
}

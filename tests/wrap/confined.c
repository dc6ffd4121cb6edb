/*
 * What services do to lock themselves in, while they run: limits, users, namespaces, system call filters, tracers. Each
 * in a process of its own, which then takes locks it has not taken before, waits, allocates and starts threads.
 */
#include "transcript.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>

#define WORKERS 4

extern char **environ;

static pthread_mutex_t locks[200];
static pthread_barrier_t together;

static void take_all(void)
{
    for (int i = 0; i < 200; i++)
        pthread_mutex_lock(&locks[i]);
    for (int i = 0; i < 200; i++)
        pthread_mutex_unlock(&locks[i]);
}

static void *work(void *unused)
{
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&locks[i % 3]);
        free(malloc(100u + (unsigned)i * 100));
        pthread_mutex_unlock(&locks[i % 3]);
    }
    poll(NULL, 0, 1);
    return unused;
}

static void go_on(void)
{
    pthread_t workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start(work, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    take_all();
    say("went on");
}

static void limit(const char *what, int resource, rlim_t to)
{
    struct rlimit r;
    getrlimit(resource, &r);
    r.rlim_cur = to;
    returned(what, setrlimit(resource, &r));
}

static void few_descriptors(void)
{
    limit("few descriptors", RLIMIT_NOFILE, 4);
    int fd = open("/dev/null", O_RDONLY);
    returned("open", open("/dev/null", O_RDONLY));
    close(fd);
    go_on();
}

static void small_files(void)
{
    signal(SIGXFSZ, SIG_IGN);
    limit("small files", RLIMIT_FSIZE, 16);
    FILE *f = tmpfile();
    if (f) {
        returned("write", write(fileno(f), "0123456789abcdefghij", 20));
        returned("write", write(fileno(f), "x", 1));
    }
    go_on();
}

static void no_more_memory(void)
{
    limit("no more memory", RLIMIT_AS, 1);
    void *p = malloc(64 << 20);
    say("much: %d", p != NULL);
    outcome("thread", pthread_create(&(pthread_t){0}, NULL, work, NULL));
    take_all();
    say("locks work");
}

static void processor_time(void)
{
    limit("processor time", RLIMIT_CPU, 1000);
    go_on();
}

static void pinned(void)
{
    returned("pin what comes", mlockall(MCL_CURRENT | MCL_FUTURE));
    go_on();
    in_child("a child", go_on);
    returned("unpin", munlockall());
}

static void no_privileges(void)
{
    returned("no new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    go_on();
    say("system: %d", WEXITSTATUS(system("exit 3")));
}

static void not_dumpable(void)
{
    returned("not dumpable", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
    go_on();
    in_child("a child", go_on);
}

/* Only read, write, exit and sigreturn. */
static void strict(void)
{
    pthread_mutex_lock(&locks[0]);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    pthread_mutex_unlock(&locks[0]);
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&locks[i]);
        pthread_mutex_unlock(&locks[i]);
    }
    syscall(SYS_exit, write(1, "strictly\n", 9));
}

/* Whoever reads the time-stamp counter gets a signal: this thread, its threads and its children. */
static void no_counter(void)
{
    pthread_mutex_lock(&locks[0]);
    returned("no counter", prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0));
    pthread_mutex_unlock(&locks[0]);
    go_on();
    in_child("a child", go_on);
}

static void no_counter_by_number(void)
{
    start(work, NULL);
    returned("no counter", syscall(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0));
    take_all();
    exit(11);
}

static void filter(const unsigned *forbidden, unsigned count, unsigned action)
{
    struct sock_filter code[32];
    unsigned n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned i = 0; i < count; i++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, forbidden[i], 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(unsigned short)n, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    returned("filter", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* Calls that the service itself does not make in what follows: whoever makes one is killed. */
static void deadly_filter(void)
{
    static const unsigned forbidden[] = {SYS_openat,    SYS_readlink, SYS_getpid, SYS_getrusage, SYS_clock_gettime,
                                         SYS_fstat,     SYS_uname,    SYS_getcwd, SYS_pread64,   SYS_getdents64,
                                         SYS_faccessat, SYS_lstat,    SYS_tgkill};
    char *const words[] = {"nothing", NULL};
    filter(forbidden, sizeof forbidden / sizeof *forbidden, SECCOMP_RET_KILL_PROCESS);
    go_on();
    returned("no such program", execv("/nowhere/nothing", words));
    returned("a directory", execv("/", words));
    fflush(stdout);
    _exit(6);
}

/* Everywhere at one place: it is a loop by the time of the filter, which then waits for what was opened since. */
static __attribute__((noinline)) int events_of(struct pollfd *p, int timeout)
{
    return poll(p, 1, timeout);
}

static void filtered_in_a_loop(void)
{
    static const unsigned forbidden[] = {SYS_rt_sigprocmask, SYS_fcntl};
    int ends[2], again[2];
    returned("a pipe", pipe(ends));
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    bool wrong = write(ends[1], "x", 1) != 1;
    for (int i = 0; i < 200; i++)
        wrong |= events_of(&p, 1000) != 1;
    filter(forbidden, sizeof forbidden / sizeof *forbidden, SECCOMP_RET_KILL_PROCESS);
    for (int i = 0; i < 3; i++) {
        fd_set set;
        returned("another pipe", pipe(again));
        p.fd = again[0];
        wrong |= write(again[1], "x", 1) != 1 || events_of(&p, 1000) != 1;
        returned("one more", pipe(again));
        FD_ZERO(&set);
        FD_SET(again[0], &set);
        wrong |= write(again[1], "x", 1) != 1 || select(again[0] + 1, &set, NULL, NULL, NULL) != 1;
    }
    static struct timespec little = {0, 1000};
    returned("a nap", nanosleep(&little, NULL));
    say("wrong: %d", wrong);
    fflush(stdout);
    _exit(7);
}

static void filter_of_errors(void)
{
    static const unsigned forbidden[] = {SYS_openat,    SYS_readlink, SYS_madvise,
                                         SYS_ftruncate, SYS_gettid,   SYS_getrusage};
    filter(forbidden, sizeof forbidden / sizeof *forbidden, SECCOMP_RET_ERRNO | EPERM);
    go_on();
    in_child("a child", go_on);
}

static void traced(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        returned("trace me", ptrace(PTRACE_TRACEME, 0, 0, 0));
        raise(SIGSTOP);
        go_on();
        _exit(8);
    }
    int status, stops = 0;
    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        stops++;
        ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status));
    }
    say("stops %d, exit status %d", stops, WEXITSTATUS(status));
}

static void own_namespaces(void)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC)) {
        say("not allowed here");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        say("process %d, user %d", getpid(), getuid() == 65534);
        go_on();
        in_child("a child there", go_on);
        _exit(9);
    }
    child_ended("the first process there", pid);
    take_all();
}

/* The C library makes every thread change its user, by a signal of its own. */
static void *stay_and_look(void *unused)
{
    pthread_barrier_wait(&together);
    pthread_barrier_wait(&together);
    return (void *)(intptr_t)(geteuid() == 65534 ? 1 : unused != NULL);
}

static void another_user(void)
{
    if (geteuid()) {
        say("not allowed here");
        return;
    }
    pthread_t threads[3];
    pthread_barrier_init(&together, NULL, 4);
    for (int i = 0; i < 3; i++)
        threads[i] = start(stay_and_look, NULL);
    pthread_barrier_wait(&together);
    returned("groups", setgroups(0, NULL));
    returned("group", setgid(65534));
    returned("user", setuid(65534));
    pthread_barrier_wait(&together);
    for (int i = 0; i < 3; i++)
        say("changed there: %ld", (long)finish(threads[i]));
    go_on();
}

static void no_standard_descriptors(void)
{
    int keep = fcntl(1, F_DUPFD, 40);
    close(0);
    close(1);
    close(2);
    int fd = open("/dev/null", O_RDWR);
    pid_t pid = fork();
    if (pid == 0) {
        int next = open("/dev/null", O_RDWR);
        take_all();
        _exit(next);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    dup2(keep, 1);
    say("opened %d, in the child %d", fd, WEXITSTATUS(status));
}

static void storm(void)
{
    volatile int bad = 0;
    char *arguments[] = {"true", NULL};
    for (volatile int i = 0; i < 60; i++) {
        pid_t pid = -1;
        int status = -1;
        if (i % 2)
            posix_spawnp(&pid, "true", NULL, NULL, arguments, NULL);
        else if ((pid = vfork()) == 0) {
            execve("/bin/true", arguments, NULL);
            _exit(1);
        }
        bad += waitpid(pid, &status, 0) != pid || status;
    }
    say("storm: %d bad", bad);
}

static void a_copy(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_FS | CLONE_FILES, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        take_all();
        _exit(10);
    }
    child_ended("a copy that shares descriptors", pid);
    go_on();
}

#define WAY(function)                                                                                                  \
    {                                                                                                                  \
#function, function                                                                                            \
    }

static const struct way {
    const char *name;
    void (*go)(void);
} ways[] = {
        WAY(few_descriptors),
        WAY(small_files),
        WAY(no_more_memory),
        WAY(processor_time),
        WAY(pinned),
        WAY(no_privileges),
        WAY(not_dumpable),
        WAY(strict),
        WAY(no_counter),
        WAY(no_counter_by_number),
        WAY(deadly_filter),
        WAY(filter_of_errors),
        WAY(traced),
        WAY(own_namespaces),
        WAY(another_user),
        WAY(no_standard_descriptors),
        WAY(storm),
        WAY(a_copy),
        WAY(filtered_in_a_loop),
};

static void try(unsigned way, const char *myself)
{
    char number[12];
    snprintf(number, sizeof number, "%u", way);
    char *arguments[] = {(char *)myself, number, NULL};
    pid_t pid = -1;
    say("-- %s", ways[way].name);
    int error = posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ);
    if (error)
        outcome("spawn", error);
    else
        child_ended("it", pid);
}

int main(int argc, char **argv)
{
    for (int i = 0; i < 200; i++)
        pthread_mutex_init(&locks[i], NULL);
    if (argc > 1) {
        ways[atoi(argv[1])].go();
        return 0;
    }
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
        try(i, argv[0]);
    return 0;
}

/*
 * What daemons do to themselves: close every descriptor, leave their session, root, directory and user, lower their
 * limits. The program works on, and at its very end takes two locks in both orders, which a recording of it has to
 * show.
 */
#include "transcript.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static int report_to; /* a copy of standard output that survives the closing */

static void *in_order(void *unused)
{
    pthread_mutex_lock(&first);
    pthread_mutex_lock(&second);
    pthread_mutex_unlock(&second);
    pthread_mutex_unlock(&first);
    return unused;
}

static void in_reverse(void)
{
    pthread_mutex_lock(&second);
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
    pthread_mutex_unlock(&second);
}

/* The same, and stays alive until the other order was taken as well: both at once would be the deadlock itself. */
static struct turns turns;

static void *in_order_first(void *unused)
{
    in_order(unused);
    turn_next(&turns, 1);
    turn_wait(&turns, 2);
    return unused;
}

static void work(void)
{
    pthread_t ids[8];
    for (int i = 0; i < 8; i++)
        ids[i] = start(in_order, NULL);
    for (int i = 0; i < 8; i++)
        pthread_join(ids[i], NULL);
    free(malloc(100000));
    poll(NULL, 0, 1);
}

/* Nothing may have been opened in between: the lowest free descriptor is the one after those we know. */
static void lowest(const char *when)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    dprintf(report_to, "%s: the next descriptor is %d, ours %d\n", when, fd, report_to);
    if (fd >= 0)
        close(fd);
}

static void limit(int which, const char *name, rlim_t to)
{
    struct rlimit l = {to, to};
    dprintf(report_to, "%s: %s\n", name, setrlimit(which, &l) ? error_name(errno) : "ok");
    work();
}

static void lower_limits(void)
{
    limit(RLIMIT_FSIZE, "RLIMIT_FSIZE", 4096);
    limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", 5);
    limit(RLIMIT_STACK, "RLIMIT_STACK", 256 << 10);
    limit(RLIMIT_CORE, "RLIMIT_CORE", 0);
    limit(RLIMIT_AS, "RLIMIT_AS", (rlim_t)1 << 30);
}

static void become_daemon(void)
{
    dprintf(report_to, "setsid: %d\n", setsid() > 0);
    dprintf(report_to, "umask: %o\n", umask(027) != (mode_t)-1);
    dprintf(report_to, "chdir: %d\n", chdir("/"));
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    closefrom(4);
    open("/dev/null", O_RDWR);
    dprintf(report_to, "dup2: %d %d\n", dup2(0, 1), dup2(0, 2));
    close_range(4, ~0u, 0);
}

static void leave_rights(void)
{
    if (geteuid() == 0) {
        dprintf(report_to, "chroot: %d\n", chroot("/usr"));
        dprintf(report_to, "setgroups: %d\n", setgroups(0, NULL));
        dprintf(report_to, "setgid: %d\n", setgid(65534));
        dprintf(report_to, "setuid: %d\n", setuid(65534));
    }
    work();
}

static void in_background(void)
{
    report_to = dup2(1, 3);
    work();
    lowest("at first");
    become_daemon();
    work();
    lowest("as a daemon");
    leave_rights();
    lower_limits();
    lowest("with little room");
    pthread_t id = start(in_order_first, NULL);
    turn_wait(&turns, 1);
    in_reverse();
    turn_next(&turns, 2);
    pthread_join(id, NULL);
    dprintf(report_to, "done\n");
}

int main(void)
{
    in_background();
    pid_t pid = fork(); /* a worker, which can not open a trace: it must go on in silence */
    if (pid == 0) {
        work();
        in_reverse();
        dprintf(report_to, "a worker is done\n");
        _exit(3);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    dprintf(report_to, "worker: %d\n", WEXITSTATUS(status));
    return 4;
}

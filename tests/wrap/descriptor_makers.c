/*
 * Every call that makes or ends a descriptor: which number it gives, with which flags, of what; and how it fails, with
 * the table full, with wrong arguments, with addresses that can not be read. Then what a fork and an exec leave of
 * them. With the argument "left" it lists what an exec left open.
 */
#include "transcript.h"

#include <dirent.h>
#include <linux/close_range.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>

static int listener;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char directory[] = "/tmp/kiwi-makers.XXXXXX", data[64];
static sigset_t winch;
static void *volatile nowhere = (void *)8;
static volatile int minus_one = -1;

static int make_open(void)
{
    return open(data, O_RDWR | O_CREAT, 0600);
}
static int make_open_nonblocking(void)
{
    return open(data, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}
static int make_open64(void)
{
    return open64(data, O_WRONLY | O_APPEND);
}
static int make_open_temporary(void)
{
    return open(directory, O_RDWR | O_TMPFILE, 0600);
}
static int make_openat(void)
{
    return openat(AT_FDCWD, data, O_RDONLY | O_CLOEXEC);
}
static int make_openat64(void)
{
    return openat64(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
}
static int make_open_path(void)
{
    return open(data, O_PATH);
}
static int make_creat(void)
{
    return creat(data, 0600);
}
static int make_creat64(void)
{
    return creat64(data, 0600);
}
static int make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}
static int make_socket_datagram(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}
static int make_accept(void)
{
    int client = socket(AF_UNIX, SOCK_STREAM, 0), error;
    connect(client, (struct sockaddr *)&address, sizeof address);
    int fd = accept(listener, NULL, NULL);
    error = errno;
    close(client);
    errno = error;
    return fd;
}
static int make_accept4(void)
{
    int client = socket(AF_UNIX, SOCK_STREAM, 0), error;
    connect(client, (struct sockaddr *)&address, sizeof address);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    error = errno;
    close(client);
    errno = error;
    return fd;
}
static int first_of(int result, const int *ends)
{
    int error = errno;
    if (result < 0)
        return result;
    say("  and %d, %x", ends[1], (unsigned)fcntl(ends[1], F_GETFL));
    close(ends[1]);
    errno = error;
    return ends[0];
}
static int make_socketpair(void)
{
    int ends[2];
    return first_of(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ends);
}
static int make_pipe(void)
{
    int ends[2];
    return first_of(pipe(ends), ends);
}
static int make_pipe2(void)
{
    int ends[2];
    return first_of(pipe2(ends, O_CLOEXEC | O_NONBLOCK), ends);
}
static int make_dup(void)
{
    return dup(listener);
}
static int make_dup2(void)
{
    return dup2(listener, 50);
}
static int make_dup3(void)
{
    return dup3(listener, 51, O_CLOEXEC);
}
static int make_dupfd(void)
{
    return fcntl(listener, F_DUPFD, 40);
}
static int make_dupfd_cloexec(void)
{
    return fcntl64(listener, F_DUPFD_CLOEXEC, 0);
}
static int make_eventfd(void)
{
    return eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
}
static int make_timerfd(void)
{
    return timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
}
static int make_signalfd(void)
{
    return signalfd(-1, &winch, SFD_NONBLOCK | SFD_CLOEXEC);
}
static int make_epoll(void)
{
    return epoll_create(9);
}
static int make_epoll1(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}
static int make_inotify(void)
{
    return inotify_init();
}
static int make_inotify1(void)
{
    return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}
static int make_memfd(void)
{
    return memfd_create("kiwi", MFD_CLOEXEC);
}
static int make_mkstemp(void)
{
    char name[] = "/tmp/kiwi-makers.XXXXXX";
    int fd = mkstemp(name), error = errno;
    unlink(name);
    errno = error;
    return fd;
}
static int number_of(FILE *stream)
{
    int error = errno, fd = stream ? dup(fileno(stream)) : -1;
    if (stream)
        returned("  fclose", fclose(stream));
    errno = error;
    return fd;
}
static int make_fopen(void)
{
    return number_of(fopen(data, "r"));
}
static int make_fopen64(void)
{
    return number_of(fopen64(data, "we"));
}
static int make_fdopen(void)
{
    int fd = open(data, O_RDONLY);
    return fd < 0 ? fd : number_of(fdopen(fd, "r"));
}
static int make_freopen(void)
{
    FILE *stream = fopen("/dev/null", "r");
    return stream ? number_of(freopen(data, "r", stream)) : -1;
}
static int make_popen(void)
{
    FILE *stream = popen("exit 0", "r");
    int error = errno, fd = stream ? dup(fileno(stream)) : -1;
    if (stream)
        returned("  pclose", pclose(stream));
    errno = error;
    return fd;
}
static int make_opendir(void)
{
    DIR *list = opendir(directory);
    int error = errno, fd = list ? dup(dirfd(list)) : -1;
    if (list)
        closedir(list);
    errno = error;
    return fd;
}

static const struct maker {
    const char *name;
    int (*make)(void);
} makers[] = {
        {"open", make_open},
        {"open, O_NONBLOCK", make_open_nonblocking},
        {"open64, O_APPEND", make_open64},
        {"open, O_TMPFILE", make_open_temporary},
        {"open, O_PATH", make_open_path},
        {"openat", make_openat},
        {"openat64", make_openat64},
        {"creat", make_creat},
        {"creat64", make_creat64},
        {"socket", make_socket},
        {"socket, datagrams", make_socket_datagram},
        {"accept", make_accept},
        {"accept4", make_accept4},
        {"socketpair", make_socketpair},
        {"pipe", make_pipe},
        {"pipe2", make_pipe2},
        {"dup", make_dup},
        {"dup2", make_dup2},
        {"dup3", make_dup3},
        {"F_DUPFD", make_dupfd},
        {"F_DUPFD_CLOEXEC", make_dupfd_cloexec},
        {"eventfd", make_eventfd},
        {"timerfd_create", make_timerfd},
        {"signalfd", make_signalfd},
        {"epoll_create", make_epoll},
        {"epoll_create1", make_epoll1},
        {"inotify_init", make_inotify},
        {"inotify_init1", make_inotify1},
        {"memfd_create", make_memfd},
        {"mkstemp", make_mkstemp},
        {"fopen", make_fopen},
        {"fopen64", make_fopen64},
        {"fdopen", make_fdopen},
        {"freopen", make_freopen},
        {"popen", make_popen},
        {"opendir", make_opendir},
};

enum { MAKERS = sizeof makers / sizeof *makers };

static void make_and_close(const struct maker *m)
{
    struct stat about = {0};
    errno = 0;
    int fd = m->make(), error = errno;
    if (fd < 0) {
        say("%s: %d %s", m->name, fd, error_name(error));
        return;
    }
    fstat(fd, &about);
    say("%s: %d, flags %x %x, kind %o, errno %s", m->name, fd, (unsigned)fcntl(fd, F_GETFL),
        (unsigned)fcntl(fd, F_GETFD), (unsigned)about.st_mode & S_IFMT, error_name(error));
    returned("  close", close(fd));
    returned("  close again", close(fd));
}

static struct rlimit usual;

/* The next number that is free is the first that is not allowed. */
static void no_room_for(const struct maker *m)
{
    int next = dup(0);
    struct rlimit few = {.rlim_cur = (rlim_t)next, .rlim_max = usual.rlim_max};
    close(next);
    fflush(stdout);
    setrlimit(RLIMIT_NOFILE, &few);
    make_and_close(m);
    setrlimit(RLIMIT_NOFILE, &usual);
}

static void wrong_arguments(void)
{
    int ends[2];
    say("-- wrong arguments");
    returned("open of nothing", open("/tmp/kiwi-makers-none/none", O_RDONLY));
    returned("open of no address", open(nowhere, O_RDONLY));
    returned("open of a directory to write", open("/tmp", O_WRONLY));
    returned("open through a file", open("/dev/null/none", O_RDONLY));
    returned("open of what is there", open(directory, O_CREAT | O_EXCL | O_RDWR, 0600));
    returned("openat a closed directory", openat(900, "none", O_RDONLY));
    returned("openat a file", openat(listener, "none", O_RDONLY));
    returned("creat of no address", creat(nowhere, 0600));
    returned("socket of no family", socket(12345, SOCK_STREAM, 0));
    returned("socket of no type", socket(AF_INET, 77, 0));
    returned("socket of no protocol", socket(AF_UNIX, SOCK_STREAM, 77));
    returned("socketpair of the internet", socketpair(AF_INET, SOCK_STREAM, 0, ends));
    returned("socketpair to no address", socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere));
    returned("pipe to no address", pipe(nowhere));
    returned("pipe2, unknown flags", pipe2(ends, 0x40));
    returned("accept to no address", accept(900, nowhere, nowhere));
    returned("accept4, unknown flags", accept4(listener, NULL, NULL, 0x40));
    returned("dup of nothing", dup(900));
    returned("dup of -1", dup(minus_one));
    returned("dup2 of nothing", dup2(900, 901));
    returned("dup2 to -1", dup2(listener, minus_one));
    returned("dup2 beyond the limit", dup2(listener, (int)usual.rlim_cur));
    returned("dup3 onto itself", dup3(listener, listener, 0));
    returned("dup3, unknown flags", dup3(listener, 60, 1));
    returned("F_DUPFD from -1", fcntl(listener, F_DUPFD, minus_one));
    returned("F_DUPFD beyond the limit", fcntl(listener, F_DUPFD, (int)usual.rlim_cur));
    returned("eventfd, unknown flags", eventfd(0, 1 << 20));
    returned("timerfd of no clock", timerfd_create(77, 0));
    returned("signalfd of no mask", signalfd(minus_one, (const sigset_t *)nowhere, 0));
    returned("signalfd on another", signalfd(listener, &winch, 0));
    returned("epoll_create of nothing", epoll_create(0));
    returned("epoll_create1, unknown flags", epoll_create1(77));
    returned("inotify_init1, unknown flags", inotify_init1(1));
    returned("memfd_create, unknown flags", memfd_create("kiwi", 1u << 20));
    returned("close_range, unknown flags", close_range(900, 901, 1 << 20));
    returned("fcntl of -1", fcntl(minus_one, F_GETFD));
    returned("fdopen of nothing", fdopen(900, "r") ? 0 : -1);
    returned("fdopen of no mode", fdopen(listener, "x") ? 0 : -1);
}

static void many_closed(void)
{
    say("-- many at once");
    for (int fd = 100; fd < 110; fd++)
        dup2(listener, fd);
    returned("close_range, close-on-exec", close_range(100, 103, CLOSE_RANGE_CLOEXEC));
    say("%d %d", fcntl(103, F_GETFD), fcntl(104, F_GETFD));
    returned("close_range", close_range(102, 104, 0));
    returned("what is before", fcntl(101, F_GETFD));
    returned("what was in it", fcntl(104, F_GETFD));
    returned("what is behind", fcntl(105, F_GETFD));
    returned("close_range, of its own", close_range(105, 106, CLOSE_RANGE_UNSHARE));
    closefrom(100);
    returned("after closefrom", fcntl(109, F_GETFD));
    FILE *stream = fdopen(dup2(open(data, O_RDWR), 70), "r+");
    fputs("text", stream);
    returned("close below a stream", close(70));
    returned("fclose", fclose(stream));
}

static int kept, shared[2];

static void child_with_copies(void)
{
    char byte = 0;
    returned("read in the child", read(shared[0], &byte, 1));
    returned("close in the child", close(kept));
    returned("number in the child", dup(0));
    returned("flags in the child", fcntl(shared[1], F_SETFL, O_NONBLOCK));
    exit(0);
}

/* Copies of the same: closed in the child, open here; but flags are of what is open. */
static void forked(void)
{
    char byte;
    say("-- fork");
    kept = dup(listener);
    if (pipe(shared) || write(shared[1], "ab", 2) != 2)
        return;
    in_child("child", child_with_copies);
    returned("read in the parent", read(shared[0], &byte, 1));
    returned("still open", fcntl(kept, F_GETFD));
    say("flags in the parent %x", (unsigned)fcntl(shared[1], F_GETFL));
    close(shared[0]);
    close(shared[1]);
    close(kept);
}

static int list_left(void)
{
    for (int fd = 3; fd < 80; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            say("left open: %d, %x", fd, (unsigned)fcntl(fd, F_GETFL));
    return 0;
}

static void executed(const char *self)
{
    char *const arguments[] = {(char *)self, (char *)"left", NULL};
    pid_t pid = -1;
    say("-- exec");
    close_range(3, 900, 0);
    dup2(0, 10);
    dup3(0, 11, O_CLOEXEC);
    dup2(0, 12);
    fcntl(12, F_SETFD, FD_CLOEXEC);
    dup3(0, 13, O_CLOEXEC);
    fcntl(13, F_SETFD, 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        close(10);
        execv(self, arguments);
        _exit(9);
    }
    child_ended("exec", pid);
    int error = posix_spawn(&pid, self, NULL, NULL, arguments, environ);
    child_ended("posix_spawn", pid);
    outcome("posix_spawn", error);
}

static void open_all(void)
{
    sigemptyset(&winch);
    sigaddset(&winch, SIGWINCH);
    getrlimit(RLIMIT_NOFILE, &usual);
    usual.rlim_cur = usual.rlim_max < 800 ? usual.rlim_max : 800;
    setrlimit(RLIMIT_NOFILE, &usual);
    close_range(3, 900, 0);
    if (!mkdtemp(directory))
        exit(9);
    snprintf(data, sizeof data, "%s/data", directory);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8))
        exit(9);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return list_left();
    open_all();
    for (int i = 0; i < MAKERS; i++)
        make_and_close(&makers[i]);
    say("-- no number is left");
    for (int i = 0; i < MAKERS; i++)
        no_room_for(&makers[i]);
    wrong_arguments();
    many_closed();
    forked();
    executed(argv[0]);
    unlink(data);
    unlink(address.sun_path);
    returned("rmdir", rmdir(directory));
    return 0;
}

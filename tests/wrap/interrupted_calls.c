/*
 * Calls that wait, each interrupted: by a signal whose handler does not restart calls, and by one whose handler does
 * (SA_RESTART). A call that is restarted takes a second signal to end. Those points of cancellation that cancel.c and
 * cancel_points.c do not have are cancelled as well.
 */
#include "transcript.h"

#include <mqueue.h>
#include <poll.h>
#include <stdio_ext.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

/* The fortified names, as a compiler would emit them. */
ssize_t __read_chk(int fd, void *to, size_t size, size_t room);
ssize_t __recv_chk(int fd, void *to, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *from, socklen_t *length);
int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask, size_t room);

static int empty[2], full[2], empty_pair[2], full_pair[2], limited_pair[2], file, locked, listener, busy;
static int messages_empty, messages_full, semaphores;
static int event_none, event_full, timer, signals, watch;
static char directory[] = "/tmp/kiwi-interrupted.XXXXXX", fifo[64], lock_file[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static mqd_t queue_empty = (mqd_t)-1, queue_full = (mqd_t)-1;
static pid_t child;
static char page[65536], much[1 << 20];
static struct iovec part = {page, sizeof page};
static struct {
    long kind;
    char text[4096];
} message;

static long in_read(void)
{
    return read(empty[0], page, sizeof page);
}
static long in_readv(void)
{
    return readv(empty[0], &part, 1);
}
static long in_read_chk(void)
{
    return __read_chk(empty[0], page, 16, sizeof page);
}
static long in_system_call(void)
{
    return syscall(SYS_read, empty[0], page, sizeof page);
}
static long in_write(void)
{
    return write(full[1], page, sizeof page);
}
static long in_writev(void)
{
    return writev(full[1], &part, 1);
}
static long in_write_much(void)
{
    int ends[2];
    return pipe(ends) ? -1 : write(ends[1], much, sizeof much); /* a part fits */
}
static long in_send_much(void)
{
    int ends[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) ? -1 : send(ends[1], much, sizeof much, 0) > 0;
}
static long in_recv(void)
{
    return recv(empty_pair[0], page, sizeof page, 0);
}
static long in_recv_chk(void)
{
    return __recv_chk(empty_pair[0], page, 16, sizeof page, 0);
}
static long in_recv_limited(void)
{
    return recv(limited_pair[0], page, sizeof page, 0);
}
static long in_recvfrom(void)
{
    return recvfrom(empty_pair[0], page, sizeof page, 0, NULL, NULL);
}
static long in_recvfrom_chk(void)
{
    return __recvfrom_chk(empty_pair[0], page, 16, sizeof page, 0, NULL, NULL);
}
static long in_recvmsg(void)
{
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    return recvmsg(empty_pair[0], &m, 0);
}
static long in_recvmmsg(void)
{
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    return recvmmsg(empty_pair[0], &m, 1, 0, NULL);
}
static long in_send(void)
{
    return send(full_pair[0], page, sizeof page, 0);
}
static long in_sendto(void)
{
    return sendto(full_pair[0], page, sizeof page, 0, NULL, 0);
}
static long in_sendmsg(void)
{
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(full_pair[0], &m, 0);
}
static long in_sendmmsg(void)
{
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    return sendmmsg(full_pair[0], &m, 1, 0);
}
static long in_sendfile(void)
{
    off_t at = 0;
    return sendfile(full[1], file, &at, 4096);
}
static long in_splice(void)
{
    return splice(empty[0], NULL, full[1], NULL, 4096, 0);
}
static long in_tee(void)
{
    return tee(empty[0], full[1], 4096, 0);
}
static long in_vmsplice(void)
{
    return vmsplice(full[1], &part, 1, 0);
}
static long in_accept(void)
{
    return accept(listener, NULL, NULL);
}
static long in_accept4(void)
{
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}
static long in_connect(void)
{
    return connect(busy, (struct sockaddr *)&address, sizeof address);
}
static long in_open(void)
{
    return open(fifo, O_RDONLY);
}
static long in_open64(void)
{
    return open64(fifo, O_WRONLY);
}
static long in_openat(void)
{
    return openat(AT_FDCWD, fifo, O_RDONLY);
}
static long in_openat64(void)
{
    return openat64(AT_FDCWD, fifo, O_WRONLY);
}
static long in_creat(void)
{
    return creat(fifo, 0600);
}
static long in_creat64(void)
{
    return creat64(fifo, 0600);
}
static long in_fopen(void)
{
    return fopen(fifo, "r") ? 0 : -1;
}
static long in_fopen64(void)
{
    return fopen64(fifo, "r") ? 0 : -1;
}
static long in_setlkw(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(file, F_SETLKW, &whole);
}
static long in_ofd_setlkw(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl64(file, F_OFD_SETLKW, &whole);
}
static long in_lockf(void)
{
    return lockf(file, F_LOCK, 0);
}
static long in_lockf64(void)
{
    return lockf64(file, F_LOCK, 0);
}
static long in_flock(void)
{
    return flock(file, LOCK_EX);
}
static long in_eventfd_read(void)
{
    eventfd_t value;
    return eventfd_read(event_none, &value);
}
static long in_event_write(void)
{
    uint64_t two = 2;
    return write(event_full, &two, sizeof two);
}
static long in_timer_read(void)
{
    return read(timer, page, 8);
}
static long in_signal_read(void)
{
    return read(signals, page, sizeof(struct signalfd_siginfo));
}
static long in_watch_read(void)
{
    return read(watch, page, 4096);
}
static long in_poll_chk(void)
{
    struct pollfd p = {empty[0], POLLIN, 0};
    return __poll_chk(&p, 1, -1, sizeof p);
}
static long in_ppoll_chk(void)
{
    struct pollfd p = {empty[0], POLLIN, 0};
    return __ppoll_chk(&p, 1, NULL, NULL, sizeof p);
}
static long in_msgrcv(void)
{
    return msgrcv(messages_empty, &message, sizeof message.text, 0, 0);
}
static long in_msgsnd(void)
{
    return msgsnd(messages_full, &message, sizeof message.text, 0);
}
static long in_mq_receive(void)
{
    return mq_receive(queue_empty, page, sizeof page, NULL);
}
static long in_mq_timedreceive(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);
    return mq_timedreceive(queue_empty, page, sizeof page, NULL, &until);
}
static long in_mq_send(void)
{
    return mq_send(queue_full, page, 1, 0);
}
static long in_mq_timedsend(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);
    return mq_timedsend(queue_full, page, 1, 0, &until);
}
static long in_semop(void)
{
    struct sembuf down = {0, -1, 0};
    return semop(semaphores, &down, 1);
}
static long in_semtimedop(void)
{
    struct sembuf down = {0, -1, 0};
    struct timespec minute = {60, 0};
    return semtimedop(semaphores, &down, 1, &minute);
}
static long in_wait(void)
{
    return wait(NULL);
}
static long in_waitpid(void)
{
    return waitpid(child, NULL, 0);
}
static long in_waitid(void)
{
    return waitid(P_PID, (id_t)child, NULL, WEXITED);
}
static long in_wait3(void)
{
    return wait3(NULL, 0, NULL);
}
static long in_wait4(void)
{
    return wait4(child, NULL, 0, NULL);
}
static long in_pause(void)
{
    return pause();
}
static long in_sigsuspend(void)
{
    sigset_t all_in;
    sigemptyset(&all_in);
    return sigsuspend(&all_in);
}
static long in_sigtimedwait(void)
{
    struct timespec minute = {60, 0};
    sigset_t never;
    sigemptyset(&never);
    sigaddset(&never, SIGWINCH);
    return sigtimedwait(&never, NULL, &minute);
}

/* Streams of their own, as an error or a cancellation leaves its mark on one. They stay open. */
static FILE *stream_on(int fd, const char *mode)
{
    FILE *stream = fdopen(dup(fd), mode);
    if (!stream)
        exit(9);
    return stream;
}
static long in_fread(void)
{
    return fread(page, 1, 16, stream_on(empty[0], "r")) ? 0 : -1;
}
static long in_fgets(void)
{
    return fgets(page, 16, stream_on(empty[0], "r")) ? 0 : -1;
}
static long in_getline(void)
{
    char *line = NULL;
    size_t size = 0;
    return getline(&line, &size, stream_on(empty[0], "r"));
}
static long in_getdelim(void)
{
    char *line = NULL;
    size_t size = 0;
    return getdelim(&line, &size, 'x', stream_on(empty[0], "r"));
}
static long in_fflush(void)
{
    FILE *stream = stream_on(full[1], "w");
    fputs("text", stream);
    long result = fflush(stream);
    __fpurge(stream);
    return result;
}
static FILE *unbuffered(void)
{
    FILE *stream = stream_on(full[1], "w");
    setvbuf(stream, NULL, _IONBF, 0);
    return stream;
}
static long in_fputs(void)
{
    return fputs("text", unbuffered()) < 0 ? -1 : 0;
}
static long in_fwrite(void)
{
    return fwrite("text", 1, 4, unbuffered()) ? 0 : -1;
}
static long in_fprintf(void)
{
    return fprintf(unbuffered(), "text %d", 4) < 0 ? -1 : 0;
}

enum cancels { AS_ELSEWHERE, CANCELLED };

static const struct point {
    const char *name;
    long (*enter)(void);
    enum cancels cancels; /* AS_ELSEWHERE: no point of cancellation, or tried in another program */
} points[] = {
        {"read", in_read, AS_ELSEWHERE},
        {"readv", in_readv, AS_ELSEWHERE},
        {"__read_chk", in_read_chk, CANCELLED},
        {"syscall(SYS_read)", in_system_call, AS_ELSEWHERE},
        {"write", in_write, AS_ELSEWHERE},
        {"writev", in_writev, AS_ELSEWHERE},
        {"write of more than fits", in_write_much, CANCELLED},
        {"send of more than fits", in_send_much, CANCELLED},
        {"recv", in_recv, AS_ELSEWHERE},
        {"__recv_chk", in_recv_chk, CANCELLED},
        {"recv with a limit of its own", in_recv_limited, CANCELLED},
        {"recvfrom", in_recvfrom, AS_ELSEWHERE},
        {"__recvfrom_chk", in_recvfrom_chk, CANCELLED},
        {"recvmsg", in_recvmsg, AS_ELSEWHERE},
        {"recvmmsg", in_recvmmsg, AS_ELSEWHERE},
        {"send", in_send, AS_ELSEWHERE},
        {"sendto", in_sendto, AS_ELSEWHERE},
        {"sendmsg", in_sendmsg, AS_ELSEWHERE},
        {"sendmmsg", in_sendmmsg, AS_ELSEWHERE},
        {"sendfile", in_sendfile, AS_ELSEWHERE},
        {"splice", in_splice, AS_ELSEWHERE},
        {"tee", in_tee, AS_ELSEWHERE},
        {"vmsplice", in_vmsplice, CANCELLED},
        {"accept", in_accept, AS_ELSEWHERE},
        {"accept4", in_accept4, AS_ELSEWHERE},
        {"connect", in_connect, AS_ELSEWHERE},
        {"open", in_open, AS_ELSEWHERE},
        {"open64", in_open64, CANCELLED},
        {"openat", in_openat, AS_ELSEWHERE},
        {"openat64", in_openat64, CANCELLED},
        {"creat", in_creat, AS_ELSEWHERE},
        {"creat64", in_creat64, CANCELLED},
        {"fopen", in_fopen, AS_ELSEWHERE},
        {"fopen64", in_fopen64, AS_ELSEWHERE},
        {"fcntl(F_SETLKW)", in_setlkw, AS_ELSEWHERE},
        {"fcntl64(F_OFD_SETLKW)", in_ofd_setlkw, CANCELLED},
        {"lockf", in_lockf, AS_ELSEWHERE},
        {"lockf64", in_lockf64, CANCELLED},
        {"flock", in_flock, AS_ELSEWHERE},
        {"eventfd_read", in_eventfd_read, CANCELLED},
        {"write of a full eventfd", in_event_write, CANCELLED},
        {"read of a timerfd", in_timer_read, CANCELLED},
        {"read of a signalfd", in_signal_read, CANCELLED},
        {"read of an inotify", in_watch_read, CANCELLED},
        {"__poll_chk", in_poll_chk, CANCELLED},
        {"__ppoll_chk", in_ppoll_chk, CANCELLED},
        {"msgrcv", in_msgrcv, AS_ELSEWHERE},
        {"msgsnd", in_msgsnd, CANCELLED},
        {"mq_receive", in_mq_receive, AS_ELSEWHERE},
        {"mq_timedreceive", in_mq_timedreceive, AS_ELSEWHERE},
        {"mq_send", in_mq_send, CANCELLED},
        {"mq_timedsend", in_mq_timedsend, CANCELLED},
        {"semop", in_semop, AS_ELSEWHERE},
        {"semtimedop", in_semtimedop, AS_ELSEWHERE},
        {"wait", in_wait, AS_ELSEWHERE},
        {"waitpid", in_waitpid, AS_ELSEWHERE},
        {"waitid", in_waitid, AS_ELSEWHERE},
        {"wait3", in_wait3, CANCELLED},
        {"wait4", in_wait4, AS_ELSEWHERE},
        {"pause", in_pause, AS_ELSEWHERE},
        {"sigsuspend", in_sigsuspend, AS_ELSEWHERE},
        {"sigtimedwait", in_sigtimedwait, AS_ELSEWHERE},
        {"fread", in_fread, CANCELLED},
        {"fgets", in_fgets, CANCELLED},
        {"getline", in_getline, CANCELLED},
        {"getdelim", in_getdelim, CANCELLED},
        {"fflush", in_fflush, CANCELLED},
        {"fputs", in_fputs, CANCELLED},
        {"fwrite", in_fwrite, CANCELLED},
        {"fprintf", in_fprintf, CANCELLED},
};

static volatile int signals_taken;

static void count_signal(int number)
{
    (void)number;
    signals_taken++;
}

/* The thread that makes a call, and the one that disturbs it. */
struct attempt {
    const struct point *point;
    pid_t tid;     /* 0 until it is about to call; atomic */
    bool returned; /* atomic: set before the thread may sleep elsewhere */
    pthread_t thread;
};

/* Waits until the call sleeps; false once it has returned. */
static bool sleeps_in_it(struct attempt *a)
{
    for (int looks = 0; looks < 3;) {
        bool asleep = thread_sleeps(a->tid);
        if (__atomic_load_n(&a->returned, __ATOMIC_ACQUIRE))
            return false;
        looks = asleep ? looks + 1 : 0;
        usleep(300);
    }
    return true;
}

static void *disturb(void *arg)
{
    struct attempt *a = arg;
    if (!sleeps_in_it(a))
        return NULL;
    pthread_kill(a->thread, SIGUSR1);
    while (!signals_taken)
        usleep(100);
    if (sleeps_in_it(a))
        pthread_kill(a->thread, SIGUSR2);
    return NULL;
}

static void interrupted(const struct point *p, int flags)
{
    struct attempt a = {.point = p, .tid = gettid(), .thread = pthread_self()};
    signals_taken = 0;
    handle(SIGUSR1, count_signal, flags);
    handle(SIGUSR2, count_signal, 0);
    pthread_t helper = start(disturb, &a);
    errno = 0;
    long result = p->enter();
    int error = errno;
    __atomic_store_n(&a.returned, true, __ATOMIC_RELEASE);
    pthread_join(helper, NULL);
    say("%s%s: %ld %s, after %d", p->name, flags & SA_RESTART ? ", SA_RESTART" : "", result, error_name(error),
        signals_taken);
}

static void *enter(void *arg)
{
    struct attempt *a = arg;
    __atomic_store_n(&a->tid, gettid(), __ATOMIC_RELEASE);
    long result = a->point->enter();
    __atomic_store_n(&a->returned, true, __ATOMIC_RELEASE);
    say("%s returned %ld", a->point->name, result);
    return NULL;
}

static void cancelled(const struct point *p)
{
    struct attempt a = {.point = p};
    void *value = NULL;
    pthread_t id = start(enter, &a);
    while (!__atomic_load_n(&a.tid, __ATOMIC_ACQUIRE))
        usleep(100);
    sleeps_in_it(&a);
    pthread_cancel(id);
    pthread_join(id, &value);
    say("%s: %s", p->name, value == PTHREAD_CANCELED ? "cancelled" : "ended by itself");
}

static void fill(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, page, 4096) > 0)
        ;
    while (write(fd, page, 1) > 0)
        ;
    fcntl(fd, F_SETFL, 0);
}

static void pipes_make(void)
{
    struct timeval minute = {60, 0};
    if (pipe(empty) || pipe(full) || socketpair(AF_UNIX, SOCK_STREAM, 0, empty_pair) ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, full_pair) || socketpair(AF_UNIX, SOCK_STREAM, 0, limited_pair) ||
        setsockopt(limited_pair[0], SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute))
        exit(9);
    fill(full[1]);
    fill(full_pair[0]);
}

static int listener_make(const char *name, int room)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", directory, name);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, room))
        exit(9);
    return fd;
}

/* One with nobody at the door; the other with room for one connection, and that one there. */
static void listeners_make(void)
{
    listener = listener_make("quiet", 4);
    listener_make("crowded", 0);
    int first = socket(AF_UNIX, SOCK_STREAM, 0);
    busy = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(first, (struct sockaddr *)&address, sizeof address))
        exit(9);
}

static mqd_t queue_make(const char *what)
{
    struct mq_attr sizes = {.mq_maxmsg = 1, .mq_msgsize = 16};
    char name[64];
    snprintf(name, sizeof name, "/kiwi-interrupted-%s-%d", what, (int)getpid());
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &sizes);
    mq_unlink(name);
    return queue;
}

static void queues_make(void)
{
    queue_empty = queue_make("empty");
    queue_full = queue_make("full");
    if (queue_full != (mqd_t)-1 && mq_send(queue_full, page, 1, 0))
        exit(9);
    messages_empty = msgget(IPC_PRIVATE, 0600);
    messages_full = msgget(IPC_PRIVATE, 0600);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    message.kind = 1;
    while (msgsnd(messages_full, &message, sizeof message.text, IPC_NOWAIT) == 0)
        ;
}

static void events_make(void)
{
    sigset_t quiet;
    uint64_t most = UINT64_MAX - 1;
    sigemptyset(&quiet);
    sigaddset(&quiet, SIGWINCH);
    pthread_sigmask(SIG_BLOCK, &quiet, NULL);
    event_none = eventfd(0, 0);
    event_full = eventfd(0, 0);
    timer = timerfd_create(CLOCK_MONOTONIC, 0);
    signals = signalfd(-1, &quiet, 0);
    watch = inotify_init1(0);
    if (write(event_full, &most, sizeof most) != sizeof most)
        exit(9);
}

/* Holds every kind of lock on the file, by an open of its own. */
static void child_make(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int told[2];
    char byte;
    if (pipe(told))
        exit(9);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        locked = open(lock_file, O_RDWR);
        if (flock(locked, LOCK_EX) || fcntl(locked, F_SETLK, &whole) || write(told[1], "", 1) != 1)
            _exit(9);
        for (;;)
            pause();
    }
    if (read(told[0], &byte, 1) != 1)
        exit(9);
    close(told[0]);
    close(told[1]);
}

static void open_all(void)
{
    if (!mkdtemp(directory))
        exit(9);
    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    snprintf(lock_file, sizeof lock_file, "%s/locked", directory);
    file = open(lock_file, O_RDWR | O_CREAT, 0600);
    if (mkfifo(fifo, 0600) || write(file, page, 8192) != 8192)
        exit(9);
    child_make();
    pipes_make();
    listeners_make();
    queues_make();
    events_make();
}

static void close_all(void)
{
    char name[128];
    fcntl(full[1], F_SETFL, O_NONBLOCK); /* or the end of the program would wait to flush what was cancelled */
    kill(child, SIGKILL);
    child_ended("child", child);
    msgctl(messages_empty, IPC_RMID, NULL);
    msgctl(messages_full, IPC_RMID, NULL);
    semctl(semaphores, 0, IPC_RMID);
    static const char *const names[] = {"fifo", "locked", "quiet", "crowded"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, sizeof name, "%s/%s", directory, names[i]);
        unlink(name);
    }
    returned("rmdir", rmdir(directory));
}

int main(void)
{
    open_all();
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        if (queue_full == (mqd_t)-1 && strncmp(points[i].name, "mq_", 3) == 0)
            continue; /* there are none here */
        interrupted(&points[i], 0);
        interrupted(&points[i], SA_RESTART);
        if (points[i].cancels == CANCELLED)
            cancelled(&points[i]);
    }
    close_all();
    return 0;
}

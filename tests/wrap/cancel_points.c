/*
 * Cancellation, continued from cancel.c: calls that block on something full, on a name, a child, a signal or a message.
 * Each is cancelled once it sleeps, and once with the request there before. The cleanup handler finds the locks as they
 * were and works on: it waits, takes and gives back. With the argument "stay" the program then waits for its standard
 * input to end, so that its trace can be looked at.
 */
#include "transcript.h"

#include <mqueue.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <threads.h>

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t none, one, three;
static sigset_t quiet;
static int full_pipe[2], full_pair[2], empty_pipe[2], file, listener, busy, messages;
static char directory[] = "/tmp/kiwi-cancel.XXXXXX", fifo[64], locked[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static mqd_t queue = (mqd_t)-1;
static pid_t child;
static pthread_t sleeper;
static thrd_t c11_sleeper;
static char page[65536];
static struct iovec part = {page, sizeof page};
static const struct timespec minute = {60, 0};

static struct timespec in_a_minute(void)
{
    return in_ms(CLOCK_REALTIME, 60000);
}

static void in_sem_wait(void)
{
    sem_wait(&none);
}
static void in_sem_wait_free(void)
{
    sem_wait(&one);
}
static void in_sem_wait_many(void)
{
    sem_wait(&three);
}
static void in_sem_timedwait(void)
{
    struct timespec until = in_a_minute();
    sem_timedwait(&none, &until);
}
static void in_sem_clockwait(void)
{
    struct timespec until = in_ms(CLOCK_MONOTONIC, 60000);
    sem_clockwait(&none, CLOCK_MONOTONIC, &until);
}
static void in_write(void)
{
    write(full_pipe[1], page, sizeof page);
}
static void in_writev(void)
{
    writev(full_pipe[1], &part, 1);
}
static void in_splice(void)
{
    splice(empty_pipe[0], NULL, full_pipe[1], NULL, 4096, 0);
}
static void in_tee(void)
{
    tee(empty_pipe[0], full_pipe[1], 4096, 0);
}
static void in_send(void)
{
    send(full_pair[0], page, sizeof page, 0);
}
static void in_sendto(void)
{
    sendto(full_pair[0], page, sizeof page, 0, NULL, 0);
}
static void in_sendmsg(void)
{
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    sendmsg(full_pair[0], &m, 0);
}
static void in_sendmmsg(void)
{
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    sendmmsg(full_pair[0], &m, 1, 0);
}
static void in_connect(void)
{
    connect(busy, (struct sockaddr *)&address, sizeof address);
}
static void in_open(void)
{
    open(fifo, O_RDONLY);
}
static void in_openat(void)
{
    openat(AT_FDCWD, fifo, O_WRONLY);
}
static void in_creat(void)
{
    creat(fifo, 0600);
}
static void in_fcntl(void)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    fcntl(file, F_SETLKW, &whole);
}
static void in_lockf(void)
{
    lockf(file, F_LOCK, 0);
}
static void in_pause(void)
{
    pause();
}
static void in_sigsuspend(void)
{
    sigsuspend(&quiet);
}
static void in_sigwait(void)
{
    int got;
    sigwait(&quiet, &got);
}
static void in_sigwaitinfo(void)
{
    sigwaitinfo(&quiet, NULL);
}
static void in_sigtimedwait(void)
{
    sigtimedwait(&quiet, NULL, &minute);
}
static void in_waitpid(void)
{
    waitpid(child, NULL, 0);
}
static void in_wait(void)
{
    wait(NULL);
}
static void in_waitid(void)
{
    waitid(P_PID, (id_t)child, NULL, WEXITED);
}
static void in_wait4(void)
{
    wait4(child, NULL, 0, NULL);
}
static void in_msgrcv(void)
{
    msgrcv(messages, page, 16, 1, 0);
}
static void in_mq_receive(void)
{
    mq_receive(queue, page, sizeof page, NULL);
}
static void in_mq_timedreceive(void)
{
    struct timespec until = in_a_minute();
    mq_timedreceive(queue, page, sizeof page, NULL, &until);
}
static void in_clockjoin(void)
{
    struct timespec until = in_ms(CLOCK_MONOTONIC, 60000);
    pthread_clockjoin_np(sleeper, NULL, CLOCK_MONOTONIC, &until);
}
static void in_thrd_join(void)
{
    thrd_join(c11_sleeper, NULL);
}
static void in_thrd_sleep(void)
{
    thrd_sleep(&minute, NULL);
}
static void in_cond_wait(void)
{
    pthread_cond_wait(&never, &outer);
}
static void in_cond_timedwait(void)
{
    struct timespec until = in_a_minute();
    pthread_cond_timedwait(&never, &outer, &until);
}
static void in_cond_clockwait(void)
{
    struct timespec until = in_ms(CLOCK_MONOTONIC, 60000);
    pthread_cond_clockwait(&never, &outer, CLOCK_MONOTONIC, &until);
}
static void in_cnd_wait(void)
{
    cnd_wait((cnd_t *)&never, (mtx_t *)&outer);
}
static void in_cnd_timedwait(void)
{
    struct timespec until = in_a_minute();
    cnd_timedwait((cnd_t *)&never, (mtx_t *)&outer, &until);
}

/* Those act on a request that was there before; they do not wait here. */
static void in_pread(void)
{
    pread(file, page, 16, 0);
}
static void in_pwrite(void)
{
    pwrite(file, page, 16, 0);
}
static void in_fdatasync(void)
{
    fdatasync(file);
}
static void in_msync(void)
{
    msync((void *)((uintptr_t)page & ~4095ul), 4096, MS_ASYNC);
}
static void in_close(void)
{
    close(-1);
}
static void in_msgsnd(void)
{
    struct {
        long kind;
        char text[16];
    } message = {2, ""};
    msgsnd(messages, &message, 16, 0);
}
static void in_fallocate(void)
{
    fallocate(file, 0, 0, 4096);
}

static const struct point {
    const char *name;
    void (*enter)(void);
    bool waits;
} points[] = {
        {"sem_wait", in_sem_wait, true},
        {"sem_timedwait", in_sem_timedwait, true},
        {"sem_clockwait", in_sem_clockwait, true},
        {"write", in_write, true},
        {"writev", in_writev, true},
        {"splice", in_splice, true},
        {"tee", in_tee, true},
        {"send", in_send, true},
        {"sendto", in_sendto, true},
        {"sendmsg", in_sendmsg, true},
        {"sendmmsg", in_sendmmsg, true},
        {"connect", in_connect, true},
        {"open", in_open, true},
        {"openat", in_openat, true},
        {"creat", in_creat, true},
        {"fcntl", in_fcntl, true},
        {"lockf", in_lockf, true},
        {"pause", in_pause, true},
        {"sigsuspend", in_sigsuspend, true},
        {"sigwait", in_sigwait, true},
        {"sigwaitinfo", in_sigwaitinfo, true},
        {"sigtimedwait", in_sigtimedwait, true},
        {"waitpid", in_waitpid, true},
        {"wait", in_wait, true},
        {"waitid", in_waitid, true},
        {"wait4", in_wait4, true},
        {"msgrcv", in_msgrcv, true},
        {"mq_receive", in_mq_receive, true},
        {"mq_timedreceive", in_mq_timedreceive, true},
        {"pthread_clockjoin_np", in_clockjoin, true},
        {"thrd_join", in_thrd_join, true},
        {"thrd_sleep", in_thrd_sleep, true},
        {"pthread_cond_wait", in_cond_wait, true},
        {"pthread_cond_timedwait", in_cond_timedwait, true},
        {"pthread_cond_clockwait", in_cond_clockwait, true},
        {"cnd_wait", in_cnd_wait, true},
        {"cnd_timedwait", in_cnd_timedwait, true},
        {"sem_wait, free", in_sem_wait_free, false},
        {"sem_wait, three free", in_sem_wait_many, false},
        {"pread", in_pread, false},
        {"pwrite", in_pwrite, false},
        {"fdatasync", in_fdatasync, false},
        {"msync", in_msync, false},
        {"close", in_close, false},
        {"msgsnd", in_msgsnd, false},
        {"fallocate", in_fallocate, false},
};

struct attempt {
    const struct point *point;
    bool request_first;
    pid_t tid; /* once it is about to call; atomic */
};

/* Waits itself, with nothing to wait for: no second request can come. */
static void cleanup(void *arg)
{
    const struct attempt *a = arg;
    struct timespec little = {0, 1000};
    bool mine = outer.__data.__owner == gettid();
    int unlocked = pthread_mutex_unlock(&outer), locked_other = pthread_mutex_lock(&other);
    int slept = nanosleep(&little, NULL), unlocked_other = pthread_mutex_unlock(&other);
    say("%s%s: lock %s, %d %d %d %d", a->point->name, a->request_first ? ", request before" : "",
        mine ? "mine" : "not mine", unlocked, locked_other, slept, unlocked_other);
}

static void *enter(void *arg)
{
    struct attempt *a = arg;
    int old;
    pthread_mutex_lock(&outer);
    pthread_cleanup_push(cleanup, a);
    if (a->request_first) {
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
        pthread_cancel(pthread_self());
        pthread_setcancelstate(old, NULL);
    }
    __atomic_store_n(&a->tid, gettid(), __ATOMIC_RELEASE);
    a->point->enter();
    say("%s returned", a->point->name);
    pthread_testcancel();
    say("not reached");
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancel_when_it_sleeps(pthread_t id, const pid_t *tid)
{
    while (!__atomic_load_n(tid, __ATOMIC_ACQUIRE))
        usleep(200);
    for (int looks = 0; looks < 2; looks = thread_sleeps(*tid) ? looks + 1 : 0)
        usleep(500);
    pthread_cancel(id);
}

static void attempt(const struct point *p, bool request_first)
{
    struct attempt a = {.point = p, .request_first = request_first};
    void *value = NULL;
    pthread_t id = start(enter, &a);
    if (!request_first)
        cancel_when_it_sleeps(id, &a.tid);
    pthread_join(id, &value);
    if (value != PTHREAD_CANCELED)
        say("%s ended by itself", p->name);
}

static void *sleep_long(void *unused)
{
    pause_ms(600000);
    return unused;
}

static int sleep_long_c11(void *unused)
{
    (void)unused;
    pause_ms(600000);
    return 0;
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

/* A listener with room for one connection, and that one there. */
static void listener_make(void)
{
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    busy = socket(AF_UNIX, SOCK_STREAM, 0);
    int first = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 0) ||
        connect(first, (struct sockaddr *)&address, sizeof address))
        exit(9);
}

static void queues_make(void)
{
    struct mq_attr sizes = {.mq_maxmsg = 1, .mq_msgsize = 16};
    char name[64];
    snprintf(name, sizeof name, "/kiwi-cancel-%d", (int)getpid());
    queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &sizes);
    mq_unlink(name);
    messages = msgget(IPC_PRIVATE, 0600);
}

/* Holds the lock on the file, and ends when its parent does, or is told to. */
static void child_make(int end)
{
    int told[2];
    char byte;
    if (pipe(told))
        exit(9);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        close(end);
        if (lockf(file, F_LOCK, 0) || write(told[1], "", 1) != 1)
            _exit(9);
        _exit(read(empty_pipe[0], &byte, 1) != 0);
    }
    if (read(told[0], &byte, 1) != 1)
        exit(9);
    close(told[0]);
    close(told[1]);
}

static void open_all(void)
{
    if (!mkdtemp(directory) || pipe(full_pipe) || pipe(empty_pipe) || socketpair(AF_UNIX, SOCK_STREAM, 0, full_pair))
        exit(9);
    snprintf(fifo, sizeof fifo, "%s/fifo", directory);
    snprintf(locked, sizeof locked, "%s/locked", directory);
    file = open(locked, O_RDWR | O_CREAT, 0600);
    sem_init(&none, 0, 0);
    sem_init(&one, 0, 1);
    sem_init(&three, 0, 3);
    if (file < 0 || mkfifo(fifo, 0600))
        exit(9);
    sigemptyset(&quiet);
    sigaddset(&quiet, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &quiet, NULL);
    fill(full_pipe[1]);
    fill(full_pair[0]);
    child_make(empty_pipe[1]);
    listener_make();
    queues_make();
    sleeper = start(sleep_long, NULL);
    thrd_create(&c11_sleeper, sleep_long_c11, NULL);
}

static void close_all(void)
{
    pthread_cancel(sleeper);
    pthread_cancel((pthread_t)c11_sleeper);
    pthread_join(sleeper, NULL);
    thrd_join(c11_sleeper, NULL);
    kill(child, SIGKILL);
    child_ended("child", child);
    msgctl(messages, IPC_RMID, NULL);
    unlink(address.sun_path);
    unlink(fifo);
    unlink(locked);
    rmdir(directory);
}

int main(int argc, char **argv)
{
    char byte;
    open_all();
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        if (queue == (mqd_t)-1 && strncmp(points[i].name, "mq_", 3) == 0)
            continue; /* there are none here */
        if (points[i].waits)
            attempt(&points[i], false);
        attempt(&points[i], true);
    }
    outcome("the lock is free: trylock", pthread_mutex_trylock(&outer));
    outcome("unlock", pthread_mutex_unlock(&outer));
    close_all();
    if (argc > 1 && strcmp(argv[1], "stay") == 0)
        returned("end", read(0, &byte, 1));
    return 0;
}

/* read, write and their vectors, files, pipes and sleeping: short, interrupted, broken, not ready, wrong. */
#include "transcript.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/uio.h>

static volatile int alarms;

static void count_alarm(int number)
{
    (void)number;
    alarms++;
}

/* Some time after the signal. */
static void *write_later(void *fd)
{
    while (!alarms)
        usleep(200);
    pause_ms(30);
    if (write((int)(long)fd, "late", 4) != 4)
        say("write failed");
    return NULL;
}

static void pipes(void)
{
    int ends[2];
    char a[4] = "", b[8] = "";
    struct iovec parts[2] = {{a, 3}, {b, 7}};
    say("-- pipes");
    returned("pipe", pipe(ends));
    returned("write", write(ends[1], "123456789", 9));
    returned("readv", readv(ends[0], parts, 2));
    say("read %s %s", a, b);
    returned("writev", writev(ends[1], parts, 2));
    returned("short read", read(ends[0], b, 2));
    returned("short read", read(ends[0], b, 8));
    returned("read of nothing", read(ends[0], b, 0));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    returned("read not ready", read(ends[0], b, 8));
    returned("readv not ready", readv(ends[0], parts, 2));
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    static char much[1 << 20];
    returned("write of much", write(ends[1], much, sizeof much));
    returned("write to a full pipe", write(ends[1], much, 1));
    returned("close", close(ends[1]));
    while (read(ends[0], much, sizeof much) > 0)
        ;
    returned("read at the end", read(ends[0], b, 8));
    close(ends[0]);
    returned("read of a closed descriptor", read(ends[0], b, 8));
    returned("write to a closed descriptor", write(ends[0], b, 8));
    returned("readv of a closed descriptor", readv(ends[0], parts, 2));
    volatile int bad_count = -1;
    returned("writev, bad count", writev(1, parts, bad_count));
}

static void broken_pipe(void)
{
    int ends[2];
    say("-- broken pipe");
    if (pipe(ends))
        return;
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    returned("write", write(ends[1], "x", 1));
    handle(SIGPIPE, count_alarm, 0);
    alarms = 0;
    returned("write", write(ends[1], "x", 1));
    say("%d SIGPIPE", alarms);
    signal(SIGPIPE, SIG_DFL);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        write(ends[1], "x", 1);
        _exit(0);
    }
    child_ended("writer", pid);
    close(ends[1]);
}

static void interrupted(int flags)
{
    int ends[2];
    char buffer[8] = "";
    if (pipe(ends))
        return;
    handle(SIGALRM, count_alarm, flags);
    alarms = 0;
    pthread_t writer = 0;
    struct poke poke;
    if (flags & SA_RESTART)
        writer = start(write_later, (void *)(long)ends[1]);
    poke_start(&poke, SIGALRM);
    uint64_t since = now_ns();
    returned("interrupted read", read(ends[0], buffer, sizeof buffer));
    say("%d alarm, %s", alarms, waited(since, flags & SA_RESTART ? 40 : 10));
    poke_end(&poke);
    if (writer)
        finish(writer);
    close(ends[0]);
    close(ends[1]);
}

static void files(void)
{
    char name[] = "/tmp/wrap-io-XXXXXX", buffer[8];
    int fd = mkstemp(name);
    say("-- files");
    unlink(name);
    returned("write", write(fd, "12345", 5));
    returned("fsync", fsync(fd));
    returned("fdatasync", fdatasync(fd));
    returned("read at the end", read(fd, buffer, 8));
    lseek(fd, 3, SEEK_SET);
    returned("short read", read(fd, buffer, 8));
    returned("fsync of a pipe", fsync(-1));
    struct rlimit all, few;
    getrlimit(RLIMIT_FSIZE, &all);
    few = all;
    few.rlim_cur = 8;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &few);
    ssize_t first = write(fd, "12345", 5), second = write(fd, "12345", 5);
    int error = errno;
    setrlimit(RLIMIT_FSIZE, &all);
    say("write up to the limit: %zd, beyond: %zd %s", first, second, error_name(error));
    close(fd);
    fd = open("/dev/full", O_WRONLY);
    returned("write to a full device", write(fd, "x", 1));
    close(fd);
    fd = open("/", O_RDONLY | O_DIRECTORY);
    returned("read of a directory", read(fd, buffer, 8));
    returned("fsync of a directory", fsync(fd));
    close(fd);
}

/* Of half a minute. */
static const char *left_text(long seconds)
{
    return seconds > 30   ? "too much left"
           : seconds > 10 ? "most is left"
           : seconds > 0  ? "little left"
                          : "nothing left";
}

static void sleeps(void)
{
    struct timespec left = {0, 0}, half_minute = {30, 20000000}, bad = {0, 1000000000}, until;
    struct poke poke;
    say("-- sleeping");
    handle(SIGALRM, count_alarm, SA_RESTART);
    poke_start(&poke, SIGALRM);
    returned("nanosleep", nanosleep(&half_minute, &left));
    say("%s", left_text(left.tv_sec));
    poke_end(&poke);
    poke_start(&poke, SIGALRM);
    left = (struct timespec){0, 0};
    outcome("clock_nanosleep", clock_nanosleep(CLOCK_MONOTONIC, 0, &half_minute, &left));
    say("%s", left_text(left.tv_sec));
    poke_end(&poke);
    uint64_t since = now_ns();
    until = in_ms(CLOCK_REALTIME, 10);
    outcome("clock_nanosleep until", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
    say("%s", waited(since, 9));
    poke_start(&poke, SIGALRM);
    returned("usleep", usleep(30000000));
    poke_end(&poke);
    poke_start(&poke, SIGALRM);
    say("sleep: %s", left_text(sleep(30)));
    poke_end(&poke);
    returned("nanosleep, bad time", nanosleep(&bad, NULL));
    outcome("clock_nanosleep, bad time", clock_nanosleep(CLOCK_REALTIME, 0, &bad, NULL));
    outcome("clock_nanosleep, bad clock", clock_nanosleep(77, 0, &half_minute, NULL));
    returned("usleep", usleep(0));
    say("sleep: %u", sleep(0));
}

int main(void)
{
    pipes();
    broken_pipe();
    interrupted(0);
    interrupted(SA_RESTART);
    files();
    sleeps();
    return 0;
}

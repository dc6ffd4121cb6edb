/* close, dup, fcntl and ioctl: results and what calls on the descriptors do after them, as they change back and
 * forth. */
#include "transcript.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static char byte;

static void *write_later(void *fd)
{
    pause_ms(40);
    if (write((int)(long)fd, "x", 1) != 1)
        say("write failed");
    return NULL;
}

/* Reads that must wait for the byte, whatever the descriptor was before. */
static void reads_that_wait(const char *what, int from, int to)
{
    uint64_t since = now_ns();
    pthread_t id = start(write_later, (void *)(long)to);
    returned(what, read(from, &byte, 1));
    say("%s %s", what, waited(since, 20));
    finish(id);
}

static void reads_that_do_not(const char *what, int from)
{
    for (int i = 0; i < 400; i++)
        if (read(from, &byte, 1) >= 0 || errno != EAGAIN)
            say("%s: read %d went otherwise: %s", what, i, error_name(errno));
    returned(what, read(from, &byte, 1));
}

static void flags_change(void)
{
    int ends[2], on = 1, off = 0;
    say("-- flags");
    returned("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    reads_that_wait("new", ends[0], ends[1]);
    returned("F_SETFL", fcntl(ends[0], F_SETFL, O_NONBLOCK));
    say("flags %x", (unsigned)fcntl(ends[0], F_GETFL));
    reads_that_do_not("after F_SETFL", ends[0]);
    returned("F_SETFL", fcntl(ends[0], F_SETFL, 0));
    reads_that_wait("after F_SETFL 0", ends[0], ends[1]);
    returned("FIONBIO", ioctl(ends[0], FIONBIO, &on));
    reads_that_do_not("after FIONBIO", ends[0]);
    returned("FIONBIO", ioctl(ends[0], FIONBIO, &off));
    reads_that_wait("after FIONBIO 0", ends[0], ends[1]);
    close(ends[0]);
    close(ends[1]);
}

static void numbers_change(void)
{
    int quick[2], slow[2];
    say("-- numbers");
    returned("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, quick));
    reads_that_do_not("non-blocking", quick[0]);
    returned("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, slow));
    returned("dup2", dup2(slow[0], quick[0]));
    reads_that_wait("after dup2", quick[0], slow[1]);
    returned("dup2 onto itself", dup2(quick[0], quick[0]));
    returned("dup3 onto itself", dup3(quick[0], quick[0], 0));
    returned("dup3 of nothing", dup3(900, quick[0], 0));
    returned("dup3", dup3(quick[1], quick[0], O_CLOEXEC));
    reads_that_do_not("after dup3", quick[0]);
    returned("close", close(quick[0]));
    returned("close again", close(quick[0]));
    returned("close of -1", close(-1));
    returned("F_DUPFD", fcntl(slow[0], F_DUPFD, quick[0]));
    reads_that_wait("after F_DUPFD", quick[0], slow[1]);
    say("close-on-exec %d", fcntl(fcntl(slow[0], F_DUPFD_CLOEXEC, 100), F_GETFD));
    returned("close_range", close_range(3, 200, 0));
    returned("close_range backwards", close_range(9, 3, 0));
    returned("read after close_range", read(quick[0], &byte, 1));
}

static void others(void)
{
    int ends[2], available = -1;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    say("-- others");
    returned("pipe", pipe(ends));
    returned("write", write(ends[1], "12345", 5));
    returned("FIONREAD", ioctl(ends[0], FIONREAD, &available));
    say("available %d", available);
    returned("ioctl of nothing", ioctl(900, FIONREAD, &available));
    returned("ioctl unknown", ioctl(ends[0], 0x12345678UL, 0));
    returned("TIOCGPGRP of a pipe", ioctl(ends[0], TIOCGPGRP, &available));
    returned("fcntl of nothing", fcntl(900, F_GETFL));
    returned("fcntl unknown", fcntl(ends[0], 7777, 0));
    returned("F_SETPIPE_SZ", fcntl(ends[0], F_SETPIPE_SZ, 8192));
    returned("F_GETPIPE_SZ", fcntl(ends[0], F_GETPIPE_SZ));
    returned("F_SETOWN", fcntl(ends[0], F_SETOWN, getpid()) ? -1 : 0);
    FILE *file = tmpfile();
    returned("F_SETLK", fcntl(fileno(file), F_SETLK, &lock));
    returned("F_SETLKW", fcntl(fileno(file), F_SETLKW, &lock));
    lock.l_type = 77;
    returned("F_SETLKW of no kind", fcntl(fileno(file), F_SETLKW, &lock));
    returned("F_SETLKW of nothing", fcntl(fileno(file), F_SETLKW, NULL));
    returned("F_SETLKW of nothing open", fcntl(-1, F_SETLKW, &lock));
    lock.l_type = F_UNLCK;
    returned("F_OFD_SETLK", fcntl(fileno(file), F_OFD_SETLK, &lock));
    fclose(file);
    close(ends[0]);
    close(ends[1]);
}

static void child_closes_all(void)
{
    int ends[2];
    returned("pipe", pipe(ends));
    closefrom(3);
    returned("write after closefrom", write(ends[1], "x", 1));
    closefrom(-5);
    _exit(write(1, "x", 1) == 1);
}

/* The child shares this process's memory, not its descriptors. */
static void vforked_child_closes(void)
{
    int ends[2];
    say("-- vfork");
    returned("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
    reads_that_do_not("before vfork", ends[0]);
    pid_t pid = vfork();
    if (pid == 0) {
        close(ends[0]);
        dup2(ends[1], 1);
        _exit(3);
    }
    child_ended("vfork", pid);
    reads_that_do_not("after vfork", ends[0]);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    flags_change();
    numbers_change();
    others();
    in_child("closefrom", child_closes_all);
    vforked_child_closes();
    return 0;
}

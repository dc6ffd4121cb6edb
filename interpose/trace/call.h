/* call.h - rows for blocking calls, and the registry of calls. */
#ifndef KIWI_TRACE_CALL_H
#define KIWI_TRACE_CALL_H

#include "header.h"

/*
 * Blocking calls: id, enumerator, name, group. Groups: POLL waits for many, IO one descriptor, SLEEP, SYNC (another
 * thread), DISK (one descriptor of a file), PATH (a file system, by name), NAME (who answers for hosts and users),
 * PROCESS (another process), STREAM (stdio), FILE_LOCK (who has locked a file, by a descriptor).
 */
#define KIWI_CALLS(X)                                                                                                  \
    X(1, POLL, "poll", POLL)                                                                                           \
    X(2, PPOLL, "ppoll", POLL)                                                                                         \
    X(3, SELECT, "select", POLL)                                                                                       \
    X(4, PSELECT, "pselect", POLL)                                                                                     \
    X(5, EPOLL_WAIT, "epoll_wait", POLL)                                                                               \
    X(6, EPOLL_PWAIT, "epoll_pwait", POLL)                                                                             \
    X(7, EPOLL_PWAIT2, "epoll_pwait2", POLL)                                                                           \
    X(8, NANOSLEEP, "nanosleep", SLEEP)                                                                                \
    X(9, CLOCK_NANOSLEEP, "clock_nanosleep", SLEEP)                                                                    \
    X(10, USLEEP, "usleep", SLEEP)                                                                                     \
    X(11, SLEEP, "sleep", SLEEP)                                                                                       \
    X(12, READ, "read", IO)                                                                                            \
    X(13, READV, "readv", IO)                                                                                          \
    X(14, WRITE, "write", IO)                                                                                          \
    X(15, WRITEV, "writev", IO)                                                                                        \
    X(16, RECV, "recv", IO)                                                                                            \
    X(17, RECVFROM, "recvfrom", IO)                                                                                    \
    X(18, RECVMSG, "recvmsg", IO)                                                                                      \
    X(19, SEND, "send", IO)                                                                                            \
    X(20, SENDTO, "sendto", IO)                                                                                        \
    X(21, SENDMSG, "sendmsg", IO)                                                                                      \
    X(22, ACCEPT, "accept", IO)                                                                                        \
    X(23, ACCEPT4, "accept4", IO)                                                                                      \
    X(24, CONNECT, "connect", IO)                                                                                      \
    X(25, FSYNC, "fsync", DISK)                                                                                        \
    X(26, FDATASYNC, "fdatasync", DISK)                                                                                \
    X(27, JOIN, "pthread_join", SYNC)                                                                                  \
    X(28, TIMEDJOIN, "pthread_timedjoin_np", SYNC)                                                                     \
    X(29, CLOCKJOIN, "pthread_clockjoin_np", SYNC)                                                                     \
    X(30, COND_WAIT, "pthread_cond_wait", SYNC)                                                                        \
    X(31, COND_TIMEDWAIT, "pthread_cond_timedwait", SYNC)                                                              \
    X(32, COND_CLOCKWAIT, "pthread_cond_clockwait", SYNC)                                                              \
    X(33, RECVMMSG, "recvmmsg", IO)                                                                                    \
    X(34, SENDMMSG, "sendmmsg", IO)                                                                                    \
    X(35, SEM_WAIT, "sem_wait", SYNC)                                                                                  \
    X(36, SEM_TIMEDWAIT, "sem_timedwait", SYNC)                                                                        \
    X(37, SEM_CLOCKWAIT, "sem_clockwait", SYNC)                                                                        \
    X(64, BARRIER_WAIT, "pthread_barrier_wait", SYNC)                                                                  \
    X(65, FUTEX_WAIT, "futex wait", SYNC)                                                                              \
    X(66, CLOSE, "close", IO)                                                                                          \
    X(67, OPEN, "open", DISK)                                                                                          \
    X(128, PREAD, "pread", IO)                                                                                         \
    X(129, PWRITE, "pwrite", IO)                                                                                       \
    X(130, PREADV, "preadv", IO)                                                                                       \
    X(131, PWRITEV, "pwritev", IO)                                                                                     \
    X(132, SENDFILE, "sendfile", IO)                                                                                   \
    X(133, COPY_FILE_RANGE, "copy_file_range", IO)                                                                     \
    X(134, SPLICE, "splice", IO)                                                                                       \
    X(135, VMSPLICE, "vmsplice", IO)                                                                                   \
    X(136, TEE, "tee", IO)                                                                                             \
    X(137, SYNC, "sync", PATH)                                                                                         \
    X(138, SYNCFS, "syncfs", DISK)                                                                                     \
    X(139, SYNC_FILE_RANGE, "sync_file_range", DISK)                                                                   \
    X(140, MSYNC, "msync", PATH)                                                                                       \
    X(141, FALLOCATE, "fallocate", DISK)                                                                               \
    X(142, FTRUNCATE, "ftruncate", DISK)                                                                               \
    X(143, FLOCK, "flock", FILE_LOCK)                                                                                  \
    X(144, LOCKF, "lockf", FILE_LOCK)                                                                                  \
    X(145, STAT, "stat", PATH)                                                                                         \
    X(146, ACCESS, "access", PATH)                                                                                     \
    X(147, READLINK, "readlink", PATH)                                                                                 \
    X(148, TRUNCATE, "truncate", PATH)                                                                                 \
    X(149, RENAME, "rename", PATH)                                                                                     \
    X(150, UNLINK, "unlink", PATH)                                                                                     \
    X(151, LINK, "link", PATH)                                                                                         \
    X(152, MKDIR, "mkdir", PATH)                                                                                       \
    X(153, RMDIR, "rmdir", PATH)                                                                                       \
    X(154, OPENDIR, "opendir", PATH)                                                                                   \
    X(155, READDIR, "readdir", PATH)                                                                                   \
    X(156, REALPATH, "realpath", PATH)                                                                                 \
    X(157, GETADDRINFO, "getaddrinfo", NAME)                                                                           \
    X(158, GETNAMEINFO, "getnameinfo", NAME)                                                                           \
    X(159, GETHOSTBYNAME, "gethostbyname", NAME)                                                                       \
    X(160, GETHOSTBYADDR, "gethostbyaddr", NAME)                                                                       \
    X(161, GETPW, "getpwnam", NAME)                                                                                    \
    X(162, GETGR, "getgrnam", NAME)                                                                                    \
    X(163, WAIT, "wait", PROCESS)                                                                                      \
    X(164, WAITPID, "waitpid", PROCESS)                                                                                \
    X(165, WAITID, "waitid", PROCESS)                                                                                  \
    X(166, SYSTEM, "system", PROCESS)                                                                                  \
    X(167, PCLOSE, "pclose", PROCESS)                                                                                  \
    X(168, SIGWAIT, "sigwait", PROCESS)                                                                                \
    X(169, SIGSUSPEND, "sigsuspend", PROCESS)                                                                          \
    X(170, MQ_SEND, "mq_send", IO)                                                                                     \
    X(171, MQ_RECEIVE, "mq_receive", IO)                                                                               \
    X(172, MSGSND, "msgsnd", PROCESS)                                                                                  \
    X(173, MSGRCV, "msgrcv", PROCESS)                                                                                  \
    X(174, SEMOP, "semop", PROCESS)                                                                                    \
    X(175, FFLUSH, "fflush", STREAM)                                                                                   \
    X(176, FREAD, "fread", STREAM)                                                                                     \
    X(177, FWRITE, "fwrite", STREAM)                                                                                   \
    X(178, FGETS, "fgets", STREAM)                                                                                     \
    X(179, GETLINE, "getline", STREAM)                                                                                 \
    X(180, FPUTS, "fputs", STREAM)                                                                                     \
    X(181, FPRINTF, "fprintf", STREAM)                                                                                 \
    X(182, FCNTL_LOCK, "fcntl(F_SETLKW)", FILE_LOCK)                                                                   \
    X(183, PAUSE, "pause", PROCESS)

enum kiwi_call_kind {
#define X(id, name, text, group) KIWI_CALL_##name = id,
    KIWI_CALLS(X)
#undef X
            KIWI_CALL_LIMIT = 256
};
enum kiwi_call_group {
    KIWI_GROUP_POLL = 1,
    KIWI_GROUP_IO,
    KIWI_GROUP_SLEEP,
    KIWI_GROUP_SYNC,
    KIWI_GROUP_DISK,
    KIWI_GROUP_PATH,
    KIWI_GROUP_NAME,
    KIWI_GROUP_PROCESS,
    KIWI_GROUP_STREAM,
    KIWI_GROUP_FILE_LOCK
};

/* A blocking call made at `stack` by threads of a class while holding the chain `held` (0 = no lock). Those that could
 * not block (KIWI_CALLF_NONBLOCKING) have a row of their own. How long those took that waited is in HISTOGRAMS. */
struct kiwi_call {
    uint32_t state;
    uint32_t kind; /* enum kiwi_call_kind */
    uint32_t stack;
    uint32_t held; /* acquisition row: innermost lock of the held set */
    uint32_t thread_class;
    uint32_t flags; /* KIWI_CALLF_*, ored over all occurrences; atomic */
    /* Calls begun; folded from cache lines as in kiwi_acquisition; atomic, as all below. Those on non-blocking
     * descriptors are a sample, after the first 256 of a thread. */
    uint64_t count;
    uint64_t waited; /* of these, ended after KIWI_CALL_WAITED_NS or more, and could block */
    uint64_t ticks;  /* total duration of those that waited */
    uint64_t max_ticks;
    uint64_t errors;          /* returned an error other than EAGAIN, EINTR and ETIMEDOUT */
    uint64_t bytes;           /* of those that waited */
    uint64_t disturbed;       /* calls during which another thread wanted one of the held locks */
    uint64_t disturbed_ticks; /* time those others waited in all, as far as it fell into the call */
    uint64_t first_ticks, last_ticks;
    uint32_t last_errno;
    uint32_t thread; /* a thread that made it (row), the latest slow one */
    uint32_t serial; /* of that thread */
    uint32_t peer;   /* PEERS row of one that was waited for (UNBOUNDED: without any limit), 0 = not known */
    uint64_t tiny;   /* sends of KIWI_TINY_BYTES or less, each right after KIWI_TINY_RUN others; atomic */
};
#define KIWI_TINY_BYTES 64u
#define KIWI_TINY_RUN 3u
#define KIWI_TINY_GAP_NS 500000u
#define KIWI_CALL_WAITED_NS 100000u        /* a call that takes this long is taken to have waited */
#define KIWI_CALLF_UNTIMED 1u              /* had no timeout */
#define KIWI_CALLF_TIMED 2u                /* had a timeout other than zero */
#define KIWI_CALLF_MEASURED 8u             /* waits are told from preemption by context switches (I/O under a lock) */
#define KIWI_CALLF_UNBOUNDED 16u           /* waited for a peer that was dialled, without any limit */
#define KIWI_UNBOUNDED_NS 10000000u        /* ... for so long */
#define KIWI_UNBOUNDED_DIAL_NS 1000000000u /* ... of connect: the first packet was lost, or the peer takes nobody */
#define KIWI_CALLF_NONBLOCKING 4u          /* zero timeout or O_NONBLOCK / MSG_DONTWAIT: can not block */
#define KIWI_CALLF_TICK 32u                /* made by a thread inside a tick of an event loop */
#define KIWI_CALLF_NO_LOCK 64u             /* of a futex: its word was not what a lock is waited for at */
#define KIWI_CALLF_NOT_PRIVATE 128u        /* of a futex: its word may be another process's as well */
/* A bit for each kind of descriptor that it was made on, as far as that was looked at: of the first ones of each
 * thread, and of those that waited. */
#define KIWI_CALLF_DESCRIPTOR_SHIFT 16u
#define KIWI_CALLF_DESCRIPTOR(kind) (1u << (KIWI_CALLF_DESCRIPTOR_SHIFT + (kind)))

KIWI_SIZE_IS(struct kiwi_call, 128);
#endif

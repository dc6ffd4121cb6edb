/* descriptor.h - rows for descriptors, the peers that were dialled, and calls that keep failing. */
#ifndef KIWI_TRACE_DESCRIPTOR_H
#define KIWI_TRACE_DESCRIPTOR_H

#include "header.h"

/* What a descriptor is of: name in the file, enumerator, word for people. */
#define KIWI_DESCRIPTOR_KINDS(X)                                                                                       \
    X(1, FILE, "file")                                                                                                 \
    X(2, PIPE, "pipe")                                                                                                 \
    X(3, SOCKET, "socket")                                                                                             \
    X(4, PAIR, "socket pair")                                                                                          \
    X(5, EVENT, "eventfd")                                                                                             \
    X(6, TIMER, "timerfd")                                                                                             \
    X(7, EPOLL, "epoll")                                                                                               \
    X(8, SIGNAL, "signalfd")                                                                                           \
    X(9, OTHER, "descriptor")

enum kiwi_descriptor_kind {
#define X(id, name, text) KIWI_DESCRIPTOR_##name = id,
    KIWI_DESCRIPTOR_KINDS(X)
#undef X
};

#define KIWI_PEER_ADDRESS 16

/*
 * A descriptor of the service; row = number + 1. It is filled when an opening call is seen, or by the first close;
 * numbers that were never seen have state 0. While a number changes hands its state is EMPTY.
 */
struct kiwi_descriptor {
    uint32_t state;                                   /* LIVE open, ENDED closed */
    uint16_t kind;                                    /* enum kiwi_descriptor_kind, 0 = not known */
    uint16_t flags;                                   /* KIWI_DESCRIPTOR_*; atomic */
    uint32_t generation;                              /* 1, 2, ... at this number */
    uint32_t peer;                                    /* PEERS row of one that was dialled, 0 = none */
    uint32_t birth_stack, birth_thread, birth_serial; /* 0 = it was not seen to be opened */
    /* Where it was closed; of a live one, the generation before it. */
    uint32_t end_stack, end_thread, end_serial;
    uint64_t birth_ticks, end_ticks;
    uint64_t dial_ticks; /* when connect was called */
    /* Of a stream socket that was dialled or accepted, while calls on it may block: */
    uint64_t sent_ticks; /* when the latest send ended */
    uint16_t
            exchanges; /* receives that got something, at most UINT16_MAX, as below; of an epoll: connections watched */
    uint16_t asked;    /* sends since the latest answer; of an epoll: others watched that are no mere wake-ups */
    uint32_t asker;    /* serial of the thread that sent last; of an epoll: 1 + the one descriptor that it watches */
    /* The other end of one that was accepted, as in kiwi_peer, but AF_UNIX: pid of who connected. */
    uint8_t from[KIWI_PEER_ADDRESS];
    uint16_t from_family, from_port; /* 0 = not known */
    uint32_t watcher;                /* 1 + the epoll that watches it, 0 = none, or KIWI_WATCHER_MANY; atomic */
    uint32_t watcher_generation;     /* of that epoll */
    uint32_t poller; /* of an epoll: serial of the thread that waits for its events, or KIWI_POLLER_MANY; atomic */
};
#define KIWI_WATCHER_MANY UINT32_MAX /* several, or its file has other descriptors, too: a close may end nothing */
#define KIWI_POLLER_MANY UINT32_MAX
#define KIWI_DESCRIPTOR_LISTENING 1u
#define KIWI_DESCRIPTOR_ACCEPTED 2u
#define KIWI_DESCRIPTOR_DIALLED 4u
#define KIWI_DESCRIPTOR_DATAGRAM 8u  /* keeps messages apart: SOCK_DGRAM, SOCK_RAW and the like */
#define KIWI_DESCRIPTOR_INTERNET 16u /* AF_INET or AF_INET6 */
#define KIWI_DESCRIPTOR_PENDING 32u  /* its connect goes on in the background */
#define KIWI_DESCRIPTOR_RCVTIMEO 64u
#define KIWI_DESCRIPTOR_SNDTIMEO 128u
#define KIWI_DESCRIPTOR_OUTSIDE 256u      /* AF_UNIX: its other end is another process */
#define KIWI_DESCRIPTOR_USERTIMEO 512u    /* TCP_USER_TIMEOUT or TCP_SYNCNT bounds connect and sends */
#define KIWI_DESCRIPTOR_PROBED 1024u      /* TCP_KEEPIDLE: a peer that is gone ends a wait for it */
#define KIWI_DESCRIPTOR_BOUND 2048u       /* bind was called */
#define KIWI_DESCRIPTOR_MIXED 4096u       /* an epoll that watches several, or no socket */
#define KIWI_DESCRIPTOR_NONBLOCKING 8192u /* O_NONBLOCK, when that was last looked at: now and then, in calls on it */
#define KIWI_DESCRIPTOR_COPIED 16384u     /* dup made it of another one, or another one of it */

/* A place that dials an address: one row for each pair. */
struct kiwi_peer {
    uint32_t state;
    uint16_t family;                    /* as in struct sockaddr: 1 AF_UNIX, 2 AF_INET, 10 AF_INET6 */
    uint16_t port;                      /* in the order of the host */
    uint8_t address[KIWI_PEER_ADDRESS]; /* of the network, in its order; AF_UNIX: a hash of the path */
    uint32_t path;                      /* string, AF_UNIX */
    uint32_t stack;                     /* of connect */
    uint64_t dials;                     /* connects begun; atomic, as all below */
    uint64_t connected;                 /* of these, known to have succeeded */
    uint64_t failed;
    uint64_t first_ticks, last_ticks;
    uint64_t closed;       /* connections that this process closed */
    uint64_t brief;        /* of these, within KIWI_PEER_BRIEF_NS */
    uint64_t window;       /* number of the latest time window with a connect, as of thread classes */
    uint32_t window_dials; /* connects in it that succeeded */
    uint32_t busy_windows; /* windows with KIWI_PEER_BUSY or more ... */
    uint64_t busy_dials;   /* ... and the connects in them */
    uint64_t exchanges;    /* requests that were followed by an answer */
    /* Bursts: KIWI_BURST_LEAST exchanges or more of one thread on one connection, one right after the other. */
    uint64_t bursts, burst_exchanges, burst_bytes, burst_ticks;
    uint32_t burst_max;   /* exchanges in the longest */
    uint32_t burst_stack; /* where its requests were sent */
    uint64_t pushes;      /* receives but the first that got something after KIWI_PEER_PUSH_NS, with nothing sent */
    uint64_t guarded;     /* connections that a thread shut down while another one waited on them */
    uint64_t reserved[1];
};
#define KIWI_BURST_LEAST 10u
#define KIWI_PEER_PUSH_NS 50000000u
#define KIWI_PEER_BRIEF_NS 1000000000u
#define KIWI_PEER_BUSY 2u

/*
 * A call that fails again and again at one place: (kind, stack, error, thread, peer) is a row. A streak is a run of
 * failures with no success of the same call in between, each less than the header's retry_gap_ns after the one before
 * and about the same descriptor or peer; the one with most attempts is kept. A gap runs from the begin of one attempt
 * to that of the next.
 */
#define KIWI_STREAK_TIMES 12
struct kiwi_failure {
    uint32_t state;
    uint32_t kind; /* enum kiwi_call_kind */
    uint32_t stack;
    uint32_t error; /* errno */
    uint32_t thread, serial;
    uint32_t peer;       /* PEERS row, 0 = none */
    uint32_t flags;      /* KIWI_FAILURE_*; atomic */
    uint32_t descriptor; /* number, the latest */
    /* BAD_DESCRIPTOR: who used it first; who had closed that number, where; and who had opened it. */
    uint32_t user_thread, user_serial, other_stack, other_thread, other_serial, birth_stack, birth_thread, birth_serial;
    uint32_t reserved0;
    uint64_t count; /* failures in all; atomic */
    uint64_t first_ticks, last_ticks;
    uint64_t attempts, begin_ticks, end_ticks; /* of the longest streak, as all below */
    uint64_t min_ticks, max_ticks;             /* of gaps in which the thread waited */
    uint32_t waited;                           /* gaps in which it did */
    uint32_t rushed;                           /* longest run of gaps without a delay */
    uint32_t even;                             /* longest run of gaps of about the same length, with a delay */
    uint32_t worked;                           /* gaps in which other input or output of the thread succeeded */
    uint64_t even_ticks;                       /* the first gap of that run */
    uint64_t reserved[2];
    uint64_t times[KIWI_STREAK_TIMES]; /* when the first attempts began */
};
#define KIWI_FAILURE_BAD_DESCRIPTOR 1u /* the number had been closed; its row is without thread and peer in its key */
#define KIWI_FAILURE_SWEEP 2u          /* that close belongs to a loop over all numbers */
#define KIWI_FAILURE_SPIN 4u           /* EAGAIN, with neither a wait nor a success in between */
#define KIWI_STREAK_GAP_NS 1000000000u /* where the header does not tell */
#define KIWI_STREAK_RUSHED_NS 5000000u /* a gap without a wait in which no more than this passed is no delay */

KIWI_SIZE_IS(struct kiwi_descriptor, 112);
KIWI_SIZE_IS(struct kiwi_peer, 184);
KIWI_SIZE_IS(struct kiwi_failure, 272);
#endif

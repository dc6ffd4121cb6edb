/*
 * memory.h - the recorder's private memory: thread states and the hash indexes over the trace's tables.
 *
 * One reservation, touched lazily, wiped by the kernel on fork. Everything in it is rebuilt from nothing in a child.
 */
#ifndef KIWI_MEMORY_H
#define KIWI_MEMORY_H

#include "thread.h"

#define FILTER_GENERATIONS 4096u   /* generation counters, by hash of the lock's address */
#define THREAD_IDS 16384u          /* pthread_t to thread row, by hash */
#define FILTER_LINES 65536u        /* locks per 64-byte line, by hash */
#define MEMORY_DESCRIPTORS 131072u /* descriptors that are told apart; higher ones are taken to block */

/* Open-addressing hash index from a key's hash to a row; the row itself holds the key. */
struct row_index {
    uint32_t *rows; /* 0 = free */
    uint32_t mask;
};

/* What publication and reuse need to know about an object; index = object row. */
struct object_birth {
    uint32_t releases; /* thread_releases of the creating thread, when it was made */
    uint32_t creates : 31;
    uint32_t referred : 1; /* another row names it: see object_refer */
};

/* Who destroyed an object, and where; index = object row. */
struct destroy {
    uint32_t thread, stack; /* rows; thread 0 = it was not destroyed */
};

/* What a thread gave and took by handovers; index = slot. */
struct handover_count {
    uint32_t latest, from;        /* the segment taken last, and the object it came from */
    uint32_t given, given_to;     /* its own segment that it passed on last, and the mutex */
    uint32_t arrived, arrived_at; /* its own segment when it last came to a rendezvous, and its object */
    uint32_t published, learned;  /* its own segment that it published last, and memory.published as it saw it last */
    uint32_t learns;
    uint32_t made; /* segments because of handovers */
};

/* The threads that passed a barrier together, and those that gather for the next time; see rounds.h. */
struct barrier_rounds {
    uint64_t latest[2]; /* by parity of the round: round << 32 | segment of the latest arrival */
    uint64_t arrivals;
    uint32_t parties; /* 0 = not known */
};

#define BLOCK_WAYS 8u
struct block_set {
    uint64_t addresses[BLOCK_WAYS]; /* 0 = free; atomic */
};

struct memory {
    void *base; /* NULL = not open */
    size_t size;
    uint32_t slots;
    uint8_t *slot_used;      /* by slot row; [0] is always 1, until the kernel wipes it in a forked child */
    struct thread **threads; /* by slot row, made when first used */
    char *thread_pool;
    struct row_index objects, acquisitions, stacks, calls, misuses, classes, histograms, charges, peers, failures,
            loops, stalls, heap_paths, shutdowns;
    struct object_birth *births;
    struct destroy *destroys;
    uint8_t *destroyed_filter; /* FILTER_GENERATIONS saturating counts of destroyed objects, by hash of the address */
    uint32_t *contentions;     /* by object row: its CONTENTIONS row, 0 = none */
    uint32_t *handovers;       /* by object row: segment of the thread that signalled it last, 0 = none */
    struct handover_count *handover_counts;
    struct barrier_rounds *rounds; /* by object row, of barriers */
    uint32_t *arrivals;            /* by object row, of condition variables: the latest who waits for it */
    uint8_t *monitors;             /* by object row: handover_monitor */
    uint32_t published;            /* the latest segment of handover_publish, 0 = none; atomic */
    uint32_t *sighted;             /* by acquisition row: witnesses beyond the first, counted or kept */
    uint64_t *derived;       /* by acquisition row: parent << 32 | the row that last stood for it under that parent */
    uint64_t *stack_objects; /* by stack row: which locks were taken there, one bit each by hash */
    uint32_t *stack_class;   /* by stack row: locks taken there are one class, named by this stack; 0 = not */
    uint8_t *stack_pinned;   /* by stack row: every lock taken there is recorded in full */
    uint32_t *wait_sites;    /* by acquisition row: WAIT_SITES row, 0 = none */
    uint32_t *conds;         /* by object row: CONDS row, 0 = none */
    uint32_t *tid_slots;     /* THREAD_IDS slots, by the kernel's thread id; a hint to be checked */
    uint32_t *stack_slots;   /* THREAD_IDS slots, by the end of the stack of the latest thread there; a hint, too */
    uint32_t *thread_ids;    /* THREAD_IDS rows; 0 = free */
    uint32_t *generations;   /* FILTER_GENERATIONS */
    uint8_t *grains;         /* by 32 bytes of memory, saturating counts of followed blocks: see suspect.h */
    uint8_t *lines;          /* saturating counts of locks */
    uint8_t *descriptors;    /* enum descriptor_mode */
    uint32_t *heap_sites;    /* by stack row: HEAP_SITES row, 0 = none */
    struct block_set *block_sets;
    struct heap_block *blocks;                                /* BLOCK_WAYS for each set */
    uint32_t block_mask;                                      /* of sets */
    uint32_t *quarantine;                                     /* a ring of blocks that are kept for a while, 0 = free */
    struct gone_block *gone;                                  /* GONE_BLOCKS: gone.h */
    uint64_t quarantine_in, quarantine_out, quarantine_bytes; /* atomic */
    uint64_t unknown_frees; /* of addresses that are no known block's, with heap=exact; atomic */
    uint64_t heap_samples;  /* taken so far; atomic */
    uint64_t allocator_due; /* when the allocator may be asked next for its figures, ticks; atomic */
    uint32_t shutdown_arrivals,
            shutdown_row;    /* signals to end that came, and the row of the latest: shutdown.h; atomic */
    uint64_t shutdown_ticks; /* when that one did; atomic */
    uint64_t alarm_ticks;    /* when an alarm goes off, 0 = none is set: await.h; atomic */
    /* Written with each thread, hence in a cache line of their own; both atomic. */
    uint32_t slots_taken __attribute__((aligned(64)));
    uint32_t spare_thread_row; /* of a thread that was expected and never came, 0 = none */
};
extern HIDDEN struct memory memory;

/* False in a child that was forked without any handler, before recording began anew there. */
static inline bool memory_alive(void)
{
    return memory.base && RELAXED_LOAD(&memory.slot_used[0]);
}

/*
 * Finds a row by hash, or inserts one. `same` compares a row with the key; `make` claims and fills a new row (0 = no
 * room) but does not publish it; `state` of the row is published before the index shows it. Lock-free: when two threads
 * insert the same key at once, one row is wasted and stays unpublished.
 */
struct index_ops {
    bool (*same)(uint32_t row, const void *key);
    uint32_t (*make)(const void *key);
    void (*publish)(uint32_t row);
};
uint32_t index_get(struct row_index *index, uint64_t hash, const struct index_ops *ops, const void *key);
uint32_t index_find(const struct row_index *index, uint64_t hash, const struct index_ops *ops, const void *key);
/* Puts `row` where `old` stood (same key, next generation). false: another thread was first. */
bool index_replace(struct row_index *index, uint64_t hash, uint32_t old, uint32_t row);
#endif

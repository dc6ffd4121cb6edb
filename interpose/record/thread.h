/*
 * thread.h - one recorded thread: its private working state, and its slot and row in the trace.
 *
 * The private part lies in memory that the kernel wipes on fork (MADV_WIPEONFORK), so in a child made by any means,
 * even a raw clone, `guard` reads 0 and the very first wrapper notices; no store can reach the parent's trace.
 *
 * Everything here is called by the thread itself unless said otherwise.
 */
#ifndef KIWI_THREAD_H
#define KIWI_THREAD_H

#include "region.h"

enum heap_recording { HEAP_OFF, HEAP_COUNT, HEAP_SAMPLE, HEAP_EXACT };

/* What the user chose to record; set once at start. */
struct record_settings {
    bool locks_off, io_off;      /* domains that pass through; the heap only lends names to locks and stays on */
    bool events_off, events_all; /* the flight recorder */
    uint64_t tick_budget_ns, retry_gap_ns;
    enum heap_recording heap;
    bool heap_hot; /* every allocation is counted by call path, in ticks and scopes or not */
    bool leaks_off;
    uint64_t heap_rate; /* bytes from one sample to the next, in the mean */
};
extern HIDDEN struct record_settings record_settings;

/* Values of thread.guard. Any other value is the stack address of the recorder's frame: the recorder is at work. */
#define GUARD_WIPED 0u /* after fork, or never attached */
#define GUARD_IDLE 1u
#define GUARD_ENDED 2u    /* past its last destructor: pass everything through */
#define GUARD_VFORK 3u    /* between vfork and the parent's next wrapped call */
#define GUARD_LEFT_OUT 4u /* found no slot: not recorded until one is free */

#define THREAD_BLOCKS 128        /* latest heap blocks, to name the block that holds a new lock */
#define THREAD_STACK_HEADS 512   /* buckets of the stack cache */
#define THREAD_CACHE_STEPS 4     /* times 4 each: 256, 1,024, 4,096, 16,384 lines */
#define THREAD_HELD_STEPS 4      /* times 8 each: 320 .. 163,840 locks */
#define THREAD_STACK_ARENA 16384 /* bytes of stack cache before a larger arena is mapped */

#define THREAD_OUTER_BLOCKS 8 /* earlier ones, got by functions that still run: see recent_block_keep */

struct recent_block {
    uintptr_t address;
    uintptr_t caller; /* return address */
    uint32_t size;    /* bytes as asked for, at most 4 GiB */
    uint32_t depth;   /* low half of the stack pointer at the call */
};

struct stack_entry;

/* An object that the thread has looked up lately. */
struct known_object {
    uintptr_t address; /* 0 = none */
    uint32_t stamp;    /* acquisition_stamp */
    uint32_t object;
};
#define THREAD_SEMAPHORES 4

/* A span of time in which a thread could not go on, and by which row that is known. */
struct thread_span {
    uint32_t row;
    uint64_t begin, end; /* ticks */
};

/* A wait for a lock that has begun: what its holder was doing then. */
struct thread_wait {
    uint64_t since, grants;
    uint32_t contention; /* row of the lock, 0 = none */
    uint32_t holder_slot, holder_thread, holder_stack, cause, cause_row;
};

/* What is to be entered into the tables of contention.h when the lock is free again, or some time later. */
#define THREAD_UNSETTLED 16
struct thread_unsettled {
    bool wait, hold;
    struct thread_wait waited;
    uint32_t wait_row; /* ACQUISITIONS */
    uint64_t wait_until, united;
    uint32_t hold_row, object, stack, weight;
    uint64_t take, hold_ticks, pressed_ticks, hold_until; /* hold_ticks 0: not timed; pressed_ticks 0: nobody waited */
    uint32_t pressed_weight;                              /* holds that this one stands for, if pressed_ticks */
    bool heap;                                            /* allocations in it were counted: */
    uint64_t heap_calls, heap_bytes;
    uint32_t heap_stack;
};

/* Processor time at some moment, to tell later whether the thread ran since. */
struct thread_reading {
    uint64_t ticks, cpu_ns, switches, blocked; /* involuntary switches; blocked_ticks */
    uint64_t sleeps;                           /* voluntary switches */
};

/* The rows of a histogram that were used last, by their exponents' last bits: see histogram.h. */
#define HISTOGRAM_NEAR 4
struct histogram_near {
    uint32_t rows[HISTOGRAM_NEAR]; /* 0 = none */
    uint8_t exponents[HISTOGRAM_NEAR];
};

/* Waits of its loop for events that are yet to be entered into the call's row: see idle.h. */
#define THREAD_IDLE 8
struct thread_idle {
    uint32_t row, count;
    uint32_t entered; /* of this row, one by one */
    uint64_t last;    /* ticks at which the latest one ended */
    uint64_t ticks[THREAD_IDLE];
    struct histogram_near near;
};

/* What a thread had allocated when a tick or a scope began: see heap_path.h. */
struct heap_mark {
    bool timed;
    uint64_t calls, bytes, spent, timed_calls; /* heap_calls, thread_heap_bytes, heap_spent, heap_timed of the thread */
};

/* A semaphore that let the thread in, so many times: see KIWI_OBJECT_PERMITS. */
#define THREAD_PERMITS 2
struct thread_permit {
    uintptr_t address;
    uint32_t object, count; /* 0 = free */
};

/* The event loop that a thread runs, if it runs one: see loop.h. */
#define THREAD_LOOP_PARTS 6
#define THREAD_LOOP_MEASURED 4
#define THREAD_LOOP_HISTOGRAMS 8
#define THREAD_LOOP_NO_ROW UINT8_MAX
/* What a quick tick reads and writes comes first, in as few cache lines as can be: between two ticks the kernel, the
 * service and its peers have used them all for something else. */
struct thread_loop {
    uint32_t stack, row; /* of the wait to which the thread keeps returning; LOOPS, 0 = not a loop yet */
    uint64_t begin;      /* ticks; of the tick, as all down to `locked` */
    uint64_t quick;      /* no tick up to this one needs more than counting (tick.h); 0 = each does */
    uint64_t born;       /* ticks, when the thread opened a descriptor last */
    uint64_t anew;       /* `begin` of the tick since when all that it is to wait for was opened */
    uint64_t sources[2]; /* the first and the last event */
    uint32_t events;
    uint32_t part_count;
    uint64_t blocked, locked;
    uint64_t cpu_ticks;   /* a reading of the processor time, at `begin` or before */
    uint64_t reading_gap; /* ticks of the clock, to the next one */
    uint32_t stall_count;
    uint32_t other_returns; /* see `other` */
    /* HISTOGRAMS rows used lately, by their exponents' last bits; an exponent without a row is THREAD_LOOP_NO_ROW. */
    uint8_t exponents[THREAD_LOOP_HISTOGRAMS];
    struct heap_mark heap;
    uint32_t histograms[THREAD_LOOP_HISTOGRAMS];
    /* Above: quick ticks. */
    uint64_t cpu_ns;                    /* that reading */
    uint64_t budget;                    /* ticks of the clock */
    uint32_t stalls[THREAD_LOOP_PARTS]; /* rows of the tick before, stall_count of them */
    bool own;                           /* no other thread writes to the row */
    uint32_t depth;                     /* of the stack of the wait */
    uint32_t returns;                   /* from there, before it counts as a loop */
    uint32_t other;   /* another place where it waited lately, other_returns times since it last came to its own */
    const char *name; /* of a loop that the program tells of, NULL = of one that was found */
    struct kiwi_tick_part parts[THREAD_LOOP_PARTS];
    uint64_t floor; /* a tick has to be longer to be among the worst */
    uint32_t measured[THREAD_LOOP_MEASURED], measures[THREAD_LOOP_MEASURED]; /* rows of CALLS; how often still */
    struct histogram_near heap_calls, heap_bytes, heap_ticks;                /* of its ticks that allocate */
};

#define THREAD_SCOPES 8 /* open at a time */
struct thread_scope {
    const char *name;
    uint32_t row; /* LOOPS */
    uint64_t begin;
    struct heap_mark heap;
};

/* A call path that allocates in ticks and scopes: see heap_path.h. */
#define THREAD_HEAP_LINES 128
struct heap_line {
    uint32_t loop, stack; /* stack 0 = free */
    uint32_t row;         /* HEAP_PATHS, 0 = no room */
    bool own;             /* no other thread writes to it */
};

#define THREAD_TRIES 4
struct thread_try {
    uint32_t charge, row;
    uint64_t run, begin, made;
};

/* A run of failures of one call that goes on: see failure.h. */
#define THREAD_STREAKS 4
struct thread_streak {
    uint32_t row; /* FAILURES, 0 = free */
    uint32_t call_row, descriptor, kind;
    uint64_t begin, last; /* ticks at which the first and the latest attempt began */
    uint64_t blocked;     /* blocked_ticks when the latest had ended */
    uint64_t ended;
    uint64_t attempts, min, max, even_first, best_even_first;
    uint32_t waited, rushed, best_rushed, even, best_even;
    uint32_t worked, works; /* gaps with other work in them; `works` of the thread when the latest had ended */
    uint64_t times[KIWI_STREAK_TIMES];
};

/* Exchanges with one peer, one right after the other: see exchange.h. */
struct thread_burst {
    int32_t fd;
    uint32_t peer; /* 0 = none goes on */
    uint32_t stack, count, alike;
    uint32_t polls;    /* of a connection that does not block: waits for it alone, 0 = it does block */
    uint32_t segments; /* that had been sent, at the second of these, */
    uint64_t moved;    /* and bytes sent and received */
    uint64_t bytes, begin, end, blocked;
};

/* Signals let in by sigprocmask, and what the thread had done by then: see let_in.h. */
struct thread_let_in {
    uint64_t signals, heap_calls, blocked;
    uint32_t releases;
    uint64_t passing; /* that a call which goes on may let in, */
    uintptr_t passing_at;
    uintptr_t quiet_at; /* the signal frame of a handler that interrupted nothing, 0 = none, */
    uint64_t quiet_wait;
};

struct thread {
    uintptr_t guard;
    struct kiwi_slot *slot; /* never changes: other threads look at it, also while the slot changes its owner */
    struct kiwi_held *held; /* from here on, thread_attach makes all 0 */
    struct kiwi_cache_entry *cache;
    uintptr_t inside; /* a place in the frame of the wrapper whose real call waits or sends a signal; 0 = none */
    uint32_t cache_mask;
    uint32_t chain; /* acquisition row that stands for the first `chained` held locks, 0 = none */
    uint32_t chained;
    uint32_t epoch;        /* bumped to make every cache line stale: new segment, cache moved */
    uint32_t module_epoch; /* of the stack cache */
    uint32_t quick_epoch;  /* the same, or never the same where no lock may take the quick way (thread_epoch_set) */
    uint16_t cache_step, held_step; /* how often they have grown */
    uint32_t blocks_kept;           /* the latest heap blocks are: recent_block.h */
    uint32_t evictions;             /* of cache lines, since eviction_since (ticks) */
    uint32_t hold_tick;             /* counts acquisitions recorded in full, to time some holds */
    uint32_t random;                /* state of a xorshift generator, for sampling */
    uint32_t heap_period;           /* with which heap_next was drawn; 0 = not drawn yet */
    uint64_t heap_calls;  /* exact: allocations of this thread so far; the low bits are the next place in `blocks` */
    uint64_t heap_left;   /* bytes to the allocation that is looked at next: one of so many or more */
    uint64_t heap_next;   /* thread_heap_bytes when heap_left will be 0 */
    uint64_t heap_timing; /* heap calls are timed: bit 0 for the tick, the next ones for scopes */
    uint64_t heap_drawn;  /* heap_next as it was drawn, while the next allocation is looked at anyway */
    /* Calls on non-blocking descriptors: to the next one that is recorded, the mean gap between those, and how many
     * were at this gap. */
    uint16_t untimed_tick, untimed_interval, untimed_samples;
    uint16_t streak_count;  /* of `streaks` that are in use */
    uint32_t again;         /* calls in a row that returned EAGAIN, with neither a wait nor a success in between */
    uint32_t tick_loop;     /* LOOPS row of the loop whose tick the thread is in, 0 = none */
    uint32_t heap_pieces;   /* ticks and scopes so far, to time some */
    uint32_t heap_weight;   /* of the latest tick: heap_path_weight */
    uint64_t blocked_ticks; /* in calls and waits for locks, in all */
    /* Above: the hot path's cache lines. */
    uint64_t eviction_since;
    uint64_t unwind_at; /* ticks, and the time that it might spend on unwinding stacks then: stack.c */
    int64_t unwind_credit;
    uint32_t row, serial, thread_class;
    uint32_t slot_index;
    uint32_t segment;       /* current, 0 = none made yet */
    uint32_t segment_other; /* what the next segment comes after (creator's or joined thread's), 0 = nothing new */
    bool segment_stale;     /* a create or join since `segment`: the next dependency needs a new one */
    bool segment_handed;    /* that is because of a handover */
    bool foreign;
    uint8_t strange_blocks; /* locks in a row of which nobody knew the block: see object.c */
    uint8_t inside_checks;  /* heap calls looked at since inside_checked was `inside` */
    uintptr_t inside_checked;
    uintptr_t waits_at;         /* about where the frame of the latest wait for a lock is */
    uintptr_t asked;            /* a function outside that the recorder is in the middle of calling, 0 = none */
    uint8_t exit_rounds;        /* key destructor rounds so far */
    uint32_t creates;           /* threads made */
    uint32_t polls;             /* how often the latest lock was taken again, with no other in between */
    uint32_t poll_releases;     /* thread_releases at the latest lock that was recorded in full */
    uintptr_t waited_mutex;     /* with which it last waited on a condition variable: wait_site.h */
    uint64_t look, look_before; /* its latest pass of a look site, and the one before it there (ticks) */
    uint8_t look_sites;         /* that it has made */
    bool stack_objects;         /* made objects on its own stack */
    int32_t tid;
    uint32_t inherited; /* locks that it may hold from before a fork, beside those on the held array */
    int32_t fork_tid;   /* in a forked child: its tid in the parent, by which it owns what it locked there */
    int32_t vfork_tid;
    uintptr_t fork_sp; /* and about where its stack was then; 0 = it is no such child, or not known */
    struct thread_let_in let_in;
    uintptr_t stack_low, stack_high;
    struct known_object semaphores[THREAD_SEMAPHORES]; /* by address */
    struct thread_permit permits[THREAD_PERMITS];
    /* Contention. Of these, other threads write the first two and read the latest call and wait. */
    uint32_t pressed_object; /* object that the latest comer waits for */
    uint64_t pressed_since;  /* when a hold was first found with somebody waiting for its end */
    struct thread_span latest_call, latest_wait;
    struct thread_wait waiting;
    struct thread_unsettled unsettled[THREAD_UNSETTLED];
    uint32_t kept_back;  /* entries of that; the present one is behind them */
    uint32_t settled;    /* entries so far */
    uint64_t settled_at; /* ticks, the latest one */
    struct thread_reading reading;
    uint64_t reading_gap;                      /* ticks until the next one, 0 = the least */
    uintptr_t heap_lock;                       /* a lock whose hold is timed: allocations in it are counted; 0 = none */
    uint64_t heap_lock_calls, heap_lock_bytes; /* heap_calls and thread_heap_bytes when it was taken */
    uint32_t heap_lock_stack;                  /* of the first allocation since, 0 = none yet */
    uintptr_t sampled;                         /* lock whose hold is a sample, of this weight */
    uint32_t sampled_weight, sampled_pressed;
    uint64_t sampled_take;
    uint32_t charge; /* used last */
    struct thread_try tries[THREAD_TRIES];
    struct thread_streak streaks[THREAD_STREAKS];
    uint32_t successes; /* calls that succeeded while some of those went on, */
    uint32_t works;     /* and those of them that open, read or write something */
    struct thread_burst burst;
    uint64_t asked_from;    /* peer_accepted: the time up to which the room for questions is spent */
    uint32_t regular_stack; /* a call path that opens files without waiting, */
    uint32_t regular_count; /* and how many regular ones in a row (descriptor.c) */
    uintptr_t closed_at;    /* return address of the latest close, */
    int32_t closed;         /* its descriptor, */
    uint32_t sweep;         /* how many it closed in a row by number, */
    bool sweep_unknown;     /* and whether one of them had never been open */
    uint32_t scope;         /* LOOPS row of the innermost open scope, 0 = none */
    uint32_t scope_depth;
    uint32_t intakes, intakes_since; /* connections taken since that signal to end (its number): shutdown.h */
    struct thread_scope scopes[THREAD_SCOPES];
    uint64_t heap_since, heap_spent; /* when the present timed heap call began, and the time in all earlier ones */
    uint64_t heap_timed;             /* heap calls that heap_spent is of */
    uint64_t heap_clock;             /* what reading the clock twice takes */
    uintptr_t heap_judged;   /* a delete of it was invalid, and that is said: the free that it ends in is, too */
    uintptr_t heap_moving;   /* the block in a realloc that goes on: glibc's reallocarray calls realloc */
    uint64_t heap_accounted; /* ticks at which that is due again: heap_account.h */
    struct heap_line heap_lines[THREAD_HEAP_LINES];
    struct thread_loop loop __attribute__((aligned(64)));
    struct thread_idle idle;
    uintptr_t freed_lock; /* held when its block was freed, the last one; 0 = none (leftover.h) */
    struct recent_block blocks[THREAD_BLOCKS], outer_blocks[THREAD_OUTER_BLOCKS];
    uint32_t outer_since[THREAD_OUTER_BLOCKS]; /* heap_calls when they were put there */
    uint64_t blocks_until;                     /* heap_calls up to which they are kept if nobody asks */
    uint64_t blocks_from;                      /* since which they are, if not from the beginning: */
    uint32_t blocks_anew;                      /* so often that was begun anew */
    /* From here on, what one owner of the slot leaves to the next. The stack cache, to one that runs on the same stack:
     * what a short thread has unwound need not be unwound by all that come after it. */
    char first_arena[THREAD_STACK_ARENA] __attribute__((aligned(16)));
    char *arena; /* the first or a larger one */
    uint32_t arena_used, arena_size;
    struct stack_entry *stacks[THREAD_STACK_HEADS];
    struct stack_entry *predicted[THREAD_STACK_HEADS];
    uintptr_t cached_low, cached_high; /* the stack whose paths those are, */
    uint32_t cached_epoch;             /* and the module_epoch of its owner that ended */
    uint32_t walks;                    /* along the entries of a bucket */
    /* Rows that the trace gave for larger caches and held arrays, by step of growth, 0 = not yet. */
    uint32_t cache_rooms[THREAD_CACHE_STEPS], held_rooms[THREAD_HELD_STEPS];
};

/* How a thread came to be; all fields may be 0. */
struct thread_birth {
    uint32_t row, serial; /* by thread_expect */
    uint32_t creator;     /* thread row */
    uint32_t create_stack;
    uintptr_t start_function;
    uint32_t segment; /* the creator's segment at creation */
    uint32_t flags;   /* KIWI_THREAD_* */
    int32_t tid;      /* 0 = ask the kernel */
    int32_t fork_tid;
    uintptr_t pthread_id;
    uintptr_t stack_low, stack_high;
    const char *name; /* NULL = ask the kernel */
};

/* Makes the working memory for up to `slots` threads plus the process-wide indexes. false = no memory. Tests call it
 * after region_open_memory. */
bool recorder_memory_open(void);
void recorder_memory_close(void);
/* In a forked child, instead of closing: the parent's memory stays mapped, wiped, so that a call which a signal handler
 * interrupted to fork finds in the child that its thread is no longer recorded. */
void recorder_memory_inherited(void);
/* After that, in a child that is not recorded: what such a call looks up is there, and empty. */
void recorder_memory_left(void);

/* Takes row and serial for a thread that is about to be made: it can be waited for before it runs. Called by its
 * creator, which then tells its pthread_t, or that there will be no such thread (as the thread itself does if it is not
 * attached). */
void thread_expect(struct thread_birth *birth);
void thread_expected_is(uint32_t row, uint32_t serial, const uintptr_t *pthread_id);
void thread_not_expected(uint32_t row);

/* A thread ready to record, or NULL when no slot is left (counted). The caller makes it current. */
struct thread *thread_attach(const struct thread_birth *birth);
/* Folds and frees the slot; the row stays. Any held locks are still in the trace's row counts. */
void thread_detach(struct thread *t);
/* So that nobody will ask for the row by the thread's id. */
void thread_detach_unasked(struct thread *t);
int32_t thread_tid(void); /* the kernel's id of the calling thread; usually without a system call */
/* Joined or detached (flag): a thread that nobody need ask for any more. row 0: one that is not known. Any thread. */
void thread_settled(uint32_t row, uint32_t serial, uint32_t flag);
void thread_name(uint32_t row, const char *name);

/* Order by create and join, and by signals (handover.h), told apart by this bit of segment_other. */
#define SEGMENT_SIGNALLED 0x80000000u
uint32_t thread_segment(struct thread *t);     /* the current segment's row, made if needed; 0 = no room */
void thread_created_another(struct thread *t); /* after pthread_create returned */
/* What a thread made now, or one that joins this one, comes after. */
uint32_t thread_segment_at_handover(struct thread *t);
void thread_joined(struct thread *t, uint32_t joined_row);

/* So many segments come from its handovers that no more of those are noted. */
#define HANDOVERS_MAX 64u
bool thread_handed_enough(const struct thread *t);

bool thread_room(void); /* there is a slot for one more thread */

struct thread *thread_of_row(uint32_t row);
/* The row of a live thread by the kernel's id, as a mutex keeps its owner; 0 = not found. One look, whatever the number
 * of threads: asked at every contended lock. */
uint32_t thread_row_of_tid(int32_t tid);
/* The row of the youngest thread with this pthread_t that can still be asked for; 0 = unknown. Ids are reused. */
uint32_t thread_row_of_id(uintptr_t pthread_id);

/*
 * held_count and want of the slot are one word: a reader never sees one without the other, and a lock operation stores
 * once. The upper bits of want count what the thread let go: what could have published an object to other threads.
 */
static ALWAYS_INLINE void slot_state_set(struct thread *t, uint32_t held_count, enum kiwi_want want, uint32_t releases)
{
    struct kiwi_slot *s = t->slot;
    uint32_t count = (s->want & ~0xffu) + (releases << 8);
    COMPILER_BARRIER(); /* what it describes is written before; x86-64 keeps the order of stores */
    RELAXED_STORE((uint64_t *)(void *)&s->held_count, (uint64_t)(count | want) << 32 | held_count);
    COMPILER_BARRIER();
}

/* Exact: bytes that this thread has asked for so far. */
static ALWAYS_INLINE uint64_t thread_heap_bytes(const struct thread *t)
{
    return t->heap_next - t->heap_left;
}

/* The next allocation to be looked at is the one that comes to so many bytes, or if that is past, the next one. What is
 * further than 4 GiB away comes in steps: blocks that are not looked at are smaller than that. */
static inline void thread_heap_next(struct thread *t, uint64_t next)
{
    uint64_t bytes = thread_heap_bytes(t);
    if (next > bytes && next - bytes > UINT32_MAX) {
        t->heap_drawn = next;
        next = bytes + UINT32_MAX;
    }
    t->heap_next = next > bytes ? next : bytes;
    t->heap_left = t->heap_next - bytes;
}

/* Counts an allocation. true: it is to be looked at. A signal handler may allocate in between at any time. */
static ALWAYS_INLINE bool thread_heap_count(struct thread *t, size_t size)
{
    uint64_t left = t->heap_left;
    t->heap_left = left - size;
    t->heap_calls++;
    if (likely(left > size))
        return false;
    t->heap_next -= t->heap_left;
    t->heap_left = 0;
    return true;
}

/* A step of the thread's xorshift generator. */
static inline uint32_t thread_random(struct thread *t)
{
    uint32_t x = t->random;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return t->random = x;
}

/* That word as a number, for the steps that change it by a constant and leave the rest as it is. */
#define SLOT_ONE_HELD ((uint64_t)1)
#define SLOT_ONE_RELEASE ((uint64_t)1 << 40)
#define SLOT_WANTS(want) ((uint64_t)(want) << 32)
#define SLOT_WANT SLOT_WANTS(0xff)
static ALWAYS_INLINE uint64_t slot_state(const struct thread *t)
{
    return RELAXED_LOAD((const uint64_t *)(const void *)&t->slot->held_count);
}

static ALWAYS_INLINE void slot_state_put(struct thread *t, uint64_t state)
{
    COMPILER_BARRIER();
    RELAXED_STORE((uint64_t *)(void *)&t->slot->held_count, state);
    COMPILER_BARRIER();
}

static ALWAYS_INLINE uint32_t thread_releases(const struct thread *t)
{
    return t->slot->want >> 8;
}

static inline void thread_epoch_set(struct thread *t, uint32_t module_epoch)
{
    t->module_epoch = module_epoch;
    t->quick_epoch = record_settings.locks_off || record_settings.events_all ? ~module_epoch : module_epoch;
}

/* `now` as clock_ticks has just told. */
void clock_pair_note(uint64_t now);
void event_add_at(struct thread *t, enum kiwi_event_kind kind, uint32_t row, uint64_t value, uint64_t value2,
                  uint64_t now);
void event_add(struct thread *t, enum kiwi_event_kind kind, uint32_t row, uint64_t value, uint64_t value2);
#endif

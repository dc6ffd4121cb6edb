#include "history.h"

#include "../../analysis/place.h"
#include "../../interpose/base/clock.h"
#include "../../interpose/record/acquisition.h"
#include "../../interpose/record/call.h"
#include "../../interpose/record/condition.h"
#include "../../interpose/record/contention.h"
#include "../../interpose/record/handover.h"
#include "../../interpose/record/leftover.h"
#include "../../interpose/record/misuse.h"
#include "../../interpose/record/recent_block.h"
#include "../../interpose/record/rounds.h"
#include "../../interpose/record/stack.h"
#include "../../interpose/record/wait_site.h"

#include "loop_step.h"
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REGION_SIZE (64u << 20)
#define LOCKS_AT 0x10000000ull
#define PLACES_AT 0x400000ull
#define MS_DEFAULT 1000u

struct actor {
    struct thread *t;
    uint32_t row, want_row;
    uint64_t since;
    bool timed;
    uint32_t want_word;
    struct call_record call;
    uint32_t cond; /* it waits for */
    uintptr_t cond_mutex;
    uint32_t stack_flags; /* of what it does: KIWI_STACK_HANDLER, or KIWI_STACK_SHORT */
};

struct history {
    struct names threads, locks, places, events;
    struct actor *actors;
    uint8_t *kinds, *types; /* of locks */
    struct trace *trace;
    struct model *model;
    struct review *review;
    unsigned lasts_ms;
};

/* One statement, cut into words. */
struct statement {
    char text[256], thread[WORD], verb[WORD], object[WORD], place[WORD];
};

static struct history *current; /* object_facts_of has no argument for it */

static void die(const char *what, const char *where)
{
    fprintf(stderr, "history: %s: %s\n", what, where);
    abort();
}

static uintptr_t lock_address(uint32_t lock)
{
    return LOCKS_AT + lock * 0x1000ull;
}

static uint64_t place_address(uint32_t place)
{
    return PLACES_AT + place * 0x10ull;
}

static void facts_of(uintptr_t address, struct object_facts *facts)
{
    uint32_t lock = (uint32_t)((address - LOCKS_AT) / 0x1000);

    *facts = (struct object_facts){.address = address, .kind = current->kinds[lock], .type = current->types[lock]};
}

struct history *history_open(void)
{
    struct history *h = calloc(1, sizeof *h);

    if (!h || !(h->threads.items = calloc(NAMES_MAX, sizeof *h->threads.items)) ||
        !(h->locks.items = calloc(NAMES_MAX, sizeof *h->locks.items)) ||
        !(h->places.items = calloc(NAMES_MAX, sizeof *h->places.items)) ||
        !(h->events.items = calloc(NAMES_MAX, sizeof *h->events.items)) ||
        !(h->actors = calloc(NAMES_MAX, sizeof *h->actors)) || !(h->kinds = malloc(NAMES_MAX)) ||
        !(h->types = calloc(NAMES_MAX, 1)))
        die("out of memory", "history_open");
    memset(h->kinds, KIWI_OBJECT_MUTEX, NAMES_MAX);
    h->lasts_ms = MS_DEFAULT;
    clock_init();
    if (!region_open_memory(REGION_SIZE) || !recorder_memory_open())
        die("out of memory", "the recorder");
    region.header->pid = 999999999; /* above pid_max: never a live process */
    region.header->ticks_per_second = clock_state.ticks_per_second;
    region.header->clock_kind = clock_state.tsc ? KIWI_CLOCK_TSC : KIWI_CLOCK_MONOTONIC_NS;
    region.header->start_ticks = clock_ticks();
    region.header->start_realtime_ns = 1700000000000000000ull;
    region.header->clock[0] = (struct kiwi_clock_pair){region.header->start_ticks, 1000000000};
    region.header->recording = 1;
    region.header->executable = region_string("/usr/bin/example", 16);
    region_publish(&region.header->state, KIWI_ROW_LIVE);
    current = h;
    object_facts_of = facts_of;
    return h;
}

void history_close(struct history *h)
{
    review_free(h->review);
    model_close(h->model);
    trace_close(h->trace);
    if (region.header) {
        recorder_memory_close();
        region_close_memory();
    }
    current = NULL;
    free(h->threads.items);
    free(h->locks.items);
    free(h->places.items);
    free(h->events.items);
    free(h->actors);
    free(h->kinds);
    free(h->types);
    free(h);
}

void history_lasts(struct history *h, unsigned ms)
{
    h->lasts_ms = ms;
}

static struct actor *actor_of(struct history *h, const char *name, const struct thread_birth *birth)
{
    uint32_t number = name_number(&h->threads, name, true);
    struct actor *a = &h->actors[number];

    if (!a->t) {
        struct thread_birth own = birth ? *birth : (struct thread_birth){0};

        own.tid = (int32_t)(1000 + number);
        own.pthread_id = 0x7000000000ull + number * 0x1000ull;
        own.start_function = own.start_function ? own.start_function : 0x300000ull + number;
        own.name = name;
        a->t = thread_attach(&own);
        if (!a->t)
            die("no room for a thread", name);
        a->row = a->t->row;
    }
    return a;
}

static uint32_t statement_stack(struct history *h, const struct statement *s)
{
    uint64_t frames[2] = {place_address(name_number(&h->places, s->place, true)), PLACES_AT - 1};
    const struct actor *a = &h->actors[name_number(&h->threads, s->thread, true)];

    return stack_intern(frames, a->stack_flags & KIWI_STACK_SHORT ? 1 : 2, a->stack_flags);
}

static uintptr_t statement_lock(struct history *h, const struct statement *s)
{
    if (!s->object[0])
        die("no lock named", s->text);
    return lock_address(name_number(&h->locks, s->object, true));
}

/* What the lock wrappers do around a real call that is granted at once. */
static void take(struct thread *t, uintptr_t address, uint32_t word)
{
    struct kiwi_cache_entry *line = acquisition_line(t, address, word);

    if (!acquisition_taking(t, address, word, line->row))
        die("no room for a held lock", "take");
    line->count++;
    t->held[t->slot->held_count].since = clock_ticks();
    if (line->row && t->chained == t->slot->held_count) {
        t->chained++;
        t->chain = line->row;
    }
    acquisition_taken(t);
    wait_site_taken(t);
}

static bool take_again(struct thread *t, uintptr_t address)
{
    int at = acquisition_held(t, address);

    if (at >= 0)
        t->held[at].count++;
    return at >= 0;
}

static void let_go(struct thread *t, uintptr_t address, const struct statement *s)
{
    int at = acquisition_held(t, address);

    if (at < 0)
        die("not held", s->text);
    if (t->held[at].count > 1) {
        t->held[at].count--;
        return;
    }
    acquisition_want(t, KIWI_WANT_RELEASING);
    acquisition_released(t, at);
    acquisition_want(t, KIWI_WANT_NONE);
    contention_settle(t);
}

static const struct lock_verb {
    const char *verb;
    enum kiwi_mode mode;
    enum kiwi_how how;
} lock_verbs[] = {
        {"lock", KIWI_MODE_WRITE, KIWI_HOW_LOCK},       {"trylock", KIWI_MODE_WRITE, KIWI_HOW_TRY},
        {"timedlock", KIWI_MODE_WRITE, KIWI_HOW_TIMED}, {"rdlock", KIWI_MODE_READ, KIWI_HOW_LOCK},
        {"wrlock", KIWI_MODE_WRITE, KIWI_HOW_LOCK},     {"tryrdlock", KIWI_MODE_READ, KIWI_HOW_TRY},
};

static const struct lock_verb want_verbs[] = {
        {"wants", KIWI_MODE_WRITE, KIWI_HOW_LOCK},        {"needs", KIWI_MODE_WRITE, KIWI_HOW_LOCK},
        {"wants-timed", KIWI_MODE_WRITE, KIWI_HOW_TIMED}, {"wants-rd", KIWI_MODE_READ, KIWI_HOW_LOCK},
        {"wants-wr", KIWI_MODE_WRITE, KIWI_HOW_LOCK},
};

static const struct {
    const char *verb;
    enum kiwi_misuse_kind kind;
} misuse_verbs[] = {
        {"relock", KIWI_MISUSE_RELOCK},
        {"relock-timed", KIWI_MISUSE_RELOCK_TIMED},
        {"unlock-unheld", KIWI_MISUSE_UNLOCK_UNHELD},
        {"unlock-foreign", KIWI_MISUSE_UNLOCK_FOREIGN},
        {"unlock-refused", KIWI_MISUSE_UNLOCK_REFUSED},
        {"destroy-held", KIWI_MISUSE_DESTROY_HELD},
        {"destroy-waited", KIWI_MISUSE_DESTROY_WAITED},
        {"fork-held", KIWI_MISUSE_FORK_HELD},
        {"fork-wanted", KIWI_MISUSE_FORK_WANTED},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool play_lock(struct history *h, struct actor *a, const struct statement *s)
{
    for (size_t i = 0; i < COUNT(lock_verbs); i++) {
        if (strcmp(s->verb, lock_verbs[i].verb) != 0)
            continue;
        uintptr_t address = statement_lock(h, s);
        if (!take_again(a->t, address))
            take(a->t, address, statement_stack(h, s) | ACQUISITION_KIND(lock_verbs[i].mode, lock_verbs[i].how));
        return true;
    }
    if (strcmp(s->verb, "unlock") != 0)
        return false;
    let_go(a->t, statement_lock(h, s), s);
    return true;
}

static uint32_t holder_row(const struct history *h, uintptr_t address)
{
    for (uint32_t i = 0; i <= h->threads.count; i++)
        if (h->actors[i].t && acquisition_held(h->actors[i].t, address) >= 0)
            return h->actors[i].row;
    return 0;
}

static bool play_want(struct history *h, struct actor *a, const struct statement *s)
{
    for (size_t i = 0; i < COUNT(want_verbs); i++) {
        if (strcmp(s->verb, want_verbs[i].verb) != 0)
            continue;
        a->want_word = statement_stack(h, s) | ACQUISITION_KIND(want_verbs[i].mode, want_verbs[i].how);
        a->want_row = acquisition_line(a->t, statement_lock(h, s), a->want_word)->row;
        a->timed = want_verbs[i].how == KIWI_HOW_TIMED;
        a->since = acquisition_wait_begin(a->t, a->want_row, a->timed ? KIWI_WANT_TIMED : KIWI_WANT_WAITING,
                                          strcmp(s->verb, "needs") == 0 ? holder_row(h, statement_lock(h, s)) : 0);
        return true;
    }
    if (strcmp(s->verb, "waited") == 0) {
        uint64_t ticks = clock_ns_to_ticks((uint64_t)atoi(s->object) * 1000000u);

        a->since -= ticks;
        a->t->waiting.since -= ticks;
        loop_step_ago(a->t, ticks);
        return true;
    }
    if (strcmp(s->verb, "gets") != 0 && strcmp(s->verb, "gives-up") != 0)
        return false;
    acquisition_wait_end(a->t, a->want_row, a->since, 0);
    if (s->verb[1] == 'e')
        take(a->t, statement_lock(h, s), a->want_word);
    else
        acquisition_want(a->t, KIWI_WANT_NONE);
    return true;
}

static bool play_thread(struct history *h, struct actor *a, const struct statement *s)
{
    if (strcmp(s->verb, "create") == 0) {
        struct thread_birth birth = {.creator = a->row, .segment = thread_segment_at_handover(a->t)};

        if (strstr(s->text, " at ")) {
            birth.create_stack = statement_stack(h, s);
            birth.start_function = 0x300000u; /* all the same */
        }

        thread_created_another(a->t);
        if (h->actors[name_number(&h->threads, s->object, true)].t)
            die("the thread runs already", s->text);
        actor_of(h, s->object, &birth);
    } else if (strcmp(s->verb, "join") == 0) {
        uint32_t other = name_number(&h->threads, s->object, false);

        if (!other || h->actors[other].t || !h->actors[other].row)
            die("the thread has not ended", s->text);
        thread_joined(a->t, h->actors[other].row);
        thread_settled(h->actors[other].row, region_thread(h->actors[other].row)->serial, KIWI_THREAD_JOINED);
    } else if (strcmp(s->verb, "detach") == 0) {
        uint32_t other = name_number(&h->threads, s->object, false), row = other ? h->actors[other].row : 0;

        thread_settled(row, row ? region_thread(row)->serial : 0, KIWI_THREAD_DETACHED);
    } else if (strcmp(s->verb, "exit") == 0) {
        region.header->end_kind = KIWI_END_EXIT;
        region.header->end_ticks = clock_ticks() + clock_ns_to_ticks((uint64_t)atoi(s->object) * 1000000u);
    } else if (strcmp(s->verb, "end") == 0) {
        leftover_thread_ends(a->t);
        thread_detach(a->t);
        a->t = NULL;
    } else {
        return false;
    }
    return true;
}

/* As the wrapper of free. */
static void free_block(struct history *h, struct actor *a, const struct statement *s, uintptr_t address)
{
    struct misuse_facts facts;
    uint32_t object = object_find(address);

    if (object && leftover_in_block(object, &facts)) {
        facts.stack = statement_stack(h, s);
        leftover_freed(a->t, &facts);
    }
    object_end_range(address, 64);
}

static bool play_object(struct history *h, struct actor *a, const struct statement *s)
{
    struct object_facts facts;
    uint32_t lock;

    if (strcmp(s->verb, "new") && strcmp(s->verb, "init") && strcmp(s->verb, "destroy") && strcmp(s->verb, "free") &&
        strcmp(s->verb, "recursive") && strcmp(s->verb, "rwlock") && strcmp(s->verb, "normal"))
        return false;
    lock = name_number(&h->locks, s->object, true);
    if (strcmp(s->verb, "recursive") == 0)
        h->types[lock] = KIWI_MUTEX_RECURSIVE;
    else if (strcmp(s->verb, "rwlock") == 0)
        h->kinds[lock] = KIWI_OBJECT_RWLOCK;
    else if (strcmp(s->verb, "destroy") == 0)
        object_end(lock_address(lock));
    else if (strcmp(s->verb, "free") == 0)
        free_block(h, a, s, lock_address(lock));
    if (strcmp(s->verb, "new") == 0) {
        a->t->heap_calls++;
        recent_block_note(a->t, (void *)lock_address(lock), 64, (void *)PLACES_AT, stack_depth_now());
    }
    if (strcmp(s->verb, "new") == 0 || strcmp(s->verb, "init") == 0) {
        facts_of(lock_address(lock), &facts);
        object_init(a->t, &facts, statement_stack(h, s));
    }
    return true;
}

static enum kiwi_call_kind call_kind(const char *name)
{
#define X(id, enumerator, text, group)                                                                                 \
    if (strcmp(name, text) == 0)                                                                                       \
        return KIWI_CALL_##enumerator;
    KIWI_CALLS(X)
#undef X
    if (strcmp(name, "join") == 0)
        return KIWI_CALL_JOIN;
    if (strcmp(name, "futex") == 0)
        return KIWI_CALL_FUTEX_WAIT;
    die("no such call", name);
    return KIWI_CALL_LIMIT;
}

/* Time is not waited for but pretended: what began before is moved back. */
static void pretend_ago(struct actor *a, uint64_t ticks)
{
    loop_step_ago(a->t, ticks);
    a->call.since -= ticks;
    a->t->slot->call_since = a->call.since;
    for (uint32_t i = 0; i < a->t->slot->held_count; i++) {
        struct kiwi_object *o = region_object(object_find(a->t->held[i].address));

        if (o->waiters)
            o->wait_since -= ticks;
    }
}

static bool play_call(struct history *h, struct actor *a, const struct statement *s)
{
    if (strcmp(s->verb, "enter") == 0) {
        uint32_t other = name_number(&h->threads, s->place, false), stack = statement_stack(h, s);

        acquisition_chain(a->t);
        call_enter(&a->call, a->t, call_kind(s->object), stack, KIWI_CALLF_UNTIMED,
                   strcmp(s->object, "join") == 0 && other ? h->actors[other].row : 3);
    } else if (strcmp(s->verb, "leave") == 0) {
        pretend_ago(a, clock_ns_to_ticks((uint64_t)atoi(s->object) * 1000000u));
        a->call.switches = -2; /* no count of context switches was that: the thread gave the processor up itself */
        call_leave(&a->call, 0, 0);
    } else if (strcmp(s->verb, "preempted") == 0) {
        pretend_ago(a, clock_ns_to_ticks((uint64_t)atoi(s->object) * 1000000u));
        call_leave(&a->call, 0, 0);
    } else {
        return false;
    }
    return true;
}

static bool play_condwait(struct history *h, struct actor *a, const struct statement *s)
{
    uintptr_t address;

    if (strcmp(s->verb, "condwait") != 0)
        return false;
    address = statement_lock(h, s);
    let_go(a->t, address, s);
    take(a->t, address, statement_stack(h, s) | ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_COND));
    return true;
}

static uint32_t statement_cond(struct history *h, struct actor *a, const struct statement *s)
{
    struct object_facts facts = {.address = statement_lock(h, s), .kind = KIWI_OBJECT_COND};

    return object_get(a->t, &facts, statement_stack(h, s));
}

static void play_wait(struct history *h, struct actor *a, const struct statement *s)
{
    uint32_t n = a->t->slot->held_count, stack = statement_stack(h, s);

    if (!n || a->cond)
        die("it holds no mutex, or waits already", s->text);
    a->cond = statement_cond(h, a, s);
    a->cond_mutex = a->t->held[n - 1].address;
    condition_wait_site(a->t, (int)n - 1);
    let_go(a->t, a->cond_mutex, s);
    call_enter(&a->call, a->t, KIWI_CALL_COND_WAIT, stack, KIWI_CALLF_UNTIMED, a->cond);
    condition_wait_begin(a->t, a->cond, a->cond_mutex, stack);
}

static bool play_cond(struct history *h, struct actor *a, const struct statement *s)
{
    bool returns = strcmp(s->verb, "returns") == 0, all = strcmp(s->verb, "broadcasts") == 0;

    if (strcmp(s->verb, "blocks-on") == 0) {
        play_wait(h, a, s);
    } else if (all || strcmp(s->verb, "signals") == 0) {
        condition_signal(a->t, statement_cond(h, a, s), all, statement_stack(h, s));
    } else if (returns || strcmp(s->verb, "times-out") == 0) {
        call_leave(&a->call, 0, 0);
        condition_wait_end(a->cond, returns);
        a->cond = 0;
        take(a->t, a->cond_mutex, statement_stack(h, s) | ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_COND));
    } else {
        return false;
    }
    return true;
}

static void wakes_all(struct thread *t, uint32_t object)
{
    handover_wakes_all(t, object);
    handover_give(t, object);
}

static void arrives(struct thread *t, uint32_t object, uint32_t parties)
{
    if (!memory.rounds[object].parties)
        rounds_begin(object, parties);
    rounds_arrive(t, object);
}

static void leaves(struct thread *t, uint32_t object, uint32_t parties)
{
    rounds_leave(t, object, (memory.rounds[object].arrivals + parties - 1) / parties); /* the one that began last */
}

static void passes(struct thread *t, uint32_t object)
{
    handover_monitor(object);
    handover_pass(t, object);
}

static void keeps(struct thread *t, uint32_t object)
{
    (void)object;
    if (handover_publishes(t))
        handover_publish(t);
}

static const struct {
    const char *verb;
    enum kiwi_object_kind kind;
    void (*play)(struct thread *t, uint32_t object);
    void (*play_for)(struct thread *t, uint32_t object, uint32_t parties); /* where that is NULL */
} handover_verbs[] = {
        {"wakes", KIWI_OBJECT_COND, handover_give, NULL},  {"wakes-all", KIWI_OBJECT_COND, wakes_all, NULL},
        {"waits", KIWI_OBJECT_COND, handover_waits, NULL}, {"woken", KIWI_OBJECT_COND, handover_take, NULL},
        {"arrives", KIWI_OBJECT_BARRIER, NULL, arrives},   {"leaves", KIWI_OBJECT_BARRIER, NULL, leaves},
        {"passes", KIWI_OBJECT_MUTEX, passes, NULL},       {"keeps", KIWI_OBJECT_ONCE, keeps, NULL},
};

/* The object of that name, as far as order by handovers goes. */
static bool play_handover(struct history *h, struct actor *a, const struct statement *s)
{
    for (size_t i = 0; i < COUNT(handover_verbs); i++) {
        struct object_facts facts;

        if (strcmp(s->verb, handover_verbs[i].verb) != 0)
            continue;
        facts_of(statement_lock(h, s), &facts);
        facts.kind = (uint8_t)handover_verbs[i].kind;
        uint32_t object = object_get(a->t, &facts, statement_stack(h, s));
        if (handover_verbs[i].play)
            handover_verbs[i].play(a->t, object);
        else
            handover_verbs[i].play_for(a->t, object, (uint32_t)atoi(s->place));
        return true;
    }
    return false;
}

static bool play_handler(struct history *h, struct actor *a, const struct statement *s)
{
    if (strcmp(s->verb, "interrupted") == 0)
        a->stack_flags = KIWI_STACK_HANDLER;
    else if (strcmp(s->verb, "hurried") == 0)
        a->stack_flags = KIWI_STACK_SHORT;
    else if (strcmp(s->verb, "resumed") == 0)
        a->stack_flags = 0;
    else if (strcmp(s->verb, "heap") == 0)
        misuse_note(a->t, &(struct misuse_facts){.kind = KIWI_MISUSE_HEAP_IN_HANDLER, .stack = statement_stack(h, s)});
    else
        return false;
    return true;
}

static bool play_misuse(struct history *h, struct actor *a, const struct statement *s)
{
    for (size_t i = 0; i < COUNT(misuse_verbs); i++) {
        struct object_facts facts;

        if (strcmp(s->verb, misuse_verbs[i].verb) != 0)
            continue;
        facts_of(statement_lock(h, s), &facts);
        struct misuse_facts f = {.kind = misuse_verbs[i].kind, .stack = statement_stack(h, s)};
        acquisition_chain(a->t);
        f.object = object_get(a->t, &facts, f.stack);
        misuse_blame(&f, facts.address);
        misuse_note(a->t, &f);
        return true;
    }
    return false;
}

/* "T1 lock A at f" into words. */
static void parse(const char *text, size_t length, struct statement *s)
{
    char at[WORD] = "", rest[WORD] = "";
    int words;

    *s = (struct statement){0};
    if (length >= sizeof s->text)
        die("statement too long", text);
    memcpy(s->text, text, length);
    words = sscanf(s->text, "%47s %47s %47s %47s %47s %47s", s->thread, s->verb, s->object, at, s->place, rest);
    if (words < 2 || words == 4 || words > 5 || (words == 5 && strcmp(at, "at") != 0))
        die("can not parse", s->text);
    if (words < 5)
        snprintf(s->place, sizeof s->place, "%.14s %.14s %.14s", s->thread, s->verb, s->object);
}

static void play_one(struct history *h, const char *text, size_t length)
{
    struct statement s;
    struct actor *a;

    parse(text, length, &s);
    a = actor_of(h, s.thread, NULL);
    if (!play_lock(h, a, &s) && !play_want(h, a, &s) && !play_thread(h, a, &s) && !play_object(h, a, &s) &&
        !play_call(h, a, &s) && !play_condwait(h, a, &s) && !play_handover(h, a, &s) && !play_cond(h, a, &s) &&
        !play_handler(h, a, &s) && !play_misuse(h, a, &s) &&
        !loop_step_play(a->t, s.verb, s.object, statement_stack(h, &s), &h->events))
        die("unknown verb", s.text);
}

void history_play(struct history *h, const char *script)
{
    while (*script) {
        size_t blank = strspn(script, " ;\n"), length = strcspn(script + blank, ";\n");

        if (length)
            play_one(h, script + blank, length);
        script += blank + length;
    }
}

void history_playf(struct history *h, const char *format, ...)
{
    va_list arguments;
    char *script;
    int length;

    va_start(arguments, format);
    length = vasprintf(&script, format, arguments);
    va_end(arguments);
    if (length < 0)
        die("out of memory", format);
    history_play(h, script);
    free(script);
}

struct review *history_review(struct history *h)
{
    char error[256];
    uint64_t lasts = clock_ns_to_ticks(h->lasts_ms * 1000000ull);

    /* The pretended time lies before the start: then every recorded tick is inside the recording. */
    region.header->start_ticks -= lasts;
    region.header->clock[0].ticks -= lasts;
    h->trace = trace_from_memory(region.header, region.size, "history.trace", error, sizeof error);
    if (!h->trace)
        die("the reader refuses it", error);
    h->model = model_open(h->trace, NULL);
    h->review = h->model ? review_make(&h->model, 1, NULL) : NULL;
    if (!h->review)
        die("out of memory", "history_review");
    return h->review;
}

static bool stack_is_at(const struct history *h, const struct finding_stack *s, const char *place)
{
    struct names *places = (struct names *)&h->places; /* looked up only */
    uint32_t number = name_number(places, place, false);
    struct symbol_frame at = place_location(s->trace, NULL, s->stack);

    if (!number)
        fail_msg("no place '%s' in the history", place);
    return at.offset == place_address(number);
}

void history_assert_at(const struct history *h, const struct finding *f, const char *place)
{
    if (!f->stack_count || !stack_is_at(h, &f->stacks[0], place))
        fail_msg("%s is not at '%s'", finding_info(f->id)->id, place);
}

void history_assert_stack(const struct history *h, const struct finding *f, const char *place)
{
    for (unsigned i = 0; i < f->stack_count; i++)
        if (stack_is_at(h, &f->stacks[i], place))
            return;
    fail_msg("no stack of %s is at '%s'", finding_info(f->id)->id, place);
}

void history_assert_objects(const struct history *h, const struct finding *f, const char *names)
{
    char *copy = strdup(names), *rest = copy;
    unsigned count = 0;

    assert_non_null(copy);
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest), count++) {
        uint32_t lock = name_number((struct names *)&h->locks, name, false);
        bool found = false;

        for (unsigned i = 0; i < f->object_count; i++)
            found = found || f->objects[i].address == lock_address(lock);
        if (!found)
            fail_msg("%s does not name '%s'", finding_info(f->id)->id, name);
    }
    free(copy);
    assert_int_equal(count, f->object_count);
}

/*
 * step_check - steps through lock calls and compares the locks in memory with the trace after every instruction.
 *
 *     STEP_PRELOAD=LIBRARY STEP_OVER="OFFSET..." step_check TITLE TRACE COMMAND ARG...
 *
 * OFFSET: of a function of the library, in hexadecimal, that is run in one go: it takes thousands of instructions and
 * changes neither a lock nor what is compared here.
 *
 * For each lock: what the thread owns, the trace says that it holds, takes, waits for or releases, or that it is in a
 * wait on a condition variable that gives the lock back; what the trace says that it holds (and is not just releasing)
 * it owns; and nothing is held twice. Between calls the two say the same. Spinlocks and semaphores are noted only after
 * they were got, on purpose: there only the second rule applies. TAP on standard output.
 */
#define _GNU_SOURCE
#include "../../interpose/trace_format.h"
#include "stepped.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMPLAINTS_MAX 12
#define OVER_MAX 8
#define STEPS_MAX 20000000u

#define KIND_ROBUST 16 /* in __kind of a glibc mutex */
#define KIND_INHERIT 32

struct check {
    pid_t child;
    struct stepped *page;
    const char *trace_name;
    const char *trace; /* mapped, NULL = not yet */
    const struct kiwi_slot *slot;
    uint64_t calls, steps, worst_steps;
    char worst[96];
    char interrupted[96]; /* the call that is interrupted now, and before which of its instructions */
    uint64_t interrupt_at, interruptions;
    unsigned complaints;
    const char *preload, *over_text;
    uintptr_t over[OVER_MAX]; /* addresses of functions that are run in one go */
    unsigned over_count;
    char latest[256]; /* complaint, so that one of many steps is printed once */
};

static void die(const char *what)
{
    printf("not ok - step_check: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* The trace. */

static const void *row_of(const struct check *c, enum kiwi_table_id table, uint32_t row)
{
    const struct kiwi_header *h = (const void *)c->trace;
    const struct kiwi_table *t = &h->tables[table];
    return row < t->capacity ? c->trace + t->offset + (uint64_t)row * t->row_size : NULL;
}

static void trace_map(struct check *c)
{
    struct stat st;
    int fd = open(c->trace_name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        die(c->trace_name);
    c->trace = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (c->trace == MAP_FAILED)
        die("mmap");
    close(fd);
}

static void slot_find(struct check *c)
{
    const struct kiwi_header *h = (const void *)c->trace;
    for (uint32_t i = 0; i < h->tables[KIWI_TABLE_SLOTS].used && !c->slot; i++) {
        const struct kiwi_slot *s = row_of(c, KIWI_TABLE_SLOTS, i);
        const struct kiwi_thread *t = s->state == KIWI_ROW_LIVE ? row_of(c, KIWI_TABLE_THREADS, s->thread) : NULL;
        if (t && t->tid == (int32_t)c->page->tid)
            c->slot = s;
    }
    if (!c->slot)
        die("the thread is not in the trace");
}

/* What memory says. */

struct owned {
    bool owned, sure; /* sure: while the first is so, the trace has to tell */
    uint32_t count;
};

static struct owned mutex_owned(const struct check *c, const pthread_mutex_t *m)
{
    uint32_t owner = (uint32_t)m->__data.__owner, type = (uint32_t)m->__data.__kind & 3;
    if (m->__data.__kind & (KIND_ROBUST | KIND_INHERIT))
        owner = (uint32_t)m->__data.__lock & FUTEX_TID_MASK;
    bool owned = owner == c->page->tid;
    return (struct owned){owned, true, type == PTHREAD_MUTEX_RECURSIVE_NP ? m->__data.__count : owned};
}

static struct owned rwlock_owned(const struct check *c, const pthread_rwlock_t *l)
{
    uint32_t readers = l->__data.__readers >> 3;
    bool writes = (uint32_t)l->__data.__cur_writer == c->page->tid;
    return (struct owned){writes || readers, true, writes ? 1 : readers};
}

static struct owned lock_owned(const struct check *c, const struct stepped_lock *l)
{
    switch (l->kind) {
    case STEPPED_MUTEX:
        return mutex_owned(c, &l->mutex);
    case STEPPED_RWLOCK:
        return rwlock_owned(c, &l->rwlock);
    case STEPPED_SPIN:
        return (struct owned){l->spin != 1, false, l->spin != 1};
    default: {
        const uint32_t *value = (const void *)&l->semaphore;
        return (struct owned){*value == 0, false, *value == 0};
    }
    }
}

/* What the trace says. */

struct recorded {
    uint32_t held, count;   /* how often it stands among the held ones, and the last one's count */
    bool releasing, coming; /* coming: it takes it or waits for it */
    bool in_wait;           /* a condition variable's, which gives the lock back */
};

static uint64_t address_of_row(const struct check *c, uint32_t row)
{
    const struct kiwi_acquisition *a = row ? row_of(c, KIWI_TABLE_ACQUISITIONS, row) : NULL;
    const struct kiwi_object *o = a ? row_of(c, KIWI_TABLE_OBJECTS, a->object) : NULL;
    return o ? o->address : 0;
}

static bool cond_wait_of(const struct check *c, uint64_t address)
{
    uint32_t kind = c->slot->call_kind;
    if (kind != KIWI_CALL_COND_WAIT && kind != KIWI_CALL_COND_TIMEDWAIT && kind != KIWI_CALL_COND_CLOCKWAIT)
        return false;
    uint64_t given = address_of_row(c, c->slot->wait_row);
    return !given || given == address;
}

static struct recorded lock_recorded(const struct check *c, uint64_t address)
{
    const struct kiwi_slot *s = c->slot;
    enum kiwi_want want = KIWI_WANT_OF(s);
    struct recorded r = {.in_wait = cond_wait_of(c, address)};
    for (uint32_t i = 0; i < s->held_count; i++) {
        if (s->held[i].address != address)
            continue;
        r.held++;
        r.count = s->held[i].count;
    }
    bool beyond = s->held[s->held_count].address == address;
    r.releasing = want == KIWI_WANT_RELEASING && beyond;
    r.coming = want == KIWI_WANT_TAKING && beyond;
    if (want == KIWI_WANT_WAITING || want == KIWI_WANT_TIMED)
        r.coming = address_of_row(c, s->want_row) == address;
    return r;
}

/* NULL = they agree. One that is taken out from among others stands twice for a moment, and so do those above it:
 * readers know that by the thread's being about to release. */
static const char *disagreement(struct owned o, struct recorded r, bool releasing)
{
    if (r.held > 1 && !releasing)
        return "it is held twice";
    if (r.held && !r.releasing && !o.owned)
        return "the trace says that it is held, and it is not";
    if (o.owned && o.sure && !r.held && !r.releasing && !r.coming && !r.in_wait)
        return "it is held, and the trace does not say so";
    return NULL;
}

static const char *disagreement_at_rest(struct owned o, struct recorded r)
{
    if (r.releasing || r.coming || r.in_wait)
        return "the call has ended, and the trace does not say so";
    if (r.held != o.owned)
        return r.held ? "after the call the trace says that it is held, and it is not"
                      : "after the call it is held, and the trace does not say so";
    return r.held && r.count != o.count ? "after the call it is held another number of times than the trace says"
                                        : NULL;
}

static FILE *maps_open(const struct check *c)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/maps", (int)c->child);
    FILE *maps = fopen(name, "re");
    if (!maps)
        die(name);
    return maps;
}

/* The first mapping of the library is that of its beginning. */
static uintptr_t library_base(const struct check *c)
{
    char line[512];
    unsigned long start = 0;
    FILE *maps = maps_open(c);
    while (!start && fgets(line, sizeof line, maps))
        if (strstr(line, c->preload) && sscanf(line, "%lx-", &start) != 1)
            start = 0;
    fclose(maps);
    if (!start)
        die(c->preload);
    return start;
}

static void over_find(struct check *c)
{
    uintptr_t base = library_base(c);
    const char *text = c->over_text;
    char *end;
    for (uintptr_t offset; c->over_count < OVER_MAX && (offset = strtoul(text, &end, 16), end != text); text = end)
        c->over[c->over_count++] = base + offset;
}

static bool is_over(const struct check *c, uintptr_t address)
{
    for (unsigned i = 0; i < c->over_count; i++)
        if (c->over[i] == address)
            return true;
    return false;
}

/* Where the program is: module and offset, as addr2line wants them. */
static void place_print(const struct check *c)
{
    struct user_regs_struct regs;
    char line[512], path[256];
    unsigned long start, end, offset;
    if (ptrace(PTRACE_GETREGS, c->child, NULL, &regs))
        return;
    FILE *maps = maps_open(c);
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %255s", &start, &end, &offset, path) == 4 && regs.rip >= start &&
            regs.rip < end)
            printf("#   at %s+%#llx\n", path, (unsigned long long)regs.rip - start + offset);
    fclose(maps);
}

static void complain(struct check *c, const struct stepped_lock *l, const char *what)
{
    const struct kiwi_slot *s = c->slot;
    char text[sizeof c->latest];
    int place = (int)(l - c->page->locks);
    snprintf(text, sizeof text, "%s (%s pass), lock %d: %s", c->page->call, c->page->passes, place, what);
    if (strcmp(text, c->latest) == 0)
        return;
    memcpy(c->latest, text, sizeof text);
    if (c->complaints++ >= COMPLAINTS_MAX)
        return;
    printf("# %s\n#   want %d, %u held, call %u\n", text, (int)KIWI_WANT_OF(s), s->held_count, s->call_kind);
    place_print(c);
}

static void locks_compare(struct check *c, bool at_rest)
{
    bool releasing = KIWI_WANT_OF(c->slot) == KIWI_WANT_RELEASING;
    for (int i = 0; i < STEPPED_LOCKS; i++) {
        const struct stepped_lock *l = &c->page->locks[i];
        if (l->kind == STEPPED_UNUSED)
            continue;
        struct owned o = lock_owned(c, l);
        struct recorded r = lock_recorded(c, c->page->here + ((uintptr_t)l - (uintptr_t)c->page));
        const char *what = at_rest ? disagreement_at_rest(o, r) : disagreement(o, r, releasing);
        if (what)
            complain(c, l, what);
    }
}

/* The program. */

static int stopped_by(struct check *c)
{
    int status;
    if (waitpid(c->child, &status, __WALL) != c->child)
        die("waitpid");
    if (WIFSTOPPED(status))
        return WSTOPSIG(status);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        printf("not ok - step_check: the program ended with status %#x after %s\n", (unsigned)status, c->page->call);
        exit(1);
    }
    return 0;
}

static void resume(struct check *c, enum __ptrace_request how, int signal)
{
    if (ptrace(how, c->child, NULL, (void *)(intptr_t)signal) == 0)
        return;
    if (how == PTRACE_SINGLESTEP && c->steps == 0) {
        printf("ok - steps # SKIP single steps are not possible here: %s\n", strerror(errno));
        exit(0);
    }
    die("ptrace");
}

static uintptr_t rip_of(const struct check *c)
{
    errno = 0;
    long rip = ptrace(PTRACE_PEEKUSER, c->child, offsetof(struct user_regs_struct, rip), NULL);
    if (errno)
        die("ptrace");
    return (uintptr_t)rip;
}

/* At the entry of a function: runs to its return, by a breakpoint there. */
static void step_over(struct check *c)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, c->child, NULL, &regs))
        die("ptrace");
    uintptr_t back = (uintptr_t)ptrace(PTRACE_PEEKDATA, c->child, regs.rsp, NULL);
    long word = ptrace(PTRACE_PEEKTEXT, c->child, back, NULL);
    if (ptrace(PTRACE_POKETEXT, c->child, back, (word & ~0xffL) | 0xcc))
        die("ptrace");
    int signal = 0;
    do {
        resume(c, PTRACE_CONT, signal == SIGTRAP ? 0 : signal);
        signal = stopped_by(c);
    } while (signal && rip_of(c) != back + 1);
    if (!signal || ptrace(PTRACE_POKETEXT, c->child, back, word) ||
        ptrace(PTRACE_POKEUSER, c->child, offsetof(struct user_regs_struct, rip), back))
        die("the function that is run in one go did not return");
}

/* From the trap on, to the end of the call. false: the program has ended. */
static bool call_step(struct check *c)
{
    uint64_t steps = 0;
    while (c->page->stepping && ++steps < STEPS_MAX) {
        resume(c, PTRACE_SINGLESTEP, 0);
        int signal = stopped_by(c);
        if (!signal)
            return false;
        if (is_over(c, rip_of(c)))
            step_over(c);
        if (c->page->stepping)
            locks_compare(c, false);
    }
    locks_compare(c, true);
    c->steps += steps;
    c->calls++;
    if (steps > c->worst_steps) {
        c->worst_steps = steps;
        snprintf(c->worst, sizeof c->worst, "%s", c->page->call);
    }
    return true;
}

/* Up to the next trap of the program. false: it has ended. */
static bool run_to_trap(struct check *c)
{
    int signal = 0;
    do {
        resume(c, PTRACE_CONT, signal);
        signal = stopped_by(c);
    } while (signal && signal != SIGTRAP);
    return signal;
}

/* A signal before the instruction whose turn it is; afterwards locks and trace must agree. false: the program has
 * ended. */
static bool call_interrupt(struct check *c)
{
    uint64_t steps = 0;
    if (strcmp(c->interrupted, c->page->call) != 0) {
        snprintf(c->interrupted, sizeof c->interrupted, "%s", c->page->call);
        c->interrupt_at = 0;
    }
    for (; c->page->stepping && steps < c->interrupt_at; steps++) {
        resume(c, PTRACE_SINGLESTEP, 0);
        if (!stopped_by(c))
            return false;
        if (is_over(c, rip_of(c)))
            step_over(c);
    }
    if (!c->page->stepping) {
        c->page->passed = 1;
        c->interrupted[0] = '\0';
        return run_to_trap(c);
    }
    c->interrupt_at++;
    c->interruptions++;
    resume(c, PTRACE_CONT, SIGUSR1);
    if (stopped_by(c) != SIGTRAP || !run_to_trap(c)) /* the handler's end, and the call's */
        return false;
    locks_compare(c, true);
    return true;
}

static void run(struct check *c)
{
    int signal = stopped_by(c); /* at its exec */
    if (ptrace(PTRACE_SETOPTIONS, c->child, NULL, (void *)PTRACE_O_EXITKILL))
        die("ptrace");
    for (;;) {
        resume(c, PTRACE_CONT, signal == SIGTRAP ? 0 : signal);
        signal = stopped_by(c);
        if (!signal)
            return;
        if (signal != SIGTRAP || !c->page->stepping)
            continue;
        if (!c->trace) {
            trace_map(c);
            slot_find(c);
            over_find(c);
        }
        if (!(c->page->interrupting ? call_interrupt(c) : call_step(c)))
            return;
    }
}

/* The page goes to STEPPED_FD; this end's memory shows whatever the program stores there. */
static struct stepped *page_make(void)
{
    int fd = memfd_create("stepped", 0);
    if (fd < 0 || ftruncate(fd, sizeof(struct stepped)) || dup2(fd, STEPPED_FD) < 0)
        die("memfd_create");
    void *page = mmap(NULL, sizeof(struct stepped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        die("mmap");
    close(fd);
    return page;
}

static pid_t start(char **command, const char *preload)
{
    pid_t child = fork();
    if (child)
        return child;
    setenv("LD_PRELOAD", preload, 1);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
        _exit(77);
    execv(command[0], command);
    _exit(127);
}

static void skip_without_ptrace(void)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? 77 : 0);
    if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    printf("ok - steps # SKIP ptrace is not permitted here\n");
    exit(0);
}

int main(int argc, char **argv)
{
    const char *preload = getenv("STEP_PRELOAD"), *over = getenv("STEP_OVER");
    if (argc < 4 || !preload || !over) {
        fprintf(stderr, "usage: STEP_PRELOAD=LIBRARY STEP_OVER=\"OFFSET...\" step_check TITLE TRACE COMMAND ARG...\n");
        return 2;
    }
    skip_without_ptrace();
    struct check c = {.page = page_make(), .trace_name = argv[2], .preload = preload, .over_text = over};
    c.child = start(argv + 3, preload);
    if (c.child < 0)
        die("fork");
    run(&c);
    printf("# %llu calls, %llu steps, at most %llu in %s; %llu interruptions\n", (unsigned long long)c.calls,
           (unsigned long long)c.steps, (unsigned long long)c.worst_steps, c.worst,
           (unsigned long long)c.interruptions);
    printf("%s - steps: locks and trace agree after each instruction, %s\n", c.complaints ? "not ok" : "ok", argv[1]);
    return c.complaints != 0;
}

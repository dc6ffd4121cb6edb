#include "process.h"

#include "../base/clock.h"
#include "../base/environment.h"
#include "../base/line.h"
#include "../base/options.h"
#include "../record/allocator.h"
#include "../record/quarantine.h"
#include "../record/acquisition.h"
#include "../record/leftover.h"
#include "../record/memory.h"
#include "../record/module.h"
#include "../record/stack.h"
#include "../record/suspect.h"
#include "../record/waker.h"
#include "inherited.h"
#include "leaks.h"
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* PID,PLACE OF THE ROOT'S TRACE,ABSOLUTE PATTERN: from the first process to all others */
#define ROOT_VARIABLE "KIWI_ROOT"
#define MAIN_STACK_MAX ((uintptr_t)1 << 30) /* assumed where RLIMIT_STACK is unlimited */

extern void *__libc_stack_end; /* ld.so: the main thread's first frame */

int process_state;
static struct options options;

/* What the first process of a run hands to its children. */
struct root {
    uint32_t pid;
    char place[OUTPUT_PATH];
    char pattern[OUTPUT_PATH];
};

struct identity {
    char executable[OUTPUT_PATH];
    char directory[OUTPUT_PATH];
    struct utsname host;
    char command_line[2048];
};

static struct root root;
static struct identity identity;
static struct output output;

/* Messages. The only thing this library ever says, and only on standard error. */

/* The larger buffers of this file are static: a child may be made by a thread with a small stack. Whoever uses them is
 * alone, at the start of a process. */
static void say(const char *text)
{
    static char buffer[OUTPUT_PATH + 256];
    struct line l = line_begin(buffer, sizeof buffer);
    line_text(&l, text);
    line_char(&l, '\n');
    sys_write(2, buffer, strlen(buffer));
}

static void complain_option(void *arg, const char *text)
{
    (void)arg;
    say(text);
}

/* Who we are. */

static void read_link(const char *path, char *to, size_t size)
{
    long n = sys_call3(SYS_readlink, (long)path, (long)to, (long)size - 1);
    to[sys_failed(n) ? 0 : n] = '\0';
}

static void identify(int argc, char **argv)
{
    read_link("/proc/self/exe", identity.executable, sizeof identity.executable);
    if (!identity.executable[0] && getauxval(AT_EXECFN)) {
        struct line l = line_begin(identity.executable, sizeof identity.executable);
        line_text(&l, (const char *)getauxval(AT_EXECFN));
    }
    if (sys_failed(sys_call3(SYS_getcwd, (long)identity.directory, sizeof identity.directory, 0)))
        identity.directory[0] = '\0';
    sys_call3(SYS_uname, (long)&identity.host, 0, 0);
    struct line l = line_begin(identity.command_line, sizeof identity.command_line);
    for (int i = 0; i < argc && argv && argv[i]; i++) {
        if (i)
            line_char(&l, ' ');
        line_quoted(&l, argv[i]);
    }
}

/* KIWI_ROOT. */

static void root_parse(const char *text)
{
    root = (struct root){0};
    uint32_t pid = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        pid = pid * 10 + (uint32_t)(*text - '0');
    const char *comma = *text == ',' ? strchr(text + 1, ',') : NULL;
    if (!comma || (size_t)(comma - text) > sizeof root.place || strlen(comma + 1) >= sizeof root.pattern)
        return;
    memcpy(root.place, text + 1, (size_t)(comma - text) - 1);
    strcpy(root.pattern, comma + 1);
    root.pid = pid;
}

static void root_announce(void)
{
    static char entry[sizeof ROOT_VARIABLE + 2 * OUTPUT_PATH + 16];
    struct line l = line_begin(entry, sizeof entry);
    line_text(&l, ROOT_VARIABLE "=");
    line_number(&l, root.pid);
    line_char(&l, ',');
    line_text(&l, root.place);
    line_char(&l, ',');
    line_text(&l, root.pattern);
    if (!line_cut(&l) && !strchr(root.place, ','))
        environment_put(entry, sizeof ROOT_VARIABLE);
}

static void root_begin(void)
{
    root.pid = (uint32_t)sys_getpid();
    if (!options_out_absolute(&options, identity.directory))
        say("kiwi: the path of out= is too long; the trace goes to the current directory");
    memcpy(root.pattern, options.out, strlen(options.out) + 1);
}

/* The header of the root's trace. Its name comes from the environment, which may be old or anybody's: only a regular
 * file of this user that is large enough to be read without SIGBUS is mapped. NULL: moved away, out of sight, or not
 * that. */
static struct kiwi_header *root_header(void)
{
    struct stat st = {0};
    long fd = sys_openat(root.place, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (sys_failed(fd))
        return NULL;
    struct kiwi_header *h = NULL;
    if (!sys_failed(sys_call3(SYS_fstat, fd, (long)&st, 0)) && S_ISREG(st.st_mode) &&
        (long)st.st_uid == sys_call3(SYS_geteuid, 0, 0, 0) && st.st_size >= (off_t)sizeof *h)
        h = sys_mmap(NULL, sizeof *h, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd);
    sys_close((int)fd);
    return sys_failed((long)h) ? NULL : h;
}

/* Children of a run count themselves in the root's trace, so that `max-files` holds over a whole process tree. Without
 * it the bound can not be kept, but recording can. */
static bool child_may_record(void)
{
    struct kiwi_header *h = root_header();
    if (!h)
        return true;
    bool is_root = memcmp(h->magic, KIWI_TRACE_MAGIC, sizeof h->magic) == 0 && h->major == KIWI_TRACE_MAJOR &&
                   h->header_size == sizeof *h && h->pid == root.pid;
    bool may = !is_root || RELAXED_ADD(&h->processes, 1) + 1 < options.max_files;
    sys_munmap(h, sizeof *h);
    return may;
}

static bool wanted_here(bool child)
{
    if (!child)
        return true;
    return options_follows(&options, identity.executable) && child_may_record();
}

/* The trace. */

static uint32_t text_row(const char *s)
{
    return region_string(s, strlen(s));
}

static void fill_header(bool child)
{
    struct kiwi_header *h = region.header;
    h->pid = (uint32_t)sys_getpid();
    h->parent_pid = (uint32_t)sys_call3(SYS_getppid, 0, 0, 0);
    h->clock_kind = clock_state.tsc ? KIWI_CLOCK_TSC : KIWI_CLOCK_MONOTONIC_NS;
    h->ticks_per_second = clock_state.ticks_per_second;
    h->start_realtime_ns = sys_clock_ns(CLOCK_REALTIME);
    struct clock_sample now = clock_sample();
    h->clock[0].monotonic_ns = now.monotonic_ns;
    h->start_ticks = h->clock[0].ticks = now.ticks;
    h->executable = text_row(identity.executable);
    h->host = text_row(identity.host.nodename);
    h->command_line = text_row(identity.command_line);
    h->directory = text_row(identity.directory);
    h->parent_trace = child ? text_row(root.place) : 0;
    h->version = text_row(KIWI_VERSION);
    h->libc = text_row(gnu_get_libc_version());
    h->out_name = text_row(output.name);
    static char text[OPTIONS_TEXT * 2];
    if (options_format(&options, text, sizeof text))
        h->options = text_row(text);
    h->shutdown_budget_ns = options.shutdown_budget;
    h->retry_gap_ns = options.retry_gap;
    h->hold_budget_ns = options.hold_budget;
    waker_fill(child);
    h->recording = 1;
    h->module_epoch = stack_module_epoch = MODULE_EPOCH_FIRST;
    region_publish(&h->state, KIWI_ROW_LIVE);
}

/* NULL, or a line for people that says why there is no trace. */
static const char *open_trace(bool child)
{
    static char error[OUTPUT_PATH + 256];
    struct output_request r = {.pattern = root.pattern,
                               .names = {(uint32_t)sys_getpid(), identity.executable, identity.host.nodename,
                                         sys_clock_ns(CLOCK_REALTIME) / 1000000000u},
                               .size = options.size,
                               .child = child};
    if (!output_open(&output, &r, error, sizeof error))
        return error;
    block_capacity = block_capacity_within(options.heap == OPTIONS_HEAP_EXACT ? BLOCK_CAPACITY_EXACT : BLOCK_CAPACITY,
                                           sys_space_limit());
    while (!recorder_memory_open() && block_capacity > BLOCK_CAPACITY)
        block_capacity /= 4;
    if (!memory.base) {
        output_discard(&output);
        return "kiwi: no memory for the recorder (RLIMIT_AS or RLIMIT_DATA?); this process is not recorded";
    }
    fill_header(child);
    return NULL;
}

/* Threads. */

static pthread_key_t end_key;
static bool end_key_made;
static struct thread thread_gone = {.guard = GUARD_ENDED}, thread_left_out = {.guard = GUARD_LEFT_OUT};

static void thread_end(struct thread *t)
{
    t->guard = (uintptr_t)__builtin_frame_address(0);
    leftover_thread_ends(t);
    kiwi_self = &thread_gone; /* the slot may have its next owner before this thread is quite dead */
    thread_detach(t);
}

/* TLS destructors of the service run wrappers too: stay until the last round of key destructors. */
static void thread_ending(void *self)
{
    struct thread *t = self;
    if (t != kiwi_self || t->guard == GUARD_WIPED)
        return;
    t->guard = GUARD_IDLE; /* whatever the thread was in the middle of when it was cancelled */
    if (++t->exit_rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(end_key, t);
        return;
    }
    thread_end(t);
}

bool process_yield_key(void)
{
    return __atomic_exchange_n(&end_key_made, false, __ATOMIC_RELAXED) && pthread_key_delete(end_key) == 0;
}

void process_thread_returned(void)
{
    struct thread *t = kiwi_self;
    if (unlikely(!RELAXED_LOAD(&end_key_made)) && t->guard == GUARD_IDLE)
        thread_end(t);
}

/* What a forked child must know about its thread, whose state the kernel has wiped. */
static __thread struct {
    uintptr_t stack_low, stack_high;
    int32_t tid;
} origin;

__thread bool process_adopting;

static void adopt(struct thread *t)
{
    kiwi_self = t;
    origin.stack_low = t->stack_low;
    origin.stack_high = t->stack_high;
    origin.tid = t->tid;
    if (RELAXED_LOAD(&end_key_made)) {
        t->guard = (uintptr_t)__builtin_frame_address(0);
        pthread_setspecific(end_key, t);
        t->guard = GUARD_IDLE;
    }
}

/* Signals are let in right before a thread's function is called: a handler that ran by then was recorded as a thread
 * that nobody knows. It ends here, so that the thread has one slot, and one row that answers to its id. */
static void end_early_handler(struct thread *t)
{
    if (t->guard != GUARD_IDLE)
        return;
    kiwi_self = &thread_none;
    thread_detach_unasked(t);
}

struct thread *thread_begin(const struct thread_birth *birth)
{
    if (RELAXED_LOAD(&process_state) != PROCESS_RECORDING)
        return NULL;
    process_adopting = true;
    end_early_handler(kiwi_self);
    struct thread *t = thread_attach(birth);
    if (t)
        adopt(t);
    else
        kiwi_self = &thread_left_out;
    process_adopting = false;
    return t;
}

static void main_stack(struct thread_birth *b)
{
    uintptr_t limit = sys_limit(RLIMIT_STACK), size = limit < MAIN_STACK_MAX ? limit : MAIN_STACK_MAX;
    b->stack_high = ((uintptr_t)__libc_stack_end + 4095) & ~(uintptr_t)4095;
    b->stack_low = b->stack_high > size ? b->stack_high - size : 0;
}

/* Of a thread that this library did not see begin. */
static void foreign_stack(struct thread_birth *b)
{
    pthread_attr_t attr;
    void *low;
    size_t size;
    if (region.frozen)
        return;
    if (sys_gettid() == sys_getpid()) {
        main_stack(b);
        return;
    }
    if (real.pthread_getattr_np(pthread_self(), &attr))
        return;
    if (!pthread_attr_getstack(&attr, &low, &size)) {
        b->stack_low = (uintptr_t)low;
        b->stack_high = (uintptr_t)low + size;
    }
    pthread_attr_destroy(&attr);
}

struct thread *process_adopt_thread(void)
{
    if (RELAXED_LOAD(&process_state) != PROCESS_RECORDING || process_adopting)
        return NULL;
    if (!memory_alive()) {
        process_forked(NULL, 0, FORK_UNKNOWN);
        return kiwi_self->guard == GUARD_IDLE ? kiwi_self : NULL;
    }
    process_adopting = true;
    int saved = errno;
    bool first = sys_gettid() == sys_getpid();
    struct thread_birth birth = {.flags = first ? KIWI_THREAD_MAIN : KIWI_THREAD_FOREIGN,
                                 .pthread_id = (uintptr_t)pthread_self()};
    foreign_stack(&birth);
    if (!first)
        waker_note(KIWI_WAKER_THREAD);
    struct thread *t = thread_begin(&birth);
    errno = saved;
    process_adopting = false;
    return t;
}

/* Start. */

static void end_inherited(bool by_exit)
{
    struct thread *t = kiwi_self;
    if (likely(!inherited_count) || t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    inherited_end(t, by_exit);
    guard_clear(t);
}

bool process_is_own_end(void)
{
    return process_state == PROCESS_RECORDING && memory_alive() && region.header &&
           (region.frozen || region.header->pid == (uint32_t)sys_getpid());
}

static void look_at_freed_blocks(void)
{
    struct thread *t = kiwi_self;
    if (t->guard != GUARD_IDLE || !process_is_own_end())
        return;
    guard_set(t);
    quarantine_check(t);
    guard_clear(t);
}

static NOINLINE void look_at_allocator(void)
{
    struct thread *t = kiwi_self;
    if (t->guard != GUARD_IDLE || record_settings.heap == HEAP_OFF || !process_is_own_end())
        return;
    guard_set(t);
    allocator_look_last(t, CALL_SITE());
    guard_clear(t);
}

static void at_exit(int status, void *arg)
{
    (void)arg;
    if (!process_is_own_end())
        return; /* of a child that no wrapper saw being made (_Fork, clone), say */
    end_inherited(true);
    leaks_at_exit();
    look_at_freed_blocks();
    look_at_allocator();
    process_exiting(status);
}

static struct fork_held fork_held[FORK_HELD];
static uint32_t fork_held_count, fork_held_more;

/* Runs in the forking thread; only one fork runs at a time (glibc's own lock). */
static void fork_prepare(void)
{
    struct thread *t = thread_enter();
    fork_held_count = 0;
    fork_held_more = FORK_UNKNOWN;
    if (!t) {
        inherited_collect(NULL, CALL_SITE());
        return;
    }
    guard_set(t);
    inherited_collect(t, CALL_SITE());
    for (uint32_t i = 0; i < t->slot->held_count && fork_held_count < FORK_HELD; i++) {
        const struct kiwi_held *h = &t->held[i];
        if (!inherited_stays(h))
            fork_held[fork_held_count++] = (struct fork_held){h->address, h->count, h->flags};
    }
    fork_held_more = t->slot->held_count - fork_held_count + t->slot->held_lost + t->inherited;
    guard_clear(t);
}

static void fork_child(void)
{
    process_forked(fork_held, fork_held_count, fork_held_more);
    struct thread *t = kiwi_self;
    if (t->guard != GUARD_IDLE)
        return;
    guard_set(t);
    inherited_note(t);
    guard_clear(t);
}

static enum heap_recording heap_recording_of(unsigned chosen)
{
    switch (chosen) {
    case OPTIONS_HEAP_EXACT:
        return HEAP_EXACT;
    case OPTIONS_HEAP_COUNT:
        return HEAP_COUNT;
    case OPTIONS_HEAP_OFF:
        return HEAP_OFF;
    default:
        return HEAP_SAMPLE;
    }
}

static void start_recording(void)
{
    uint32_t domains = options_domains(&options);
    stack_depth_limit = (uint32_t)options.depth;
    record_settings = (struct record_settings){
            .locks_off = !(domains & OPTIONS_LOCKS),
            .io_off = !(domains & OPTIONS_IO),
            .events_off = options.events == OPTIONS_EVENTS_OFF,
            .events_all = options.events == OPTIONS_EVENTS_ALL,
            .tick_budget_ns = options.tick_budget,
            .retry_gap_ns = options.retry_gap,
            .heap = domains & OPTIONS_HEAP ? heap_recording_of(options.heap) : HEAP_OFF,
            .heap_rate = options.heap_rate,
            .heap_hot = options.hot[0] != '\0',
            .leaks_off = options.leak_scan == OPTIONS_OFF,
    };
    if (record_settings.heap == HEAP_EXACT)
        suspect_all();
    object_is_static = module_holds_data;
    module_reset();
    if (record_settings.heap != HEAP_OFF)
        allocator_begin();
    __atomic_store_n(&process_state, PROCESS_RECORDING, __ATOMIC_RELEASE);
}

#define INLINE_KEYS 32 /* the first so many keys have their values in the thread itself; others would allocate */

/* The key whose destructor sees threads end. Of the inline ones it takes the last: the service's keys get the numbers
 * that they have without Kiwi, and glibc calls destructors in the order of numbers. */
static bool make_end_key(void)
{
    pthread_key_t keys[INLINE_KEYS];
    int made = 0;
    while (made < INLINE_KEYS && real.pthread_key_create(&keys[made], thread_ending) == 0 &&
           keys[made++] < INLINE_KEYS - 1)
        ;
    for (int i = 0; i + 1 < made; i++)
        pthread_key_delete(keys[i]);
    if (made)
        end_key = keys[made - 1];
    return made > 0;
}

static void hook_process(void)
{
    pthread_atfork(fork_prepare, NULL, fork_child);
    on_exit(at_exit, NULL);
    end_key_made = make_end_key();
}

static bool choose_options(bool *child)
{
    const char *root_text = getenv(ROOT_VARIABLE);
    options_defaults(&options);
    options_parse(&options, getenv("KIWI_OPTIONS"), complain_option, NULL);
    if (root_text)
        root_parse(root_text);
    *child = root.pid && root.pid != (uint32_t)sys_getpid();
    if (!root.pid)
        root_begin();
    return wanted_here(*child);
}

__attribute__((constructor(102))) static void process_start(int argc, char **argv)
{
    bool child;
    int saved = errno;
    if (!real_ensure() || process_state != PROCESS_BOOT)
        return;
    identify(argc, argv);
    clock_init();
    const char *complaint = NULL;
    if (!choose_options(&child) || (complaint = open_trace(child))) {
        if (complaint)
            say(complaint);
        process_state = PROCESS_OFF;
        errno = saved;
        return;
    }
    if (!child && !root.place[0]) {
        memcpy(root.place, output.place, sizeof root.place);
        root_announce();
    }
    hook_process();
    start_recording();
    process_adopt_thread();
    if (options.verbose) {
        char text[OUTPUT_PATH + 64];
        struct line l = line_begin(text, sizeof text);
        line_text(&l, "kiwi: recording to ");
        line_text(&l, output.name);
        say(text);
    }
    errno = saved;
}

/* Fork: everything that the parent recorded belongs to the parent. */

static void hold_again(struct thread *t, const struct fork_held *h)
{
    if (!acquisition_taking(t, h->address, h->flags & ~ACQUISITION_STACK(~0u), 0))
        return;
    t->held[t->slot->held_count].count = h->count;
    acquisition_taken(t);
}

/*
 * A lock call that a signal handler interrupted to fork goes on in the child, with the state of a thread that the
 * kernel has wiped: what it still notes lands nowhere. A lock that it lets go counts as one from before the fork.
 */
static void leave_interrupted_call(struct thread *t)
{
    static struct kiwi_slot nowhere;
    if (t == &thread_none)
        return;
    nowhere.held_capacity = KIWI_SLOT_HELD;
    t->slot = &nowhere;
    t->held = nowhere.held;
    t->cache = nowhere.cache;
    t->arena = t->first_arena;
    t->arena_size = THREAD_STACK_ARENA;
    t->tid = sys_gettid();
    t->fork_tid = origin.tid;
    t->inherited = 1;
}

void process_forked(const struct fork_held *held, uint32_t count, uint32_t more)
{
    if (process_state != PROCESS_RECORDING)
        return;
    int saved = errno;
    process_state = PROCESS_OFF;
    inherited_forget();
    leaks_forked();
    bool silent = region.frozen; /* a filter that the child inherited: nothing may be opened */
    if (!silent)
        recorder_memory_inherited();
    /* The fork may have been made in a signal handler that interrupted the recorder, which then goes on where it was:
     * what it still writes must land somewhere, and not in a new trace that happens to be mapped there. */
    if (region.header && !silent)
        sys_mmap(region.header, region.size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1);
    struct region left = region;
    region = (struct region){0};
    leave_interrupted_call(kiwi_self);
    kiwi_self = &thread_none;
    /* No complaint: after a daemon's start, descriptor 2 may be anybody's. */
    if (!silent && wanted_here(true) && !open_trace(true)) {
        start_recording();
        struct thread_birth birth = {.flags = KIWI_THREAD_FORKED,
                                     .pthread_id = (uintptr_t)pthread_self(),
                                     .fork_tid = origin.tid,
                                     .stack_low = origin.stack_low,
                                     .stack_high = origin.stack_high};
        if (!birth.stack_high)
            foreign_stack(&birth);
        struct thread *t = thread_begin(&birth);
        for (uint32_t i = 0; t && i < count; i++)
            hold_again(t, &held[i]);
        if (t) {
            t->inherited = more;
            t->fork_sp = (uintptr_t)__builtin_frame_address(0);
        }
    } else if (!silent) {
        region = left;
        recorder_memory_left();
    }
    errno = saved;
}

/* End. */

void process_exec_begin(void)
{
    if (!process_is_own_end())
        return;
    region.header->end_ticks = clock_ticks();
    RELAXED_STORE(&region.header->end_kind, KIWI_END_EXEC);
    output_settle(&output);
}

void process_exec_failed(void)
{
    if (!process_is_own_end())
        return;
    RELAXED_STORE(&region.header->end_kind, KIWI_END_NONE);
    region.header->end_ticks = 0;
    output_goes_on(&output);
}

/* Recording goes on: other handlers and destructors still run. */
void process_exiting(int status)
{
    if (!process_is_own_end())
        return;
    end_inherited(false);
    region.header->end_status = status;
    region.header->end_thread = kiwi_self->row;
    region.header->end_serial = kiwi_self->serial;
    region.header->end_ticks = clock_ticks();
    RELAXED_STORE(&region.header->end_kind, KIWI_END_EXIT);
    output_settle(&output);
}

void process_freeze(void)
{
    if (process_state == PROCESS_RECORDING && region.header)
        region_freeze();
}

void process_stop(void)
{
    struct thread *t = kiwi_self;
    if (!process_is_own_end())
        return;
    region.header->end_ticks = clock_ticks();
    RELAXED_STORE(&region.header->end_kind, KIWI_END_STOPPED);
    RELAXED_STORE(&process_state, PROCESS_OFF);
    kiwi_self = &thread_gone;
    if (t->guard == GUARD_IDLE)
        thread_detach(t);
}

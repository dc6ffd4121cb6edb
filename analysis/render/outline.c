#include "outline.h"

#include "../place.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *outline_verdict(const struct review *r)
{
    return r->verdict == VERDICT_REQUEST_CHANGES ? "REQUEST_CHANGES" : "APPROVE";
}

const char *outline_risk(const struct review *r)
{
    return r->risk < 0 ? "NONE" : severity_name((enum severity)r->risk);
}

bool outline_location(const struct finding *f, struct symbol_frame *at)
{
    const struct finding_stack *s = f->stack_count ? &f->stacks[0] : NULL;

    if (!s || !place_frames(s->trace, s->symbols, s->stack))
        return false;
    *at = place_user_location(s->trace, s->symbols, s->stack);
    return true;
}

/* How much of a finding people want to see who do not have to act on it. */
#define MINOR_STACKS 2u
#define MINOR_FRAMES 5u
#define SHARED_MIN 3u /* fewer common frames are shown again */
#define FOLDED_MIN 4u /* fewer library frames in a row are all shown */

unsigned outline_stacks(const struct finding *f)
{
    return f->severity <= SEVERITY_LOW && f->stack_count > MINOR_STACKS ? MINOR_STACKS : f->stack_count;
}

/* Without the outermost frames that are the same in every thread: start_thread, __libc_start_main. */
static unsigned own_frames(const struct finding_stack *s)
{
    unsigned count = place_frames(s->trace, s->symbols, s->stack), kept = count;

    while (kept) {
        struct symbol_frame f = place_frame(s->trace, s->symbols, s->stack, kept - 1);

        if (!f.internal && (!f.function || strcmp(f.function, "_start") != 0))
            break;
        kept--;
    }
    return kept ? kept : count;
}

static bool same_frame(const struct symbol_frame *a, const struct symbol_frame *b)
{
    return a->offset == b->offset && a->line == b->line && a->inlined == b->inlined && a->module && b->module &&
           strcmp(a->module, b->module) == 0;
}

/* How many of the outermost own frames two stacks have in common. */
static unsigned shared_frames(const struct finding_stack *a, const struct finding_stack *b)
{
    unsigned m = own_frames(a), n = own_frames(b), shared = 0;

    while (shared < m && shared < n) {
        struct symbol_frame x = place_frame(a->trace, a->symbols, a->stack, m - 1 - shared);
        struct symbol_frame y = place_frame(b->trace, b->symbols, b->stack, n - 1 - shared);

        if (!same_frame(&x, &y))
            break;
        shared++;
    }
    return shared;
}

static bool is_library_frame(const struct finding_stack *s, unsigned i)
{
    return place_frame(s->trace, s->symbols, s->stack, i).internal;
}

unsigned outline_fold(const struct finding_stack *s, unsigned at, unsigned end)
{
    unsigned run = 0;

    if (at && is_library_frame(s, at - 1))
        return 0;
    while (at + run < end && is_library_frame(s, at + run))
        run++;
    return run >= FOLDED_MIN ? run - 2 : 0;
}

/* The frames of the first `end` that `max` lines have room for. */
static unsigned frames_in_lines(const struct finding_stack *s, unsigned end, unsigned max)
{
    unsigned frames = 0;

    for (unsigned lines = 0; frames < end && lines < max; lines++) {
        unsigned folded = outline_fold(s, frames, end);

        frames += 1 + folded;
        lines += folded != 0;
    }
    return frames;
}

unsigned outline_frames(const struct finding *f, unsigned index, unsigned max, char *rest, size_t size)
{
    const struct finding_stack *s = &f->stacks[index];
    unsigned own = own_frames(s), shared = 0, with = 0, shown;

    for (unsigned i = 0; i<index; i += index> 1 ? index - 1 : 1) { /* the first one and the one before */
        unsigned n = shared_frames(s, &f->stacks[i]);

        if (n > shared) {
            shared = n;
            with = i;
        }
    }
    shared = shared < SHARED_MIN ? 0 : shared == own ? own - 1 : shared;
    max = f->severity <= SEVERITY_LOW && max > MINOR_FRAMES ? MINOR_FRAMES : max;
    shown = frames_in_lines(s, own - shared, max);
    rest[0] = '\0';
    if (shown + shared < own || (shared && shown < own && own - shown < SHARED_MIN))
        snprintf(rest, size, "... %u more", own - shown);
    else if (shared)
        snprintf(rest, size, "... %u more, as %s", shared, with ? "before" : "in the first stack");
    return shown;
}

const char *outline_frame(const struct symbol_frame *at, char *text, size_t size)
{
    char function[OUTLINE_TEXT];

    place_function(at, function, sizeof function);
    if (at->function && at->file)
        snprintf(text, size, "%s (%s:%d)", function, at->file, at->line);
    else if (at->function)
        snprintf(text, size, "%s in %s", function, at->module ? at->module : "an unknown module");
    else if (at->module)
        snprintf(text, size, "%s+0x%llx", at->module, (unsigned long long)at->offset);
    else
        snprintf(text, size, "0x%llx", (unsigned long long)at->offset);
    return text;
}

const char *outline_item(const struct finding *f, char *text, size_t size)
{
    struct symbol_frame at;
    char place[OUTLINE_TEXT];

    if (outline_location(f, &at))
        snprintf(text, size, "[%s] %s, at %s", severity_name(f->severity), f->title,
                 place_text(&at, place, sizeof place));
    else
        snprintf(text, size, "[%s] %s", severity_name(f->severity), f->title);
    return text;
}

bool outline_required(const struct finding *f)
{
    return f->severity >= SEVERITY_HIGH;
}

const char *outline_unread(const struct review *r)
{
    return r->partial ? "Review it again with the whole recording: a part of it could not be read." : NULL;
}

static unsigned count_gone(const struct baseline *b)
{
    unsigned count = 0;

    for (unsigned i = 0; i < b->count; i++)
        count += b->entries[i].asked && !b->entries[i].seen;
    return count;
}

const char *outline_baseline(const struct review *r, char *text, size_t size)
{
    unsigned gone = count_gone(r->baseline);

    snprintf(text, size, "%u new, %u known%s, %u fixed since%s", r->findings.count, r->known.count,
             r->known.count ? " (not shown)" : "", gone, gone ? " (or their code did not run)" : "");
    return text;
}

const char *outline_baseline_entry(const struct baseline_entry *e, char *text, size_t size)
{
    if (!e->asked || (e->seen && e->now == e->severity))
        return NULL;
    if (e->seen)
        snprintf(text, size, "Was %s, is now %s: %s", severity_name(e->severity), severity_name(e->now), e->title);
    else
        snprintf(text, size, "Fixed: [%s] %s", severity_name(e->severity), e->title);
    return text;
}

const char *outline_time(uint64_t realtime_ns, char *text, size_t size)
{
    time_t seconds = (time_t)(realtime_ns / 1000000000u);
    char date[32];
    struct tm utc;

    text[0] = '\0';
    if (realtime_ns && gmtime_r(&seconds, &utc) && strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc))
        snprintf(text, size, "%s.%03uZ", date, (unsigned)(realtime_ns / 1000000u % 1000u));
    return text;
}

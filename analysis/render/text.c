/* The review for a terminal: the shape of the markdown, wrapped at the given width, stacks indented. */
#include "outline.h"

#include "../place.h"

#include <errno.h>
#include <string.h>

#define WIDTH_DEFAULT 100u
#define WIDTH_MIN 40u
#define FRAMES_SHOWN 12u
#define BASELINE_SHOWN 20u

struct page {
    FILE *out;
    unsigned width;
    bool colour;
};

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define YELLOW "\033[33m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

static const char *severity_colour(int severity)
{
    return severity >= (int)SEVERITY_HIGH ? RED : severity >= (int)SEVERITY_MEDIUM ? YELLOW : GREEN;
}

static const char *paint(const struct page *p, const char *colour)
{
    return p->colour ? colour : "";
}

/* Columns of n bytes of UTF-8, each character counted as one. */
static unsigned columns(const char *text, size_t n)
{
    unsigned count = 0;

    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Writes text wrapped between words; the first line goes on at column `at`, the others begin at column `indent`. */
static void wrap(const struct page *p, const char *text, unsigned at, unsigned indent)
{
    bool first = true;

    while (*text) {
        size_t length = strcspn(text, " ");
        unsigned size = columns(text, length);

        if (!first && at + 1 + size > p->width) {
            fprintf(p->out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', p->out);
            at++;
        }
        fwrite(text, 1, length, p->out);
        at += size;
        text += length;
        text += strspn(text, " ");
        first = false;
    }
    fputc('\n', p->out);
}

static void heading(const struct page *p, const char *text)
{
    fprintf(p->out, "%s## %s%s\n", paint(p, BOLD), text, paint(p, PLAIN));
}

static void field(const struct page *p, const char *label, const char *text)
{
    fprintf(p->out, "%s%s:%s ", paint(p, BOLD), label, paint(p, PLAIN));
    wrap(p, text, (unsigned)strlen(label) + 2, 2);
}

static void bullet(const struct page *p, const char *text)
{
    fputs("  - ", p->out);
    wrap(p, text, 4, 4);
}

static void write_frame(const struct page *p, const struct symbol_frame *f, unsigned number)
{
    char text[OUTLINE_TEXT], line[2 * OUTLINE_TEXT];
    bool with_module = f->function && f->file && f->module;

    snprintf(line, sizeof line, "%s%s%s%s%s", place_text(f, text, sizeof text), with_module ? " (" : "",
             with_module ? place_base_name(f->module) : "", with_module ? ")" : "", f->inlined ? " [inlined]" : "");
    fprintf(p->out, "      #%-2u ", number);
    wrap(p, line, 10, 12);
}

static void write_stack(const struct page *p, const struct finding *f, unsigned index)
{
    const struct finding_stack *s = &f->stacks[index];
    char label[OUTLINE_TEXT], rest[64];
    unsigned shown = outline_frames(f, index, FRAMES_SHOWN, rest, sizeof rest);

    snprintf(label, sizeof label, "%s%s%s:", s->thread, s->thread[0] ? ": " : "", s->label);
    fputs("    ", p->out);
    wrap(p, label, 4, 6);
    for (unsigned i = 0; i < shown; i++) {
        struct symbol_frame frame = place_frame(s->trace, s->symbols, s->stack, i);
        unsigned folded = outline_fold(s, i, shown);

        write_frame(p, &frame, i);
        if (folded)
            fprintf(p->out, "      ... %u of the library's\n", folded);
        i += folded;
    }
    if (rest[0])
        fprintf(p->out, "      %s\n", rest);
    if (!shown)
        fputs("      (no stack was recorded)\n", p->out);
}

static void write_finding(const struct page *p, const struct finding *f)
{
    char text[OUTLINE_TEXT];
    struct symbol_frame at;

    fprintf(p->out, "%s### [%s]%s ", paint(p, severity_colour((int)f->severity)), severity_name(f->severity),
            paint(p, PLAIN));
    wrap(p, f->title, 7 + (unsigned)strlen(severity_name(f->severity)), 4);
    snprintf(text, sizeof text, "%s, confidence %s%s%s", finding_info(f->id)->id, confidence_name(f->confidence),
             f->grade ? ", grade " : "", f->grade ? f->grade : "");
    field(p, "Finding", text);
    field(p, "Location", outline_location(f, &at) ? outline_frame(&at, text, sizeof text) : "not recorded");
    if (f->why)
        field(p, "Why it matters", f->why);
    fprintf(p->out, "%sEvidence:%s\n", paint(p, BOLD), paint(p, PLAIN));
    for (unsigned i = 0; i < f->evidence_count; i++)
        bullet(p, f->evidence[i]);
    for (unsigned i = 0; i < outline_stacks(f); i++)
        write_stack(p, f, i);
    if (f->fix)
        field(p, "Fix", f->fix);
    if (f->validation)
        field(p, "Validation", f->validation);
    fputc('\n', p->out);
}

static void write_todo(const struct page *p, const struct review *r, bool required)
{
    char text[2 * OUTLINE_TEXT];
    unsigned count = 0;

    heading(p, required ? "Required Before Merge" : "Follow-up (Non-blocking)");
    if (required && outline_unread(r)) {
        bullet(p, outline_unread(r));
        count++;
    }
    for (unsigned i = 0; i < r->findings.count; i++) {
        if (outline_required(r->findings.items[i]) != required)
            continue;
        bullet(p, outline_item(r->findings.items[i], text, sizeof text));
        count++;
    }
    fputs(count ? "\n" : "  Nothing.\n\n", p->out);
}

static void write_health(const struct page *p, const struct health *h)
{
    heading(p, "Recording Health");
    for (unsigned i = 0; i < h->notes.count; i++)
        bullet(p, h->notes.items[i]);
    for (unsigned i = 0; i < h->unseen.count; i++) {
        fputs("  - Not seen: ", p->out);
        wrap(p, h->unseen.items[i], 14, 4);
    }
}

static void write_baseline(const struct page *p, const struct review *r)
{
    char text[2 * OUTLINE_TEXT];
    unsigned shown = 0;

    field(p, "Baseline", outline_baseline(r, text, sizeof text));
    for (unsigned i = 0; i < r->baseline->count && shown < BASELINE_SHOWN; i++) {
        if (!outline_baseline_entry(&r->baseline->entries[i], text, sizeof text))
            continue;
        bullet(p, text);
        shown++;
    }
    if (shown == BASELINE_SHOWN)
        fputs("  - ...\n", p->out);
}

static void write_summary(const struct page *p, const struct review *r)
{
    heading(p, "Review Summary");
    fprintf(p->out, "%sVerdict:%s %s%s%s\n", paint(p, BOLD), paint(p, PLAIN), paint(p, severity_colour(r->risk)),
            outline_verdict(r), paint(p, PLAIN));
    fprintf(p->out, "%sRisk:%s %s\n", paint(p, BOLD), paint(p, PLAIN), outline_risk(r));
    field(p, "Top concern", r->top_concern);
    fprintf(p->out, "%sConfidence:%s %s\n", paint(p, BOLD), paint(p, PLAIN), confidence_name(r->confidence));
    if (r->baseline)
        write_baseline(p, r);
    fputc('\n', p->out);
}

int review_render_text(const struct review *r, FILE *out, const struct render_options *o)
{
    struct page p = {.out = out, .width = o && o->width ? o->width : WIDTH_DEFAULT, .colour = o && o->colour};

    p.width = p.width < WIDTH_MIN ? WIDTH_MIN : p.width;
    errno = 0;
    write_summary(&p, r);
    heading(&p, "Findings");
    if (!r->findings.count)
        fputs("None.\n\n", out);
    for (unsigned i = 0; i < r->findings.count; i++)
        write_finding(&p, r->findings.items[i]);
    write_todo(&p, r, true);
    write_todo(&p, r, false);
    write_health(&p, &r->health);
    return fflush(out) || ferror(out) ? -1 : 0;
}

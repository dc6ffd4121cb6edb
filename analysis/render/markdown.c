/* The review as markdown, for a pull request or a wiki. */
#include "outline.h"

#include "../place.h"

#include <errno.h>
#include <string.h>

#define FRAMES_SHOWN 24u

/* Names of functions and templates are full of characters that markdown takes for its own. Between backticks none
 * are. */
static void write_escaped(FILE *out, const char *text)
{
    bool code = false;

    for (; *text; text++) {
        if (*text == '`')
            code = !code;
        else if (!code && strchr("\\*_[]<>|#", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void field(FILE *out, const char *label, const char *text)
{
    fprintf(out, "**%s:** ", label);
    write_escaped(out, text);
    fputs("\n\n", out);
}

static void bullet(FILE *out, const char *text)
{
    fputs("- ", out);
    write_escaped(out, text);
    fputc('\n', out);
}

static void write_stack(FILE *out, const struct finding *f, unsigned index)
{
    const struct finding_stack *s = &f->stacks[index];
    char text[OUTLINE_TEXT], rest[64];
    unsigned shown = outline_frames(f, index, FRAMES_SHOWN, rest, sizeof rest);

    fprintf(out, "%s%s%s:\n", s->thread, s->thread[0] ? ": " : "", s->label);
    for (unsigned i = 0; i < shown; i++) {
        struct symbol_frame frame = place_frame(s->trace, s->symbols, s->stack, i);

        unsigned folded = outline_fold(s, i, shown);

        fprintf(out, "    #%-2u %s%s\n", i, place_text(&frame, text, sizeof text), frame.inlined ? " [inlined]" : "");
        if (folded)
            fprintf(out, "    ... %u of the library's\n", folded);
        i += folded;
    }
    if (rest[0])
        fprintf(out, "    %s\n", rest);
    if (!shown)
        fputs("    (no stack was recorded)\n", out);
}

static void write_finding(FILE *out, const struct finding *f)
{
    char text[OUTLINE_TEXT];
    struct symbol_frame at;

    fprintf(out, "### [%s] ", severity_name(f->severity));
    write_escaped(out, f->title);
    fputs("\n\n", out);
    fprintf(out, "**Finding:** `%s`, confidence %s%s%s\n\n", finding_info(f->id)->id, confidence_name(f->confidence),
            f->grade ? ", grade " : "", f->grade ? f->grade : "");
    field(out, "Location", outline_location(f, &at) ? outline_frame(&at, text, sizeof text) : "not recorded");
    if (f->why)
        field(out, "Why it matters", f->why);
    fputs("**Evidence:**\n\n", out);
    for (unsigned i = 0; i < f->evidence_count; i++)
        bullet(out, f->evidence[i]);
    if (f->stack_count)
        fputs("\n```text\n", out);
    for (unsigned i = 0; i < outline_stacks(f); i++)
        write_stack(out, f, i);
    fputs(f->stack_count ? "```\n\n" : "\n", out);
    if (f->fix)
        field(out, "Fix", f->fix);
    if (f->validation)
        field(out, "Validation", f->validation);
}

static void write_todo(FILE *out, const struct review *r, bool required)
{
    char text[2 * OUTLINE_TEXT];
    unsigned count = 0;

    fprintf(out, "## %s\n\n", required ? "Required Before Merge" : "Follow-up (Non-blocking)");
    if (required && outline_unread(r)) {
        bullet(out, outline_unread(r));
        count++;
    }
    for (unsigned i = 0; i < r->findings.count; i++) {
        if (outline_required(r->findings.items[i]) != required)
            continue;
        bullet(out, outline_item(r->findings.items[i], text, sizeof text));
        count++;
    }
    fputs(count ? "\n" : "Nothing.\n\n", out);
}

static void write_health(FILE *out, const struct health *h)
{
    fputs("## Recording Health\n\n", out);
    for (unsigned i = 0; i < h->notes.count; i++)
        bullet(out, h->notes.items[i]);
    for (unsigned i = 0; i < h->unseen.count; i++) {
        fputs("- Not seen: ", out);
        write_escaped(out, h->unseen.items[i]);
        fputc('\n', out);
    }
}

static void write_baseline(FILE *out, const struct review *r)
{
    char text[2 * OUTLINE_TEXT];

    fprintf(out, "- **Baseline:** %s\n", outline_baseline(r, text, sizeof text));
    for (unsigned i = 0; i < r->baseline->count; i++) {
        if (!outline_baseline_entry(&r->baseline->entries[i], text, sizeof text))
            continue;
        fputs("  ", out);
        bullet(out, text);
    }
}

int review_render_markdown(const struct review *r, FILE *out, const struct render_options *o)
{
    (void)o;
    errno = 0;
    fprintf(out, "## Review Summary\n\n- **Verdict:** %s\n- **Risk:** %s\n- **Top concern:** ", outline_verdict(r),
            outline_risk(r));
    write_escaped(out, r->top_concern);
    fprintf(out, "\n- **Confidence:** %s\n", confidence_name(r->confidence));
    if (r->baseline)
        write_baseline(out, r);
    fputs("\n## Findings\n\n", out);
    if (!r->findings.count)
        fputs("None.\n\n", out);
    for (unsigned i = 0; i < r->findings.count; i++)
        write_finding(out, r->findings.items[i]);
    write_todo(out, r, true);
    write_todo(out, r, false);
    write_health(out, &r->health);
    return fflush(out) || ferror(out) ? -1 : 0;
}

/*
 * options.h - the recording options: KIWI_OPTIONS in the library, --name=value in `kiwi run`.
 *
 *     struct options o;
 *     options_defaults(&o);
 *     options_parse(&o, getenv("KIWI_OPTIONS"), warn_once, NULL);   // bad entries are reported and left out
 *     options_expand_out(path, sizeof path, o.out, &names);
 *
 * Text form: name=value:name=value, where "\:" is a colon and "\\" a backslash in a value, and later entries win.
 * Sizes are bytes (K, M, G are powers of 1024); times are nanoseconds inside and are written with ns, us, ms or s.
 *
 * This code runs in the preloaded library before anything else: it calls mem* and str* functions only, keeps no state,
 * allocates nothing, and may be used from any thread and from signal handlers.
 */
#ifndef KIWI_OPTIONS_H
#define KIWI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_TEXT 1024 /* bytes of a text option, its NUL included */
#define OPTIONS_LINE 256  /* room for one complaint */

enum options_heap { OPTIONS_HEAP_SAMPLE, OPTIONS_HEAP_EXACT, OPTIONS_HEAP_COUNT, OPTIONS_HEAP_OFF };
enum options_switch { OPTIONS_ON, OPTIONS_OFF };
enum options_events { OPTIONS_EVENTS_SLOW, OPTIONS_EVENTS_ALL, OPTIONS_EVENTS_OFF };
enum options_domain {
    OPTIONS_LOCKS = 1 << 0,
    OPTIONS_HEAP = 1 << 1,
    OPTIONS_IO = 1 << 2,
    OPTIONS_ATOMICS = 1 << 3,
};

/* One member per row of options.def: char[] for TEXT, uint32_t for CHOICE and SET, uint64_t for the numbers. */
struct options {
#define OPTION_MEMBER_TEXT(field) char field[OPTIONS_TEXT];
#define OPTION_MEMBER_CHOICE(field) uint32_t field;
#define OPTION_MEMBER_SET(field) uint32_t field;
#define OPTION_MEMBER_COUNT(field) uint64_t field;
#define OPTION_MEMBER_SIZE(field) uint64_t field;
#define OPTION_MEMBER_TIME(field) uint64_t field;
#define OPTION(field, name, kind, unit, standard, min, max, choices, help) OPTION_MEMBER_##kind(field)
#include "../options.def"
#undef OPTION
};

enum option_kind { OPTION_TEXT, OPTION_CHOICE, OPTION_SET, OPTION_COUNT, OPTION_SIZE, OPTION_TIME };

/* A row of the registry. */
struct option_info {
    const char *name;
    enum option_kind kind;
    const char *unit;     /* in words, "" for choices */
    const char *standard; /* the default, as a user would write it */
    uint64_t min, max;    /* of numbers; of a text's length */
    const char *choices;  /* "a|b|c" for CHOICE and SET */
    const char *help;     /* one sentence */
    size_t offset;        /* of the member in struct options */
};

extern const struct option_info option_table[] __attribute__((visibility("hidden")));
extern const unsigned option_count __attribute__((visibility("hidden")));

/* NULL if there is no such option. */
const struct option_info *option_find(const char *name);

/* What a value of this option must be, in words: "a size from 1M to 4G". */
void option_want(const struct option_info *info, char *text, size_t size);

/* The option's value in o as a user would write it. Returns false if it did not fit. */
bool option_value(const struct option_info *info, const struct options *o, char *text, size_t size);

void options_defaults(struct options *o);

enum options_result { OPTIONS_OK, OPTIONS_UNKNOWN, OPTIONS_BAD_VALUE };

/* Sets one option. o is unchanged unless the result is OPTIONS_OK. */
enum options_result options_set(struct options *o, const char *name, const char *value);

/*
 * Sets every option of text (NULL counts as ""). complain gets one whole line without a newline for each entry that is
 * left out ("kiwi: unknown option 'foo' ignored (see 'kiwi run --help')"). Returns the number of complaints.
 */
unsigned options_parse(struct options *o, const char *text, void (*complain)(void *arg, const char *line), void *arg);

/* Text that options_parse turns into o again: `out`, and whatever differs from its default. false if it did not fit. */
bool options_format(const struct options *o, char *text, size_t size);

/* Domains to record: enum options_domain bits. */
uint32_t options_domains(const struct options *o);

/* Whether a child process that runs `executable` (a path or base name) is to be recorded. */
bool options_follows(const struct options *o, const char *executable);

/* Shell-like match of a whole text: '*' any text, '?' any character. */
bool options_match(const char *pattern, const char *text);

/*
 * Takes the next item of a comma-separated list (commas inside <> and () do not split) and moves *list behind it.
 * Returns false at the end of the list. Items that do not fit are cut; empty ones are skipped.
 */
bool options_list_next(const char **list, char *item, size_t size);

/* What the place holders of out= stand for. */
struct options_names {
    uint32_t pid;
    const char *executable; /* path or base name; the part behind the last '/' is used */
    const char *host;
    uint64_t start_seconds; /* since 1970, UTC */
};

/* Expands %p %e %h %t %% (%t: 20241121T094000Z). Returns false if it did not fit. */
bool options_expand_out(char *path, size_t size, const char *pattern, const struct options_names *names);

/* Whether the pattern tells processes apart by itself. */
bool options_out_has_pid(const char *pattern);

/* Makes a relative out= absolute; '%' in the directory is doubled, so that it stays itself. false if it did not fit. */
bool options_out_absolute(struct options *o, const char *directory);
#endif

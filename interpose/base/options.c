#include "options.h"

#include "line.h"

#include <string.h>

const struct option_info option_table[] = {
#define OPTION(member, text, type, measure, normal, low, high, words, sentence)                                        \
    {.name = (text),                                                                                                   \
     .kind = OPTION_##type,                                                                                            \
     .unit = (measure),                                                                                                \
     .standard = (normal),                                                                                             \
     .min = (low),                                                                                                     \
     .max = (high),                                                                                                    \
     .choices = (words),                                                                                               \
     .help = (sentence),                                                                                               \
     .offset = offsetof(struct options, member)},
#include "../options.def"
#undef OPTION
};
const unsigned option_count = sizeof option_table / sizeof option_table[0];

#define OPTION_NAME_MAX 32 /* bytes of the longest name that is looked up, its NUL included */

struct unit {
    const char *suffix;
    uint64_t scale;
};

/* Largest first: the first that divides a value is the one to print it with. */
static const struct unit size_units[] = {
        {"G", UINT64_C(1) << 30}, {"M", UINT64_C(1) << 20}, {"K", UINT64_C(1) << 10}, {"", 1},
        {"g", UINT64_C(1) << 30}, {"m", UINT64_C(1) << 20}, {"k", UINT64_C(1) << 10}, {NULL, 0},
};
static const struct unit time_units[] = {
        {"s", UINT64_C(1000000000)}, {"ms", UINT64_C(1000000)}, {"us", UINT64_C(1000)}, {"ns", 1}, {NULL, 0},
};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(enum option_kind kind)
{
    return kind == OPTION_SIZE ? size_units : kind == OPTION_TIME ? time_units : count_units;
}

const struct option_info *option_find(const char *name)
{
    for (unsigned i = 0; i < option_count; i++) {
        if (strcmp(option_table[i].name, name) == 0)
            return &option_table[i];
    }
    return NULL;
}

/* ---- values: text to number ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads decimal digits; false on overflow. */
static bool read_digits(const char **at, uint64_t *value)
{
    for (*value = 0; is_digit(**at); (*at)++) {
        if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, (uint64_t)(**at - '0'), value))
            return false;
    }
    return true;
}

/* "1.5" gives whole 1 and 500000000 billionths; digits past the ninth are dropped. */
static bool read_decimal(const char **at, uint64_t *whole, uint64_t *billionths)
{
    *billionths = 0;
    if (!is_digit(**at) || !read_digits(at, whole))
        return false;
    if (**at != '.')
        return true;
    (*at)++;
    if (!is_digit(**at))
        return false;
    for (uint64_t weight = 100000000; is_digit(**at); weight /= 10, (*at)++)
        *billionths += weight * (uint64_t)(**at - '0');
    return true;
}

static bool parse_number(const struct option_info *info, const char *text, uint64_t *value)
{
    uint64_t whole, billionths;
    const struct unit *u = units_of(info->kind);

    if (!read_decimal(&text, &whole, &billionths))
        return false;
    while (u->suffix && strcmp(u->suffix, text) != 0)
        u++;
    if (!u->suffix || (billionths > 0 && u->scale == 1) || __builtin_mul_overflow(whole, u->scale, value))
        return false;
    /* Both factors are below 2^30 and 2^30: no overflow in the product. */
    if (__builtin_add_overflow(*value, billionths * u->scale / 1000000000, value))
        return false;
    return *value >= info->min && *value <= info->max;
}

/* Position of the word of `length` bytes in "a|b|c", or -1. */
static int choice_index(const char *choices, const char *word, size_t length)
{
    for (int index = 0;; index++) {
        size_t width = strcspn(choices, "|");

        if (width == length && memcmp(choices, word, length) == 0)
            return index;
        if (choices[width] == '\0')
            return -1;
        choices += width + 1;
    }
}

static uint32_t set_of_all(const char *choices)
{
    uint32_t all = 1;

    for (; *choices; choices++) {
        if (*choices == '|')
            all = all << 1 | 1;
    }
    return all;
}

static bool parse_set(const char *choices, const char *text, uint32_t *set)
{
    *set = 0;
    if (strcmp(text, "none") == 0)
        return true;
    if (strcmp(text, "all") == 0) {
        *set = set_of_all(choices);
        return true;
    }
    for (;;) {
        size_t width = strcspn(text, ",");
        int index = choice_index(choices, text, width);

        if (index < 0)
            return false;
        *set |= UINT32_C(1) << index;
        if (text[width] == '\0')
            return true;
        text += width + 1;
    }
}

/* Only out= has place holders; an unknown one would end up as a surprising file name. */
static bool valid_out(const char *pattern)
{
    for (; (pattern = strchr(pattern, '%')) != NULL; pattern += 2) {
        if (pattern[1] == '\0' || !strchr("peht%", pattern[1]))
            return false;
    }
    return true;
}

static bool valid_text(const struct option_info *info, const char *value)
{
    size_t length = strlen(value);

    if (length < info->min || length > info->max)
        return false;
    return info->offset != offsetof(struct options, out) || valid_out(value);
}

enum options_result options_set(struct options *o, const char *name, const char *value)
{
    const struct option_info *info = option_find(name);
    uint64_t number = 0;
    uint32_t word = 0;
    void *member;
    int index;

    if (!info)
        return OPTIONS_UNKNOWN;
    member = (char *)o + info->offset;
    switch (info->kind) {
    case OPTION_TEXT:
        if (!valid_text(info, value))
            return OPTIONS_BAD_VALUE;
        memcpy(member, value, strlen(value) + 1);
        return OPTIONS_OK;
    case OPTION_CHOICE:
        index = choice_index(info->choices, value, strlen(value));
        if (index < 0)
            return OPTIONS_BAD_VALUE;
        word = (uint32_t)index;
        memcpy(member, &word, sizeof word);
        return OPTIONS_OK;
    case OPTION_SET:
        if (!parse_set(info->choices, value, &word))
            return OPTIONS_BAD_VALUE;
        memcpy(member, &word, sizeof word);
        return OPTIONS_OK;
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_TIME:
        if (!parse_number(info, value, &number))
            return OPTIONS_BAD_VALUE;
        memcpy(member, &number, sizeof number);
        return OPTIONS_OK;
    }
    return OPTIONS_UNKNOWN;
}

void options_defaults(struct options *o)
{
    memset(o, 0, sizeof *o);
    for (unsigned i = 0; i < option_count; i++)
        options_set(o, option_table[i].name, option_table[i].standard);
}

/* ---- values: number to text ---- */

static void put_number(struct line *l, enum option_kind kind, uint64_t value)
{
    const struct unit *u = units_of(kind);

    while (value % u->scale != 0 || (value == 0 && u->scale != 1))
        u++;
    line_number(l, value / u->scale);
    line_text(l, u->suffix);
}

/* The words of "a|b|c" whose bit is set, with `between` before all but the first and `last` before the last. */
static void put_words(struct line *l, const char *choices, uint32_t set, const char *between, const char *last)
{
    bool first = true;

    for (; *choices; set >>= 1) {
        size_t width = strcspn(choices, "|");

        if (set & 1) {
            if (!first)
                line_text(l, set == 1 ? last : between);
            first = false;
            for (size_t i = 0; i < width; i++)
                line_char(l, choices[i]);
        }
        choices += width + (choices[width] == '|');
    }
}

static void put_set(struct line *l, const char *choices, uint32_t set)
{
    if (set == 0)
        line_text(l, "none");
    else if (set == set_of_all(choices))
        line_text(l, "all");
    else
        put_words(l, choices, set, ",", ",");
}

bool option_value(const struct option_info *info, const struct options *o, char *text, size_t size)
{
    const char *member = (const char *)o + info->offset;
    struct line l = line_begin(text, size);
    uint64_t number = 0;
    uint32_t word = 0;

    switch (info->kind) {
    case OPTION_TEXT:
        line_text(&l, member);
        break;
    case OPTION_CHOICE:
        memcpy(&word, member, sizeof word);
        put_words(&l, info->choices, UINT32_C(1) << word, "", "");
        break;
    case OPTION_SET:
        memcpy(&word, member, sizeof word);
        put_set(&l, info->choices, word);
        break;
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_TIME:
        memcpy(&number, member, sizeof number);
        put_number(&l, info->kind, number);
        break;
    }
    return !line_cut(&l);
}

static void put_range(struct line *l, const struct option_info *info, const char *what)
{
    line_text(l, what);
    line_text(l, " from ");
    put_number(l, info->kind, info->min);
    line_text(l, " to ");
    put_number(l, info->kind, info->max);
}

void option_want(const struct option_info *info, char *text, size_t size)
{
    struct line l = line_begin(text, size);

    switch (info->kind) {
    case OPTION_TEXT:
        line_text(&l, info->unit);
        line_text(&l, info->offset == offsetof(struct options, out) ? " with %p, %e, %h, %t or %%" : "");
        line_text(&l, ", at most ");
        line_number(&l, info->max);
        line_text(&l, " bytes");
        break;
    case OPTION_CHOICE:
        put_words(&l, info->choices, set_of_all(info->choices), ", ", " or ");
        break;
    case OPTION_SET:
        line_text(&l, "all, none or some of ");
        put_words(&l, info->choices, set_of_all(info->choices), ",", ",");
        break;
    case OPTION_COUNT:
        put_range(&l, info, "a number");
        break;
    case OPTION_SIZE:
        put_range(&l, info, "a size");
        break;
    case OPTION_TIME:
        put_range(&l, info, "a time with its unit");
        break;
    }
}

/* ---- the text form ---- */

/* Copies one entry up to an unescaped colon, unescaped. Returns where the next entry starts; *cut if it did not fit. */
static const char *take_entry(const char *text, char *entry, size_t size, bool *cut)
{
    struct line l = line_begin(entry, size);

    for (; *text && *text != ':'; text++) {
        if (*text == '\\' && (text[1] == ':' || text[1] == '\\'))
            text++;
        line_char(&l, *text);
    }
    *cut = line_cut(&l);
    return *text ? text + 1 : text;
}

struct complaints {
    void (*complain)(void *arg, const char *line);
    void *arg;
    unsigned count;
};

static void complain_about(struct complaints *c, const char *name, const char *value, enum options_result result)
{
    char text[OPTIONS_LINE], want[96];
    struct line l = line_begin(text, sizeof text);

    if (result == OPTIONS_UNKNOWN) {
        line_text(&l, "kiwi: unknown option '");
        line_quoted(&l, name);
        line_text(&l, "' ignored (see 'kiwi run --help')");
    } else {
        option_want(option_find(name), want, sizeof want);
        line_text(&l, "kiwi: option ");
        line_text(&l, name);
        line_text(&l, " ignored: ");
        if (value) {
            line_text(&l, "want ");
            line_text(&l, want);
            line_text(&l, ", not '");
            line_quoted(&l, value);
            line_char(&l, '\'');
        } else {
            line_text(&l, "has no value");
        }
    }
    c->count++;
    if (c->complain)
        c->complain(c->arg, text);
}

static void apply_entry(struct options *o, char *entry, bool cut, struct complaints *c)
{
    char *equals = strchr(entry, '=');
    enum options_result result;

    if (equals)
        *equals = '\0';
    if (!option_find(entry))
        result = OPTIONS_UNKNOWN;
    else
        result = equals && !cut ? options_set(o, entry, equals + 1) : OPTIONS_BAD_VALUE;
    if (result != OPTIONS_OK)
        complain_about(c, entry, equals ? equals + 1 : NULL, result);
}

unsigned options_parse(struct options *o, const char *text, void (*complain)(void *arg, const char *line), void *arg)
{
    struct complaints c = {.complain = complain, .arg = arg};
    char entry[OPTION_NAME_MAX + OPTIONS_TEXT];
    bool cut;

    while (text && *text) {
        text = take_entry(text, entry, sizeof entry, &cut);
        if (entry[0] != '\0')
            apply_entry(o, entry, cut, &c);
    }
    return c.count;
}

static void put_entry(struct line *l, const char *name, const char *value)
{
    if (l->length > 0)
        line_char(l, ':');
    line_text(l, name);
    line_char(l, '=');
    for (; *value; value++) {
        if (*value == ':' || *value == '\\')
            line_char(l, '\\');
        line_char(l, *value);
    }
}

bool options_format(const struct options *o, char *text, size_t size)
{
    struct line l = line_begin(text, size);
    char value[OPTIONS_TEXT];

    for (unsigned i = 0; i < option_count; i++) {
        const struct option_info *info = &option_table[i];

        if (!option_value(info, o, value, sizeof value))
            return false;
        if (info->offset == offsetof(struct options, out) || strcmp(value, info->standard) != 0)
            put_entry(&l, info->name, value);
    }
    return !line_cut(&l);
}

/* ---- what single options mean ---- */

uint32_t options_domains(const struct options *o)
{
    return o->enable & ~o->disable;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool options_follows(const struct options *o, const char *executable)
{
    const char *list = o->follow;
    char item[OPTIONS_TEXT];

    if (strcmp(o->follow, "all") == 0)
        return true;
    if (strcmp(o->follow, "root") == 0)
        return false;
    while (options_list_next(&list, item, sizeof item)) {
        if (options_match(item, strchr(item, '/') ? executable : base_name(executable)))
            return true;
    }
    return false;
}

/* Remembers only the last star: going further back can never help, so time is at most pattern times text. */
bool options_match(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* Length of a C++ "operator" name at text ("operator<", "operator()", "operator,"), whose punctuation nests nothing. */
static size_t operator_length(const char *text)
{
    const size_t word = sizeof "operator" - 1;

    if (strncmp(text, "operator", word) != 0)
        return 0;
    if (strncmp(text + word, "()", 2) == 0)
        return word + 2;
    if (text[word] == ',')
        return word + 1;
    return word + strspn(text + word, "<>=-");
}

bool options_list_next(const char **list, char *item, size_t size)
{
    const char *at = *list + strspn(*list, ",");
    struct line l = line_begin(item, size);
    unsigned depth = 0;

    while (*at && (*at != ',' || depth > 0)) {
        size_t taken = operator_length(at);

        if (taken == 0) {
            taken = 1;
            if (*at == '<' || *at == '(')
                depth++;
            else if ((*at == '>' || *at == ')') && depth > 0)
                depth--;
        }
        while (taken-- > 0)
            line_char(&l, *at++);
    }
    *list = at;
    return item[0] != '\0';
}

/* ---- out= ---- */

/* Gregorian date from days since 1970, counting years from March so that the leap day comes last. Algorithm: H.
 * Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days, for dates after 1970. */
static void put_utc(struct line *l, uint64_t seconds)
{
    uint64_t days = seconds / 86400 + 719468, rest = seconds % 86400;
    uint64_t era = days / 146097, day_of_era = days % 146097;
    uint64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * day_of_year + 2) / 153;

    line_padded(l, era * 400 + year + (month >= 10), 4);
    line_padded(l, month < 10 ? month + 3 : month - 9, 2);
    line_padded(l, day_of_year - (153 * month + 2) / 5 + 1, 2);
    line_char(l, 'T');
    line_padded(l, rest / 3600, 2);
    line_padded(l, rest / 60 % 60, 2);
    line_padded(l, rest % 60, 2);
    line_char(l, 'Z');
}

/* A name that becomes part of a file name must not lead into another directory. */
static void put_component(struct line *l, const char *text)
{
    for (; *text; text++)
        line_char(l, *text == '/' ? '_' : *text);
}

bool options_expand_out(char *path, size_t size, const char *pattern, const struct options_names *names)
{
    struct line l = line_begin(path, size);

    for (; *pattern; pattern++) {
        if (*pattern != '%' || pattern[1] == '\0') {
            line_char(&l, *pattern);
            continue;
        }
        switch (*++pattern) {
        case 'p':
            line_number(&l, names->pid);
            break;
        case 'e':
            put_component(&l, base_name(names->executable));
            break;
        case 'h':
            put_component(&l, names->host);
            break;
        case 't':
            put_utc(&l, names->start_seconds);
            break;
        case '%':
            line_char(&l, '%');
            break;
        default:
            line_char(&l, '%');
            line_char(&l, *pattern);
        }
    }
    return !line_cut(&l);
}

bool options_out_has_pid(const char *pattern)
{
    for (; (pattern = strchr(pattern, '%')) != NULL && pattern[1] != '\0'; pattern += 2) {
        if (pattern[1] == 'p')
            return true;
    }
    return false;
}

bool options_out_absolute(struct options *o, const char *directory)
{
    char absolute[OPTIONS_TEXT];
    struct line l = line_begin(absolute, sizeof absolute);

    if (o->out[0] == '/')
        return true;
    for (; *directory; directory++) {
        line_char(&l, *directory);
        if (*directory == '%')
            line_char(&l, '%');
    }
    if (l.length == 0 || l.text[(line_cut(&l) ? l.size - 1 : l.length) - 1] != '/')
        line_char(&l, '/');
    line_text(&l, o->out);
    if (line_cut(&l))
        return false;
    memcpy(o->out, absolute, l.length + 1);
    return true;
}

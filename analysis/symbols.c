#include "symbols.h"

#include "demangle.h"
#include "image.h"
#include "module_map.h"
#include "text.h"
#include "variable.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IMAGES 256 /* each holds a descriptor or two */
#define MAX_INLINED 64 /* frames of one address */
#define LEFT_MAX 4u    /* functions, one jumping to the next */
#define CACHE_HEADS 4096u
#define PATH_BYTES 4096

/* An image and what is kept about it; several modules may be one image, opened again and again. */
struct loaded {
    const char *path; /* raw */
    const uint8_t *build_id;
    uint32_t build_id_size;
    bool internal;
    const char *shown; /* path for people */
    const char *fault;
    struct image *image; /* NULL: see fault */
    struct variable_index *variables;
    bool variables_tried;
    uint32_t asked, unnamed; /* addresses looked up, and those without a function */
};

/* What is known of one address. */
struct lookup {
    struct lookup *next;
    uint64_t address, offset; /* offset: in the file */
    uint32_t module;          /* row */
    bool is_return;
    unsigned count;
    struct symbol_frame *frames;
};

struct stack_frames {
    struct symbol_frame *frames;
    unsigned count;
    bool made;
};

struct symbols {
    struct trace *trace;
    struct module_map *map;
    struct arena texts;
    struct loaded images[MAX_IMAGES];
    unsigned image_count;
    struct loaded **of_module; /* index = module row; NULL = not looked at yet */
    uint32_t module_count;
    struct stack_frames *stacks; /* index = stack row */
    uint32_t stack_count;
    struct lookup *cache[CACHE_HEADS];
    struct loaded overflow; /* stands for all images past MAX_IMAGES */
};

struct symbols *symbols_open(struct trace *t)
{
    struct symbols *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->trace = t;
    s->module_count = trace_rows(t, KIWI_TABLE_MODULES);
    s->stack_count = trace_rows(t, KIWI_TABLE_STACKS);
    s->map = module_map_open(t);
    s->of_module = calloc((size_t)s->module_count + 1, sizeof *s->of_module);
    s->stacks = calloc((size_t)s->stack_count + 1, sizeof *s->stacks);
    s->overflow = (struct loaded){.path = "", .shown = "further modules", .fault = "too many different ones"};
    if (s->map && s->of_module && s->stacks)
        return s;
    symbols_close(s);
    return NULL;
}

void symbols_close(struct symbols *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->image_count; i++) {
        variable_index_close(s->images[i].variables);
        image_close(s->images[i].image);
    }
    module_map_close(s->map);
    free(s->of_module);
    free(s->stacks);
    arena_release(&s->texts);
    free(s);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Modules that a user's code calls into: never the place where the user's code took a lock. */
static bool is_internal_module(const char *path)
{
    static const char *const names[] = {
            "libc.so",     "libc-2",      "ld-linux",    "ld-2",       "ld.so",      "libpthread", "libm.so",
            "libm-2",      "libdl.so",    "librt.so",    "libstdc++",  "libgcc_s",   "libc++",     "libunwind",
            "libkiwi",     "linux-vdso",  "[vdso]",      "libasan",    "libtsan",    "libubsan",   "liblsan",
            "libjemalloc", "libtcmalloc", "libglib-2.0", "libuv.so",   "libevent",   "libev.so",   "libboost_",
            "libtbb.so",   "libgomp.so",  "libomp",      "libQt5Core", "libQt6Core",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (begins(base_name(path), names[i]))
            return true;
    return false;
}

static bool is_kiwi_module(const char *path)
{
    return begins(base_name(path), "libkiwi");
}

/* Rust's standard library, as its own builds and Debian's name it. */
static bool is_rust_library(const char *file)
{
    return begins(file, "/rustc/") || begins(file, "library/std/") || begins(file, "library/core/") ||
           begins(file, "library/alloc/") || (strstr(file, "/rustc-") && strstr(file, "/library/"));
}

/* The executor that everybody's async functions run on. */
static bool is_rust_executor(const char *file, const char *function)
{
    size_t length = strlen(file);

    return length > 3 && strcmp(file + length - 3, ".rs") == 0 && function &&
           (begins(function, "tokio::") || begins(function, "mio::"));
}

/*
 * Headers whose inline functions wrap what libraries do: lock_guard, fortified read. Those of the system, and of some
 * libraries wherever they were installed.
 */
static bool is_internal_file(const char *file)
{
    static const char *const libraries[] = {"/c++/", "/bits/", "/glib-2.0/", "/boost/", "/tbb/", "/oneapi/"};
    const char *include = strstr(file, "/include/");

    if (is_rust_library(file) || begins(file, "/usr/include/") || begins(file, "/usr/local/include/"))
        return true;
    for (size_t i = 0; include && i < sizeof libraries / sizeof *libraries; i++)
        if (strstr(include, libraries[i]))
            return true;
    return false;
}

/* Where nothing but the name is known, as of a C++ runtime that is linked statically: everybody allocates with its
 * operator new and throws with its __cxa_throw. A program with such operators of its own mostly has lines for them. */
static bool is_internal_function(const char *function)
{
    static const char *const names[] = {
            "std::", "__gnu_cxx::", "__gthread_", "boost::", "tbb::", "__cxa_", "operator new", "operator delete",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (begins(function, names[i]))
            return true;
    return false;
}

/* Where the file is now. A process that still runs in a container has its own root. */
static struct image *open_image(struct symbols *s, const struct loaded *l)
{
    const struct kiwi_header *h = trace_header(s->trace);
    char path[PATH_BYTES];

    if (l->path[0] == '/')
        snprintf(path, sizeof path, "%s", l->path);
    else
        snprintf(path, sizeof path, "%s/%s", trace_raw_string(s->trace, h->directory), l->path);
    struct image *image = image_open(path, l->build_id, l->build_id_size);
    if (!image || !image_fault(image) || !trace_is_live(s->trace) || !l->build_id_size)
        return image;
    image_close(image);

    char rooted[PATH_BYTES + 64];
    snprintf(rooted, sizeof rooted, "/proc/%u/root%s", h->pid, path);
    return image_open(rooted, l->build_id, l->build_id_size);
}

static void load(struct symbols *s, struct loaded *l, const struct kiwi_module *module, const char *path)
{
    *l = (struct loaded){
            .path = path,
            .build_id = module->build_id,
            .build_id_size = module->build_id_size,
            .internal = is_internal_module(path),
    };
    char *shown = arena_copy(&s->texts, path);
    if (shown)
        text_clean(shown, strlen(shown));
    l->shown = shown ? shown : "(out of memory)";
    if (!strchr(path, '/')) {
        l->fault = "not a file";
        return;
    }
    l->image = open_image(s, l);
    l->fault = l->image ? image_fault(l->image) : "out of memory";
}

static struct loaded *find_image(struct symbols *s, const struct kiwi_module *module)
{
    const char *path = trace_raw_string(s->trace, module->path);

    if (!path[0])
        path = trace_raw_string(s->trace, trace_header(s->trace)->executable);
    for (unsigned i = 0; i < s->image_count; i++) {
        struct loaded *l = &s->images[i];
        if (strcmp(l->path, path) == 0 && l->build_id_size == module->build_id_size &&
            memcmp(l->build_id, module->build_id, sizeof module->build_id) == 0)
            return l;
    }
    if (s->image_count == MAX_IMAGES)
        return &s->overflow;
    struct loaded *l = &s->images[s->image_count++];
    load(s, l, module, path);
    return l;
}

static struct loaded *image_of(struct symbols *s, uint32_t row)
{
    const struct kiwi_module *module = trace_module(s->trace, row);

    if (!module)
        return NULL;
    if (!s->of_module[row])
        s->of_module[row] = find_image(s, module);
    return s->of_module[row];
}

static const char *clean_file(struct symbols *s, const char *file)
{
    char *copy = file ? arena_copy(&s->texts, file) : NULL;

    if (copy)
        text_clean(copy, strlen(copy));
    return copy;
}

/* The inlined frames and the function of a file address; module and internal are common to them all. */
static void look_up_frames(struct symbols *s, struct lookup *k, struct loaded *l, uint64_t looked_at)
{
    struct symbol_frame frames[MAX_INLINED] = {{0}};
    unsigned count = 1;

    if (l && l->image && !l->fault)
        count = image_frames(l->image, looked_at, &s->texts, frames, MAX_INLINED);
    k->frames = arena_alloc(&s->texts, count * sizeof *k->frames);
    if (!k->frames)
        return;
    k->count = count;
    for (unsigned i = 0; i < count; i++) {
        struct symbol_frame *f = &k->frames[i];
        *f = frames[i];
        f->file = clean_file(s, f->file);
        f->module = l ? l->shown : NULL;
        f->offset = k->offset;
        f->internal =
                (l && l->internal) || (f->file ? is_internal_file(f->file) || is_rust_executor(f->file, f->function)
                                               : f->function && is_internal_function(f->function));
    }
    if (l) {
        l->asked++;
        l->unnamed += !k->frames[count - 1].function;
    }
}

static struct lookup *look_up(struct symbols *s, uint64_t address, bool is_return, uint64_t epoch)
{
    uint64_t looked_at = address - (is_return && address);
    uint32_t row = module_map_find(s->map, looked_at, epoch);
    const struct kiwi_module *module = trace_module(s->trace, row);
    uint64_t hash = (address * 2 + is_return) * UINT64_C(0x9e3779b97f4a7c15);
    struct lookup **head = &s->cache[hash >> 52 & (CACHE_HEADS - 1)];

    for (struct lookup *k = *head; k; k = k->next)
        if (k->address == address && k->module == row && k->is_return == is_return)
            return k;
    struct lookup *k = arena_alloc(&s->texts, sizeof *k);
    if (!k)
        return NULL;
    uint64_t bias = module ? module->base : 0;
    *k = (struct lookup){*head, address, address - bias, row, is_return, 0, NULL};
    look_up_frames(s, k, module ? image_of(s, row) : NULL, looked_at - bias);
    *head = k;
    return k;
}

static bool is_kiwi_frame(struct symbols *s, const struct lookup *k)
{
    const struct loaded *l = image_of(s, k->module);

    return l && is_kiwi_module(l->path);
}

/* Frames of a stack that is being expanded, innermost first. */
struct frames {
    struct symbol_frame *out; /* NULL: they are counted alone */
    unsigned count;
};

static void add_frames(struct frames *f, const struct lookup *k)
{
    if (f->out && k->count)
        memcpy(f->out + f->count, k->frames, k->count * sizeof *f->out);
    f->count += k->count;
}

/*
 * A function whose last deed was a call has no frame any more: the compiler makes a jump of it. That it was there is
 * told by the instruction that called it. It may have jumped to a function that did the same: those go in front of it.
 * inner: the frame below, NULL = none, or one of Kiwi's wrappers.
 */
static void add_left(struct symbols *s, struct frames *f, const struct lookup *caller, const struct lookup *inner,
                     uint64_t epoch)
{
    const struct lookup *found[LEFT_MAX];
    const struct loaded *l = image_of(s, caller->module);
    uint64_t bias = caller->address - caller->offset, after = caller->offset, function, left;
    uint64_t inside = inner && inner->module == caller->module ? inner->offset - 1 : 0;
    unsigned count = 0;

    if (!l || !l->image || l->fault)
        return;
    while (count < LEFT_MAX && image_left_by_jump(l->image, after, count > 0, inside, &function, &left)) {
        found[count] = look_up(s, bias + (left ? left : function), left != 0, epoch);
        if (!found[count] || !found[count]->count)
            break;
        count++;
        after = left;
        if (!left)
            break;
    }
    while (count)
        add_frames(f, found[--count]);
}

/* Expands a stack in two passes: how many frames there are, then the frames. */
static unsigned gather(struct symbols *s, uint32_t stack, struct symbol_frame *out)
{
    uint32_t depth;
    const uint64_t *addresses = trace_frames(s->trace, stack, &depth);
    const struct kiwi_stack *row = trace_stack(s->trace, stack);
    const struct lookup *inner = NULL;
    struct frames f = {.out = out};

    for (uint32_t i = 0; i < depth; i++) {
        const struct lookup *k = look_up(s, addresses[i], true, row->epoch);
        bool shown = k && !is_kiwi_frame(s, k);
        if (shown) {
            add_left(s, &f, k, inner, row->epoch);
            add_frames(&f, k);
        }
        inner = shown ? k : NULL;
    }
    return f.count;
}

const struct symbol_frame *symbols_stack(struct symbols *s, uint32_t stack, unsigned *count)
{
    *count = 0;
    if (!trace_stack(s->trace, stack))
        return NULL;
    struct stack_frames *known = &s->stacks[stack];
    if (!known->made) {
        unsigned needed = gather(s, stack, NULL);
        known->made = true;
        known->frames = arena_alloc(&s->texts, (needed + 1) * sizeof *known->frames);
        known->count = known->frames ? gather(s, stack, known->frames) : 0;
    }
    *count = known->count;
    return known->count ? known->frames : NULL;
}

const struct symbol_frame *symbols_address(struct symbols *s, uint64_t address, bool is_return, unsigned *count)
{
    const struct lookup *k = look_up(s, address, is_return, MODULE_MAP_LATEST);

    *count = k ? k->count : 0;
    return *count ? k->frames : NULL;
}

/* gcc numbers static variables of functions: "lock.0" is what the source calls lock. */
static void cut_number(char *name)
{
    size_t length = strlen(name), digits = length;

    while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
        digits--;
    if (digits > 1 && digits < length && name[digits - 1] == '.')
        name[digits - 1] = '\0';
}

static const char *symbol_variable(struct symbols *s, const char *symbol)
{
    char *plain = symbol ? arena_copy(&s->texts, symbol) : NULL;

    if (!plain)
        return NULL;
    cut_number(plain);
    return demangle(&s->texts, plain);
}

static const char *debug_variable(struct symbols *s, struct loaded *l, uint64_t address, const char *symbol,
                                  uint64_t *offset)
{
    uint64_t bias;
    Dwarf *dwarf = image_dwarf(l->image, &bias);

    if (dwarf && !l->variables_tried) {
        l->variables_tried = true;
        l->variables = variable_index_open(dwarf);
    }
    const char *root = symbol && is_mangled(symbol) ? demangle(&s->texts, symbol) : NULL;
    return l->variables ? variable_name_at(l->variables, address - bias, root, &s->texts, offset) : NULL;
}

const char *symbols_variable(struct symbols *s, uint64_t address, uint64_t *offset, const char **module)
{
    uint32_t row = module_map_find(s->map, address, MODULE_MAP_LATEST);
    struct loaded *l = image_of(s, row);

    if (!l || !l->image || l->fault)
        return NULL;
    address -= trace_module(s->trace, row)->base;
    const char *symbol = image_data_symbol(l->image, address, offset);
    const char *name = debug_variable(s, l, address, symbol, offset);
    if (!name)
        name = symbol_variable(s, symbol);
    *module = l->shown;
    return name;
}

const char *symbols_mention(struct symbols *s, const char *const *names, bool defined)
{
    struct kiwi_module nameless = {.path = 0}; /* no stack has led there: the file alone is known */
    const struct kiwi_module *module = &nameless;

    for (uint32_t i = 1; i < trace_rows(s->trace, KIWI_TABLE_MODULES); i++)
        if (trace_module(s->trace, i) && !trace_module(s->trace, i)->path)
            module = trace_module(s->trace, i);
    const struct loaded *l = find_image(s, module);
    return l->image && !l->fault ? image_mention(l->image, names, defined) : NULL;
}

static const char *unresolved_text(struct symbols *s, const struct loaded *l)
{
    if (l->internal || !l->asked || (!l->fault && !l->unnamed))
        return NULL;
    const char *text = l->fault ? arena_format(&s->texts, "%s: %s", l->shown, l->fault)
                                : arena_format(&s->texts, "%s: stripped, %u of %u addresses have no function name",
                                               l->shown, l->unnamed, l->asked);
    return text ? text : l->shown;
}

unsigned symbols_unresolved(struct symbols *s, const char **modules, unsigned max)
{
    unsigned count = 0;

    for (unsigned i = 0; i <= s->image_count && count < max; i++) {
        const char *text = unresolved_text(s, i < s->image_count ? &s->images[i] : &s->overflow);
        if (text)
            modules[count++] = text;
    }
    return count;
}

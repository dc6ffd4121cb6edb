#include "image.h"

#include "code_index.h"
#include "demangle.h"
#include "symbol_table.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEBUG_PATH ":.debug:/usr/lib/debug"
#define NETWORK_VARIABLE "DEBUGINFOD_URLS"

struct image {
    char debug_path[sizeof DEBUG_PATH];
    char *debug_paths; /* = debug_path: libdwfl wants a pointer to a pointer that is not const */
    Dwfl_Callbacks callbacks;
    Dwfl *dwfl;
    Dwfl_Module *module;
    const char *fault;
    struct code_index *code;
    struct symbol_table *symbols;
    bool dwarf_tried;
    Dwarf *dwarf;
    Dwarf_Addr dwarf_bias;
};

/*
 * The library's own search ends at the debuginfod servers that the environment names: a review must not wait for
 * them, nor tell them what is being looked at. The variable is put back at once; libdw looks at it in this call
 * alone.
 */
static int find_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, const char *file,
                          const char *link, GElf_Word crc, char **found)
{
    const char *servers = getenv(NETWORK_VARIABLE);
    char *kept = servers ? strdup(servers) : NULL;

    if (servers && (!kept || unsetenv(NETWORK_VARIABLE) != 0)) {
        free(kept);
        return -1;
    }
    int fd = dwfl_standard_find_debuginfo(module, user, name, base, file, link, crc, found);
    if (kept)
        setenv(NETWORK_VARIABLE, kept, 1); /* fails only without memory: then the servers stay unknown */
    free(kept);
    return fd;
}

/* Only regular files: a trace may name a device or a FIFO. */
static int open_regular(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        return fd;
    close(fd);
    errno = ENOENT;
    return -1;
}

static bool same_build_id(Dwfl_Module *module, const uint8_t *build_id, uint32_t size)
{
    const unsigned char *bytes;
    GElf_Addr where;
    int found = dwfl_module_build_id(module, &bytes, &where);

    return found > 0 && (uint32_t)found >= size && memcmp(bytes, build_id, size) == 0;
}

/* Reports the file at load address 0, so that addresses are those of the file. Takes the descriptor. */
static const char *load_file(struct image *i, const char *path, int fd, const uint8_t *build_id, uint32_t size)
{
    i->dwfl = dwfl_begin(&i->callbacks);
    if (!i->dwfl) {
        close(fd);
        return "out of memory";
    }
    dwfl_report_begin(i->dwfl);
    i->module = dwfl_report_elf(i->dwfl, path, path, fd, 0, true);
    if (!i->module)
        close(fd);
    if (dwfl_report_end(i->dwfl, NULL, NULL) != 0 || !i->module)
        return "not an ELF file that can be read";
    if (size && !same_build_id(i->module, build_id, size))
        return "not the file that was recorded (its build id differs)";
    return NULL;
}

static void unload(struct image *i)
{
    if (i->dwfl)
        dwfl_end(i->dwfl);
    i->dwfl = NULL;
    i->module = NULL;
}

/* The debug file of a module that is gone or was replaced has its symbols and lines all the same. */
static int open_debug_file(const uint8_t *build_id, uint32_t size, char *path, size_t path_size)
{
    size_t at;

    if (size < 2)
        return -1;
    at = (size_t)snprintf(path, path_size, "/usr/lib/debug/.build-id/%02x/", build_id[0]);
    for (uint32_t k = 1; k < size && at < path_size; k++)
        at += (size_t)snprintf(path + at, path_size - at, "%02x", build_id[k]);
    if (at < path_size)
        snprintf(path + at, path_size - at, ".debug");
    return open_regular(path);
}

static struct image *image_new(void)
{
    struct image *i = calloc(1, sizeof *i);

    if (!i)
        return NULL;
    memcpy(i->debug_path, DEBUG_PATH, sizeof i->debug_path);
    i->debug_paths = i->debug_path;
    i->callbacks = (Dwfl_Callbacks){.find_debuginfo = find_debuginfo, .debuginfo_path = &i->debug_paths};
    return i;
}

struct image *image_open(const char *path, const uint8_t *build_id, uint32_t build_id_size)
{
    struct image *i = image_new();
    char debug_file[128];

    if (!i)
        return NULL;
    if (build_id_size > KIWI_BUILD_ID_BYTES)
        build_id_size = KIWI_BUILD_ID_BYTES;
    int fd = open_regular(path);
    i->fault = fd < 0 ? "the file is not there" : load_file(i, path, fd, build_id, build_id_size);
    if (!i->fault)
        return i;
    unload(i);
    fd = open_debug_file(build_id, build_id_size, debug_file, sizeof debug_file);
    if (fd < 0)
        return i;
    if (load_file(i, debug_file, fd, build_id, build_id_size) == NULL)
        i->fault = NULL;
    else
        unload(i);
    return i;
}

void image_close(struct image *i)
{
    if (!i)
        return;
    code_index_close(i->code);
    symbol_table_close(i->symbols);
    unload(i);
    free(i);
}

const char *image_fault(const struct image *i)
{
    return i->fault;
}

Dwarf *image_dwarf(struct image *i, uint64_t *bias)
{
    if (!i->dwarf_tried && i->module) {
        i->dwarf_tried = true;
        i->dwarf = dwfl_module_getdwarf(i->module, &i->dwarf_bias);
    }
    *bias = i->dwarf_bias;
    return i->dwarf;
}

static const struct symbol_table *symbol_table(struct image *i)
{
    if (!i->symbols && i->module)
        i->symbols = symbol_table_open(i->module);
    return i->symbols;
}

static const char *function_symbol(struct image *i, uint64_t address)
{
    const struct symbol_table *t = symbol_table(i);

    return t ? symbol_table_function(t, address) : NULL;
}

const char *image_data_symbol(struct image *i, uint64_t address, uint64_t *offset)
{
    const struct symbol_table *t = symbol_table(i);

    return t ? symbol_table_object(t, address, offset) : NULL;
}

const char *image_mention(struct image *i, const char *const *names, bool defined)
{
    return i->module ? symbol_table_mention(i->module, names, defined) : NULL;
}

/*
 * Assembly and files without debug information have only the symbol table. And of a lambda or a local class DWARF has
 * only the bare name, "operator()", where the symbol is qualified.
 */
static void add_symbol_name(struct image *i, uint64_t address, struct arena *texts, bool bare, struct symbol_frame *f)
{
    const char *symbol = f->function && !bare ? NULL : function_symbol(i, address);

    if (symbol && (!f->function || is_mangled(symbol)))
        f->function = demangle(texts, symbol);
}

static struct code_index *code_index(struct image *i, uint64_t *bias)
{
    Dwarf *dwarf = image_dwarf(i, bias);

    if (dwarf && !i->code)
        i->code = code_index_open(dwarf);
    return i->code;
}

unsigned image_frames(struct image *i, uint64_t address, struct arena *texts, struct symbol_frame *out, unsigned max)
{
    uint64_t bias;
    unsigned count = 0;
    bool bare = false;

    if (!max)
        return 0;
    if (code_index(i, &bias))
        count = code_index_frames(i->code, address - bias, texts, out, max, &bare);
    if (!count) {
        out[0] = (struct symbol_frame){0};
        count = 1;
    }
    add_symbol_name(i, address, texts, bare, &out[count - 1]);
    return count;
}

/* Where this many bytes of code lie in the file as it is. NULL: they do not. */
static const uint8_t *bytes_at(struct image *i, uint64_t address, size_t size)
{
    GElf_Addr bias;
    size_t length, headers;
    GElf_Phdr p;
    Elf *elf = i->module ? dwfl_module_getelf(i->module, &bias) : NULL;
    const char *raw = elf ? elf_rawfile(elf, &length) : NULL;

    if (!raw || elf_getphdrnum(elf, &headers) != 0)
        return NULL;
    address -= bias;
    for (size_t k = 0; k < headers; k++) {
        if (!gelf_getphdr(elf, (int)k, &p) || p.p_type != PT_LOAD || !(p.p_flags & PF_X) || address < p.p_vaddr ||
            p.p_filesz < size || address - p.p_vaddr > p.p_filesz - size)
            continue;
        uint64_t at = p.p_offset + (address - p.p_vaddr);
        return at <= length && size <= length - at ? (const uint8_t *)raw + at : NULL;
    }
    return NULL;
}

#define CALL 0xe8 /* a distance of four bytes follows, */
#define JUMP 0xe9
#define SHORT_JUMP 0xeb /* or of one */
#define SIZE 5u
#define SHORT_SIZE 2u

#define CODE_MAX 4096u

static bool target_of(struct image *i, uint64_t after, bool jumped, uint64_t *target)
{
    const uint8_t *code = bytes_at(i, after - SIZE, SIZE);
    int32_t distance;

    if (code && code[0] == (jumped ? JUMP : CALL))
        memcpy(&distance, code + 1, sizeof distance);
    else if (code && jumped && code[SIZE - SHORT_SIZE] == SHORT_JUMP)
        distance = (int8_t)code[SIZE - 1];
    else
        return false;
    *target = after + (uint64_t)(int64_t)distance;
    return true;
}

/* What looks like a jump out of a function of which nothing is told. Returns how many there are; *after: of the
 * last. */
static unsigned look_for_jumps(struct image *i, uint64_t function, uint64_t end, uint64_t *after)
{
    uint64_t size = end > function && end - function < CODE_MAX ? end - function : 0, target;
    const uint8_t *code = size >= SIZE ? bytes_at(i, function, size) : NULL;
    unsigned count = 0;

    for (uint64_t at = 0; code && at + SIZE <= size; at++)
        if (code[at] == JUMP && target_of(i, function + at + SIZE, true, &target) && target - function >= size &&
            bytes_at(i, target, 1)) {
            count++;
            *after = function + at + SIZE;
        }
    return count;
}

/* Behind the only jump; 0 = there are several. false: there is none. */
static bool end_of_jump(struct image *i, uint64_t function, const struct code_jumps *j, uint64_t bias, uint64_t *after)
{
    *after = 0;
    if (!j->count) {
        unsigned count = look_for_jumps(i, function, j->end + bias, after);
        *after = count == 1 ? *after : 0;
        return count > 0;
    }
    if (j->after) {
        *after = j->after + bias;
    } else if (j->at) {
        const uint8_t *code = bytes_at(i, j->at + bias, 1);
        *after = j->at + bias + (code && code[0] == SHORT_JUMP ? SHORT_SIZE : SIZE);
    }
    return true;
}

bool image_left_by_jump(struct image *i, uint64_t after, bool jumped, uint64_t inside, uint64_t *function,
                        uint64_t *left)
{
    struct code_jumps jumps;
    uint64_t bias;

    return target_of(i, after, jumped, function) && code_index(i, &bias) &&
           code_index_jumps(i->code, *function - bias, inside ? inside - bias : 0, &jumps) &&
           end_of_jump(i, *function, &jumps, bias, left);
}

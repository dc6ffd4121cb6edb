#include "target.h"

#include "preload.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPT_DEPTH 5 /* #! lines that lead to further scripts: the kernel's own limit */

static void judge(struct target *t, enum target_verdict verdict, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void judge(struct target *t, enum target_verdict verdict, const char *format, ...)
{
    va_list arguments;

    t->verdict = verdict;
    va_start(arguments, format);
    vsnprintf(t->reason, sizeof t->reason, format, arguments);
    va_end(arguments);
}

/* ---- which file it is ---- */

static bool is_executable_file(const char *path)
{
    struct stat s;

    if (stat(path, &s) != 0)
        return false;
    if (S_ISDIR(s.st_mode)) {
        errno = EISDIR;
        return false;
    }
    return access(path, X_OK) == 0;
}

/* As execvp: the first executable file of that name; one that may not be executed is remembered as the reason. */
static int search_path(struct target *t, const char *name)
{
    const char *directories = getenv("PATH");
    int reason = ENOENT;

    if (!directories)
        directories = "/bin:/usr/bin";
    for (;;) {
        int length = (int)strcspn(directories, ":");

        if (snprintf(t->path, sizeof t->path, "%.*s%s%s", length, directories, length > 0 ? "/" : "./", name) <
            (int)sizeof t->path) {
            if (is_executable_file(t->path))
                return 0;
            if (errno == EACCES)
                reason = EACCES;
        }
        if (directories[length] == '\0')
            return reason;
        directories += length + 1;
    }
}

static bool find_file(struct target *t, const char *command)
{
    int error = 0;

    if (!strchr(command, '/')) {
        error = *command ? search_path(t, command) : ENOENT;
    } else if (snprintf(t->path, sizeof t->path, "%s", command) >= (int)sizeof t->path) {
        error = ENAMETOOLONG;
    } else if (!is_executable_file(t->path)) {
        error = errno;
    }
    if (error == 0)
        return true;
    judge(t, error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG ? TARGET_NOT_FOUND : TARGET_NOT_EXECUTABLE,
          "cannot run '%s': %s", command,
          error == ENOENT && !strchr(command, '/') ? "command not found" : strerror(error));
    return false;
}

/* ---- programs that run with more rights than their caller: the loader ignores LD_PRELOAD for them ---- */

/* Whether the kernel honours set-id bits and capabilities of this file at all. */
static bool privileges_apply(int fd)
{
    struct statvfs s;

    if (fstatvfs(fd, &s) == 0 && (s.f_flag & ST_NOSUID))
        return false;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static bool check_privileges(struct target *t, const char *path, int fd)
{
    struct stat s;

    if (fstat(fd, &s) != 0 || !privileges_apply(fd))
        return true;
    if ((s.st_mode & S_ISUID) && s.st_uid != getuid()) {
        judge(t, TARGET_UNRECORDABLE, "cannot record '%s': it is set-uid (user %u), so the loader ignores LD_PRELOAD",
              path, s.st_uid);
    } else if ((s.st_mode & S_ISGID) && (s.st_mode & S_IXGRP) && s.st_gid != getgid()) {
        judge(t, TARGET_UNRECORDABLE, "cannot record '%s': it is set-gid (group %u), so the loader ignores LD_PRELOAD",
              path, s.st_gid);
    } else if (getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0) {
        judge(t, TARGET_UNRECORDABLE, "cannot record '%s': it has file capabilities, so the loader ignores LD_PRELOAD",
              path);
    } else {
        return true;
    }
    return false;
}

/* ---- ELF ---- */

static const char *machine_name(unsigned machine)
{
    switch (machine) {
    case EM_386:
        return "i386";
    case EM_AARCH64:
        return "aarch64";
    case EM_ARM:
        return "arm";
    case EM_RISCV:
        return "riscv";
    case EM_PPC64:
        return "ppc64";
    case EM_S390:
        return "s390";
    case EM_X86_64:
        return "x86-64";
    default:
        return "other";
    }
}

static bool check_architecture(struct target *t, const char *path, Elf *elf)
{
    GElf_Ehdr header;

    if (!gelf_getehdr(elf, &header)) {
        judge(t, TARGET_UNRECORDABLE, "cannot record '%s': damaged ELF file: %s", path, elf_errmsg(-1));
        return false;
    }
    if (header.e_machine == EM_X86_64 && gelf_getclass(elf) == ELFCLASS64)
        return true;
    judge(t, TARGET_UNRECORDABLE, "cannot record '%s': it is a %d-bit %s program and libkiwi.so is 64-bit x86-64", path,
          gelf_getclass(elf) == ELFCLASS32 ? 32 : 64, machine_name(header.e_machine));
    return false;
}

static bool find_segment(Elf *elf, unsigned type, GElf_Phdr *segment)
{
    size_t count;

    if (elf_getphdrnum(elf, &count) != 0)
        return false;
    for (size_t i = 0; i < count && i < INT_MAX; i++) {
        if (gelf_getphdr(elf, (int)i, segment) && segment->p_type == type)
            return true;
    }
    return false;
}

/* The loader itself has no interpreter, and yet obeys LD_PRELOAD when called as a program. */
static bool is_loader(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char resolved[PATH_MAX];

    if (realpath(path, resolved) && strrchr(resolved, '/'))
        name = strrchr(resolved, '/') + 1;
    return strncmp(name, "ld-linux", 8) == 0 || strcmp(name, "ld.so") == 0 || strncmp(name, "ld-2.", 5) == 0;
}

static bool check_interpreter(struct target *t, const char *path, Elf *elf, int fd)
{
    char interpreter[256] = "";
    GElf_Phdr segment;
    ssize_t length;

    if (!find_segment(elf, PT_INTERP, &segment)) {
        if (is_loader(path))
            return true;
        judge(t, TARGET_UNRECORDABLE, "cannot record '%s': it is statically linked, so no library can be preloaded",
              path);
        return false;
    }
    length = pread(fd, interpreter, sizeof interpreter - 1, (off_t)segment.p_offset);
    if (length < 0)
        length = 0;
    interpreter[length] = '\0';
    if (strstr(interpreter, "musl") || strstr(interpreter, "uclibc") || strncmp(interpreter, "/system/", 8) == 0) {
        judge(t, TARGET_UNRECORDABLE, "cannot record '%s': it uses the loader %s and libkiwi.so needs glibc", path,
              interpreter);
        return false;
    }
    return true;
}

/* A sanitizer runtime refuses to start unless it is the first library; preloading it by name keeps it first. */
static void find_sanitizer(struct target *t, Elf *elf)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    GElf_Dyn entry;

    while ((section = elf_nextscn(elf, section)) != NULL) {
        Elf_Data *data;

        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
            continue;
        data = elf_getdata(section, NULL);
        for (int i = 0; data && gelf_getdyn(data, i, &entry) && entry.d_tag != DT_NULL; i++) {
            const char *name = entry.d_tag == DT_NEEDED ? elf_strptr(elf, header.sh_link, entry.d_un.d_val) : NULL;

            if (name && t->sanitizer[0] == '\0' && strlen(name) < sizeof t->sanitizer &&
                preload_is_sanitizer(name, strlen(name)))
                strcpy(t->sanitizer, name);
        }
    }
}

static void inspect_elf(struct target *t, const char *path, int fd)
{
    Elf *elf;

    if (!check_privileges(t, path, fd))
        return;
    elf_version(EV_CURRENT);
    elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (!elf || elf_kind(elf) != ELF_K_ELF) {
        judge(t, TARGET_UNRECORDABLE, "cannot record '%s': damaged ELF file: %s", path, elf_errmsg(-1));
    } else if (check_architecture(t, path, elf) && check_interpreter(t, path, elf, fd)) {
        find_sanitizer(t, elf);
    }
    elf_end(elf);
}

/* ---- scripts ---- */

static void inspect_file(struct target *t, const char *path, int depth);

/* Takes the interpreter's path out of "#! /bin/sh -e\n", in place. */
static char *interpreter_of(char *line)
{
    char *name = line + 2;

    name += strspn(name, " \t");
    name[strcspn(name, " \t\r\n")] = '\0';
    return name;
}

static void inspect_script(struct target *t, const char *script, char *line, int depth)
{
    char *interpreter = interpreter_of(line);
    char reason[sizeof t->reason];
    struct stat s;

    if (*interpreter == '\0' || stat(interpreter, &s) != 0) {
        judge(t, TARGET_NOT_FOUND, "cannot run '%s': its interpreter '%s' does not exist", script, interpreter);
        return;
    }
    if (access(interpreter, X_OK) != 0 || S_ISDIR(s.st_mode)) {
        judge(t, TARGET_NOT_EXECUTABLE, "cannot run '%s': its interpreter '%s' is not executable", script, interpreter);
        return;
    }
    if (depth == SCRIPT_DEPTH) {
        judge(t, TARGET_NOT_EXECUTABLE, "cannot run '%s': its interpreters are scripts in a chain that is too long",
              script);
        return;
    }
    inspect_file(t, interpreter, depth + 1);
    if (t->verdict == TARGET_UNRECORDABLE) {
        memcpy(reason, t->reason, sizeof reason);
        judge(t, TARGET_UNRECORDABLE, "cannot record script '%.*s' by its interpreter: %.*s", PATH_MAX - 100, script,
              PATH_MAX, reason);
    }
}

static void inspect_file(struct target *t, const char *path, int depth)
{
    char start[256] = ""; /* the kernel looks at as many bytes of a #! line */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length;

    if (fd < 0)
        return; /* it may be executed but not read: nothing is known against it */
    length = pread(fd, start, sizeof start - 1, 0);
    if (length >= SELFMAG && memcmp(start, ELFMAG, SELFMAG) == 0)
        inspect_elf(t, path, fd);
    else if (length >= 2 && start[0] == '#' && start[1] == '!')
        inspect_script(t, path, start, depth);
    else if (length >= 0 && depth == 0)
        inspect_file(t, "/bin/sh", depth + 1); /* execvp gives what the kernel does not know to the shell */
    close(fd);
}

void target_inspect(struct target *t, const char *command)
{
    memset(t, 0, sizeof *t);
    t->verdict = TARGET_RECORDABLE;
    if (find_file(t, command))
        inspect_file(t, t->path, 0);
}

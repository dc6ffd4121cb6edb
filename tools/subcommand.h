/*
 * subcommand.h - what kiwi.c and the cmd_*.c share: the registry's functions and kiwi's exit statuses.
 *
 * cmd_NAME gets its own argv (argv[0] is the subcommand's name) and returns the exit status of kiwi.
 */
#ifndef KIWI_SUBCOMMAND_H
#define KIWI_SUBCOMMAND_H

enum status {
    STATUS_OK = 0,
    STATUS_FINDINGS = 1, /* report: findings at or above --fail-on */
    STATUS_USAGE = 2,    /* bad usage, unreadable trace, unwritable output */
    STATUS_OWN_FAULT = 125,
    STATUS_NOT_EXECUTABLE = 126,
    STATUS_NOT_FOUND = 127,
};

#define SUBCOMMAND(name, arguments, summary) int cmd_##name(int argc, char **argv);
#include "subcommands.def"
#undef SUBCOMMAND
#endif

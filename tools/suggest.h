/*
 * suggest.h - "did you mean ...?" for mistyped names.
 */
#ifndef KIWI_SUGGEST_H
#define KIWI_SUGGEST_H

/* The nearest of `count` names by edit distance, or NULL when none is near. */
const char *suggest(const char *typed, const char *const *names, unsigned count);
#endif

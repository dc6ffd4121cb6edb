/*
 * message.h - how kiwi talks to people on standard error: one line each, "kiwi: cannot open 'x': reason".
 */
#ifndef KIWI_MESSAGE_H
#define KIWI_MESSAGE_H

/* Prints "kiwi: " and the text with a newline. errno is kept. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with ": " and what errno says at the end. */
void message_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));
#endif

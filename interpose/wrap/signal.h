/*
 * signal.h - signals that the service fetches itself instead of having a handler called.
 */
#ifndef KIWI_WRAP_SIGNAL_H
#define KIWI_WRAP_SIGNAL_H

#include <stddef.h>

/* The sigwait family returned this signal, or none (0 or less). */
void signal_waited(int signal);
/* So many bytes were read from a signalfd. */
void signal_read(const void *records, size_t size);
#endif

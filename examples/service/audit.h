/*
 * audit.h - who did what, in a file. audit_note() only copies a line into memory; a thread of the log's own writes and
 * syncs what has come together, ten times a second and at the end.
 *
 * All functions may be called by any thread, audit_close() once and last.
 */
#ifndef SERVICE_AUDIT_H
#define SERVICE_AUDIT_H

struct audit;

/* Appends to `path`. Returns NULL with errno set. */
struct audit *audit_open(const char *path, unsigned bugs);

/* Lines that do not fit until the next write are dropped and counted in the file. */
void audit_note(struct audit *audit, const char *verb, const char *key);

/* Writes what is left. */
void audit_close(struct audit *audit);

#endif

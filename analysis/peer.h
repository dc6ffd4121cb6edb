/*
 * peer.h - addresses that the recorded process connected to, or was connected from, in words.
 */
#ifndef KIWI_ANALYSIS_PEER_H
#define KIWI_ANALYSIS_PEER_H

#include "reader.h"

#define PEER_TEXT 160

/* "10.0.0.7:5432", "[fe80::1]:80", "/run/app.sock"; "an unknown peer" for a row that is not there. Returns text. */
const char *peer_text(const struct trace *t, uint32_t peer, char *text, size_t size);
/* Of a connection: "10.0.0.7:5432", or of AF_UNIX, if it was accepted, "pid 4711"; "" if it is not known. Returns
 * text. */
const char *peer_text_of(const struct trace *t, const struct kiwi_descriptor *d, char *text, size_t size);
/* Same value for the same address in two runs. */
uint64_t peer_hash(const struct trace *t, uint32_t peer);
#endif

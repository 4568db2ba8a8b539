/* run.h - a mobile node with its sockets and its host, on one thread until it is told to end.
 *
 * May include: agentd/mobile, agentd/dataplane, agentd/base. */
#ifndef AGENTD_MOBILE_RUN_H
#define AGENTD_MOBILE_RUN_H

#include "agentd/mobile/desk.h"
#include "agentd/mobile/keys.h"
#include "agentd/mobile/options.h"

struct mobile_run;

/* Borrowed until the close. */
struct mobile_run_options {
	const struct mobile_options *options;
	const struct mobile_keys *keys;
};

/* Open all that needs to be root, such as /dev/net/tun on some hosts. CAP_NET_ADMIN and
 * CAP_NET_RAW are needed afterwards too. NULL with *why and a sentence. */
struct mobile_run *mobile_run_open(const struct mobile_run_options *options, enum ha_error *why,
                                   char *report, size_t size);

/* Whoever connects to this listening socket is told the status; it stays the caller's. */
void mobile_run_answer(struct mobile_run *run, int listening);

/* Others look at it, and ask of it, at this desk, which stays the caller's: before the loop. */
void mobile_run_serve(struct mobile_run *run, struct mobile_desk *desk);

/* Until SIGTERM or SIGINT comes, or with `once` until it is registered or denied, `patience_ms`
 * at most. With `once` the binding stays; else all are ended if the options say so, in 8 s at most, or
 * until another signal. false: one could not be, which is logged, or somebody has deleted the device
 * or replaced the interface. */
bool mobile_run_loop(struct mobile_run *run, bool once, uint64_t patience_ms);

/* Whether it was accepted: registered away from home, or deregistered at home. */
bool mobile_run_succeeded(const struct mobile_run *run);

/* The status as JSON, and its end of a line; the caller's to free, NULL: out of memory. */
char *mobile_run_status(const struct mobile_run *run);

void mobile_run_close(struct mobile_run *run); /* NULL is fine */

#endif

/* hook.h - a program of the administrator's that moves an address, or a route, run
 * with
 *
 *     VERB OBJECT [INTERFACE]
 *
 * and nothing else: no descriptor but standard error, no environment but PATH, no
 * capability of ours. It has HOOK_TIME_MS; then it and what it started in its
 * process group is killed.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_HOOK_H
#define AGENTD_DATAPLANE_HOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agentd/base/error.h"

#define HOOK_TIME_MS 5000u

/* Zero-initialise; one run at a time. */
struct hook {
	pid_t pid; /* 0 = does not run */
	int fd;    /* readable when it has ended */
	uint64_t deadline_ns;
	bool killed;
};

/* Start it; `interface` NULL: there is no such word. The errno's nearest error. */
enum ha_error hook_start(struct hook *hook, const char *program, const char *verb,
                         const char *object, const char *interface, uint64_t now_ns);

/* When fd is readable, or the deadline has passed: has it ended? Then *well says
 * whether with status 0 and in time. */
bool hook_ended(struct hook *hook, uint64_t now_ns, bool *well);

#endif

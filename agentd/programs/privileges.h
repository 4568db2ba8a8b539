/* privileges.h - who the process is and what it may do. Nothing else in the
 * programs knows of users and capabilities.
 *
 * As root, agentd becomes its user before it opens anything of its own, and
 * keeps only the right to bind the registration port, until that is bound. Where
 * it has the home agent's address to take and to give, or packets to forward, it keeps
 * the rights for that as long; of its threads, the ones that do it keep one of them for
 * good (agentd/dataplane/ownership.h, user.h). Started by somebody else, it gives up whatever
 * it was given beyond that.
 *
 * May include: agentd/base. */
#ifndef AGENTD_PROGRAMS_PRIVILEGES_H
#define AGENTD_PROGRAMS_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agentd/base/error.h"

struct privileges {
	bool change; /* started as root, and to become somebody else */
	uid_t uid;   /* what it will be */
	gid_t gid;
	const char *user; /* borrowed */
	bool address;     /* the home agent's address is to be taken and given */
	bool forwards;    /* packets of mobile nodes are to be forwarded */
	bool visited;     /* mobile nodes are heard on links */
};

/* HA_E_NOTFOUND with a sentence when there is no such user. Not started as
 * root, `user` is not looked at: we are who we are. `address`,
 * `forwards` and `visited` are left to the caller. */
enum ha_error privileges_find(const char *user, struct privileges *out, char *report, size_t size);

/* No core file, no debugger, no program with more rights, memory may be locked. */
void privileges_harden(void);

/* Go before others where processors are short: a member of a cluster that is not
 * heard for the blink of an eye is taken for dead. As far as it is allowed. */
void privileges_hurry(void);

/* Become the user, keeping only what is needed until privileges_finish. */
enum ha_error privileges_become(const struct privileges *privileges, char *report, size_t size);

/* Give up what is left to this thread, and to those that it will start. */
enum ha_error privileges_finish(const struct privileges *privileges, char *report, size_t size);

/* Make a directory unless it is there, the user's, with this mode. Only the
 * last part of the path is made. */
enum ha_error privileges_directory(const struct privileges *privileges, const char *path,
                                   mode_t mode, char *report, size_t size);

#endif

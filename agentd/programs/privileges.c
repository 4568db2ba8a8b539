/* privileges.c - the one file that knows the capability library. */
#include "agentd/programs/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/log.h"

/* The leak checker of a build for tests attaches to the process. */
#if defined(__SANITIZE_ADDRESS__)
#define MAY_BE_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAY_BE_WATCHED 1
#endif
#endif
#ifndef MAY_BE_WATCHED
#define MAY_BE_WATCHED 0
#endif

enum ha_error privileges_find(const char *user, struct privileges *out, char *report, size_t size)
{
	const struct passwd *entry;

	*out = (struct privileges){ .uid = geteuid(), .gid = getegid(), .user = user };
	if (out->uid != 0 || strcmp(user, "root") == 0)
		return HA_OK;
	entry = getpwnam(user);
	if (!entry) {
		snprintf(report, size,
		         "process.user: there is no user '%s' on this host; create it, or name "
		         "another one",
		         user);
		return HA_E_NOTFOUND;
	}
	out->uid = entry->pw_uid;
	out->gid = entry->pw_gid;
	out->change = out->uid != 0;
	return HA_OK;
}

void privileges_harden(void)
{
	struct rlimit none = { 0, 0 };
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit locked;

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		log_warning("core files cannot be turned off: %s", strerror(errno));
	if (setrlimit(RLIMIT_MEMLOCK, &all) != 0 && getrlimit(RLIMIT_MEMLOCK, &locked) == 0) {
		locked.rlim_cur = locked.rlim_max;
		(void)setrlimit(RLIMIT_MEMLOCK, &locked); /* as far as it goes */
	}
	if (!MAY_BE_WATCHED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		log_warning("the process can be dumped: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_warning("new privileges cannot be ruled out: %s", strerror(errno));
}

#define HURRY (-10) /* nice value */

void privileges_hurry(void)
{
	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) <= HURRY && errno == 0)
		return; /* the service manager saw to it */
	if (setpriority(PRIO_PROCESS, 0, HURRY) != 0)
		log_notice("this process has no priority over others (nice %d): %s", HURRY,
		           strerror(errno));
}

#define RIGHTS_OF_OURS ((capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED))

/* What is needed until the sockets are open, of what there is. */
static void choose_rights(const struct privileges *privileges)
{
	const unsigned rights[] = {
		CAP_NET_BIND_SERVICE,
		CAP_NET_ADMIN, /* a receive buffer beyond the system's limit; addresses */
		CAP_NET_RAW,   /* ARP about the address; packets of tunnels */
		CAP_BPF,       /* the program before user space, and what it reads of packets */
		CAP_PERFMON,
	};
	const size_t count = privileges->forwards                         ? 5
	                     : privileges->address || privileges->visited ? 3
	                                                                  : 2;
	bool have[5];

	capng_get_caps_process();
	for (size_t i = 0; i < count; i++)
		have[i] = capng_have_capability(CAPNG_PERMITTED, rights[i]);
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < count; i++)
		if (have[i])
			capng_update(CAPNG_ADD, RIGHTS_OF_OURS, rights[i]);
}

/* Not started as root: a service manager gave us rights, perhaps more than that. */
static enum ha_error limit_rights(const struct privileges *privileges, char *report, size_t size)
{
	if (geteuid() == 0)
		return HA_OK; /* asked to stay root */
	choose_rights(privileges);
	if (capng_apply(CAPNG_SELECT_CAPS) == 0)
		return HA_OK;
	snprintf(report, size, "user %s (uid %u): capabilities cannot be given up",
	         privileges->user, privileges->uid);
	return HA_E_PERMISSION;
}

enum ha_error privileges_become(const struct privileges *privileges, char *report, size_t size)
{
	int failed;

	if (!privileges->change)
		return limit_rights(privileges, report, size);
	choose_rights(privileges);
	failed = capng_change_id((int)privileges->uid, (int)privileges->gid,
	                         (capng_flags_t)(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING));
	if (failed) {
		snprintf(report, size, "cannot become user %s (uid %u): step %d was not permitted",
		         privileges->user, privileges->uid, -failed);
		return HA_E_PERMISSION;
	}
	if (!MAY_BE_WATCHED)
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* a change of user can reset it */
	return HA_OK;
}

enum ha_error privileges_finish(const struct privileges *privileges, char *report, size_t size)
{
	if (geteuid() == 0)
		return HA_OK; /* asked to stay root */
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) == 0)
		return HA_OK;
	snprintf(report, size, "user %s (uid %u): capabilities cannot be given up",
	         privileges->user, privileges->uid);
	return HA_E_PERMISSION;
}

enum ha_error privileges_directory(const struct privileges *privileges, const char *path,
                                   mode_t mode, char *report, size_t size)
{
	const char *what = "created";
	int number;

	if (mkdir(path, mode) == 0) {
		if (chmod(path, mode) == 0 &&
		    (!privileges->change || chown(path, privileges->uid, privileges->gid) == 0))
			return HA_OK;
		what = "given to its user";
	} else if (errno == EEXIST) {
		return HA_OK; /* whoever opens something there says what is wrong */
	}
	number = errno;
	snprintf(report, size, "directory %s: cannot be %s: %s", path, what, strerror(number));
	return ha_error_of_errno(number);
}

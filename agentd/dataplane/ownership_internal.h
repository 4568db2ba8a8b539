/* ownership_internal.h - the thread's own, for ownership.c and ownership_tell.c. */
#ifndef AGENTD_DATAPLANE_OWNERSHIP_INTERNAL_H
#define AGENTD_DATAPLANE_OWNERSHIP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "agentd/base/address.h"
#include "agentd/dataplane/hook.h"
#include "agentd/dataplane/ownership.h"
#include "agentd/dataplane/ownership_plan.h"
#include "agentd/dataplane/place.h"

#define MS UINT64_C(1000000)
#define TEXT_MAX 256u

struct ownership {
	struct in_addr address;
	struct address_text name;
	const char *subject; /* whose it is */
	struct place *place; /* NULL with a hook */
	bool silent;         /* the kernel answers no ARP for the address, we do */
	char program[TEXT_MAX];
	char interface[OWNERSHIP_DEVICE_MAX];

	uint64_t (*ask)(void *context);
	void *context;
	_Atomic uint64_t until_ns;
	_Atomic uint64_t ended_ns; /* when it became 0 from outside */
	_Atomic bool stopping;
	int wake; /* eventfd */

	/* The thread's own. */
	struct ownership_plan plan;
	struct hook hook;
	enum ownership_step running; /* by the hook */
	uint64_t began_ns;
	uint64_t defended_ns; /* last announcement because of a conflict */
	uint64_t returned_ns; /* the end that the present term of it came after */

	pthread_mutex_t mutex; /* guards status */
	struct ownership_status status;

	pthread_t thread;
	bool started;
};

/* A line about a step that went well, or did not; rate-limited. */
void ownership_tell_change(struct ownership *o, const char *what, uint64_t took_ns);
void ownership_tell_failure(struct ownership *o, enum ownership_step step, const char *why);
/* Others see what holds now. */
void ownership_note_status(struct ownership *o);

#endif

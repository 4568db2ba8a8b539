/* user_device.c - what others take away of our device, rules and routes while we run:
 * noticed, made again, and said. A link that is deleted or put down takes its routes
 * along, and some programs that manage networks remove rules that they do not know. */
#include "agentd/dataplane/user_internal.h"

#include <stdio.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/tun_device.h"

#define AGAIN_NS UINT64_C(60000000000) /* between attempts that helped nothing */

void user_device_lost(struct user *user)
{
	user->device_lost = true;
	user->looked_ns = 0;
}

/* Also where the device's descriptor is still good. */
static enum ha_error make_again(struct user *user, char *report, size_t size)
{
	const struct interception *i = &user->options.interception;
	enum ha_error why = HA_OK;

	if (user->device_lost)
		why = tun_device_again(user->sources[USER_FROM_DEVICE], i->device, report, size);
	if (why != HA_OK)
		return why;
	user->device_lost = false;
	why = interception_again(i, user->netlink, report, size);
	if (why == HA_OK && user->options.moved)
		user->options.moved(user->options.context, i->device);
	return why;
}

static bool is_whole(struct user *user, char *report, size_t size)
{
	const struct host *host = &user->host;

	if (user->device_lost) {
		snprintf(report, size, "the device %s is gone", user->options.interception.device);
		return false;
	}
	return interception_is_whole(&user->options.interception, user->netlink, host->addresses,
	                             host->count, report, size);
}

/* What makes it in vain, such as a rule before ours, is the operator's to take away, and
 * is not written over again and again. */
bool user_device_look(struct user *user, char *doubt, size_t size)
{
	char found[USER_DOUBT_MAX], report[USER_DOUBT_MAX] = "";
	uint64_t now_ns = clock_monotonic_ns();
	enum ha_error why;

	if (is_whole(user, found, sizeof(found))) {
		user->healed_in_vain_ns = 0;
		return true;
	}
	if (!user->device_lost && user->healed_in_vain_ns &&
	    now_ns - user->healed_in_vain_ns < AGAIN_NS) {
		snprintf(doubt, size, "%s", found);
		return false;
	}
	why = make_again(user, report, sizeof(report));
	if (why == HA_OK && is_whole(user, doubt, size)) {
		user_count(USER_HEALED);
		user->healed_in_vain_ns = 0;
		log_warning("%s; it was put right", found);
		return true;
	}
	user->healed_in_vain_ns = now_ns;
	snprintf(doubt, size, "%s", why == HA_OK ? found : report);
	return false;
}

/* user_ports.c - UDP tunnels whose port is open until their first keepalive (RFC 3519
 * section 4.6).
 *
 * Where a tunnel goes is a part of its binding, which all members of a cluster must know:
 * so the port goes through the log, and the keepalive is answered when the table has it.
 * Who is answered can rely on it, and who is not asks again. */
#include "agentd/dataplane/user_internal.h"

#include <string.h>

#include "agentd/base/clock.h"

#define MS UINT64_C(1000000)
#define AGAIN_NS (1000 * MS)  /* nothing came of it: told again */
#define STALE_NS (30000 * MS) /* the answer is of no use any more */

void user_ports_begin(struct user *user)
{
	user->completing = false;
	user->half = NULL;
}

static bool is_of(const struct user_half *half, const struct forward_output *output)
{
	return half->port.realm == output->realm && address_equal(half->port.home, output->home) &&
	       address_equal(half->port.care_of, output->care_of) &&
	       address_equal(half->port.endpoint, output->endpoint);
}

/* The place of that tunnel, else one that is free; NULL: all are taken. */
static struct user_half *place_for(struct user *user, const struct forward_output *output,
                                   bool *waits)
{
	uint64_t now_ns = user->context.now_ns;
	struct user_half *found = NULL;

	*waits = false;
	for (size_t i = 0; i < USER_HALVES; i++) {
		struct user_half *half = &user->halves[i];
		bool fresh = half->port.port && now_ns - half->told_ns < AGAIN_NS;

		if (is_of(half, output)) {
			*waits = fresh;
			return half;
		}
		if (!fresh && !found)
			found = half;
	}
	return found;
}

/* The first one counts, until it is settled: who sends many of them causes one entry of
 * the log in a second. */
void user_ports_learn(struct user *user, const struct forward_output *output)
{
	bool waits;
	struct user_half *half = place_for(user, output, &waits);

	user->completing = true;
	if (!half)
		user_count(USER_PORTS_CROWDED);
	if (!half || waits)
		return;
	half->port = (struct dataplane_port){
		.realm = output->realm,
		.home = output->home,
		.care_of = output->care_of,
		.endpoint = output->endpoint,
		.port = output->port,
		.group = output->group,
	};
	half->told_ns = user->context.now_ns;
	half->size = 0;
	user->half = half;
	user->options.completes(user->options.context, &half->port);
}

/* One in pieces, or a large one, cannot wait: that keepalive comes again. */
void user_ports_keep(struct user *user, struct span answer)
{
	struct user_half *half = user->half;

	if (!half)
		return;
	if (half->size || answer.size > sizeof(half->answer)) {
		half->size = 0;
		user->half = NULL;
		return;
	}
	half->size = answer.size;
	memcpy(half->answer, answer.at, answer.size);
}

static bool is_in_table(struct user *user, const struct dataplane_port *port)
{
	struct tunnels_home home;

	tunnels_find(user->options.tunnels, port->realm, port->home, &home);
	for (size_t i = 0; i < home.count; i++)
		if (address_equal(home.bindings[i].care_of, port->care_of) &&
		    address_equal(home.bindings[i].endpoint, port->endpoint) &&
		    home.bindings[i].endpoint_port == port->port)
			return true;
	return false;
}

void user_ports_settle(struct user *user)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < USER_HALVES; i++) {
		struct user_half *half = &user->halves[i];

		if (!half->port.port || !is_in_table(user, &half->port))
			continue;
		if (half->size && now_ns - half->told_ns < STALE_NS &&
		    user->options.may_forward(user->options.context, half->port.group, now_ns))
			user_send_outer(user, (struct span){ half->answer, half->size });
		half->port.port = 0;
	}
}

static bool has_half(const struct tunnels_home *home)
{
	for (size_t i = 0; i < home->count; i++)
		if (home->bindings[i].features & BINDING_UDP &&
		    home->bindings[i].endpoint_port == 0)
			return true;
	return false;
}

bool user_ports_concern(const struct tunnels_home *before, const struct tunnels_home *after)
{
	return has_half(before) && after->count > 0;
}

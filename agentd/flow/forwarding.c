/* forwarding.c - the applied state into the table of tunnels, and the fence.
 *
 * The state tells of every home address at which something changed; after each batch
 * of entries these are looked at again and put into the table. Nothing is lost when
 * there are too many of them: then the whole table is compared with the state, as it
 * is every few minutes in any case, a few home addresses with each tick. */
#include "agentd/flow/forwarding.h"

#include <pthread.h>
#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/dataplane/home.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/sockets.h"

#define NOTED_MAX 8192u        /* home addresses between two looks */
#define RECONCILE_STEP 2000u   /* home addresses compared with a tick */
#define RECONCILE_EVERY_S 300u /* from the end of one comparison to the next */
#define MS UINT64_C(1000000)
/* After the last contact with a majority, of who does not lead. Longer than a pause
 * between two members that are well, and shorter than anybody waits who believes that
 * this node is gone. */
#define CONTACT_HOLDS_MS 1000u
#define STOPPED_MS 300u       /* without a look at the others */
#define ALONE_HOLDS_MS 60000u /* longer than a restart takes */

struct place {
	uint32_t realm;
	struct in_addr home;
};

struct forwarding {
	struct dataplane *plane;
	struct tunnels *tunnels;
	uint8_t group;
	struct home home;

	/* Engine's thread; before it is there, who starts it. */
	struct place noted[NOTED_MAX];
	size_t noted_count;
	bool overflowed;
	bool comparing;
	struct tunnels_reconcile compare;
	uint32_t place; /* in the state, of what is compared */
	uint64_t compared_ns;
	struct state *state;

	uint64_t watched_ns; /* last look; the watch's thread */

	pthread_mutex_t lock;
	uint64_t until_ns;    /* the fence */
	uint64_t promised_ns; /* of a cluster: until when nobody else leads; 0: it does not lead */
};

/* ---- one home address ---- */

static void describe(const struct forwarding *f, const struct state_bound *bound,
                     struct tunnels_home *out)
{
	*out = (struct tunnels_home){
		.realm = bound->realm,
		.home = bound->home,
		.group = f->group,
		.count = bound->count,
	};
	for (size_t i = 0; i < bound->count; i++)
		out->bindings[i] = tunnels_binding_of(&bound->bindings[i]);
}

static void put(struct forwarding *f, const struct tunnels_home *home)
{
	static struct log_limit limit = { .per_second = 1 };
	enum ha_error why = tunnels_put(f->tunnels, home);
	uint64_t held_back;

	if (why == HA_OK)
		return;
	flow_count(FLOW_TUNNELS_REFUSED);
	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_error("%s: no tunnel for its bindings: %s", address_format(home->home).text,
		          ha_strerror(why));
}

/* From the state, with one of its locks held. */
static void note(void *context, uint32_t realm, struct in_addr home)
{
	struct forwarding *f = context;

	if (f->noted_count == NOTED_MAX)
		f->overflowed = true;
	else
		f->noted[f->noted_count++] = (struct place){ realm, home };
}

/* ---- all of them ---- */

static bool next_bound(void *context, struct tunnels_home *out)
{
	struct forwarding *f = context;
	struct state_bound bound;

	if (!state_next_bound(f->state, &f->place, &bound))
		return false;
	describe(f, &bound, out);
	return true;
}

static void begin_comparing(struct forwarding *f)
{
	f->comparing = true;
	f->overflowed = false;
	f->place = 0;
	f->compare = (struct tunnels_reconcile){ .next = next_bound, .context = f };
}

static uint64_t differences(const struct forwarding *f)
{
	return f->compare.added + f->compare.changed + f->compare.removed;
}

/* What was found besides what the start, or too many changes at once, explain is an
 * error of this program. */
static void end_comparing(struct forwarding *f, bool expected)
{
	f->comparing = false;
	f->compared_ns = clock_monotonic_ns();
	if (differences(f) == 0 || expected)
		return;
	counter_add(&flow_counters, FLOW_TUNNELS_HEALED, differences(f));
	log_warning("the table of tunnels differed from the bindings and was put right: %llu were "
	            "missing, %llu other ones, %llu too many",
	            (unsigned long long)f->compare.added, (unsigned long long)f->compare.changed,
	            (unsigned long long)f->compare.removed);
}

static void compare_all(struct forwarding *f)
{
	begin_comparing(f);
	while (tunnels_reconcile_step(f->tunnels, &f->compare, RECONCILE_STEP))
		;
	end_comparing(f, true);
}

/* ---- the fence ---- */

/* With the lock. Whoever learns of something new asks for the rest under it, so that
 * nothing older comes after it. */
static void set_fence(struct agent *agent)
{
	struct forwarding *f = agent->forwarding;
	uint64_t attract_ns = leadership_answer_until(agent);

	dataplane_fence(f->plane, agent->group, f->until_ns,
	                attract_ns < f->until_ns ? attract_ns : f->until_ns);
}

/* Who works alone: from one tick to the next, and so that a daemon that is started again
 * finds the program still at work, but not for ever what another one has left. */
static void renew_alone(struct agent *agent)
{
	struct forwarding *f = agent->forwarding;

	pthread_mutex_lock(&f->lock);
	f->until_ns = clock_monotonic_ns() + ALONE_HOLDS_MS * MS;
	set_fence(agent);
	pthread_mutex_unlock(&f->lock);
}

/* ---- the engine's thread ---- */

void forwarding_applied(struct agent *agent)
{
	struct forwarding *f = agent->forwarding;

	if (!f)
		return;
	for (size_t i = 0; i < f->noted_count; i++) {
		struct state_bound bound;
		struct tunnels_home home;

		state_bound_at(agent->state, f->noted[i].realm, f->noted[i].home, &bound);
		describe(f, &bound, &home);
		put(f, &home);
	}
	f->noted_count = 0;
	if (f->overflowed)
		compare_all(f);
}

void forwarding_tick(struct agent *agent)
{
	struct forwarding *f = agent->forwarding;

	if (!f)
		return;
	if (!agent->reign.shared)
		renew_alone(agent);
	if (!f->comparing &&
	    clock_monotonic_ns() - f->compared_ns >= RECONCILE_EVERY_S * UINT64_C(1000000000))
		begin_comparing(f);
	if (f->comparing && !tunnels_reconcile_step(f->tunnels, &f->compare, RECONCILE_STEP))
		end_comparing(f, false);
}

/* ---- ports of UDP tunnels ---- */

static enum ha_error put_in_order(struct agent *agent, const struct dataplane_port *port)
{
	const struct command_completion completion = {
		.place = place_of_home(port->realm, port->home),
		.care_of = port->care_of,
		.endpoint = port->endpoint,
		.port = port->port,
	};
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	struct replication_command command = {
		.group = agent->group,
		.ticket = TICKET_NOBODY,
		.command = octets,
		.size = command_complete(agent_cluster_ms(agent), &completion, octets),
	};

	return replication_submit(agent->replication, &command, 1);
}

/* On a thread that forwards, whether or not there is somebody who orders commands now. */
static void complete(void *context, const struct dataplane_port *port)
{
	struct agent *agent = context;
	enum ha_error why = HA_E_NOTLEADER;

	pthread_mutex_lock(&agent->answer_lock);
	if (agent->answering && reign_is_on(&agent->reign))
		why = put_in_order(agent, port);
	pthread_mutex_unlock(&agent->answer_lock);
	if (why != HA_OK)
		flow_count(FLOW_PORTS_REFUSED);
}

/* ---- the fence of a cluster ---- */

uint32_t forwarding_contact_ms(const struct replication_status *status)
{
	uint32_t silences[REPLICATION_MEMBERS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < status->member_count; i++) {
		const struct replication_peer *peer = &status->members[i];
		uint32_t silent_ms = peer->self ? 0
		                     : peer->refused || peer->refuses || peer->of_none
		                             ? UINT32_MAX
		                             : peer->silent_ms;
		size_t at = count++;

		for (; at > 0 && silences[at - 1] > silent_ms; at--)
			silences[at] = silences[at - 1];
		silences[at] = silent_ms;
	}
	return count ? silences[count / 2] : UINT32_MAX;
}

/* Who leads has a better proof than having heard the others: they promised, and the
 * next leader may begin the moment after. So the fence of who led ends before, also
 * the one of BPF, which nobody closes for a process that is stopped or dead. A lead
 * that ends before its time was handed on: what is still sent here is forwarded here. */
static void note_promise(struct forwarding *f, uint64_t until_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (until_ns)
		f->until_ns = until_ns;
	else if (f->promised_ns > now_ns)
		f->until_ns = now_ns + CONTACT_HOLDS_MS * MS;
	f->promised_ns = until_ns;
}

void forwarding_attract(struct agent *agent)
{
	struct forwarding *f = agent->forwarding;

	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	if (agent->reign.shared)
		note_promise(f, replication_may_answer_until(agent->replication));
	set_fence(agent);
	pthread_mutex_unlock(&f->lock);
}

/* Who was away has bindings of before that, until it has applied what came since, and
 * who was stopped first reads what others sent to it then, which sounds like contact
 * and is none: what it says of itself now may be as old. */
static bool follows(struct forwarding *f, const struct replication_status *status, uint64_t now_ns)
{
	bool stopped = now_ns - f->watched_ns > STOPPED_MS * MS;

	f->watched_ns = now_ns;
	return !stopped && status->current && status->leader != status->self;
}

/* A moment that was named to who does not lead stays good: it followed from contact
 * that there was. */
void forwarding_watch(struct agent *agent, const struct replication_status *status)
{
	struct forwarding *f = agent->forwarding;
	uint32_t contact_ms = forwarding_contact_ms(status);
	uint64_t now_ns = clock_monotonic_ns();

	if (!f || !follows(f, status, now_ns) || contact_ms >= CONTACT_HOLDS_MS)
		return;
	pthread_mutex_lock(&f->lock);
	now_ns += (CONTACT_HOLDS_MS - contact_ms) * MS;
	if (f->promised_ns == 0 && now_ns > f->until_ns) {
		f->until_ns = now_ns;
		set_fence(agent);
	}
	pthread_mutex_unlock(&f->lock);
}

/* ---- attracting packets ---- */

/* What is said under the virtual MAC brings packets to its device: not before that is
 * there for them. */
static uint64_t attract_until(void *context, uint8_t group)
{
	const struct agent *agent = context;
	const struct ownership_status status = ownership_status(agent->ownership);

	(void)group;
	if (agent->config.virtual_mac && status.managed && !status.owned)
		return 0;
	return leadership_answer_until(context);
}

/* Under which the members share the home agent's address; 0: under none. */
static struct mac shared_mac(struct agent *agent)
{
	const struct mac none = { { 0 } };

	return agent->config.virtual_mac ? ownership_status(agent->ownership).mac : none;
}

/* The link on which the home agent's address is has its virtual MAC, too. */
static enum ha_error open_home(struct agent *agent, char *report, size_t size)
{
	const struct home_options options = {
		.config = &agent->config,
		.tunnels = agent->forwarding->tunnels,
		.mac = shared_mac(agent),
		.until = attract_until,
		.context = agent,
	};

	return home_open(&options, &agent->forwarding->home, report, size);
}

enum ha_error forwarding_open(struct agent *agent, char *report, size_t size)
{
	struct dataplane_options options = {
		.config = &agent->config,
		.completes = complete,
		.until = attract_until,
		.context = agent,
		.udp = -1,
	};
	struct dataplane *plane = NULL;
	enum ha_error why;

	if (!config_forwards(&agent->config))
		return HA_OK;
	options.mac = shared_mac(agent);
	why = tunnel_socket_open(&agent->config, agent->receiver_count, &options.udp, report, size);
	if (why == HA_OK)
		why = dataplane_open(&options, &plane, report, size);
	if (why != HA_OK)
		return why;
	agent->forwarding = calloc(1, sizeof(*agent->forwarding));
	if (!agent->forwarding) {
		dataplane_close(plane);
		return ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	}
	pthread_mutex_init(&agent->forwarding->lock, NULL);
	agent->forwarding->plane = plane;
	agent->forwarding->group = (uint8_t)agent->group;
	agent->forwarding->tunnels = dataplane_tunnels(plane);
	return open_home(agent, report, size);
}

void forwarding_close(struct agent *agent)
{
	if (!agent->forwarding)
		return;
	home_close(&agent->forwarding->home);
	dataplane_close(agent->forwarding->plane);
	pthread_mutex_destroy(&agent->forwarding->lock);
	free(agent->forwarding);
	agent->forwarding = NULL;
}

void forwarding_start(struct agent *agent)
{
	struct forwarding *f = agent->forwarding;

	if (!f)
		return;
	f->state = agent->state;
	f->noted_count = 0;
	f->watched_ns = f->until_ns = f->promised_ns = 0;
	state_observe(agent->state, note, f);
	compare_all(f);
	if (!agent->reign.shared)
		renew_alone(agent);
}

void forwarding_stop(struct agent *agent)
{
	if (agent->forwarding)
		dataplane_fence(agent->forwarding->plane, agent->group, 0, 0);
}

void agent_count(struct agent *agent)
{
	if (agent->forwarding)
		dataplane_count(agent->forwarding->plane);
}

void agent_forwarding(struct agent *agent, struct dataplane_status *out)
{
	dataplane_status(agent->forwarding ? agent->forwarding->plane : NULL, out);
}

void agent_home(struct agent *agent, struct home_status *out)
{
	const struct home nothing = { 0 };

	*out = home_status(agent->forwarding ? &agent->forwarding->home : &nothing);
}

bool agent_is_forwarding(const struct agent *agent)
{
	return agent->forwarding;
}

bool agent_traffic(struct agent *agent, uint32_t realm, struct in_addr home,
                   const struct binding *binding, struct dataplane_traffic *out)
{
	*out = (struct dataplane_traffic){ 0 };
	return agent->forwarding &&
	       dataplane_traffic(agent->forwarding->plane, realm, home, binding, out);
}

enum ha_error agent_trace_packet(struct agent *agent, const void *packet, size_t size,
                                 dataplane_teller *tell, void *context)
{
	if (!agent->forwarding)
		return HA_E_NOTFOUND;
	return dataplane_explain(agent->forwarding->plane, packet, size, tell, context);
}

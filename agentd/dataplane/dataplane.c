/* dataplane.c - the face: tables, fence, and the path that forwards. */
#include "agentd/dataplane/dataplane.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/fast.h"
#include "agentd/dataplane/user.h"

#define EXITS 65536u /* of tunnels, of which something can be known */
#define SENT 65536u  /* packets that an ICMP error can be about */
#define ERRORS_PER_S 1000u
#define ERRORS_BURST 100u

struct dataplane {
	struct config config;
	struct forward_agent agent;
	struct forward_network networks[HOME_NETWORKS_MAX];
	size_t network_count;
	struct tunnels *tunnels;
	struct soft *soft;
	struct user *user;
	struct tc_keep *fast;        /* NULL: user space alone */
	char fast_why[FAST_WHY_MAX]; /* it is alone */
	int udp;
	dataplane_completes *completes;
	uint64_t (*until)(void *context, uint8_t group);
	void *context;  /* of these two */
	struct mac mac; /* 0: none that is shared */
	_Atomic uint64_t forward_until_ns[TUNNELS_GROUPS_MAX];
	_Atomic unsigned fence_count; /* of these that were ever told */
};

/* ---- the fence ---- */

void dataplane_fence(struct dataplane *dataplane, unsigned group, uint64_t forward_until_ns,
                     uint64_t attract_until_ns)
{
	bool leads = clock_monotonic_ns() < attract_until_ns;
	unsigned count = atomic_load(&dataplane->fence_count);

	while (count <= group % TUNNELS_GROUPS_MAX &&
	       !atomic_compare_exchange_weak(&dataplane->fence_count, &count,
	                                     group % TUNNELS_GROUPS_MAX + 1))
		;
	atomic_store(&dataplane->forward_until_ns[group % TUNNELS_GROUPS_MAX], forward_until_ns);
	if (!dataplane->fast)
		return;
	/* Nobody is answered under another MAC. */
	if (leads)
		tc_keep_mac(dataplane->fast, (uint8_t)group, dataplane->mac);
	tc_keep_fence(dataplane->fast, (uint8_t)group, forward_until_ns, attract_until_ns);
	if (!leads)
		tc_keep_mac(dataplane->fast, (uint8_t)group, (struct mac){ { 0 } });
}

static bool may_forward(void *context, uint8_t group, uint64_t now_ns)
{
	struct dataplane *dataplane = context;

	return now_ns < atomic_load(&dataplane->forward_until_ns[group]);
}

/* Its deadline is past, but not for long. */
static bool may_return(void *context, uint64_t now_ns)
{
	const struct dataplane *dataplane = context;

	for (unsigned i = 0; i < atomic_load(&dataplane->fence_count); i++) {
		uint64_t until_ns = atomic_load(&dataplane->forward_until_ns[i]);

		if (until_ns && now_ns >= until_ns && now_ns - until_ns < TC_PATIENCE_NS)
			return true;
	}
	return false;
}

static bool may_attract(void *context, uint8_t group, uint64_t now_ns)
{
	struct dataplane *dataplane = context;

	return now_ns < dataplane->until(dataplane->context, group);
}

/* ---- opening ---- */

static const uint8_t kinds[] = {
	[HOME_NETWORK_LINK] = FORWARD_LINK,
	[HOME_NETWORK_ROUTER] = FORWARD_ROUTER,
	[HOME_NETWORK_VIRTUAL] = FORWARD_VIRTUAL,
};

static void take_networks(struct dataplane *d)
{
	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++) {
		const struct home_network *network = &d->config.home_networks[i];

		if (!home_network_is_given(network))
			continue;
		d->networks[d->network_count++] = (struct forward_network){
			.prefix = home_network_prefix(network),
			.realm = d->config.home_agent_realm,
			.kind = kinds[network->kind],
			.group = (uint8_t)d->config.group,
		};
	}
	d->agent = (struct forward_agent){
		.address = d->config.home_agent_address,
		.realm = d->config.home_agent_realm,
		.group = (uint8_t)d->config.group,
	};
}

static struct forward_settings settings_of(const struct dataplane *d)
{
	struct forward_settings settings = forward_settings_default();

	settings.agents = &d->agent;
	settings.agent_count = 1;
	settings.networks = d->networks;
	settings.network_count = d->network_count;
	settings.gateways = d->config.trusted_gateways.at;
	settings.gateway_count = d->config.trusted_gateways.count;
	settings.udp_port = (uint16_t)d->config.home_agent_port;
	settings.nesting = (uint8_t)d->config.nesting_limit;
	settings.mtu_floor = (uint16_t)d->config.path_mtu_floor;
	return settings;
}

/* What an ICMP error said is known to soft state; the fast path is told. */
static void learnt(void *context, struct span packet)
{
	struct dataplane *d = context;

	if (d->fast)
		tc_keep_learnt(d->fast, d->soft, packet);
}

static void complete(void *context, const struct dataplane_port *port)
{
	const struct dataplane *d = context;

	if (d->completes)
		d->completes(d->context, port);
}

/* The device by which packets come to user space is another one to the kernel. */
static void moved(void *context, const char *device)
{
	struct dataplane *d = context;

	if (d->fast)
		tc_keep_device(d->fast, if_nametoindex(device));
}

static enum ha_error open_fast(struct dataplane *d, char *report, size_t size)
{
	const struct forward_settings settings = settings_of(d);
	enum ha_error why = fast_open(&d->config, settings.ttl, !settings.df_copied, &d->fast,
	                              d->fast_why, sizeof(d->fast_why));

	if (why)
		return ha_refuse(report, size, why, "dataplane.path tc: %s", d->fast_why);
	if (d->fast)
		tc_keep_agent(d->fast, d->agent.group, d->agent.address);
	return HA_OK;
}

static enum ha_error begin_fast(struct dataplane *d, char *report, size_t size)
{
	enum ha_error why;

	if (!d->fast)
		return HA_OK;
	why = tc_keep_begin(d->fast, d->tunnels, if_nametoindex(d->config.dataplane_tun));
	return why ? ha_refuse(report, size, why, "BPF: %s", ha_strerror(why)) : HA_OK;
}

static enum ha_error open_user(struct dataplane *d, char *report, size_t size)
{
	const struct user_options options = {
		.interception = {
			.networks = d->config.home_networks,
			.members = d->config.cluster_members,
			.device = d->config.dataplane_tun,
			.table = d->config.dataplane_table,
			.priority = d->config.dataplane_priority,
			.mark = d->config.dataplane_mark,
		},
		.agent = d->config.home_agent_address,
		.settings = settings_of(d),
		.tunnels = d->tunnels,
		.soft = d->soft,
		.may_forward = may_forward,
		.may_attract = may_attract,
		.may_return = may_return,
		.learnt = learnt,
		.moved = moved,
		.completes = complete,
		.context = d,
		.udp = d->udp,
	};

	return user_open(&options, &d->user, report, size);
}

static enum ha_error open_all(struct dataplane *d, char *report, size_t size)
{
	const struct tunnels_size room = { d->config.capacity_nodes, d->config.capacity_bindings };
	const struct soft_size soft = {
		.exits = EXITS,
		.sent = SENT,
		.errors_per_s = ERRORS_PER_S,
		.errors_burst = ERRORS_BURST,
	};
	enum ha_error why;

	take_networks(d);
	why = open_fast(d, report, size);
	if (why)
		return why;
	d->tunnels = tunnels_new(room, d->fast ? tc_keep_rows(d->fast) : NULL);
	d->soft = soft_new(soft);
	if (!d->tunnels || !d->soft)
		return ha_refuse(report, size, HA_E_NOMEM,
		                 "not enough memory for the tunnels of the configured capacity");
	why = open_user(d, report, size);
	return why ? why : begin_fast(d, report, size);
}

enum ha_error dataplane_open(const struct dataplane_options *options, struct dataplane **out,
                             char *report, size_t size)
{
	struct dataplane *d = NULL;
	enum ha_error why = HA_OK;

	*out = NULL;
	if (config_forwards(options->config))
		d = calloc(1, sizeof(*d));
	if (!d) {
		if (options->udp >= 0)
			close(options->udp);
		if (config_forwards(options->config))
			why = ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
		return why;
	}
	d->config = *options->config;
	d->udp = options->udp;
	d->mac = options->mac;
	d->until = options->until;
	d->context = options->context;
	d->completes = options->completes;
	why = open_all(d, report, size);
	if (why == HA_OK)
		*out = d;
	else
		dataplane_close(d);
	return why;
}

void dataplane_tidy(const struct config *config, uint32_t groups)
{
	fast_tidy(config, groups);
}

void dataplane_close(struct dataplane *d)
{
	if (!d)
		return;
	user_close(d->user);
	tc_keep_close(d->fast);
	soft_free(d->soft);
	tunnels_free(d->tunnels);
	if (d->udp >= 0)
		close(d->udp);
	free(d);
}

/* ---- looking ---- */

struct tunnels *dataplane_tunnels(struct dataplane *dataplane)
{
	return dataplane->tunnels;
}

static bool any_open(struct dataplane *d)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (unsigned i = 0; i < atomic_load(&d->fence_count); i++)
		if (may_forward(d, (uint8_t)i, now_ns))
			return true;
	return false;
}

void dataplane_status(struct dataplane *d, struct dataplane_status *out)
{
	struct tunnels_totals totals;

	*out = (struct dataplane_status){ .path = "off", .in_use = DATAPLANE_PATH_OFF };
	snprintf(out->why, sizeof(out->why), "no home network, or turned off");
	if (!d)
		return;
	totals = tunnels_totals(d->tunnels);
	out->path = d->fast ? "tc" : "user space";
	out->in_use = d->fast ? DATAPLANE_PATH_TC : DATAPLANE_PATH_USER;
	if (d->fast)
		tc_keep_status(d->fast, out->why, sizeof(out->why));
	else
		snprintf(out->why, sizeof(out->why),
		         "a TUN device and raw sockets; without BPF: %s", d->fast_why);
	out->slow = d->fast ? !tc_keep_is_whole(d->fast)
	                    : d->config.dataplane_path != DATAPLANE_PATH_USER;
	out->forwards = any_open(d);
	out->homes = totals.homes;
	out->bindings = totals.bindings;
	user_doubt(d->user, out->doubt, sizeof(out->doubt));
}

void dataplane_count(struct dataplane *d)
{
	if (d->fast)
		tc_keep_count(d->fast);
}

enum ha_error dataplane_explain(struct dataplane *d, const void *packet, size_t size,
                                dataplane_teller *tell, void *context)
{
	return user_explain(d->user, (struct span){ packet, size }, tell, context);
}

static bool is_same(const struct tunnels_binding *a, const struct tunnels_binding *b)
{
	return address_equal(a->care_of, b->care_of) && address_equal(a->endpoint, b->endpoint) &&
	       a->endpoint_port == b->endpoint_port;
}

bool dataplane_traffic(struct dataplane *d, uint32_t realm, struct in_addr home,
                       const struct binding *binding, struct dataplane_traffic *out)
{
	const struct tunnels_binding wanted = tunnels_binding_of(binding);
	struct tunnels_home found;

	*out = (struct dataplane_traffic){ 0 };
	tunnels_find(d->tunnels, realm, home, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct tunnels_counters *row;

		if (!is_same(&found.bindings[i], &wanted))
			continue;
		row = tunnels_counters_of(d->tunnels, found.bindings[i].slot);
		*out = (struct dataplane_traffic){
			.in_packets = tunnels_read(&row->in_packets),
			.in_octets = tunnels_read(&row->in_octets),
			.out_packets = tunnels_read(&row->out_packets),
			.out_octets = tunnels_read(&row->out_octets),
		};
		return true;
	}
	return false;
}

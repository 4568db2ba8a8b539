/* run_ops.c - what the mobile node wants done, done. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/mobile/run_internal.h"

#define ANNOUNCEMENTS 3u /* a small number of times, RFC 5944 section 4.6 */
#define ANNOUNCE_MS 1000u
#define ANSWER_MS 3000u /* in which an agent answers a solicitation */

static uint64_t fresh(void *context)
{
	uint64_t number;

	(void)context;
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		number = clock_monotonic_ns(); /* it must differ, and need not be secret */
	return number;
}

static uint64_t wall(void *context)
{
	(void)context;
	return clock_wall_ms();
}

static bool send_message(void *context, const struct mobile_plan *plan, struct mac to,
                         struct span message)
{
	const struct mobile_run *run = context;
	const struct node_datagram datagram = {
		.source = plan->source,
		.destination = plan->destination,
		.source_port = run->port,
		.destination_port = MIP_PORT,
		.ttl = plan->ttl,
		.payload = message,
	};
	unsigned interface = node_host_link(run->host);

	return plan->by_agent ? node_link_send(run->link, interface, to, &datagram)
	                      : mobile_socket_send(run->udp, interface, &datagram);
}

/* ---- packets ---- */

/* RFC 3024 section 5.2: to the foreign agent, from the home address, in IP in IP, which needs no
 * agreement. */
static bool delivers_encapsulated(const struct mobile_stay *stay)
{
	return stay->attached && stay->bound && stay->way == MOBILE_BY_AGENT && stay->reverse &&
	       stay->encapsulating;
}

static struct node_tunnels tunnels_of(const struct mobile_run *run, const struct mobile_stay *stay)
{
	struct node_tunnels out = {
		.home = stay->home,
		.home_network = run->settings.node.home_network,
		.reverse = stay->reverse,
		.broadcasts = stay->broadcasts,
		.keepalive_id = run->keepalive_id,
	};

	if (delivers_encapsulated(stay)) {
		out.on_link = true;
		out.agent_mac = stay->agent_mac;
		out.at[out.count++] = (struct tunnel_end){ .local = stay->home,
			                                   .remote = stay->agent,
			                                   .encapsulation = ENCAPSULATION_IPIP };
	}
	if (!stay->attached || stay->way != MOBILE_CO_LOCATED)
		return out;
	for (size_t i = 0; i < stay->count && out.count < NODE_TUNNELS_MAX; i++)
		out.at[out.count++] = (struct tunnel_end){
			.local = stay->care_of[i],
			.remote = stay->home_agent,
			.local_port = stay->udp ? run->port : 0,
			.remote_port = stay->udp ? TUNNEL_UDP_PORT : 0,
			.encapsulation = stay->encapsulation,
			.udp = stay->udp,
		};
	return out;
}

static struct node_position position_of(const struct mobile_run *run,
                                        const struct mobile_stay *stay)
{
	const struct address_prefix *network = &run->settings.node.home_network;
	struct node_position to = { .home = stay->home };

	if (stay->off)
		to.place = NODE_UNTOUCHED;
	if (!stay->attached || stay->home.s_addr == 0)
		return to;
	if (stay->way == MOBILE_AT_HOME) {
		to.place = NODE_AT_HOME;
		to.home_length = network->length ? network->length : 32;
		to.router = run->options.options->home_router;
	} else if (!stay->bound || (stay->reverse && stay->way == MOBILE_CO_LOCATED) ||
	           delivers_encapsulated(stay)) {
		to.place = NODE_TUNNELLED;
	} else {
		to.place = NODE_DIRECT;
		to.has_router_mac = stay->way == MOBILE_BY_AGENT;
		if (to.has_router_mac) {
			to.router = stay->agent;
			to.router_mac = stay->agent_mac;
		}
	}
	return to;
}

static void open_arp(struct mobile_run *run, struct in_addr home)
{
	enum ha_error why;

	if (home.s_addr == 0 || (run->arp >= 0 && address_equal(home, run->arp_home)))
		return;
	if (run->arp >= 0)
		close(run->arp);
	run->arp_home = home;
	run->arp = arp_socket_open(home, &why);
	if (run->arp >= 0)
		why = arp_socket_bind(run->arp, node_host_link(run->host));
	if (why != HA_OK)
		log_warning("no ARP about the home address: %s", ha_strerror(why));
}

static void place(void *context, const struct mobile_stay *stay)
{
	struct mobile_run *run = context;
	struct node_tunnels tunnels = tunnels_of(run, stay);
	struct node_position to = position_of(run, stay);
	char report[256];

	open_arp(run, stay->home);
	node_tunnel_use(run->tunnel, &tunnels);
	if (node_host_place(run->host, &to, report, sizeof(report)) != HA_OK)
		log_error("%s", report);
}

static void keepalive(void *context, struct in_addr home_agent, uint16_t sequence)
{
	const struct mobile_run *run = context;

	node_tunnel_keepalive(run->tunnel, home_agent, sequence);
}

static void violated(void *context, const struct violation *seen)
{
	struct mobile_run *run = context;

	if (run->desk)
		(void)violations_note(mobile_desk_violations(run->desk), seen);
}

/* ---- the link ---- */

static void solicit(void *context)
{
	struct mobile_run *run = context;
	const struct in_addr none = { 0 };

	/* From the home address, where there is one; the agent must take any (RFC 5944 section
	 * 2.3). */
	run->solicited_until_ms = clock_monotonic_ms() + ANSWER_MS;
	(void)node_link_solicit(run->link, node_host_link(run->host),
	                        run->mobile.node.home.s_addr ? run->mobile.node.home : none);
}

static void say(struct mobile_run *run)
{
	struct mac mac = node_host_mac(run->host);
	const struct arp request = arp_announcement(mac, run->arp_home, ARP_REQUEST);
	const struct arp reply = arp_announcement(mac, run->arp_home, ARP_REPLY);

	if (run->arp < 0 || !arp_socket_send(run->arp, &request) ||
	    !arp_socket_send(run->arp, &reply))
		log_debug("the home address could not be announced");
	else
		run->mobile.counts.announced += 2;
}

static void announce(void *context, struct in_addr home)
{
	struct mobile_run *run = context;

	(void)home; /* open_arp() has it */
	say(run);
	run->announcements = ANNOUNCEMENTS - 1;
	run->announce_ms = clock_monotonic_ms() + ANNOUNCE_MS;
}

uint64_t mobile_run_announce(struct mobile_run *run, uint64_t now_ms)
{
	if (run->mobile.stay.way != MOBILE_AT_HOME || !run->mobile.stay.attached)
		run->announcements = 0;
	if (run->announcements == 0)
		return UINT64_MAX;
	if (now_ms >= run->announce_ms) {
		say(run);
		run->announcements--;
		run->announce_ms = now_ms + ANNOUNCE_MS;
	}
	return run->announcements ? run->announce_ms : UINT64_MAX;
}

void mobile_run_ops(struct mobile_run *run)
{
	run->keepalive_id = (uint16_t)fresh(NULL);
	run->ops = (struct mobile_ops){
		.send = send_message,
		.place = place,
		.announce = announce,
		.solicit = solicit,
		.keepalive = keepalive,
		.violated = violated,
		.random = fresh,
		.wall_ms = wall,
		.context = run,
	};
}

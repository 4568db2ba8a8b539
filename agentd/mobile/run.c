/* run.c - the loop: what came by which descriptor, and what is due. */
#include "agentd/mobile/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/netlink.h"
#include "agentd/mobile/run_internal.h"
#include "agentd/mobile/status.h"

#define FAREWELL_MS 8000u /* to end all bindings: for three requests at least */
#define TTL_OF_A_LINK 1u  /* of all advertisements, RFC 5944 section 2.1 */

static uint64_t now_ms(void)
{
	return clock_monotonic_ms();
}

/* ---- beginning and end ---- */

static void take_settings(struct mobile_run *run, const struct mobile_options *o,
                          const struct mobile_keys *keys)
{
	struct mobile_settings *s = &run->settings;

	*s = (struct mobile_settings){
		.node = { .home = o->home,
		          .home_agent = o->home_agent,
		          .requested = o->requested_home_agent,
		          .nai = { (const uint8_t *)o->name, strlen(o->name) },
		          .mobile_home = { keys->home.spi, &keys->home.key } },
		.wishes = { .lifetime_s = (uint16_t)o->lifetime_s,
		            .encapsulation = (uint8_t)o->encapsulation,
		            .udp = (uint8_t)o->udp_tunnel,
		            .reverse = o->reverse_tunnel != MOBILE_REVERSE_NO,
		            .encapsulating = o->encapsulating_delivery,
		            .broadcasts = o->broadcasts },
		.care_of = o->care_of_address,
		.choice = o->care_of,
		.nonces = keys->nonces,
		.reverse_optional = o->reverse_tunnel != MOBILE_REVERSE_REQUIRED,
		.encapsulation_optional = o->other_encapsulation,
		.simultaneous = o->simultaneous,
		.eager = o->eager,
		.keepalive_s = o->keepalive_s,
	};
	if (o->home_network.count)
		s->node.home_network = o->home_network.at[0];
	if (keys->aaa.given)
		s->node.mobile_aaa = (struct mobile_key){ keys->aaa.spi, &keys->aaa.key };
	if (keys->foreign.given)
		s->foreign = (struct mobile_key){ keys->foreign.spi, &keys->foreign.key };
}

static int open_signals(enum ha_error *why)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	*why = fd >= 0 ? HA_OK : ha_error_of_errno(errno);
	return fd;
}

static enum ha_error open_host(struct mobile_run *run, char *report, size_t size)
{
	const struct mobile_options *o = run->options.options;
	const struct node_host_options host = {
		.device = o->device,
		.link = o->interface,
		.memory = run->memory,
		.table = o->table,
		.priority = o->priority,
		.mark = o->mark,
		.mtu = o->mtu,
		.all = o->default_route,
		.direct = o->direct,
	};
	enum ha_error why;

	snprintf(run->memory, sizeof(run->memory), "%s" MOBILE_MEMORY, o->status_socket);
	run->tunnel = node_tunnel_open(o->device, o->mark, &why, report, size);
	if (run->tunnel)
		run->host = node_host_open(&host, &why, report, size);
	return why;
}

static enum ha_error open_sockets(struct mobile_run *run, char *report, size_t size)
{
	enum ha_error why;

	run->udp = mobile_socket_open(run->options.options->mark, &run->port, &why);
	if (why == HA_OK)
		run->link = node_link_open(node_host_link(run->host), run->port, &why);
	if (why == HA_OK)
		node_tunnel_attach(run->tunnel, run->link, node_host_link(run->host));
	if (why == HA_OK)
		run->watch = netlink_watch_open(&why);
	if (why == HA_OK)
		run->signals = open_signals(&why);
	return why == HA_OK ? HA_OK : ha_refuse(report, size, why, "sockets: %s", ha_strerror(why));
}

struct mobile_run *mobile_run_open(const struct mobile_run_options *options, enum ha_error *why,
                                   char *report, size_t size)
{
	struct mobile_run *run = calloc(1, sizeof(*run));

	if (!run) {
		*why = ha_refuse(report, size, HA_E_NOMEM, "out of memory");
		return NULL;
	}
	run->options = *options;
	run->udp = run->link = run->watch = run->signals = run->arp = run->status = -1;
	take_settings(run, options->options, options->keys);
	*why = open_host(run, report, size);
	if (*why == HA_OK)
		*why = open_sockets(run, report, size);
	if (*why == HA_OK) {
		mobile_run_ops(run);
		mobile_init(&run->mobile, &run->settings, &run->ops);
		return run;
	}
	mobile_run_close(run);
	return NULL;
}

void mobile_run_close(struct mobile_run *run)
{
	if (!run)
		return;
	for (size_t i = 0; i < 5; i++) {
		const int fds[] = { run->udp, run->link, run->watch, run->signals, run->arp };

		if (fds[i] >= 0)
			close(fds[i]);
	}
	node_host_close(run->host);
	node_tunnel_close(run->tunnel);
	free(run);
}

void mobile_run_answer(struct mobile_run *run, int listening)
{
	run->status = listening;
}

void mobile_run_serve(struct mobile_run *run, struct mobile_desk *desk)
{
	run->desk = desk;
	mobile_desk_work(desk, &run->mobile);
}

/* ---- what came ---- */

static void take_addresses(struct mobile_run *run)
{
	struct netlink_address found[MOBILE_ADDRESSES_MAX];
	struct in_addr addresses[MOBILE_ADDRESSES_MAX];
	uint32_t changes;
	bool running = node_host_running(run->host, &changes);
	size_t count = 0;

	if (node_host_replaced(run->host) && !run->broken) {
		log_error("%s: that is another interface now", run->options.options->interface);
		run->broken = run->stopped = true;
	}
	if (running && (!run->running || changes != run->changes))
		mobile_link_changed(&run->mobile);
	run->running = running;
	run->changes = changes;
	if (running && node_host_addresses(run->host, run->mobile.node.home, found,
	                                   MOBILE_ADDRESSES_MAX, &count) != HA_OK)
		log_warning("the addresses of the interface cannot be read");
	for (size_t i = 0; i < count; i++)
		addresses[i] = found[i].address;
	mobile_addresses(&run->mobile, addresses, count);
}

static void take_watch(struct mobile_run *run)
{
	if (netlink_watch_take(run->watch))
		take_addresses(run);
}

/* Anybody can send one to this host from far away, but none to all of a link: no router passes
 * that on. To this host alone it is an answer, for a moment after it asked; and it may say that
 * what is registered is gone. */
static void take_advertisement(struct mobile_run *run, const struct node_heard *heard)
{
	const struct ip4 *ip = &heard->ip;
	bool to_all = ip->destination.s_addr == INADDR_BROADCAST ||
	              ip->destination.s_addr == htonl(INADDR_ALLHOSTS_GROUP);
	struct advertisement advertisement;
	enum discovery_fault fault;

	if (ip->ttl != TTL_OF_A_LINK)
		return;
	fault = advertisement_read(heard->payload, &advertisement);
	if (fault != DISCOVERY_SOUND) {
		mobile_unsound(&run->mobile, fault);
		return;
	}
	if (to_all || now_ms() < run->solicited_until_ms)
		mobile_advertised(&run->mobile, &advertisement, ip->source, heard->from, now_ms());
	if (!to_all)
		mobile_reminded(&run->mobile, &advertisement, ip->source, heard->from, now_ms());
}

static void take_heard(struct mobile_run *run, const struct node_heard *heard)
{
	if (heard->ip.protocol != IP4_UDP)
		take_advertisement(run, heard);
	else if (run->mobile.pending && run->mobile.plan.by_agent)
		mobile_received(&run->mobile, heard->payload, heard->ip.source, heard->from,
		                now_ms());
}

static void take_link(struct mobile_run *run)
{
	uint8_t room[NODE_DATAGRAM_MAX];
	struct node_heard heard;

	for (unsigned i = 0; i < 64 && node_link_receive(run->link, room, sizeof(room), &heard);
	     i++)
		take_heard(run, &heard);
}

static void take_datagram(struct mobile_run *run, const struct mobile_datagram *d)
{
	const struct mac nowhere = { { 0 } };

	if (d->payload.size > 0 && d->payload.at[0] == TUNNEL_UDP_DATA) {
		if (node_tunnel_datagram(run->tunnel, &d->outer, d->source_port, run->port,
		                         d->payload) == NODE_KEEPALIVE)
			mobile_keepalive_answered(&run->mobile);
		return;
	}
	/* What comes by a foreign agent is heard on the link, whatever it is sent to. */
	if (!run->mobile.plan.by_agent)
		mobile_received(&run->mobile, d->payload, d->outer.source, nowhere, now_ms());
}

static void take_udp(struct mobile_run *run)
{
	struct mobile_datagram datagram;

	for (unsigned i = 0;
	     i < 64 && mobile_socket_receive(run->udp, run->room, sizeof(run->room), &datagram);
	     i++)
		take_datagram(run, &datagram);
}

/* The foreign agent that serves, or is asked. */
static bool is_agent(const struct mobile *mobile, struct mac from)
{
	return (mobile->stay.way == MOBILE_BY_AGENT && mac_equal(from, mobile->stay.agent_mac)) ||
	       (mobile->pending && mobile->at.way == MOBILE_BY_AGENT &&
	        mac_equal(from, mobile->asked_mac));
}

/* Away from home only a foreign agent is told where the home address is (RFC 5944 section
 * 4.6). At home the host answers itself. */
static void take_arp(struct mobile_run *run)
{
	const struct mobile_stay *stay = &run->mobile.stay;
	struct arp heard, answer;

	while (run->arp >= 0 && arp_socket_receive(run->arp, &heard)) {
		if (heard.operation != ARP_REQUEST || !stay->attached ||
		    !address_equal(heard.target, run->arp_home) ||
		    !mac_equal(heard.to, node_host_mac(run->host)) ||
		    !is_agent(&run->mobile, heard.from))
			continue;
		answer = arp_answer(&heard, node_host_mac(run->host));
		(void)arp_socket_send(run->arp, &answer);
	}
}

/* Without its device nothing works; the next start makes another one. */
static void take_tunnel(struct mobile_run *run)
{
	if (node_tunnel_work(run->tunnel) || run->broken)
		return;
	log_error("%s: the device is gone", run->options.options->device);
	run->broken = run->stopped = true;
}

static void take_signal(struct mobile_run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		run->stopped = true;
}

char *mobile_run_status(const struct mobile_run *run)
{
	return mobile_status_text(&run->mobile, run->tunnel, now_ms());
}

/* The status fits the buffer of a socket: nobody is waited for. */
static void take_status(struct mobile_run *run)
{
	int fd = accept4(run->status, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	char *text = fd >= 0 ? mobile_run_status(run) : NULL;

	if (text && send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		log_debug("who asked for the status did not take it: %s", strerror(errno));
	free(text);
	if (fd >= 0)
		close(fd);
}

/* The turn that follows does it. */
static void take_desk(struct mobile_run *run)
{
	(void)run;
}

/* ---- the loop ---- */

#define SOURCES_MAX (7u + NODE_TUNNEL_SOURCES)

struct source {
	int fd;
	void (*take)(struct mobile_run *run);
};

static size_t sources_of(const struct mobile_run *run, struct source out[SOURCES_MAX])
{
	int tunnels[NODE_TUNNEL_SOURCES];
	size_t count = 0, more = node_tunnel_sources(run->tunnel, tunnels);

	out[count++] = (struct source){ run->signals, take_signal };
	out[count++] = (struct source){ run->udp, take_udp };
	out[count++] = (struct source){ run->link, take_link };
	out[count++] = (struct source){ run->watch, take_watch };
	out[count++] = (struct source){ run->arp, take_arp };
	out[count++] = (struct source){ run->status, take_status };
	out[count++] = (struct source){ run->desk ? mobile_desk_descriptor(run->desk) : -1,
		                        take_desk };
	for (size_t i = 0; i < more; i++)
		out[count++] = (struct source){ tunnels[i], take_tunnel };
	return count;
}

static void await(struct mobile_run *run, uint64_t due_ms)
{
	struct source sources[SOURCES_MAX];
	struct pollfd polled[SOURCES_MAX];
	size_t count = sources_of(run, sources);
	uint64_t now = now_ms(), wait = due_ms > now ? due_ms - now : 0;

	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){ .fd = sources[i].fd, .events = POLLIN };
	if (poll(polled, count, wait > INT32_MAX ? -1 : (int)wait) <= 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (polled[i].revents)
			sources[i].take(run);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* One turn, until `until_ms` at the latest. */
static void turn(struct mobile_run *run, uint64_t until_ms)
{
	uint64_t due_ms;

	if (run->desk)
		mobile_desk_work(run->desk, &run->mobile);
	due_ms = mobile_step(&run->mobile, now_ms());
	if (run->desk)
		mobile_desk_work(run->desk, &run->mobile);
	due_ms = sooner(due_ms, mobile_run_announce(run, now_ms()));
	await(run, sooner(due_ms, until_ms));
}

static bool is_decided(const struct mobile_run *run)
{
	enum mobile_state state = run->mobile.state;

	return state == MOBILE_REGISTERED || state == MOBILE_HOME || state == MOBILE_REFUSED;
}

bool mobile_run_succeeded(const struct mobile_run *run)
{
	return run->mobile.state == MOBILE_REGISTERED || run->mobile.state == MOBILE_HOME;
}

/* What the home agent keeps until it lapses. */
static void tell_left(const struct mobile *mobile)
{
	uint64_t now = now_ms();

	for (size_t i = 0; i < mobile->held_count; i++) {
		const struct mobile_held *held = &mobile->held[i];
		struct address_text care_of = address_format(held->care_of);

		if (held->expires_ms == UINT64_MAX)
			log_error("the binding by %s could not be ended, and lasts for ever",
			          care_of.text);
		else if (held->expires_ms > now)
			log_error("the binding by %s could not be ended, and lasts %llu s more",
			          care_of.text,
			          (unsigned long long)(held->expires_ms - now) / 1000);
	}
	if (mobile->unlisted)
		log_error("there may be other bindings that could not be ended");
}

/* Whether none is left. */
static bool say_farewell(struct mobile_run *run)
{
	uint64_t until_ms = now_ms() + FAREWELL_MS;

	run->stopped = false; /* a second signal ends the wait */
	mobile_end(&run->mobile);
	while (run->mobile.state != MOBILE_ENDED && !run->stopped && now_ms() < until_ms)
		turn(run, until_ms);
	tell_left(&run->mobile);
	return !mobile_is_bound(&run->mobile);
}

bool mobile_run_loop(struct mobile_run *run, bool once, uint64_t patience_ms)
{
	uint64_t until_ms = once ? now_ms() + patience_ms : UINT64_MAX;

	take_addresses(run);
	while (!run->stopped && now_ms() < until_ms && !(once && is_decided(run)))
		turn(run, until_ms);
	if (!once && run->options.options->deregister && !run->broken)
		return say_farewell(run) && !run->broken;
	return !run->broken;
}

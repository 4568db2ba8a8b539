/* home_arp_open.c - from options to a thread. */
#include "agentd/dataplane/home_arp_internal.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/arp_socket.h"
#include "agentd/dataplane/thread_begin.h"

#define JOBS 65536u
#define NOTES 32768u
#define HEARING_BURST_MS 20u

static enum ha_error start_thread(struct home_arp *arp)
{
	enum ha_error why;

	arp->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (arp->wake < 0)
		return ha_error_of_errno(errno);
	why = thread_begin(&arp->thread, home_arp_run, arp);
	arp->started = why == HA_OK;
	return why;
}

static enum ha_error refuse(char *report, size_t size, const char *interface, enum ha_error why)
{
	const char *what = why == HA_E_NOTFOUND ? "there is no such interface on this host"
	                   : why == HA_E_PERMISSION
	                           ? "ARP for absent mobile nodes needs CAP_NET_RAW, or root"
	                           : ha_strerror(why);

	return ha_refuse(report, size, why, "home link %s: %s", interface, what);
}

/* A socket that is bound to the interface; *fd is -1 where the link has no ARP. */
static enum ha_error open_link(const struct home_arp_options *options, const char *interface,
                               int *fd, struct mac *mac)
{
	struct address_prefix networks[HOME_ARP_NETWORKS_MAX];
	unsigned index = if_nametoindex(interface);
	enum ha_error why;
	size_t count = 0;

	*fd = -1;
	if (index == 0)
		return HA_E_NOTFOUND;
	for (size_t i = 0; i < options->count; i++)
		if (strcmp(options->networks[i].interface, interface) == 0)
			networks[count++] = options->networks[i].prefix;
	*fd = home_arp_socket_open(networks, count, &why);
	if (why == HA_OK)
		why = arp_socket_bind(*fd, index);
	if (why != HA_OK || (home_arp_socket_look(*fd, mac) && home_arp_has_mac(*mac)))
		return why;
	log_notice("home link %s: has no ARP", interface);
	close(*fd);
	*fd = -1;
	return HA_OK;
}

static int link_of(const struct home_arp *arp, const char *interface)
{
	for (size_t i = 0; i < arp->link_count; i++)
		if (strcmp(arp->links[i].name, interface) == 0)
			return (int)i;
	return -1;
}

static enum ha_error add_network(struct home_arp *arp, const struct home_arp_options *options,
                                 const struct home_arp_network *network)
{
	int link = link_of(arp, network->interface), fd = -1;
	struct mac mac = { { 0 } };
	enum ha_error why = HA_OK;

	if (network->group >= HOME_ARP_GROUPS)
		return HA_E_RANGE;
	if (link < 0) {
		why = open_link(options, network->interface, &fd, &mac);
		if (fd < 0)
			return why;
		link = (int)arp->link_count++;
		arp->links[link].fd = fd;
		snprintf(arp->links[link].name, sizeof(arp->links[link].name), "%s",
		         network->interface);
	} else {
		(void)home_arp_socket_look(arp->links[link].fd, &mac);
	}
	arp->nets[arp->net_count++] = (struct home_arp_net){
		.prefix = network->prefix,
		.realm = network->realm,
		.group = network->group,
		.link = (uint8_t)link,
		.fixed = home_arp_has_mac(network->mac),
		.ours = home_arp_has_mac(network->mac) ? network->mac : mac,
	};
	return why;
}

static enum ha_error prepare(struct home_arp *arp, const struct home_arp_options *options)
{
	uint64_t now_ns = clock_monotonic_ns();

	arp->tunnels = options->tunnels;
	arp->until = options->until;
	arp->context = options->context;
	arp->plan = home_arp_plan_new(
		JOBS,
		options->announced_per_s ? options->announced_per_s : HOME_ARP_ANNOUNCED_PER_S,
		options->again_ms ? options->again_ms : HOME_ARP_AGAIN_MS, now_ns);
	arp->notes = home_arp_notes_new(NOTES);
	arp->heard = home_arp_batch_new();
	arp->out.batch = home_arp_batch_new();
	arp->hearing = home_arp_bucket_of(options->heard_per_s ? options->heard_per_s
	                                                       : HOME_ARP_HEARD_PER_S,
	                                  HEARING_BURST_MS, now_ns);
	arp->view = (struct home_arp_view){
		.nets = arp->nets,
		.count = arp->net_count,
		.ask = &arp->ask,
		.notes = arp->notes,
	};
	return arp->plan && arp->notes && arp->heard && arp->out.batch ? HA_OK : HA_E_NOMEM;
}

static enum ha_error open_all(struct home_arp *arp, const struct home_arp_options *options,
                              char *report, size_t size)
{
	enum ha_error why;

	if (options->count > HOME_ARP_NETWORKS_MAX)
		return ha_refuse(report, size, HA_E_RANGE, "more than %u home networks",
		                 HOME_ARP_NETWORKS_MAX);
	for (size_t i = 0; i < options->count; i++) {
		why = add_network(arp, options, &options->networks[i]);
		if (why != HA_OK)
			return refuse(report, size, options->networks[i].interface, why);
	}
	if (arp->net_count == 0)
		return HA_OK;
	why = prepare(arp, options);
	if (why == HA_OK)
		why = home_arp_ask_table(arp);
	if (why == HA_OK)
		why = start_thread(arp);
	if (why != HA_OK)
		ha_refuse(report, size, why, "the thread of the home links: %s", ha_strerror(why));
	return why;
}

enum ha_error home_arp_open(const struct home_arp_options *options, struct home_arp **out,
                            char *report, size_t size)
{
	struct home_arp *arp = calloc(1, sizeof(*arp));
	enum ha_error why;

	*out = NULL;
	if (!arp)
		return ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	pthread_mutex_init(&arp->mutex, NULL);
	arp->wake = -1;
	why = open_all(arp, options, report, size);
	if (arp->started)
		*out = arp;
	else
		home_arp_close(arp);
	return why;
}

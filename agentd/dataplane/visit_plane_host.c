/* visit_plane_host.c - what is made of this host for the visited links, and taken away;
 * what others change of it: noticed, made again, and said. */
#include "agentd/dataplane/visit_plane_internal.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/steering.h"
#include "agentd/dataplane/tun_device.h"

/* ---- device and route ---- */

#define ROUTES 1u /* of ours, in the table of the guard */

/* What the kernel forwards by the route is dropped at the device, of which nobody reads: the
 * thread has heard it on its link. */
static enum ha_error put_device(struct visit_plane *plane)
{
	const struct address_prefix everywhere = { .length = 0 };
	enum ha_error why = steering_device(plane->netlink, plane->device, &plane->device_index);

	if (why == HA_OK)
		why = netlink_queue(plane->netlink, plane->device_index, 0);
	return why == HA_OK ? netlink_route_put(plane->netlink, plane->table, everywhere,
	                                        plane->device_index)
	                    : why;
}

static enum ha_error put_all(struct visit_plane *plane, char *report, size_t size)
{
	enum ha_error why = put_device(plane);

	if (why != HA_OK)
		return ha_refuse(report, size, why, "device %s cannot be set up: %s", plane->device,
		                 netlink_trouble(plane->netlink));
	return visit_guard_make(plane->guard, report, size);
}

enum ha_error visit_plane_host_begin(struct visit_plane *plane, char *report, size_t size)
{
	enum ha_error why;

	plane->netlink = netlink_open(&why);
	if (!plane->netlink)
		return ha_refuse(report, size, why, "no connection to rtnetlink: %s",
		                 ha_strerror(why));
	return put_all(plane, report, size);
}

/* ---- looks ---- */

static bool is_whole(struct visit_plane *plane, char *out, size_t size)
{
	if (plane->device_lost) {
		snprintf(out, size, "the device %s is gone", plane->device);
		return false;
	}
	if (steering_is_strict(plane->netlink, plane->device_index)) {
		snprintf(out, size, "net.ipv4.conf.%s.rp_filter is 1, or that of all",
		         plane->device);
		return false;
	}
	if (visit_guard_is_whole(plane->guard, ROUTES))
		return true;
	snprintf(out, size,
	         "packets of visited links are not led to %s: rules to table %u or its routes are "
	         "missing",
	         plane->device, plane->table);
	return false;
}

static enum ha_error make_again(struct visit_plane *plane, char *report, size_t size)
{
	enum ha_error why = HA_OK;

	if (plane->device_lost)
		why = tun_device_again(plane->tun, plane->device, report, size);
	if (why != HA_OK)
		return why;
	plane->device_lost = false;
	return put_all(plane, report, size);
}

/* true: all is there, or again; else *doubt says what is not. */
static bool heal(struct visit_plane *plane, char *doubt, size_t size)
{
	char found[VISIT_DOUBT_MAX], report[VISIT_DOUBT_MAX] = "";

	if (is_whole(plane, found, sizeof(found)))
		return true;
	if (make_again(plane, report, sizeof(report)) == HA_OK) {
		visit_plane_count(VISIT_PLANE_HEALED);
		log_warning("%s; it was put right", found);
		return true;
	}
	snprintf(doubt, size, "%s", report);
	return false;
}

/* A link that was made again has another index. Its rule goes by the name. */
static void follow(struct visit_plane *plane, size_t i, unsigned index)
{
	unsigned before = plane->links[i].index;

	for (size_t n = 0; n < plane->source_count; n++)
		if (plane->sources[n].interface == before &&
		    link_socket_move(plane->sources[n].fd, index))
			plane->sources[n].interface = index;
	pthread_mutex_lock(&plane->mutex);
	plane->links[i].index = plane->on_links[i].index = index;
	pthread_mutex_unlock(&plane->mutex);
	visit_table_move(plane->visitors, before, index);
	log_notice("the visited link %s was made again", plane->links[i].name);
}

/* What comes out of tunnels goes to link addresses, and what goes on by the routes comes out
 * of our device: so it is not the host's forwarding that matters here. */
static void look_at_links(struct visit_plane *plane, char *out, size_t size)
{
	*out = '\0';
	plane->link_lost = false;
	for (size_t i = 0; i < plane->link_count; i++) {
		const char *name = plane->links[i].name;
		struct netlink_link link;

		if (netlink_find(plane->netlink, name, &link) != HA_OK) {
			plane->link_lost = true;
			snprintf(out, size, "there is no visited link %s now", name);
			continue;
		}
		if (link.index != plane->links[i].index)
			follow(plane, i, link.index);
		if (steering_is_strict(plane->netlink, link.index))
			snprintf(out, size,
			         "net.ipv4.conf.%s.rp_filter is 1, or that of all: what visitors "
			         "there send to this host itself is dropped, such as what they "
			         "encapsulate to it; set it to 2, and have a route to their "
			         "addresses",
			         name);
	}
}

static void note_doubt(struct visit_plane *plane)
{
	char now[VISIT_DOUBT_MAX], before[VISIT_DOUBT_MAX];

	look_at_links(plane, now, sizeof(now));
	(void)heal(plane, now, sizeof(now));
	pthread_mutex_lock(&plane->mutex);
	memcpy(before, plane->doubt, sizeof(before));
	memcpy(plane->doubt, now, sizeof(now));
	pthread_mutex_unlock(&plane->mutex);
	if (*now && strcmp(now, before) != 0)
		log_warning("%s", now);
}

static void add_own(struct host *host, struct in_addr address)
{
	for (size_t i = 0; i < host->count; i++)
		if (address_equal(host->addresses[i], address))
			return;
	if (host->count < HOST_ADDRESSES_MAX)
		host->addresses[host->count++] = address;
}

/* The thread alone changes them, and others copy them. Care-of addresses are ours in any
 * case, also where another member has them now. */
static void renew_host(struct visit_plane *plane)
{
	uint16_t mtus[VISIT_LINKS_MAX] = { 0 };
	struct host host = plane->host;

	(void)host_look(plane->care_of[0], plane->device, &host);
	for (size_t i = 0; i < plane->care_of_count; i++)
		add_own(&host, plane->care_of[i]);
	for (size_t i = 0; i < plane->link_count; i++) {
		add_own(&host, plane->links[i].address);
		mtus[i] = host_link_mtu(plane->links[i].name);
	}
	pthread_mutex_lock(&plane->mutex);
	plane->host = host;
	plane->settings.own_count = plane->host.count;
	if (host.mtu)
		plane->settings.link_mtu = host.mtu;
	for (size_t i = 0; i < plane->link_count; i++)
		plane->on_links[i].mtu = mtus[i];
	pthread_mutex_unlock(&plane->mutex);
}

void visit_plane_host_look(struct visit_plane *plane)
{
	renew_host(plane);
	plane->looked_ns = clock_monotonic_ns();
	note_doubt(plane);
}

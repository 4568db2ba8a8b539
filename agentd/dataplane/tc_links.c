/* tc_links.c - the interfaces where the program is, and this host's own addresses. */
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "agentd/dataplane/tc_internal.h"

/* The MAC of an Ethernet interface. */
static enum ha_error read_mac(const char *name, uint8_t *mac, char *report, size_t size)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int failed;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	failed = fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) != 0;
	if (fd >= 0)
		close(fd);
	if (failed)
		return ha_refuse(report, size, HA_E_NOTFOUND, "%s: there is no such interface",
		                 name);
	if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return ha_refuse(report, size, HA_E_UNSUPPORTED,
		                 "%s: is not Ethernet, which is all that BPF is written for", name);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	return HA_OK;
}

static enum ha_error put_program(struct tc *tc, struct tc_place *place, uint32_t index,
                                 char *report, size_t size)
{
	enum ha_error error = read_mac(place->name, place->link.mac, report, size);

	if (error)
		return error;
	if (index >= TC_LINKS_MAX)
		return ha_refuse(report, size, HA_E_RANGE,
		                 "%s: its number is %u, and BPF is written for those below %u",
		                 place->name, index, TC_LINKS_MAX);
	place->link.in_use = true;
	tc->links[index] = place->link;
	return tc_object_attach(&tc->object, (int)index, place->name, report, size);
}

static enum ha_error attach(struct tc *tc, struct tc_place *place, char *report, size_t size)
{
	uint32_t index = if_nametoindex(place->name);
	enum ha_error error = put_program(tc, place, index, report, size);

	place->interface = error ? 0 : (int)index;
	return error;
}

static bool is_ours(const struct tc *tc, uint32_t index)
{
	for (size_t i = 0; i < tc->place_count; i++)
		if (tc->places[i].interface == (int)index)
			return true;
	return false;
}

/* From where an earlier daemon was and this one is not, or from everywhere. */
static void detach(struct tc *tc, bool all)
{
	for (uint32_t index = 1; index < TC_LINKS_MAX; index++) {
		if (!tc->links[index].in_use || (!all && is_ours(tc, index)))
			continue;
		(void)tc_object_detach(tc->object.instance, (int)index);
		tc->links[index].in_use = false;
	}
}

enum ha_error tc_attach_all(struct tc *tc, char *report, size_t size)
{
	enum ha_error first = HA_OK, error;
	char other[160] = "";

	for (size_t i = 0; i < tc->place_count; i++) {
		error = attach(tc, &tc->places[i], first ? other : report,
		               first ? sizeof(other) : size);
		if (!first)
			first = error;
	}
	if (!first)
		detach(tc, false);
	return first;
}

void tc_detach_all(struct tc *tc)
{
	detach(tc, true);
}

void tc_own_addresses(struct tc *tc)
{
	uint64_t filter[TC_OWN_BITS / 64] = { 0 };
	struct ifaddrs *list, *at;
	uint32_t address, next, bit;
	uint8_t mark, now;
	bool more;

	if (getifaddrs(&list) != 0)
		return; /* what was true a while ago */
	/* Each round has its own mark; what does not bear it at the end is gone. */
	now = (uint8_t)(tc->own_round++ % 255 + 1);
	for (at = list; at; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET)
			continue;
		address = ((const struct sockaddr_in *)(const void *)at->ifa_addr)->sin_addr.s_addr;
		(void)tc_map_put(&tc->object, TC_MAP_OWN, &address, &now);
		bit = tc_own_bit(address);
		filter[bit / 64] |= UINT64_C(1) << bit % 64;
	}
	freeifaddrs(list);
	for (size_t i = 0; i < TC_OWN_BITS / 64; i++)
		__atomic_store_n(&tc->own_filter[i], filter[i], __ATOMIC_RELAXED);
	more = tc_map_next(&tc->object, TC_MAP_OWN, NULL, &address);
	while (more) {
		more = tc_map_next(&tc->object, TC_MAP_OWN, &address, &next);
		if (tc_map_get(&tc->object, TC_MAP_OWN, &address, &mark) && mark != now)
			(void)tc_map_remove(&tc->object, TC_MAP_OWN, &address);
		address = next;
	}
}

/* interface.c - an interface comes, goes, and changes its addresses. */
#include "agentd/visit/interface.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/dataplane/link_socket.h"
#include "proto/message.h"

void interface_init(struct interface *interface, const char *name)
{
	memset(interface, 0, sizeof(*interface));
	snprintf(interface->name, sizeof(interface->name), "%s", name);
	interface->socket = -1;
}

static struct in_addr address_of(const struct sockaddr *from)
{
	struct sockaddr_in address;

	memcpy(&address, from, sizeof(address));
	return address.sin_addr;
}

static bool is_usable(const struct ifaddrs *at, const char *name)
{
	return at->ifa_addr && at->ifa_addr->sa_family == AF_INET && at->ifa_netmask &&
	       strcmp(at->ifa_name, name) == 0 && at->ifa_flags & IFF_UP &&
	       at->ifa_flags & IFF_RUNNING;
}

struct interface_address interface_address_of(const struct ifaddrs *row)
{
	uint32_t mask = row->ifa_netmask ? address_of(row->ifa_netmask).s_addr : UINT32_MAX;

	return (struct interface_address){
		.address = address_of(row->ifa_addr),
		.prefix_length = (uint8_t)__builtin_popcount(mask),
	};
}

static void add(const struct ifaddrs *row, struct interface *out)
{
	const struct interface_address found = interface_address_of(row);

	if (out->address_count < INTERFACE_ADDRESSES_MAX) {
		out->addresses[out->address_count++] = found;
		return;
	}
	out->overflows = true;
	if (address_equal(found.address, out->kept))
		out->addresses[INTERFACE_ADDRESSES_MAX - 1] = found;
}

/* What is there now; no socket. */
static void find(const struct interface *before, const struct ifaddrs *list, struct interface *out)
{
	interface_init(out, before->name);
	out->kept = before->kept;
	for (const struct ifaddrs *at = list; at; at = at->ifa_next)
		if (is_usable(at, before->name))
			add(at, out);
	if (out->address_count)
		out->index = if_nametoindex(before->name);
	if (out->overflows && !before->overflows)
		log_warning("interface %s: it has more than %u addresses, and the others are left "
		            "out",
		            before->name, INTERFACE_ADDRESSES_MAX);
}

static bool same_addresses(const struct interface *a, const struct interface *b)
{
	if (a->address_count != b->address_count)
		return false;
	for (size_t i = 0; i < a->address_count; i++)
		if (!address_equal(a->addresses[i].address, b->addresses[i].address) ||
		    a->addresses[i].prefix_length != b->addresses[i].prefix_length)
			return false;
	return true;
}

static void open_socket(struct interface *interface)
{
	static struct log_limit limit = { .per_second = 1 };
	enum ha_error why;
	uint64_t held_back;

	interface->socket = link_socket_listen(interface->index, MIP_PORT, &why);
	if (interface->socket >= 0)
		return;
	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_warning("interface %s: mobile nodes cannot be heard: %s", interface->name,
		            ha_strerror(why));
	interface->index = 0;
}

enum interface_news interface_look(struct interface *interface, const struct ifaddrs *list)
{
	bool was = interface->index != 0;
	struct interface now;

	find(interface, list, &now);
	if (now.index && now.index == interface->index) {
		now.socket = interface->socket;
		was = same_addresses(interface, &now);
		*interface = now;
		return was ? INTERFACE_SAME : INTERFACE_CHANGED;
	}
	interface_close(interface);
	if (now.index)
		open_socket(&now);
	*interface = now;
	if (!interface->index)
		return was ? INTERFACE_WENT : INTERFACE_SAME;
	return was ? INTERFACE_CHANGED : INTERFACE_CAME;
}

bool interface_has_address(const struct interface *interface, struct in_addr address)
{
	for (size_t i = 0; i < interface->address_count; i++)
		if (address_equal(interface->addresses[i].address, address))
			return true;
	return false;
}

bool interface_address_is_beside(const struct interface_address *of, struct in_addr address)
{
	uint32_t mask = of->prefix_length ? UINT32_MAX << (32 - of->prefix_length) : 0;

	return ((address_host(address) ^ address_host(of->address)) & mask) == 0;
}

uint8_t interface_prefix_of(const struct interface *interface, struct in_addr address)
{
	uint8_t length = 32;

	for (size_t i = 0; i < interface->address_count; i++)
		if (interface_address_is_beside(&interface->addresses[i], address) &&
		    interface->addresses[i].prefix_length < length)
			length = interface->addresses[i].prefix_length;
	return length;
}

bool interface_is_on_network(const struct interface *interface, struct in_addr address)
{
	for (size_t i = 0; i < interface->address_count; i++)
		if (interface_address_is_beside(&interface->addresses[i], address))
			return true;
	return false;
}

void interface_close(struct interface *interface)
{
	if (interface->socket >= 0)
		close(interface->socket);
	interface->socket = -1;
	interface->index = 0;
	interface->address_count = 0;
}

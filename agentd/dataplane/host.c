/* host.c - addresses and links, from the C library. */
#include "agentd/dataplane/host.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agentd/base/address.h"

#define MTU_USUAL 1500
#define MTU_MOST 65535

static enum ha_error add(struct host *host, struct in_addr address)
{
	for (size_t i = 0; i < host->count; i++)
		if (address_equal(host->addresses[i], address))
			return HA_OK;
	if (host->count == HOST_ADDRESSES_MAX)
		return HA_E_CAPACITY;
	host->addresses[host->count++] = address;
	return HA_OK;
}

static int mtu_of(int fd, const char *name)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%.15s", name);
	return ioctl(fd, SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : 0;
}

static bool counts(const struct ifaddrs *at, const char *device)
{
	return at->ifa_flags & IFF_UP && !(at->ifa_flags & IFF_LOOPBACK) &&
	       strcmp(at->ifa_name, device) != 0;
}

static enum ha_error walk(const struct ifaddrs *list, int fd, const char *device, struct host *out)
{
	enum ha_error why = HA_OK;
	int largest = 0;

	for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
		struct sockaddr_in address;
		int mtu;

		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&address, at->ifa_addr, sizeof(address));
		if (add(out, address.sin_addr) != HA_OK)
			why = HA_E_CAPACITY;
		mtu = counts(at, device) ? mtu_of(fd, at->ifa_name) : 0;
		largest = mtu > largest ? mtu : largest;
	}
	if (largest == 0)
		largest = MTU_USUAL;
	out->mtu = (uint16_t)(largest > MTU_MOST ? MTU_MOST : largest);
	return why;
}

enum ha_error host_look(struct in_addr agent, const char *device, struct host *out)
{
	struct host found = { .count = 0 };
	struct ifaddrs *list;
	enum ha_error why;
	int fd;

	if (getifaddrs(&list) != 0)
		return ha_error_of_errno(errno);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	add(&found, agent);
	why = walk(list, fd, device, &found);
	if (fd >= 0)
		close(fd);
	freeifaddrs(list);
	*out = found;
	return why;
}

uint16_t host_link_mtu(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int mtu = fd >= 0 ? mtu_of(fd, name) : 0;

	if (fd >= 0)
		close(fd);
	return (uint16_t)(mtu > MTU_MOST ? MTU_MOST : mtu);
}

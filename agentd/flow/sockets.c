/* sockets.c - sockets for registrations, opened and bound. */
#include "agentd/flow/sockets.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "proto/tunnel.h"

/* Octets asked of the kernel, each way; it takes twice as much and counts about
 * 800 for a request: some 20 000. Enough for the burst of a checkpoint's or a
 * flush's stall, worked off in a tenth of a second. A slow disk needs longer,
 * and that is what the age limit is for. */
#define SOCKET_BUFFER (8 << 20)

#define SOURCE_AT 12u /* in the header of IP */

static void ask_for_buffers(int fd)
{
	int octets = SOCKET_BUFFER;

	/* Beyond the administrator's limit when we may, up to it when not. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
}

static const char *bind_trouble(int number)
{
	switch (number) {
	case EADDRINUSE:
		return "the port is taken by another process";
	case EACCES:
	case EPERM:
		return "ports below 1024 need root or CAP_NET_BIND_SERVICE";
	case EADDRNOTAVAIL:
		return "no interface of this machine has that address";
	default:
		return strerror(number);
	}
}

static int close_with_errno(int fd)
{
	int number = errno;

	close(fd);
	errno = number;
	return -1;
}

/* Does the address come and go while we run? */
static bool address_moves(const struct config *config)
{
	return config->cluster_node || *config->interface || *config->announce_hook;
}

/* A socket bound to `address`, or -1 with errno. `option`: of SOL_SOCKET, to be
 * set before; 0 = none. Where the address moves it need not be here yet; until it
 * is the kernel delivers nothing to the socket and sends nothing from it. */
static int bound_socket(const struct config *config, struct in_addr address, int option)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr = address,
		.sin_port = htons((uint16_t)config->home_agent_port),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), yes = 1;

	if (fd >= 0 && option)
		setsockopt(fd, SOL_SOCKET, option, &yes, sizeof(yes));
	if (fd >= 0 && address_moves(config))
		setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &yes, sizeof(yes));
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	return close_with_errno(fd);
}

enum ha_error socket_open(const struct config *config, unsigned thread, int *out, char *report,
                          size_t size)
{
	bool shared = config->network_threads > 1 || config_forwards(config);
	int alone = -2; /* not tried */

	*out = -1;
	if (shared && thread == 0)
		alone = bound_socket(config, config->home_agent_address, 0);
	if (alone != -1) {
		if (alone >= 0)
			close(alone);
		*out = bound_socket(config, config->home_agent_address, shared ? SO_REUSEPORT : 0);
	}
	if (*out >= 0) {
		ask_for_buffers(*out);
		return HA_OK;
	}
	snprintf(report, size, "cannot listen on %s port %u: %s",
	         address_format(config->home_agent_address).text, config->home_agent_port,
	         bind_trouble(errno));
	return ha_error_of_errno(errno);
}

/* The kernel asks the program which socket of the port a datagram is for, by number in
 * the order in which they were bound. */
static bool steer(int fd, unsigned threads)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), /* type of the message */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TUNNEL_UDP_DATA, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, threads),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)SKF_NET_OFF + IP4_HEADER_MIN),
		BPF_STMT(BPF_MISC | BPF_TAX, 0), /* source port, where IP has no options */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + SOURCE_AT),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, threads),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct sock_fprog all = {
		.len = sizeof(program) / sizeof(program[0]),
		.filter = program,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &all, sizeof(all)) == 0;
}

/* What a tunnel's end knows of a datagram beside its payload. */
static void ask_for_headers(int fd)
{
	int yes = 1;

	setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &yes, sizeof(yes));
	setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &yes, sizeof(yes));
}

enum ha_error tunnel_socket_open(const struct config *config, unsigned threads, int *out,
                                 char *report, size_t size)
{
	*out = bound_socket(config, config->home_agent_address, SO_REUSEPORT);
	if (*out >= 0 && steer(*out, threads)) {
		ask_for_buffers(*out);
		ask_for_headers(*out);
		return HA_OK;
	}
	if (*out >= 0)
		*out = close_with_errno(*out);
	return ha_refuse(report, size, ha_error_of_errno(errno),
	                 "no socket for tunnels in UDP on %s port %u: %s",
	                 address_format(config->home_agent_address).text, config->home_agent_port,
	                 bind_trouble(errno));
}

bool socket_send(int fd, struct in_addr to, uint16_t port, const void *octets, size_t size)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = to,
		.sin_port = htons(port),
	};

	return sendto(fd, octets, size, MSG_DONTWAIT, (const struct sockaddr *)&address,
	              sizeof(address)) == (ssize_t)size;
}

/* ---- broadcasts ---- */

struct home_link {
	char name[IF_NAMESIZE];
	struct in_addr broadcast; /* 0 = none of the link's own */
};

static struct in_addr address_of(const struct sockaddr *from)
{
	struct sockaddr_in address;

	memcpy(&address, from, sizeof(address));
	return address.sin_addr;
}

static bool can_broadcast(const struct ifaddrs *at)
{
	return at->ifa_addr && at->ifa_addr->sa_family == AF_INET &&
	       at->ifa_flags & IFF_BROADCAST && at->ifa_broadaddr;
}

/* Where none is set, the C library repeats the address itself. */
static struct in_addr broadcast_of(const struct ifaddrs *at)
{
	const struct in_addr none = { 0 }, found = address_of(at->ifa_broadaddr);

	return address_equal(found, address_of(at->ifa_addr)) ? none : found;
}

static bool has_address(const struct ifaddrs *at, const struct config *config)
{
	return can_broadcast(at) &&
	       address_equal(address_of(at->ifa_addr), config->home_agent_address);
}

/* The interface on which the address will be: it has another one of that network. */
static bool has_network(const struct ifaddrs *at, const struct config *config)
{
	in_addr_t mask, ours = config->home_agent_address.s_addr;

	if (!can_broadcast(at) || !at->ifa_netmask)
		return false;
	if (*config->interface && strcmp(at->ifa_name, config->interface) != 0)
		return false;
	mask = address_of(at->ifa_netmask).s_addr;
	return mask != INADDR_NONE && (address_of(at->ifa_addr).s_addr & mask) == (ours & mask);
}

typedef bool link_test(const struct ifaddrs *at, const struct config *config);

static bool search_links(const struct config *config, link_test *fits, struct home_link *out)
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *at = list; at && !found; at = at->ifa_next) {
		found = fits(at, config);
		if (!found)
			continue;
		snprintf(out->name, sizeof(out->name), "%s", at->ifa_name);
		out->broadcast = broadcast_of(at);
	}
	freeifaddrs(list);
	return found;
}

/* The interface that has the home agent's address, or is to have it. */
static bool find_link(const struct config *config, struct home_link *out)
{
	*out = (struct home_link){ 0 };
	if (!address_moves(config))
		return search_links(config, has_address, out);
	if (search_links(config, has_network, out))
		return true;
	snprintf(out->name, sizeof(out->name), "%.15s", config->interface);
	return *config->interface;
}

/* Agents of other addresses on this machine hear the same broadcasts: the
 * address is shared, and each answers for itself. */
static int broadcast_socket(const struct config *config, const struct home_link *link,
                            struct in_addr address)
{
	int fd = bound_socket(config, address, SO_REUSEADDR);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link->name,
	                          (socklen_t)strlen(link->name)) < 0)
		fd = close_with_errno(fd);
	if (fd < 0)
		log_warning("broadcasts to %s on %s will not be heard, mobile nodes do not find "
		            "their home agent by them: %s",
		            address_format(address).text, link->name, bind_trouble(errno));
	return fd;
}

void broadcast_sockets_open(const struct config *config, int out[BROADCAST_SOCKETS])
{
	const struct in_addr everybody = { INADDR_BROADCAST };
	struct home_link link;

	for (size_t i = 0; i < BROADCAST_SOCKETS; i++)
		out[i] = -1;
	if (!config->discovery || !find_link(config, &link))
		return;
	if (link.broadcast.s_addr)
		out[0] = broadcast_socket(config, &link, link.broadcast);
	out[1] = broadcast_socket(config, &link, everybody);
}

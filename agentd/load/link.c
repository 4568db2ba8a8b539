/* link.c - sendmmsg and recvmmsg over a few connected sockets.
 *
 * Datagrams of one batch that have one size leave by segmentation offload
 * where the kernel has it (UDP_SEGMENT): one pass through the stack for all of
 * them, so that the generator takes little of a machine that it shares with
 * the agent. */
#include "agentd/load/link.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_OCTETS (8 << 20)

static void prepare(struct link_batch *batch)
{
	batch->count = 0;
	for (unsigned i = 0; i < LINK_BATCH; i++) {
		batch->pieces[i] = (struct iovec){ .iov_base = batch->octets[i],
			                           .iov_len = LINK_DATAGRAM_MAX };
		batch->headers[i].msg_hdr = (struct msghdr){ .msg_iov = &batch->pieces[i],
			                                     .msg_iovlen = 1 };
	}
}

/* Beyond the system's limit where we may, else up to it. */
static void enlarge_buffers(int fd)
{
	const int octets = BUFFER_OCTETS;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &octets, sizeof(octets)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets));
}

static int bind_source(int fd, struct in_addr source, unsigned after)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		                    .sin_addr.s_addr = htonl(ntohl(source.s_addr) + after) };

	return source.s_addr ? bind(fd, (const struct sockaddr *)&name, sizeof(name)) : 0;
}

static enum ha_error open_socket(struct link *link, const struct sockaddr_in *target,
                                 struct in_addr source)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return ha_error_of_errno(errno);
	link->sockets[link->count++] = fd;
	enlarge_buffers(fd);
	if (bind_source(fd, source, link->count - 1) != 0)
		return errno == EADDRNOTAVAIL ? HA_E_NOTFOUND : ha_error_of_errno(errno);
	if (connect(fd, (const struct sockaddr *)target, sizeof(*target)) != 0)
		return ha_error_of_errno(errno);
	return HA_OK;
}

static void begin(struct link *out)
{
	out->framed = false;
	out->count = 0;
	out->turn = 0;
	prepare(&out->out);
	prepare(&out->in);
}

enum ha_error link_open_visited(struct link *out, const char *interface, struct in_addr agent)
{
	enum ha_error error;
	int fd = visited_open(interface, &error);

	begin(out);
	if (fd < 0)
		return error;
	out->framed = true;
	visited_init(&out->visited, agent);
	out->sockets[out->count++] = fd;
	enlarge_buffers(fd);
	return HA_OK;
}

enum ha_error link_open(struct link *out, const struct sockaddr_in *target, struct in_addr source,
                        unsigned count)
{
	enum ha_error error = HA_OK;

	begin(out);
	if (count == 0 || count > LINK_SOCKETS_MAX)
		return HA_E_RANGE;
	while (error == HA_OK && out->count < count)
		error = open_socket(out, target, source);
	if (error != HA_OK)
		link_close(out);
	return error;
}

void link_close(struct link *link)
{
	while (link->count > 0)
		close(link->sockets[--link->count]);
}

uint8_t *link_room(struct link *link)
{
	if (link->out.count == LINK_BATCH)
		return NULL;
	return link->out.octets[link->out.count] + (link->framed ? VISITED_HEADERS : 0);
}

void link_put(struct link *link, size_t size)
{
	link->out.pieces[link->out.count++].iov_len = size;
}

void link_put_of(struct link *link, size_t size, uint32_t node, struct in_addr home)
{
	if (link->framed) {
		visited_wrap(&link->visited, node, home, link->out.octets[link->out.count], size);
		size += VISITED_HEADERS;
	}
	link_put(link, size);
}

void link_put_borrowed(struct link *link, uint8_t *octets, size_t size)
{
	link->out.pieces[link->out.count].iov_base = octets;
	link_put(link, size);
}

static bool one_size(const struct link_batch *batch)
{
	for (unsigned i = 1; i < batch->count; i++)
		if (batch->pieces[i].iov_len != batch->pieces[0].iov_len)
			return false;
	return batch->count > 1;
}

/* The whole batch as one message that is cut into datagrams of one size on the
 * way. false when the kernel cannot do that. */
static bool send_in_one(int fd, struct link_batch *batch)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(uint16_t))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(uint16_t)),
		                  .cmsg_level = SOL_UDP,
		                  .cmsg_type = UDP_SEGMENT } };
	struct msghdr message = { .msg_iov = batch->pieces,
		                  .msg_iovlen = batch->count,
		                  .msg_control = control.room,
		                  .msg_controllen = sizeof(control.room) };
	uint16_t size = (uint16_t)batch->pieces[0].iov_len;
	ssize_t n;

	memcpy(CMSG_DATA(&control.header), &size, sizeof(size));
	do
		n = sendmsg(fd, &message, 0);
	while (n < 0 && (errno == EINTR || errno == ECONNREFUSED));
	return n >= 0;
}

/* How many could not be sent. */
static unsigned send_one_by_one(int fd, struct link_batch *batch)
{
	unsigned done = 0, lost = 0;

	while (done < batch->count) {
		int n = sendmmsg(fd, batch->headers + done, batch->count - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		done += n > 0 ? (unsigned)n : 1; /* the first could not be sent */
		lost += n <= 0;
	}
	return lost;
}

unsigned link_send(struct link *link)
{
	int fd = link->sockets[link->turn];
	unsigned lost = 0;

	link->turn = (link->turn + 1) % link->count;
	if (link->framed || !one_size(&link->out) || !send_in_one(fd, &link->out))
		lost = send_one_by_one(fd, &link->out);
	for (unsigned i = 0; i < link->out.count; i++)
		link->out.pieces[i].iov_base = link->out.octets[i]; /* some were borrowed */
	link->out.count = 0;
	return lost;
}

unsigned link_receive(struct link *link, unsigned i)
{
	int n = recvmmsg(link->sockets[i], link->in.headers, LINK_BATCH, MSG_DONTWAIT, NULL);

	link->in.count = n > 0 ? (unsigned)n : 0;
	return link->in.count;
}

struct span link_datagram(struct link *link, unsigned number)
{
	const struct span octets = { link->in.octets[number], link->in.headers[number].msg_len };

	return link->framed ? visited_unwrap(&link->visited, octets) : octets;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u),
		                  .tv_nsec = (long)(ns % 1000000000u) };
}

void link_wait(struct link *link, uint64_t wait_ns)
{
	struct pollfd watched[LINK_SOCKETS_MAX];
	struct timespec wait = timespec_of(wait_ns);

	for (unsigned i = 0; i < link->count; i++)
		watched[i] = (struct pollfd){ .fd = link->sockets[i], .events = POLLIN };
	ppoll(watched, link->count, &wait, NULL);
}

void link_pause(uint64_t pause_ns)
{
	struct timespec pause = timespec_of(pause_ns);

	nanosleep(&pause, NULL);
}

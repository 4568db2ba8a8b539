/* visit_plane_sources.c - packets from the kernel to forwarding. The clock is read after each
 * packet has come, and before they leave: a process that was stopped meanwhile finds the
 * fence closed. */
#include "agentd/dataplane/visit_plane_internal.h"

#include <errno.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/dataplane/user_sockets.h"

/* ---- from tunnels ---- */

static void take_parts(struct visit_plane *plane, struct segments *segments, unsigned interface)
{
	visit_plane_count(VISIT_PLANE_MERGED);
	for (;;) {
		struct writer out = writer_over(plane->part, sizeof(plane->part));

		if (!segments_next(segments, &out))
			return;
		visit_forward_from_tunnel(&plane->context, writer_span(&out), interface);
	}
}

/* The next packet, whole. Negative: none waits; 0: nothing that can be made out. */
static ssize_t read_packet(struct visit_plane *plane, int fd, unsigned *interface)
{
	ssize_t size = user_socket_read(fd, plane->packet, sizeof(plane->packet), interface);

	if (size == -EAGAIN)
		return size;
	if (size < 0)
		return 0;
	plane->context.now_ns = clock_monotonic_ns();
	if ((size_t)size < sizeof(plane->packet))
		return size;
	visit_plane_count(VISIT_PLANE_CUT);
	return 0;
}

static bool take_tunnel(struct visit_plane *plane, struct visit_plane_source *source)
{
	struct segments segments;
	unsigned interface;
	ssize_t size = read_packet(plane, source->fd, &interface);
	struct span packet = { plane->packet, size > 0 ? (size_t)size : 0 };

	if (size <= 0)
		return size == 0;
	visit_plane_count(VISIT_PLANE_TUNNEL);
	switch (merged_reader_ask(source->merged, packet, &segments)) {
	case MERGED_NOT:
		visit_forward_from_tunnel(&plane->context, packet, interface);
		break;
	case MERGED_UNKNOWN:
		visit_plane_count(VISIT_PLANE_MERGED_UNKNOWN);
		break;
	case MERGED_KNOWN:
		take_parts(plane, &segments, interface);
		break;
	}
	return true;
}

static bool take_datagram(struct visit_plane *plane, struct visit_plane_source *source)
{
	unsigned interface;
	ssize_t size = read_packet(plane, source->fd, &interface);

	if (size <= 0)
		return size == 0;
	visit_plane_count(VISIT_PLANE_TUNNEL);
	visit_forward_from_tunnel(&plane->context, (struct span){ plane->packet, (size_t)size },
	                          interface);
	return true;
}

static bool take_error(struct visit_plane *plane, struct visit_plane_source *source)
{
	unsigned interface;
	ssize_t size = read_packet(plane, source->fd, &interface);

	if (size <= 0)
		return size == 0;
	visit_plane_count(VISIT_PLANE_ERRORS);
	visit_forward_from_icmp(&plane->context, (struct span){ plane->packet, (size_t)size });
	return true;
}

/* ---- from links ---- */

static void take_plain(struct visit_plane *plane, const struct visit_plane_source *source,
                       const struct link_traffic *traffic)
{
	struct segments segments;

	if (!segments_find_plain(traffic->packet, &segments)) {
		if (traffic->size)
			visit_plane_count(VISIT_PLANE_MERGED_UNKNOWN);
		else
			visit_forward_from_link(&plane->context, traffic->packet, source->interface,
			                        traffic->link);
		return;
	}
	visit_plane_count(VISIT_PLANE_MERGED);
	if (traffic->size)
		segments.size = traffic->size;
	segments.marked = traffic->marked;
	for (;;) {
		struct writer out = writer_over(plane->part, sizeof(plane->part));

		if (!segments_next(&segments, &out))
			return;
		visit_forward_from_link(&plane->context, writer_span(&out), source->interface,
		                        traffic->link);
	}
}

static bool take_link(struct visit_plane *plane, struct visit_plane_source *source)
{
	struct link_traffic traffic;

	if (!link_socket_receive_traffic(source->fd, plane->packet, sizeof(plane->packet),
	                                 &traffic))
		return false;
	plane->context.now_ns = clock_monotonic_ns();
	visit_plane_count(VISIT_PLANE_LINK);
	if (traffic.size || traffic.begun)
		take_plain(plane, source, &traffic);
	else
		visit_forward_from_link(&plane->context, traffic.packet, source->interface,
		                        traffic.link);
	return true;
}

void visit_plane_receive(struct visit_plane *plane, struct visit_plane_source *source)
{
	for (unsigned i = 0; i < VISIT_BATCH && source->take(plane, source); i++)
		;
	visit_plane_queues_send(plane);
}

/* ---- opening ---- */

static void add(struct visit_plane *plane, const struct visit_plane_source *source)
{
	if (source->fd >= 0)
		plane->sources[plane->source_count++] = *source;
}

/* Fragments of tunnels are put together by the kernel before a raw socket has them. */
static enum ha_error open_end(struct visit_plane *plane, struct in_addr address, bool care_of)
{
	static const int protocols[] = { IP4_IPIP, IP4_MINIMAL, IP4_GRE };
	struct merged_reader *merged = &plane->merged[plane->merged_count++];
	enum ha_error why;

	merged->fd = merged_socket_open(address, &why);
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]) && why == HA_OK; i++) {
		int fd = user_socket_open(address, protocols[i], &why);

		if (fd >= 0 && !user_socket_tell_interface(fd))
			why = ha_error_of_errno(errno);
		add(plane, &(struct visit_plane_source){
				   .fd = fd, .take = take_tunnel, .merged = merged });
	}
	if (care_of && why == HA_OK)
		add(plane,
		    &(struct visit_plane_source){
			    .fd = user_socket_open_udp(address, plane->settings.udp_port, &why),
			    .take = take_datagram });
	if (care_of && why == HA_OK)
		add(plane, &(struct visit_plane_source){ .fd = user_socket_open_icmp(address, &why),
		                                         .take = take_error });
	return why;
}

static bool is_care_of(const struct visit_plane *plane, struct in_addr address)
{
	for (size_t i = 0; i < plane->care_of_count; i++)
		if (address_equal(plane->care_of[i], address))
			return true;
	return false;
}

/* Visitors encapsulate to the address that they were answered from (RFC 3024 section
 * 5.2.2), which may be that of the link. */
static enum ha_error open_link(struct visit_plane *plane, const struct visit_plane_link *link)
{
	enum ha_error why = HA_OK;

	if (!is_care_of(plane, link->address))
		why = open_end(plane, link->address, false);
	if (why == HA_OK)
		add(plane, &(struct visit_plane_source){
				   .fd = link_socket_open_traffic(link->index, link->address, &why),
				   .take = take_link,
				   .interface = link->index });
	return why;
}

static enum ha_error open_senders(struct visit_plane *plane)
{
	enum ha_error why;

	plane->tunnels = user_socket_open_sender(plane->mark, &why);
	if (why == HA_OK)
		plane->routed = user_socket_open_sender(0, &why);
	if (why == HA_OK)
		plane->hosts = link_socket_open(&why);
	return why;
}

enum ha_error visit_plane_sources_open(struct visit_plane *plane, char *report, size_t size)
{
	enum ha_error why = open_senders(plane);

	for (size_t i = 0; i < plane->care_of_count && why == HA_OK; i++)
		why = open_end(plane, plane->care_of[i], true);
	if (why != HA_OK)
		return ha_refuse(report, size, why,
		                 "raw sockets for tunnels of visitors cannot be opened: %s; they "
		                 "need root, or CAP_NET_RAW and CAP_NET_ADMIN",
		                 ha_strerror(why));
	for (size_t i = 0; i < plane->link_count && why == HA_OK; i++) {
		why = open_link(plane, &plane->links[i]);
		if (why != HA_OK)
			ha_refuse(report, size, why, "packets of the link %s cannot be heard: %s",
			          plane->links[i].name, ha_strerror(why));
	}
	return why;
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void visit_plane_sources_close(struct visit_plane *plane)
{
	for (size_t i = 0; i < plane->source_count; i++)
		close(plane->sources[i].fd);
	for (size_t i = 0; i < plane->merged_count; i++)
		close_one(plane->merged[i].fd);
	close_one(plane->tunnels);
	close_one(plane->routed);
	close_one(plane->hosts);
}

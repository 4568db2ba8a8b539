/* user_merged.c - packets from tunnels of which the kernel had made one (generic receive
 * offload), or whose checksum their sender had left to a device that there was not. Most
 * network cards merge what comes in bulk from a mobile node.
 *
 * They come by the raw sockets like all others, in their order and past the host's
 * filters. Before that, or a moment after it, a packet socket says how they were cut. */
#include "agentd/dataplane/user_internal.h"

#define GRE_PLAIN 4u /* octets of its header without any of the optional fields */
#define TCP_CHECKSUM_AT 16u

/* The device takes segments of TCP as they are, and leaves the cutting to whatever sends
 * them. With more in the header of GRE, such as a checksum, they are looked at one by one. */
static bool goes_whole(const struct user *user, const struct segments *segments)
{
	return segments->inner.protocol == IP4_TCP && segments_count(segments) > 1 &&
	       segments->inner_at - segments->outer.header_size <= GRE_PLAIN &&
	       forward_leaves_whole(&user->context, user->settings.agents[0].realm,
	                            segments->inner.destination);
}

static void forward_whole(struct user *user, const struct segments *segments)
{
	user->context.parts = (uint32_t)segments_count(segments);
	user->context.parts_octets = (uint32_t)segments_octets(segments);
	user->whole = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = (uint8_t)(VIRTIO_NET_HDR_GSO_TCPV4 |
		                      (segments->marked ? VIRTIO_NET_HDR_GSO_ECN : 0)),
		.gso_size = (uint16_t)segments->size,
		.hdr_len = (uint16_t)(segments->data_at - segments->inner_at),
		.csum_start = segments->inner.header_size,
		.csum_offset = TCP_CHECKSUM_AT,
	};
	forward_tunnel(&user->context, segments->packet);
	user->context.parts = user->context.parts_octets = 0;
	user->whole = (struct virtio_net_hdr){ .flags = 0 };
}

static void forward_parts(struct user *user, struct segments *segments)
{
	for (;;) {
		struct writer out = writer_over(user->part, sizeof(user->part));

		if (!segments_next(segments, &out))
			return;
		forward_tunnel(&user->context, writer_span(&out));
	}
}

bool user_merged_take(struct user *user, struct span packet)
{
	struct segments segments;

	switch (merged_reader_ask(&user->merged, packet, &segments)) {
	case MERGED_NOT:
		return false;
	case MERGED_UNKNOWN:
		user_count(USER_MERGED_UNKNOWN);
		return true;
	case MERGED_KNOWN:
		break;
	}
	user_count(USER_MERGED);
	if (goes_whole(user, &segments))
		forward_whole(user, &segments);
	else
		forward_parts(user, &segments);
	return true;
}

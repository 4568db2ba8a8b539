/* user_merged.c - packets from tunnels of which the kernel had made one (generic receive
 * offload), or whose checksum their sender had left to a device that there was not. Most
 * network cards merge what comes in bulk from a mobile node.
 *
 * They come by the raw sockets like all others, in their order and past the host's
 * filters. Before that, or a moment after it, a packet socket says how they were cut. */
#include "agentd/dataplane/user_internal.h"

#include <poll.h>
#include <string.h>

#include "agentd/base/clock.h"

#define WAIT_MS 2 /* for what the kernel says about a packet that it handed out */
#define WAIT_AGAIN_NS UINT64_C(1000000000) /* after it did not */
#define READ_MAX 4096u
#define GRE_PLAIN 4u /* octets of its header without any of the optional fields */
#define TCP_CHECKSUM_AT 16u

static bool take_kept(struct user *user, const uint8_t *key, struct merged_note *out)
{
	for (size_t i = 0; i < USER_NOTES; i++) {
		struct merged_note *note = &user->notes[i];

		if (memcmp(note->key, key, MERGED_KEY) != 0)
			continue;
		*out = *note;
		*note = (struct merged_note){ .size = 0 };
		return true;
	}
	return false;
}

/* Of packets that were not handed out, such as by a filter of the host, notes stay. */
static void keep(struct user *user, const struct merged_note *note)
{
	user->notes[user->note_at++ % USER_NOTES] = *note;
}

/* Whoever sends packets about which nothing will ever be said must not hold others up. */
static bool wait_for_note(struct user *user)
{
	struct pollfd about = { .fd = user->merged, .events = POLLIN };
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns < user->wait_again_ns)
		return false;
	if (poll(&about, 1, WAIT_MS) > 0)
		return true;
	user->wait_again_ns = now_ns + WAIT_AGAIN_NS;
	return false;
}

static bool find_note(struct user *user, const struct segments *segments, struct merged_note *out)
{
	uint8_t key[MERGED_KEY];

	merged_key(segments, key);
	if (take_kept(user, key, out))
		return true;
	for (unsigned i = 0; i < READ_MAX; i++) {
		if (!merged_socket_read(user->merged, out)) {
			if (!wait_for_note(user))
				return false;
			continue;
		}
		if (memcmp(out->key, key, MERGED_KEY) == 0)
			return true;
		keep(user, out);
	}
	return false;
}

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
	struct merged_note note;
	bool known;

	if (!segments_find(packet, &segments) || !segments_is_begun(&segments))
		return false;
	known = find_note(user, &segments, &note);
	if (known ? !note.begun && !note.size : segments_is_complete(&segments))
		return false;
	if (!known) {
		user_count(USER_MERGED_UNKNOWN);
		return true;
	}
	user_count(USER_MERGED);
	if (note.size)
		segments.size = note.size;
	segments.marked = note.marked;
	if (goes_whole(user, &segments))
		forward_whole(user, &segments);
	else
		forward_parts(user, &segments);
	return true;
}

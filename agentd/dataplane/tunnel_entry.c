/* tunnel_entry.c - outer headers, and what is done with what is too large for them. */
#include "agentd/dataplane/tunnel_entry.h"

#define TTL_MAX 255u

struct entering {
	const struct tunnel_entry *entry;
	struct span packet;
	const struct ip4 *ip;
	struct soft_exit exit;
	struct tunnel_entry_result result;
};

static uint16_t mtu_of(const struct tunnel_entry *entry, const struct soft_exit *exit)
{
	return exit->mtu && exit->mtu < entry->link_mtu ? exit->mtu : entry->link_mtu;
}

uint16_t tunnel_entry_mtu(const struct tunnel_entry *entry)
{
	struct soft_exit exit = soft_look(entry->soft, entry->end.remote, entry->now_ns);

	return mtu_of(entry, &exit);
}

/* RFC 2003 section 3.1: a TTL that takes it to the exit. */
static uint8_t outer_ttl(const struct entering *e)
{
	return e->exit.length > e->entry->ttl ? TTL_MAX : e->entry->ttl;
}

/* Minimal encapsulation keeps the packet's own TTL and identification. */
static struct tunnel_outer outer_of(const struct entering *e, const struct ip4 *inner)
{
	struct tunnel_outer outer = {
		.ttl = outer_ttl(e), .tos = inner->tos, .df = !e->entry->df_copied, .id = inner->id
	};

	if (tunnel_encapsulation(&e->entry->end, inner) == ENCAPSULATION_MINIMAL)
		outer.ttl = inner->ttl;
	else
		outer.id = e->entry->trial ? 0 : soft_id(e->entry->soft);
	return outer;
}

/* A packet or a fragment of one, which fits. */
static bool send_piece(struct entering *e, struct span piece, const struct ip4 *ip)
{
	const struct tunnel_entry *entry = e->entry;
	struct writer out = writer_over(entry->outer, TUNNEL_ENTRY_ROOM);
	struct tunnel_outer outer = outer_of(e, ip);

	if (tunnel_wrap(&entry->end, &outer, piece, &out) != HA_OK) {
		e->result.what = TUNNEL_TOO_LONG;
		return false;
	}
	if (!entry->trial)
		soft_remember(entry->soft, entry->realm, entry->end.remote, outer.id, outer.ttl,
		              piece, entry->now_ns);
	entry->emit(entry->context, writer_span(&out));
	return true;
}

static size_t overhead_of_fragments(const struct entering *e)
{
	struct ip4 fragment = *e->ip;

	fragment.mf = true;
	return tunnel_overhead(&e->entry->end, &fragment);
}

/* Inside first, so that nobody has to put outer packets together. */
static void send_fragments(struct entering *e)
{
	size_t overhead = overhead_of_fragments(e), mtu = mtu_of(e->entry, &e->exit);
	struct ip4_fragments fragments;
	struct ip4 ip;

	if (mtu <= overhead ||
	    ip4_fragments_begin(&fragments, e->packet, mtu - overhead) != HA_OK) {
		e->result.what = TUNNEL_UNCUT;
		return;
	}
	e->result.fragmented = true;
	for (;;) {
		struct writer out = writer_over(e->entry->piece, TUNNEL_ENTRY_ROOM);

		if (!ip4_fragments_next(&fragments, &out))
			return;
		if (ip4_read(writer_span(&out), &ip) != HA_OK) {
			e->result.what = TUNNEL_UNCUT;
			return;
		}
		if (!send_piece(e, writer_span(&out), &ip))
			return;
	}
}

/* What a sender that forbids fragments must make do with; the packet goes into the
 * tunnel all the same, unless the first link is what it does not fit. */
static void send_whole(struct entering *e, size_t size, size_t overhead)
{
	size_t mtu = mtu_of(e->entry, &e->exit);

	if (size > mtu)
		e->result.mtu = (uint16_t)(mtu > overhead ? mtu - overhead : 0);
	if (size > e->entry->link_mtu)
		e->result.what = TUNNEL_TOO_BIG;
	else
		send_piece(e, e->packet, e->ip);
}

/* With its own TTL outside, a packet may be known not to get there. */
static bool is_known_to_fail(const struct entering *e)
{
	uint8_t ttl = outer_ttl(e);

	if (tunnel_encapsulation(&e->entry->end, e->ip) == ENCAPSULATION_MINIMAL)
		ttl = e->ip->ttl;
	return e->exit.broken || e->exit.length > ttl;
}

struct tunnel_entry_result tunnel_enter(const struct tunnel_entry *entry, struct span packet,
                                        const struct ip4 *ip)
{
	struct entering e = {
		.entry = entry,
		.packet = packet,
		.ip = ip,
		.exit = soft_look(entry->soft, entry->end.remote, entry->now_ns),
	};
	size_t overhead = tunnel_overhead(&entry->end, ip), size = ip->total + overhead;

	e.result.broken = is_known_to_fail(&e);
	if (size > mtu_of(entry, &e.exit) && !ip->df)
		send_fragments(&e);
	else
		send_whole(&e, size, overhead);
	return e.result;
}

/* ---- tunnels in tunnels ---- */

static bool is_of_port(uint16_t udp_port, struct span payload)
{
	struct reader in = reader_over(payload.at, payload.size);
	uint16_t source = get_u16(&in), destination = get_u16(&in);

	return in.error == HA_OK && (source == udp_port || destination == udp_port);
}

bool tunnel_is_one(uint16_t udp_port, struct span packet, const struct ip4 *ip)
{
	switch (ip->protocol) {
	case IP4_IPIP:
	case IP4_GRE:
	case IP4_MINIMAL:
		return true;
	case IP4_UDP:
		return ip->offset == 0 && is_of_port(udp_port, ip4_payload(packet, ip));
	default:
		return false;
	}
}

struct writer tunnel_room(uint8_t room[2][TUNNEL_ENTRY_ROOM], struct span packet)
{
	uintptr_t at = (uintptr_t)packet.at, first = (uintptr_t)room[0];
	bool taken = at >= first && at < first + TUNNEL_ENTRY_ROOM;

	return writer_over(room[taken], TUNNEL_ENTRY_ROOM);
}

bool tunnel_is_too_deep(uint16_t udp_port, unsigned nesting, uint8_t room[2][TUNNEL_ENTRY_ROOM],
                        struct span packet, struct ip4 ip)
{
	struct tunnel_unwrapped unwrapped;

	for (unsigned depth = 0; depth < nesting; depth++) {
		struct writer inside = tunnel_room(room, packet);

		if (!tunnel_is_one(udp_port, packet, &ip) ||
		    tunnel_unwrap(packet, &inside, &unwrapped) != HA_OK)
			return false;
		packet = unwrapped.inner;
		ip = unwrapped.ip;
	}
	return true;
}

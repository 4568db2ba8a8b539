/* transport_link.c - see transport_link.h. */
#include "replication/transport_link.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "agentd/base/clock.h"
#include "replication/counters.h"

/* A packet of this size leaves before its flush: a larger one would hold up the
 * heartbeats behind it, unless a single message makes it so. */
#define PACKET_ENOUGH (1u << 18)
#define ROOM_MIN (1u << 14)
/* More than that is not kept for the next packet. */
#define ROOM_KEPT (1u << 20)
/* A session that is older than the one before counts after that much silence: the
 * member started again after its clock was set back. */
#define SESSION_SILENCE_NS UINT64_C(1000000000)

static void let_packet_go(struct link *link)
{
	free(link->packet);
	link->packet = NULL;
	link->room = 0;
	link->used = PACKET_HEADER;
}

void link_close(struct link *link)
{
	let_packet_go(link);
	transport_socket_close(&link->out);
}

void link_set_open(struct link *link, bool open, uint64_t now_ns)
{
	link->open = open;
	link->since_ns = now_ns;
	link->used = PACKET_HEADER;
	link->sent_ns = 0;
}

/* ---- sending ---- */

static void count_drop(struct link *link)
{
	link->dropped++;
	replication_count(REPLICATION_COUNTER_PACKETS_DROPPED, 1);
}

/* Room for `size` octets more. */
static bool make_room(struct link *link, size_t size)
{
	size_t room = link->room ? link->room : ROOM_MIN;
	uint8_t *packet;

	while (room < link->used + size)
		room *= 2;
	if (room == link->room)
		return true;
	packet = realloc(link->packet, room);
	if (!packet)
		return false;
	link->packet = packet;
	link->room = room;
	return true;
}

static size_t size_of(const struct consensus_octets *pieces, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += pieces[i].size;
	return size;
}

void link_add(struct link *link, const struct link_sender *from, uint32_t group,
              const struct consensus_octets *pieces, size_t count)
{
	size_t size = size_of(pieces, count);

	if (!link->open)
		return;
	if (link->used + PACKET_MESSAGE_HEADER + size > PACKET_ENOUGH)
		link_flush(link, from, false);
	if (size == 0 || size > CONSENSUS_MESSAGE_MAX ||
	    !make_room(link, PACKET_MESSAGE_HEADER + size)) {
		count_drop(link);
		return;
	}
	packet_write_message_header(group, (uint32_t)size, link->packet + link->used);
	link->used += PACKET_MESSAGE_HEADER;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].size)
			memcpy(link->packet + link->used, pieces[i].at, pieces[i].size);
		link->used += pieces[i].size;
	}
}

static uint8_t flags(const struct link *link, const struct transport_identity *of)
{
	return (uint8_t)((link->refusing ? PACKET_REFUSES : 0) |
	                 (of->drained ? PACKET_DRAINED : 0) |
	                 (of->unwilling ? PACKET_UNWILLING : 0));
}

static void write_header(struct link *link, const struct link_sender *from, uint64_t now)
{
	const struct packet_header header = {
		.feature_level = PACKET_FEATURE_LEVEL,
		.sender = from->self,
		.flags = flags(link, &from->identity),
		.cluster = from->identity.cluster,
		.incarnation = from->identity.incarnation,
		.members = from->identity.members,
		.witnesses = from->identity.witnesses,
		.groups = from->identity.groups,
		.session = from->session,
		.sequence = ++link->sequence,
		.sent_ns = now,
		.echo_ns = link->their_ns,
		.held_ns = link->their_ns ? now - link->came_ns : 0,
		.wall_us = clock_wall_ns() / 1000,
	};

	packet_write_header(&header, link->packet);
}

/* The octets are copied into a message of ZeroMQ's own, at a small part of what it
 * costs to encrypt them there; the packet's memory stays warm for the next one. */
static bool send_octets(struct link *link)
{
	zmq_msg_t message;

	if (zmq_msg_init_size(&message, link->used) != 0)
		return false;
	memcpy(zmq_msg_data(&message), link->packet, link->used);
	if (zmq_msg_send(&message, link->out.socket, ZMQ_DONTWAIT) >= 0)
		return true;
	zmq_msg_close(&message);
	return false;
}

void link_flush(struct link *link, const struct link_sender *from, bool ping)
{
	uint64_t now;

	if (!link->open || (link->used == PACKET_HEADER && !ping) || !make_room(link, 0))
		return;
	now = clock_monotonic_ns();
	write_header(link, from, now);
	if (send_octets(link)) {
		link->sent++;
		replication_count(REPLICATION_COUNTER_PACKETS_SENT, 1);
	} else {
		count_drop(link);
	}
	link->sent_ns = now;
	link->used = PACKET_HEADER;
	if (link->room > ROOM_KEPT)
		let_packet_go(link);
}

/* ---- hearing ---- */

bool link_take_order(struct link *link, const struct packet_header *header, uint64_t now_ns)
{
	bool same = header->session == link->session;

	if (same && header->sequence <= link->heard_sequence)
		return false;
	if (header->session < link->session && now_ns - link->came_ns < SESSION_SILENCE_NS)
		return false;
	link->session = header->session;
	link->heard_sequence = header->sequence;
	link->their_ns = header->sent_ns;
	link->came_ns = now_ns;
	return true;
}

bool link_speaks(const struct link *link, uint64_t now_ns)
{
	return link->came_ns && now_ns - link->came_ns < LINK_SILENCE_NS;
}

bool link_is_alive(const struct link *link, uint64_t now_ns)
{
	return link->open && link->heard_ns && now_ns - link->heard_ns < LINK_SILENCE_NS;
}

uint64_t link_due_ns(const struct link *link)
{
	uint64_t next = link->open ? link->sent_ns + LINK_PING_NS : link->since_ns + LINK_REDIAL_NS;
	uint64_t silence = link->connected ? link->heard_ns + LINK_SILENCE_NS : UINT64_MAX;

	return next < silence ? next : silence;
}

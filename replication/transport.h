/* transport.h - packets between the members of a cluster: authenticated and
 * encrypted (CURVE, with the members' public keys as the only ones allowed),
 * lossy, in order while a connection lasts, never unbounded.
 *
 * A packet carries messages of any number of groups. Every packet says who
 * sent it and of which cluster, and measures: round trip and the difference of
 * wall clocks, from the packets that go by and from pings while none do.
 *
 * One thread calls everything here; ZeroMQ's own thread is behind it. Only
 * transport*.c know ZeroMQ.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_TRANSPORT_H
#define REPLICATION_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/consensus.h"
#include "replication/replication.h"

/* Who this process is to the others. 0 where it is not known yet. */
struct transport_identity {
	uint64_t cluster;     /* made by the founder; members of another one are refused */
	uint64_t incarnation; /* of this data directory: another disk is another one */
	/* Of its configuration; bit i is member i. Who counts others counts other
	 * majorities. */
	uint8_t members, witnesses;
	uint32_t groups; /* struct replication_node_options; others with others are told */
	bool drained;    /* an operator wants others to lead */
	bool unwilling;  /* it would not lead, for this reason or another */
	bool refuses;    /* of others: what we say is not taken there */
};

struct transport_client {
	void *context;
	/* A message of a member that is one of us. Borrowed. */
	void (*message)(void *context, uint8_t from, uint32_t group, const void *octets,
	                size_t size);
	/* A member says who it is: may its messages be taken? Asked with every packet
	 * that is newer than those before. */
	bool (*admit)(void *context, uint8_t from, const struct transport_identity *identity);
	/* Ours to it stands, and it was heard and admitted. */
	void (*connected)(void *context, uint8_t member);
	/* At once when the connection breaks, or after silence. */
	void (*disconnected)(void *context, uint8_t member);
};

struct transport_options {
	const struct replication_cluster *cluster; /* borrowed for the open */
	struct transport_identity identity;
	size_t queue_max; /* packets waiting for one member; more are dropped */
};

struct transport_link {
	bool connected;          /* packets go, and come */
	bool speaks;             /* packets come, whether they are taken or not */
	uint16_t feature_level;  /* of its program; 0 = not known */
	uint32_t round_trip_us;  /* smoothed; 0 = not measured */
	int64_t clock_offset_us; /* its wall clock minus ours; good to half the round trip */
	uint64_t heard_ns;       /* monotonic; 0 = never */
	uint64_t sent, received, dropped, refused; /* packets since the open */
};

struct transport;

/* Bind and connect. HA_E_INUSE, HA_E_NOTFOUND (our address is not here),
 * HA_E_RANGE (keys, addresses), HA_E_NOMEM, HA_E_IO; with a sentence. */
struct transport *transport_open(const struct transport_options *options,
                                 const struct transport_client *client, enum ha_error *why,
                                 char *report, size_t size);
void transport_close(struct transport *transport); /* accepts NULL */

/* The identity changed (a new member learnt its cluster's). */
void transport_identify(struct transport *transport, const struct transport_identity *identity);

/* Put a message into the next packet to a member; nothing when there is no
 * connection to it. */
void transport_send(struct transport *transport, uint8_t member, uint32_t group,
                    const struct consensus_octets *pieces, size_t count);
/* Packets leave. After everything that one event brought. */
void transport_flush(struct transport *transport);

/* Sleep until a packet or a connection's news comes, `event` (an eventfd that does
 * not block, read empty here) is signalled, or until_ns of clock_monotonic_ns and
 * up to a millisecond more; then deal with what came, in a bounded share. May
 * return before. All calls of the client come from within; there it may send,
 * flush and identify. HA_E_IO: this transport is of no use any more. */
enum ha_error transport_wait(struct transport *transport, int event, uint64_t until_ns);

void transport_look(const struct transport *transport, uint8_t member, struct transport_link *out);

#endif

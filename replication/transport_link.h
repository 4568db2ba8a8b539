/* transport_link.h - one member as the transport sees it: our connection to it,
 * the packet that is being filled, and what was heard. For transport*.c only.
 *
 * A connection carries packets one way: to whoever is connected to. So there are
 * two between a pair of members, and a link is connected when ours stands and
 * something came over the other one lately.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_TRANSPORT_LINK_H
#define REPLICATION_TRANSPORT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replication/transport.h"
#include "replication/transport_measure.h"
#include "replication/transport_packet.h"
#include "replication/transport_socket.h"

/* Between packets, when there is nothing to say. */
#define LINK_PING_NS UINT64_C(100000000)
/* Without a packet a member counts as out of reach. */
#define LINK_SILENCE_NS UINT64_C(300000000)
/* ZeroMQ connects again by itself, but not to whom it once had an error of the
 * protocol with, such as a key that was refused: then it takes another socket. */
#define LINK_REDIAL_NS UINT64_C(2000000000)

struct link {
	uint8_t member;
	bool open;                   /* our connection stands */
	uint64_t since_ns;           /* when that changed, or was last tried anew */
	bool refusing;               /* the newest packet that came was not admitted */
	bool connected;              /* as the client was told */
	bool told_key;               /* it was logged that the member refuses our key */
	struct transport_socket out; /* zeroed when it could not be opened again */

	uint8_t *packet; /* room for the header comes first; NULL until it is needed */
	size_t used;     /* PACKET_HEADER when it holds no message yet */
	size_t room;
	uint64_t sequence;
	uint64_t sent_ns; /* of the last packet; 0 = none over this connection */

	uint64_t session, heard_sequence; /* of the newest packet that came */
	uint64_t their_ns;                /* its sent_ns, to be echoed; 0 = none */
	uint64_t came_ns;                 /* when */
	uint64_t heard_ns;                /* when the newest one that was admitted came */
	uint16_t feature_level;
	struct measure measure;
	uint64_t sent, received, dropped, refused; /* packets */
};

/* What is in every header of ours. */
struct link_sender {
	uint8_t self;
	uint64_t session;
	struct transport_identity identity;
};

/* Frees the packet, closes the socket. */
void link_close(struct link *link);

/* The connection stands now, or does not any more: what was to be sent over the
 * one before is let go. */
void link_set_open(struct link *link, bool open, uint64_t now_ns);

/* Put a message into the packet; what is in it already goes first if both would be
 * too much for one. */
void link_add(struct link *link, const struct link_sender *from, uint32_t group,
              const struct consensus_octets *pieces, size_t count);

/* Send the packet if there is a message in it; with `ping`, in any case. */
void link_flush(struct link *link, const struct link_sender *from, bool ping);

/* Does this packet come behind all that came before? Then it is the newest. */
bool link_take_order(struct link *link, const struct packet_header *header, uint64_t now_ns);

/* Did a packet come a moment ago, whether it was admitted or not? */
bool link_speaks(const struct link *link, uint64_t now_ns);

/* Should the client think of it as connected? */
bool link_is_alive(const struct link *link, uint64_t now_ns);

/* When the link needs to be looked at again, if nothing happens before. */
uint64_t link_due_ns(const struct link *link);

#endif

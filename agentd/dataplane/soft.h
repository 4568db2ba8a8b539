/* soft.h - what was learnt about the ways to tunnel exits (RFC 2003 section 5): their
 * MTU, their length, whether they work; which packet went out under which outer
 * identification, so that an ICMP error that quotes 8 octets still finds its sender; and
 * how far the sequence numbers of GRE are (RFC 2890).
 *
 * Nothing here is true for long and all of it may be lost: memory is fixed, and where
 * it is full, what was used least recently goes. Any thread; a lock is held for the
 * length of a call.
 *
 * May include: proto/ip4.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_SOFT_H
#define AGENTD_DATAPLANE_SOFT_H

#include "proto/ip4.h"

#define SOFT_MTU_NS (UINT64_C(600) * 1000000000) /* RFC 1191 section 6.3 */
#define SOFT_LENGTH_NS (UINT64_C(600) * 1000000000)
#define SOFT_BROKEN_NS (UINT64_C(30) * 1000000000)
#define SOFT_SENT_NS (UINT64_C(60) * 1000000000)  /* longer, no error is on its way */
#define SOFT_ORDER_NS (UINT64_C(10) * 1000000000) /* no packet is late by that */
#define SOFT_QUOTE 68u /* octets of a packet that are kept: all options and 8 octets */

struct soft;

struct soft_size {
	uint32_t exits; /* rounded up to a power of two, at least 8; so many flows, too */
	uint32_t sent;  /* likewise; at most 65536, one for each identification */
	/* ICMP errors that may be caused in a second, and at once, of each cause. */
	uint32_t errors_per_s;
	uint32_t errors_burst;
	uint16_t first_id; /* identifications begin there; 0: anywhere */
};

/* NULL when there is not enough memory. */
struct soft *soft_new(struct soft_size size);
void soft_free(struct soft *soft); /* accepts NULL */
/* Memory of such a one, in octets. */
size_t soft_octets(struct soft_size size);

/* What is known of the way to an exit; zeroed: nothing. */
struct soft_exit {
	uint16_t mtu;    /* octets of the largest outer packet; 0 = nobody complained */
	uint16_t length; /* TTL that an outer packet needs; 0 = nobody complained */
	bool broken;     /* an error said so, and nothing came from there since */
};

struct soft_exit soft_look(struct soft *soft, struct in_addr exit, uint64_t now_ns);

/* What to believe of an error that says that a packet of `total` octets was too big and
 * `mtu` is not. That is 0 from routers older than RFC 1191, for which the next plateau
 * below `total` is taken. Never below `floor`. */
uint16_t soft_believed_mtu(uint16_t mtu, uint16_t total, uint16_t floor);
/* Learn it. An MTU does not rise before it has aged. Returns what holds now. */
uint16_t soft_too_big(struct soft *soft, struct in_addr exit, uint16_t mtu, uint16_t total,
                      uint16_t floor, uint64_t now_ns);
/* A packet with that TTL did not get there. */
void soft_too_far(struct soft *soft, struct in_addr exit, uint8_t ttl, uint64_t now_ns);
void soft_broken(struct soft *soft, struct in_addr exit, uint64_t now_ns);
/* Something came from there. Costs a look where it is not known as broken. */
void soft_works(struct soft *soft, struct in_addr exit, uint64_t now_ns);

/* A packet that was sent into a tunnel. */
struct soft_sent {
	struct in_addr exit;
	uint32_t realm;
	uint16_t id;               /* of the outer header */
	uint8_t ttl;               /* likewise */
	uint8_t quote_size;        /* of `quote` */
	uint8_t quote[SOFT_QUOTE]; /* its beginning, before it was encapsulated */
};

/* An identification for an outer header: each comes again after all others. Never 0, in
 * whose place a raw socket puts another one. */
uint16_t soft_id(struct soft *soft);

/* Remember `inner` under the identification that its outer header has. */
void soft_remember(struct soft *soft, uint32_t realm, struct in_addr exit, uint16_t id, uint8_t ttl,
                   struct span inner, uint64_t now_ns);
/* What was sent there under it. false: not known, or too long ago. */
bool soft_recall(struct soft *soft, struct in_addr exit, uint16_t id, uint64_t now_ns,
                 struct soft_sent *out);

/* Packets of GRE with a sequence number; those with a key have sequences of their own. */
struct soft_flow {
	struct in_addr source;
	bool has_key;
	uint32_t key;
};

/* May this one be taken, or has one come already that its source sent no sooner? A flow
 * of which none was taken for SOFT_ORDER_NS begins anew: so its source does that was
 * started again. */
bool soft_in_order(struct soft *soft, const struct soft_flow *flow, uint32_t sequence,
                   uint64_t now_ns);
/* The same, and if it may be taken it is. */
bool soft_take_in_order(struct soft *soft, const struct soft_flow *flow, uint32_t sequence,
                        uint64_t now_ns);

/* What ICMP errors are about. Each has its own share, for strangers can cause as many of
 * some as they like, and others' path MTU discovery lives on the rest. */
enum soft_cause {
	SOFT_TOO_BIG,
	SOFT_UNREACHABLE,
	SOFT_EXPIRED,
	SOFT_OTHER,
	SOFT_CAUSES
};

/* May one more ICMP error be caused now (RFC 1812 section 4.3.2.8)? Counts it. */
bool soft_may_complain(struct soft *soft, enum soft_cause cause, uint64_t now_ns);

#endif

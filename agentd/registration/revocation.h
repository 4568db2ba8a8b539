/* revocation.h - what a Registration Revocation of a foreign agent deserves, and
 * the messages that we send (RFC 3543).
 *
 * Pure, as registration.h: facts in, verdict out. A revocation is acknowledged or
 * met with silence; there is no denial.
 *
 * May include: proto, agentd/base, agentd/registration. Nothing else. */
#ifndef AGENTD_REGISTRATION_REVOCATION_H
#define AGENTD_REGISTRATION_REVOCATION_H

#include "agentd/base/revocable.h"
#include "agentd/registration/registration.h"
#include "proto/revocation.h"

/* Our clock as replies and revocations show it (section 3.5): seconds of cluster
 * time, which does not go back, not at a restart nor under another leader. A
 * binding was told what its granted_ms gives. */
static inline uint32_t revocation_stamp(uint64_t cluster_ms)
{
	return (uint32_t)(cluster_ms / 1000u);
}

/* One datagram, decoded. Spans are borrowed from the datagram. */
struct revocation_message {
	struct mip_revocation fixed;
	struct mip_extensions extensions;
	enum ha_error fault; /* of the extension chain; HA_OK when it is sound */
	struct in_addr source;
};

struct revocation_ack_message {
	struct mip_revocation_ack fixed;
	struct mip_extensions extensions;
	enum ha_error fault;
	struct in_addr source;
};

/* HA_E_TRUNCATED or HA_E_MALFORMED: not such a message at all. The source is the
 * caller's to set. */
enum ha_error revocation_decode(struct span payload, struct revocation_message *out);
enum ha_error revocation_ack_decode(struct span payload, struct revocation_ack_message *out);

/* What the caller knows. Borrowed for the call. */
struct revocation_facts {
	struct in_addr home_agent;
	enum authentication foreign_home;
	bool node_known;                /* of the home address */
	const struct binding *bindings; /* current ones of the node */
	size_t binding_count;
	struct revocation_mark newest; /* that was taken for the node */
	uint64_t cluster_ms;
};

enum revocation_fate {
	REVOCATION_TAKEN,           /* put in order, then acknowledged */
	REVOCATION_UNAUTHENTICATED, /* and all that follow: silence */
	REVOCATION_UNSOUND,         /* its extensions are malformed */
	REVOCATION_REFLECTED,
	REVOCATION_REPLAYED,
	REVOCATION_UNKNOWN, /* not a binding that this agent could revoke */
};

struct revocation_verdict {
	enum revocation_fate fate;
	bool inform;                 /* of the acknowledgment */
	struct revocation_mark mark; /* REVOCATION_TAKEN: what to put in order */
	const char *reason;          /* static text for the log, never NULL */
};

/* Never fails. */
struct revocation_verdict revocation_decide(const struct revocation_message *message,
                                            const struct revocation_facts *facts);

/* REVOCATION_TAKEN: it is of whom it seems to be, and may be looked up. */
enum revocation_fate revocation_ack_judge(const struct revocation_ack_message *message,
                                          enum authentication foreign_home);

#define REVOCATION_MESSAGE_MAX 128u /* octets of what we send */

/* Signed messages. Octets in `out`; 0 if the key makes no authenticator. */
size_t revocation_write(const struct mip_revocation *revocation, uint32_t spi,
                        const struct mip_key_state *key, uint8_t out[REVOCATION_MESSAGE_MAX]);
size_t revocation_ack_write(const struct mip_revocation_ack *ack, uint32_t spi,
                            const struct mip_key_state *key, uint8_t out[REVOCATION_MESSAGE_MAX]);

#endif

/* registration.h - decide what one Registration Request deserves (RFC 5944
 * section 3.8.2), in the order in which the RFC checks.
 *
 * Pure: the verdict depends only on the arguments. No clock, no socket, no
 * store, no lock, no log. Everything the decision needs is a fact the caller
 * looked up; everything it causes is in the verdict.
 *
 * May include: proto, agentd/base. Nothing else. */
#ifndef AGENTD_REGISTRATION_REGISTRATION_H
#define AGENTD_REGISTRATION_REGISTRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/binding.h"
#include "proto/authenticator.h"
#include "proto/codes.h"
#include "proto/extension.h"
#include "proto/message.h"

/* One datagram, decoded. Spans are borrowed from the datagram. */
struct registration_request {
	struct mip_request fixed;
	struct mip_extensions extensions;
	enum ha_error fault; /* of the extension chain; HA_OK when it is sound */
	struct in_addr source;
	uint16_t source_port; /* host order */
};

/* Decode a UDP payload. HA_E_TRUNCATED or HA_E_MALFORMED: not a Registration
 * Request at all, nothing to decide. A broken extension chain is no failure
 * here but a fact: request->fault. */
enum ha_error registration_request_decode(struct span payload, struct registration_request *out);

/* Tells one authenticated request from another: the start of its Mobile-Home
 * authenticator. 0 when there is none. */
uint64_t registration_digest(const struct registration_request *request);

/* What became of one authentication extension. */
enum authentication {
	AUTHENTICATION_ABSENT,         /* no such extension */
	AUTHENTICATION_NO_ASSOCIATION, /* nothing shared with that peer under that SPI */
	AUTHENTICATION_WRONG,          /* does not verify, or more than one */
	AUTHENTICATION_VALID,
};

/* Verify in constant time. `key` NULL: no association under the SPI. */
enum authentication registration_authenticate(const struct mip_authentication *extension,
                                              unsigned count, const struct mip_key_state *key);

/* Limits and choices of the operator. */
struct registration_policy {
	struct in_addr home_agent;
	uint16_t max_lifetime_s;             /* 0xffff grants infinity */
	uint16_t tolerance_s;                /* of timestamps */
	bool reverse_tunnel;                 /* T can be granted */
	bool reply_to_failed_authentication; /* 131 where RFC 5944 says MAY */
};

/* What the caller knows. Borrowed for the call. */
struct registration_facts {
	struct registration_policy policy;
	enum authentication mobile_home;
	enum authentication foreign_home;
	bool foreign_agent_associated;  /* an association with the sender, any SPI */
	uint64_t newest_identification; /* accepted from this node, any binding */
	uint64_t newest_digest;         /* of that request */
	unsigned binding_limit;
	const struct binding *bindings; /* current ones of this home address */
	size_t binding_count;
	bool no_resources;   /* nothing can be put in order now */
	uint64_t wall_ms;    /* Unix time, for timestamps */
	uint64_t cluster_ms; /* for lifetimes */
};

enum registration_effect {
	REGISTRATION_NONE,   /* reply, or silence, and nothing else */
	REGISTRATION_BIND,   /* add, refresh or replace */
	REGISTRATION_UNBIND, /* one care-of address */
	REGISTRATION_UNBIND_ALL,
};

/* Values are those of mipSecRecentViolationReason (RFC 2006); 0 = none. */
enum registration_violation {
	VIOLATION_NONE = 0,
	VIOLATION_NO_ASSOCIATION = 1,
	VIOLATION_BAD_AUTHENTICATOR = 2,
	VIOLATION_BAD_IDENTIFIER = 3,
	VIOLATION_BAD_SPI = 4,
	VIOLATION_MISSING_EXTENSION = 5,
	VIOLATION_OTHER = 6,
};

struct registration_verdict {
	enum mip_code code; /* or MIP_SILENCE */
	enum registration_effect effect;
	enum registration_violation violation;
	uint16_t lifetime_s;     /* of the reply; granted when accepted */
	uint64_t identification; /* of the reply */
	bool keep_others;        /* BIND: beside the other bindings */
	bool repeated;           /* the answer to a retransmission: nothing changes */
	const char *reason;      /* static text for the log, never NULL */
};

/* Never fails: a request that cannot be granted is a verdict, not an error. */
struct registration_verdict registration_decide(const struct registration_request *request,
                                                const struct registration_facts *facts);

/* The binding that an accepted request makes at `cluster_ms`. */
struct binding registration_binding(const struct registration_request *request,
                                    const struct registration_verdict *verdict,
                                    uint64_t cluster_ms);

/* Who signs a reply: the mobile node's association, and the foreign agent's
 * where there is one (NULL: none). Borrowed. */
struct registration_signers {
	uint32_t mobile_spi;
	const struct mip_key_state *mobile_key;
	uint32_t foreign_spi;
	const struct mip_key_state *foreign_key;
};

#define REGISTRATION_REPLY_MAX 128u /* octets */

/* Build the Registration Reply of a verdict (RFC 5944 section 3.8.3).
 * Returns its octets in `out`, 0 when the verdict is silence. */
size_t registration_reply(const struct registration_request *request,
                          const struct registration_verdict *verdict,
                          const struct registration_policy *policy,
                          const struct registration_signers *signers,
                          uint8_t out[REGISTRATION_REPLY_MAX]);

#endif

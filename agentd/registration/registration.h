/* registration.h - decide what one Registration Request deserves (RFC 5944
 * section 3.8.2), in the order in which the RFC checks, with what RFCs 2794,
 * 3024, 3115, 3519, 3543, 4433, 4721, 4857 and 4917 ask of a home agent.
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

#include "agentd/base/address.h"
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
	bool broadcast;       /* sent to a broadcast address */
};

/* Decode a UDP payload. HA_E_TRUNCATED or HA_E_MALFORMED: not a Registration
 * Request at all, nothing to decide. A broken extension chain is no failure
 * here but a fact: request->fault. */
enum ha_error registration_request_decode(struct span payload, struct registration_request *out);

/* Tells one authenticated request from another: the start of the authenticator
 * that enables it, Mobile-Home before MN-AAA. 0 when there is none. */
uint64_t registration_digest(const struct registration_request *request);

/* The care-of address that is meant: the field, or where that is zero the
 * address that a gateway foreign agent appended (RFC 4857 section 9.1). */
struct in_addr registration_care_of(const struct registration_request *request);

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
/* The same for MN-AAA, which may be over a challenge (RFC 4721 section 8). */
enum authentication registration_authenticate_aaa(const struct mip_extensions *extensions,
                                                  const struct mip_key_state *key);

enum reverse_tunnel {
	REVERSE_TUNNEL_NO,       /* T is denied, 137 */
	REVERSE_TUNNEL_YES,      /* as the node likes */
	REVERSE_TUNNEL_REQUIRED, /* its lack is denied, 138 */
};

enum udp_tunnel {
	UDP_TUNNEL_NO,
	UDP_TUNNEL_BEHIND_NAT, /* where a NAT is seen; to force one is denied, 129 */
	UDP_TUNNEL_ON_REQUEST, /* the F flag is honoured too */
};

/* Limits and choices of the operator. */
struct registration_policy {
	bool disabled; /* nobody is answered */
	struct in_addr home_agent;
	struct in_addr redirect;    /* whom a node that asks for any agent is sent to; 0 = us */
	uint16_t max_lifetime_s;    /* 0xffff grants infinity */
	uint16_t lifetime_jitter;   /* percent by which the maximum is lowered at most */
	uint16_t tolerance_s;       /* of timestamps */
	uint16_t keepalive_s;       /* of UDP tunnels */
	uint32_t interval_ms;       /* between registrations of one node; 0 = any */
	uint32_t burst;             /* of them at once */
	uint8_t reverse_tunnel;     /* enum reverse_tunnel */
	uint8_t udp_tunnel;         /* enum udp_tunnel */
	bool udp_tunnel_unverified; /* granted too where nobody vouches for the request */
	bool minimal;               /* minimal encapsulation can be granted */
	bool gre;                   /* GRE can be granted */
	bool dynamic_home_agent;    /* RFC 4433 */
	bool gateway_agents;        /* RFC 4857: a care-of address that a GFA appended */
	bool revocation;            /* RFC 3543 is offered */
	bool message_strings;       /* RFC 4917: reasons in denials */
	bool strict_reserved;       /* r and x set are denied, 134 */
	bool reply_to_failed_authentication; /* 131 where RFC 5944 says MAY */
	struct address_prefixes allow_from;  /* of care-of addresses */
};

/* What the caller knows. Borrowed for the call. */
struct registration_facts {
	struct registration_policy policy;
	enum authentication mobile_home;
	enum authentication mobile_aaa;
	enum authentication foreign_home;
	bool foreign_agent_associated;  /* an association with the sender, any SPI */
	bool mute;                      /* no association of the node could sign a reply */
	struct in_addr node_home;       /* the node's address; 0 = has none now */
	bool pooled;                    /* it gets its address from a pool */
	bool leased;                    /* and has one; else node_home is its last one */
	bool nonces;                    /* the style of its association: nonces, not timestamps */
	uint64_t newest_identification; /* accepted from this node under that style, any binding */
	uint64_t newest_digest;         /* of its newest accepted request */
	const struct mip_key_state *nonce_secret; /* NULL: no nonces can be made */
	uint64_t node;                            /* of the node, for its nonces */
	uint32_t spi;                             /* of the association, likewise */
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

/* How packets go to the care-of address, and what the reply says of it. */
struct registration_tunnel {
	struct in_addr endpoint;
	uint16_t endpoint_port; /* host order; 0 without UDP, or until a keepalive tells */
	uint8_t encapsulation;  /* enum encapsulation */
	bool udp;
	bool answered; /* the reply has a UDP Tunnel Reply */
	bool forced;
	uint8_t reply_code; /* of that, enum mip_udp_reply_code */
};

struct registration_verdict {
	enum mip_code code; /* or MIP_SILENCE */
	enum registration_effect effect;
	enum registration_violation violation;
	uint16_t lifetime_s;     /* of the reply; granted when accepted */
	uint64_t identification; /* of the reply */
	struct in_addr home;     /* of the reply; 0: an address of the pool is still to be found */
	struct registration_tunnel tunnel; /* BIND */
	bool keep_others;                  /* BIND: beside the other bindings */
	bool revocable;                    /* BIND: revocation was agreed on */
	bool repeated;                     /* the answer to a retransmission: nothing changes */
	const char *check;  /* name of the check that decided; "" when all passed. Static */
	const char *reason; /* static text for the log, never NULL */
};

/* The SPI that mipSecRecentViolationSPI has of a violation: of the Mobile-Home
 * extension when the identification was wrong, of the extension whose authenticator
 * was when it was that, and otherwise 0. */
uint32_t registration_violation_spi(const struct registration_request *request,
                                    const struct registration_facts *facts,
                                    enum registration_violation violation);

/* Never fails: a request that cannot be granted is a verdict, not an error. */
struct registration_verdict registration_decide(const struct registration_request *request,
                                                const struct registration_facts *facts);

/* The same request denied for what turned out after all checks had passed. */
struct registration_verdict registration_refuse(const struct registration_request *request,
                                                const struct registration_facts *facts,
                                                enum mip_code code, const char *reason);

/* Every check in turn, whatever the others said: its name, the code with which
 * it would deny (0 = it passes), and what that means. */
typedef void registration_check_visitor(void *context, const char *name, unsigned code,
                                        const char *reason);
void registration_explain(const struct registration_request *request,
                          const struct registration_facts *facts, registration_check_visitor *visit,
                          void *context);

/* The binding that an accepted request makes at `cluster_ms`. */
struct binding registration_binding(const struct registration_request *request,
                                    const struct registration_verdict *verdict,
                                    const struct registration_policy *policy, uint64_t cluster_ms);

/* The high half of an identification (RFC 5944 section 5.7.2): a keyed function
 * of the node, its association, what was accepted from it last, and four bits
 * that the caller chooses, so that it is known again without having been kept,
 * on every member alike. Good until something newer is accepted. */
uint32_t registration_nonce(const struct mip_key_state *secret, uint64_t node, uint32_t spi,
                            uint64_t newest, unsigned salt);

/* Who signs a reply: the mobile node's association, and the foreign agent's
 * where there is one (NULL: none). Borrowed. */
struct registration_signers {
	uint32_t mobile_spi;
	const struct mip_key_state *mobile_key;
	uint32_t foreign_spi;
	const struct mip_key_state *foreign_key;
};

#define REGISTRATION_REPLY_MAX 1024u /* octets */

/* Build the Registration Reply of a verdict (RFC 5944 section 3.8.3).
 * Returns its octets in `out`, 0 when the verdict is silence. */
size_t registration_reply(const struct registration_request *request,
                          const struct registration_verdict *verdict,
                          const struct registration_facts *facts,
                          const struct registration_signers *signers,
                          uint8_t out[REGISTRATION_REPLY_MAX]);

#endif

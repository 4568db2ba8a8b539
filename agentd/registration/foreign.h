/* foreign.h - decide what one Registration Request deserves of a foreign agent (RFC 5944
 * section 3.7.2), in the order in which the RFCs check, with what RFCs 2794, 3024, 3115,
 * 3519, 3543, 4433 and 4721 ask of one; and what is sent to the home agent, or back to
 * the mobile node, for it.
 *
 * Pure, as registration.h: facts in, verdict out. foreign_reply.h has the home agent's
 * answer, foreign_pending.h what is kept in between.
 *
 * May include: proto, agentd/base, agentd/registration/registration.h. Nothing else. */
#ifndef AGENTD_REGISTRATION_FOREIGN_H
#define AGENTD_REGISTRATION_FOREIGN_H

#include "agentd/registration/registration.h"
#include "proto/advertisement.h"
#include "proto/foreign_codes.h"

#define FOREIGN_CARE_OF_MAX 8u /* addresses that one agent advertises */
#define FOREIGN_LINK_SIZE 6u   /* octets of a link address */
#define FOREIGN_TTL 255u       /* of a request for a reverse tunnel, RFC 3024 section 4.2.1 */

/* Limits and choices of the operator. */
struct foreign_policy {
	uint16_t offers; /* enum agent_flag: what is advertised is granted */
	struct in_addr care_of[FOREIGN_CARE_OF_MAX]; /* advertised; the first is our own source */
	size_t care_of_count;
	struct in_addr home_agent;   /* for nodes that ask for any (RFC 4433); 0 = none */
	uint16_t max_lifetime_s;     /* 0xffff takes infinity */
	bool reverse_required;       /* a request without T is denied, 75 */
	bool encapsulating_delivery; /* RFC 3024 section 5.2 is supported */
	bool udp_forced;             /* UDP tunnels though no NAT is seen */
	bool challenges;             /* advertised (RFC 4721) */
	bool revocation_inform;      /* the home agent may decide whom to tell, RFC 3543 */
	bool revocation_required;    /* a home agent without it is not accepted, 65 */
	bool home_required;          /* a name instead of a home address will not do, 96 */
	bool strict_reserved;        /* r and x set are denied, 70 */
	bool fa_errors;              /* RFC 4636: the home agent's reply is kept, with our word */
	bool message_strings;        /* RFC 4917: reasons in denials */
	struct address_prefixes home_agents; /* that are relayed to */
};

/* One datagram of a mobile node, decoded. Spans are borrowed from the datagram. */
struct foreign_request {
	struct span message;
	struct mip_request fixed;
	struct mip_extensions extensions;
	enum ha_error fault; /* of the extension chain; HA_OK when it is sound */
	struct in_addr source;
	struct in_addr destination;
	uint16_t source_port; /* host order */
	uint8_t ttl;
	uint32_t interface;              /* that it came in by */
	uint8_t link[FOREIGN_LINK_SIZE]; /* where it came from */
};

/* Decode a UDP payload; what is not in it is the caller's to set. HA_E_TRUNCATED or
 * HA_E_MALFORMED: not a Registration Request at all. A broken extension chain is no
 * failure here but a fact: request->fault. */
enum ha_error foreign_request_decode(struct span payload, struct foreign_request *out);

/* The home agent that a request is relayed to: the field, or for a node that asks for
 * any the one that it requests, else the operator's (RFC 4433 section 5.2). */
struct in_addr foreign_home_agent(const struct foreign_request *request,
                                  const struct foreign_policy *policy);

/* What the challenge of a request is to us (RFC 4721 section 3.2). */
enum foreign_challenge {
	CHALLENGE_UNKNOWN,  /* not among those advertised last, nor given to the node */
	CHALLENGE_STALE,    /* used by the node before, or older than one it used */
	CHALLENGE_FRESH,    /* never used by the node */
	CHALLENGE_REPEATED, /* of a request that is pending and is now sent again */
};

/* What the caller knows. Borrowed for the call. */
struct foreign_facts {
	const struct foreign_policy *policy;
	enum authentication mobile_foreign;
	enum authentication mobile_aaa; /* checked here; NO_ASSOCIATION: the home agent's matter */
	bool mobile_associated;         /* an association with the mobile node, any SPI */
	bool home_agent_associated;     /* and with the home agent of foreign_home_agent() */
	enum foreign_challenge challenge; /* where the request has one */
	bool visiting;                    /* it is in the visitor list */
	bool home_is_ours;                /* the home address belongs here: it is no visitor's */
	bool home_agent_is_ours;          /* of an interface of this machine */
	bool served_here;                 /* and a home agent of this process is there */
	bool pending_full;                /* no further request may wait for a reply */
	bool no_resources;                /* for a visitor */
	bool denied_lately;               /* within the last second: not told again */
};

enum foreign_effect {
	FOREIGN_DROP,      /* silence */
	FOREIGN_DENY,      /* a Registration Reply of our own */
	FOREIGN_RELAY,     /* to the home agent; it is then pending */
	FOREIGN_HAND_OVER, /* to the home agent that this machine is */
};

struct foreign_verdict {
	enum foreign_effect effect;
	enum foreign_code code; /* or FOREIGN_SILENCE; of a denial that is held back too */
	enum registration_violation violation;
	uint16_t lifetime_s; /* of a denial */
	const char *check;   /* name of the check that decided; "" when all passed. Static */
	const char *reason;  /* static text for the log, never NULL */
};

/* Never fails. A denial that would be the second within a second is FOREIGN_DROP with its
 * code (RFC 5944 section 3.7.2). */
struct foreign_verdict foreign_decide(const struct foreign_request *request,
                                      const struct foreign_facts *facts);

/* Every check in turn, whatever the others said (registration_explain). */
void foreign_explain(const struct foreign_request *request, const struct foreign_facts *facts,
                     registration_check_visitor *visit, void *context);

/* The code for an ICMP error about a relayed request (RFC 5944 section 3.7.3), host order
 * as icmp4.h reads it. FOREIGN_NO_CODE: it does not say that a reply will not come. */
enum foreign_code foreign_code_of_icmp(unsigned type, unsigned code);

/* ---- what is relayed (RFC 5944 section 3.7.2.2) ---- */

/* What is sent: octets of the request that stay as they are, and what follows them. */
struct foreign_relay {
	struct span kept;           /* of the request: to the last extension that authorises it */
	struct in_addr source;      /* IP addresses */
	struct in_addr destination; /* the port is MIP_PORT */
	bool challenge;             /* the challenge is within `kept` */
	bool udp_request;           /* 144 is added, */
	bool udp_forced;
	bool revocation; /* 137, */
	bool inform;
	bool authenticated; /* and 34 at last */
};

/* For a request with the verdict FOREIGN_RELAY. */
struct foreign_relay foreign_relay_plan(const struct foreign_request *request,
                                        const struct foreign_facts *facts);

/* Who signs, and with what; `key` NULL: nobody. Borrowed. */
struct foreign_signer {
	uint32_t spi;
	const struct mip_key_state *key;
};

#define FOREIGN_RELAY_ADDED_MAX 64u /* octets, behind what is kept */

/* Write it. `out` may stand at the first octet of the request itself with room behind it:
 * what is kept is then not copied, and what was behind it is overwritten, with all spans
 * of the request that lie there. `stamp` is our clock (revocation.h). HA_E_NOSPACE in
 * out->error for want of room; HA_E_NOTFOUND when it must be signed and no key is there. */
void foreign_relay_write(const struct foreign_relay *relay, const struct foreign_signer *home_agent,
                         uint32_t stamp, struct writer *out);

/* ---- what goes back to the mobile node (RFC 5944 section 3.7.2.3) ---- */

/* What every reply to a mobile node ends with, a relayed one too. Borrowed. */
struct foreign_answer {
	struct span challenge;        /* a fresh one; empty: none (RFC 4721 section 3.3) */
	struct foreign_signer mobile; /* with whom we share an association, and may not now */
};

/* A denial of our own. */
struct foreign_denial {
	enum foreign_code code;
	uint16_t lifetime_s;
	struct in_addr home;
	struct in_addr home_agent;
	uint64_t identification;
	const char *reason; /* for people, RFC 4917; NULL: none */
};

struct foreign_denial foreign_denial_of(const struct foreign_request *request,
                                        const struct foreign_verdict *verdict,
                                        const struct foreign_policy *policy);

#define FOREIGN_DENIAL_MAX 640u /* octets */

/* HA_E_NOSPACE in out->error for want of room. */
void foreign_denial_write(const struct foreign_denial *denial, const struct foreign_answer *answer,
                          struct writer *out);

/* Where a reply to the mobile node goes, our own and a relayed one alike. */
struct foreign_addresses {
	struct in_addr source;
	struct in_addr destination; /* 255.255.255.255: to the node's link address alone */
};

/* `asked`: IP destination of the request; `here`: our address on its interface; `home`: of
 * the request when we deny it, of the reply when it is relayed. */
struct foreign_addresses foreign_addresses_of(struct in_addr asked, struct in_addr here,
                                              struct in_addr home);

#endif

/* mobile.h - what a mobile node asks for, and how: the Registration Request of one
 * attachment, field by field (RFC 5944 section 3.6.1), with what RFCs 2794, 3024, 3519,
 * 4433 and 4721 have a mobile node add to it.
 *
 * Pure, as registration.h: facts in, octets out. mobile_reply.h has the answer,
 * mobile_time.h when to ask.
 *
 * May include: proto, agentd/base. Nothing else. */
#ifndef AGENTD_REGISTRATION_MOBILE_H
#define AGENTD_REGISTRATION_MOBILE_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/address.h"
#include "agentd/base/binding.h"
#include "proto/advertisement.h"
#include "proto/authenticator.h"
#include "proto/extension.h"
#include "proto/message.h"

#define MOBILE_REQUEST_MAX 1024u        /* octets */
#define MOBILE_TTL 255u                 /* RFC 3024 section 4.1 wants it of who asks for T */
#define MOBILE_DEFAULT_LIFETIME_S 1800u /* where nobody tells the most that is taken */

/* An association: with whom is said where it stands. `key` NULL: none. Borrowed. */
struct mobile_key {
	uint32_t spi;
	const struct mip_key_state *key;
};

/* Who the mobile node is. Spans and keys are borrowed. */
struct mobile_node {
	struct in_addr home;                /* 0: the home agent gives one, to the name */
	struct in_addr home_agent;          /* 0: it is looked for */
	struct in_addr requested;           /* 0, or the one that is wished for where any will do */
	struct address_prefix home_network; /* length 0: unknown */
	struct span nai;                    /* empty: none */
	struct mobile_key mobile_home;
	struct mobile_key mobile_aaa;
};

enum mobile_udp {
	MOBILE_UDP_NO,
	MOBILE_UDP_BEHIND_NAT, /* where the home agent sees a NAT */
	MOBILE_UDP_FORCED,
};

/* What it would like. A denial may have it want less: mobile_repair(). */
struct mobile_wishes {
	uint16_t lifetime_s;   /* 0xffff: for ever */
	uint8_t encapsulation; /* enum encapsulation */
	uint8_t udp;           /* enum mobile_udp; only with a care-of address of its own */
	bool reverse;          /* T: what it sends goes through the home agent, too */
	bool encapsulating;    /* and is wrapped on its way to the foreign agent, RFC 3024 */
	/* B: it has those of its home network, too; with a care-of address of its own only. */
	bool broadcasts;
};

enum mobile_way {
	MOBILE_AT_HOME,
	MOBILE_BY_AGENT,   /* with a care-of address of a foreign agent */
	MOBILE_CO_LOCATED, /* with one of its own */
};

/* Where it is. Of the foreign agent: of MOBILE_BY_AGENT, and of MOBILE_CO_LOCATED where
 * the agent says that it must be registered through (R). Borrowed as above. */
struct mobile_attachment {
	enum mobile_way way;
	bool by_agent; /* through a foreign agent. MOBILE_BY_AGENT: always */
	struct in_addr care_of;
	struct in_addr agent;      /* source of its advertisement; 0: not known */
	uint16_t offers;           /* enum agent_flag */
	uint16_t agent_lifetime_s; /* the most that it takes; 0: not known */
	struct span challenge;     /* its newest; empty: none */
	struct mobile_key mobile_foreign;
};

enum mobile_purpose {
	MOBILE_BIND,        /* in place of all bindings */
	MOBILE_BIND_BESIDE, /* beside them: S */
	MOBILE_UNBIND,      /* this care-of address */
	MOBILE_UNBIND_ALL,
};

/* Where the extension of a challenge stands: whatever signs it comes behind. */
enum mobile_challenge {
	MOBILE_CHALLENGE_NONE,
	MOBILE_CHALLENGE_INNER, /* before Mobile-Home: there is nothing else to sign it */
	MOBILE_CHALLENGE_OUTER, /* behind Mobile-Home, RFC 4721 section 3.1 */
};

/* A request, and the IP header that it needs. Spans and keys borrowed from what it was
 * planned by. */
struct mobile_plan {
	struct mip_request fixed; /* the identification is 0 yet */
	struct in_addr source;
	struct in_addr destination; /* the port is MIP_PORT */
	uint8_t ttl;
	bool by_agent;  /* who answers may be a foreign agent */
	bool broadcast; /* to all home agents of a network, or to all agents of a link */
	bool udp_request;
	bool udp_forced;
	bool udp_through_agent; /* R of the UDP Tunnel Request */
	bool delivery;          /* 130 */
	enum mobile_challenge challenge_place;
	struct span challenge;
	struct in_addr requested; /* 139; 0: none */
	struct span nai;
	struct mobile_key mobile_home, mobile_aaa, mobile_foreign;
};

/* Plan the request. HA_E_NOTFOUND: no association with a home agent, neither a home
 * address nor a name, or no way to look for the home agent. HA_E_MALFORMED: a care-of
 * address that is none, or at home for anything else than an end. HA_E_UNSUPPORTED: the
 * foreign agent does not offer what is wished for and cannot be done without. *reason is
 * static text, never NULL. */
enum ha_error mobile_plan(const struct mobile_node *node, const struct mobile_attachment *at,
                          const struct mobile_wishes *wishes, enum mobile_purpose purpose,
                          struct mobile_plan *out, const char **reason);

/* Append the message, with that identification. Failure is in out->error. */
void mobile_request_write(const struct mobile_plan *plan, uint64_t identification,
                          struct writer *out);

/* The address to which all hosts of a network listen, RFC 919. */
struct in_addr mobile_directed_broadcast(const struct address_prefix *network);

#endif

/* foreign_pending.h - what a foreign agent keeps of its mobile nodes (RFC 5944 section
 * 3.7.1): the requests that wait for a reply, in a table of a fixed size, and visitors.
 *
 * A table does nothing by itself and knows no clock: the caller's times only grow. One
 * thread at a time. Nothing is allocated but by foreign_pendings_create().
 *
 * May include: agentd/registration/foreign.h. */
#ifndef AGENTD_REGISTRATION_FOREIGN_PENDING_H
#define AGENTD_REGISTRATION_FOREIGN_PENDING_H

#include "agentd/registration/foreign.h"

#define FOREIGN_CHALLENGE_MAX 32u        /* octets of one that we make */
#define FOREIGN_PENDING_TIMEOUT_MS 7000u /* RFC 5944 section 3.7.1 */
#define FOREIGN_PENDING_PER_SOURCE 5u    /* typically, section 3.7.1 */

enum foreign_feature {
	FOREIGN_HAS_DELIVERY = 0x01,   /* encapsulating delivery style was asked for */
	FOREIGN_HAS_UDP = 0x02,        /* UDP tunnel: asked for, then granted */
	FOREIGN_HAS_REVOCATION = 0x04, /* likewise */
	FOREIGN_HAS_INFORM = 0x08,     /* likewise: the home agent decides whom to tell */
	FOREIGN_HAS_SIGNED = 0x10,     /* Foreign-Home was added: the reply must have it too */
	FOREIGN_HAS_CHALLENGE = 0x20,  /* the home agent saw the challenge */
	FOREIGN_HAS_PROVED = 0x40,     /* the mobile node's authenticator for us verified */
	FOREIGN_HAS_LEFT = 0x80,       /* it is served no more, and its home agent is to be told */
};

/* What a mobile node asked for, and by what way it is answered. Plain data. */
struct foreign_registration {
	struct in_addr home;       /* 0: it is known by its name */
	struct in_addr home_agent; /* of the request */
	struct in_addr relayed_to; /* who must answer */
	struct in_addr care_of;
	struct in_addr source; /* of the request */
	struct in_addr destination;
	uint64_t identification;
	uint64_t since_ms; /* relayed at, last */
	uint32_t interface;
	uint32_t revocation_stamp; /* ours, of the relayed request */
	uint16_t source_port;      /* host order */
	uint16_t lifetime_s;       /* asked for */
	uint8_t flags;             /* enum mip_request_flag */
	uint8_t features;          /* enum foreign_feature */
	bool served;               /* of a visitor, from where it is served */
	bool doubted;              /* somebody said that it is in vain, and the node was told */
	uint64_t proof;            /* of its authenticators (foreign_request_proof) */
	uint8_t link[FOREIGN_LINK_SIZE];
	uint8_t challenge_size; /* that it answered; 0: none */
	uint8_t challenge[FOREIGN_CHALLENGE_MAX];
	uint8_t nai_size; /* 0: none */
	uint8_t nai[MIP_NAI_MAX];
};

/* What tells a request apart from others by whoever made its authenticators: a keyed sum of
 * these. The same again is the same request, from wherever it comes. */
uint64_t foreign_request_proof(const struct foreign_request *request, uint64_t seed);

/* Of a request that is relayed at `now_ms`. A challenge longer than ours are is none of
 * ours, and not kept. */
struct foreign_registration foreign_registration_of(const struct foreign_request *request,
                                                    const struct foreign_relay *relay,
                                                    uint32_t stamp, uint64_t now_ms);

/* The same mobile node: home address, where it had one, and name, where both have one. */
bool foreign_registration_is_of(const struct foreign_registration *registration,
                                struct in_addr home, struct span nai);

/* The denial of a request that was relayed. `reason` NULL: none is told. */
struct foreign_denial foreign_denial_of_pending(const struct foreign_registration *pending,
                                                enum foreign_code code, const char *reason);

/* One mobile node that is served. Plain data; what ends it is a later layer's. */
struct foreign_visitor {
	struct foreign_registration asked;
	struct in_addr home;       /* of the reply */
	struct in_addr home_agent; /* of the reply: where reverse tunnels end */
	uint64_t began_ms; /* since when it is served where it is, however often it asked anew */
	uint64_t granted_ms;
	uint64_t expires_ms;       /* or BINDING_NEVER_EXPIRES */
	uint32_t home_agent_stamp; /* of its revocation support */
	uint32_t mobile_spi;       /* of our association with the node; 0 = none */
	uint16_t granted_s;
	uint16_t keepalive_s;  /* of the UDP tunnel; 0 without, or ours */
	uint8_t encapsulation; /* enum encapsulation */
	uint8_t features;      /* enum foreign_feature, of what was granted */
	uint8_t offered_size;  /* of the challenge that its last reply had; 0 = none */
	uint8_t offered[FOREIGN_CHALLENGE_MAX];
};

#define FOREIGN_VISITOR_MAX 600u
_Static_assert(sizeof(struct foreign_visitor) <= FOREIGN_VISITOR_MAX,
               "a visitor is to cost at most 600 octets");

/* ---- the table ---- */

struct foreign_pendings;

struct foreign_pending_limits {
	uint32_t total;      /* at least 1 */
	uint32_t reserved;   /* of these, for requests of visitors from where they are served;
	                        less than the total */
	uint32_t per_source; /* of one link address on one interface; at least 1 */
	uint32_t timeout_ms; /* after which one may give way to another */
};

/* `seed` is secret and random: the strangers who choose what is looked up do not know
 * where it lies. HA_E_NOMEM; HA_E_RANGE for a limit of 0 or above 2^20, or where all is reserved. */
enum ha_error foreign_pendings_create(const struct foreign_pending_limits *limits, uint64_t seed,
                                      struct foreign_pendings **out);
void foreign_pendings_free(struct foreign_pendings *table); /* NULL is fine */

enum foreign_pending_put {
	FOREIGN_PENDING_ADDED,
	FOREIGN_PENDING_AGAIN,    /* the same request once more: renewed in its place */
	FOREIGN_PENDING_REPLACED, /* one that had waited too long gave way: *gone is denied, 78 */
	FOREIGN_PENDING_FULL,     /* the request is denied, 66; nothing has changed */
};

/* Keep one that is relayed now; its since_ms is now. Copied. *gone is set only with
 * FOREIGN_PENDING_REPLACED. */
enum foreign_pending_put foreign_pendings_put(struct foreign_pendings *table,
                                              const struct foreign_registration *registration,
                                              struct foreign_registration *gone);

/* Whether foreign_pendings_put() would say FOREIGN_PENDING_FULL. */
bool foreign_pendings_full(const struct foreign_pendings *table,
                           const struct foreign_registration *registration);

/* The one that a reply answers: the low half of the identification, and the mobile node as
 * foreign_registration_is_of() has it (RFC 5944 section 3.7.3.1). Of several the one that
 * was first there, so that nobody takes a reply away by asking the same again. NULL: none.
 * Borrowed until the table changes. */
const struct foreign_registration *foreign_pendings_find(const struct foreign_pendings *table,
                                                         uint64_t identification,
                                                         struct in_addr home, struct span nai);

/* The network says that `found`, which foreign_pendings_find() gave, will not be answered, or
 * another home agent denies it. That may be anybody's word: it goes on waiting. false: such a
 * thing was said before. */
bool foreign_pendings_doubt(struct foreign_pendings *table,
                            const struct foreign_registration *found);

/* A request with the same challenge and the same proof that waits, from another source: one of
 * them is a copy. */
bool foreign_pendings_copies(const struct foreign_pendings *table,
                             const struct foreign_registration *registration);

/* A request of the same mobile node for the same, from the same source with the same
 * challenge, that waits: what differs is the identification at most (RFC 4721 section 3.2).
 * Requests without a challenge repeat nothing. */
bool foreign_pendings_repeats(const struct foreign_pendings *table,
                              const struct foreign_registration *registration);

/* `found` is what foreign_pendings_find() gave, and is gone then. */
void foreign_pendings_remove(struct foreign_pendings *table,
                             const struct foreign_registration *found);

/* Take one that has waited for the time-out or longer, the oldest first. false: none has. */
bool foreign_pendings_expire(struct foreign_pendings *table, uint64_t now_ms,
                             struct foreign_registration *out);

/* Number i by age, 0 is the one that has waited longest; NULL past the last. Borrowed as above.
 * Looks at all before it: for who shows them. */
const struct foreign_registration *foreign_pendings_at(const struct foreign_pendings *table,
                                                       uint32_t i);

/* The next one: who begins with number 0 by age meets each once, and those of strangers or of
 * visitors by age. `found` is in the table; NULL: there is no further one. Borrowed as above. */
const struct foreign_registration *foreign_pendings_after(const struct foreign_pendings *table,
                                                          const struct foreign_registration *found);

uint32_t foreign_pendings_count(const struct foreign_pendings *table);

#endif

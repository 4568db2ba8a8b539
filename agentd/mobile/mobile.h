/* mobile.h - a mobile node from moment to moment: where it is, whether to register, with whom,
 * and how its packets go then (RFC 5944 sections 2.4 and 3.6).
 *
 * It has no clock, no socket and no thread: what happens comes in by calls with the time, what
 * it wants done goes out by `struct mobile_ops`. Times are milliseconds of one monotonic clock,
 * the caller's.
 *
 * May include: agentd/discovery, agentd/registration, proto, agentd/base. */
#ifndef AGENTD_MOBILE_MOBILE_H
#define AGENTD_MOBILE_MOBILE_H

#include "agentd/base/violations.h"
#include "agentd/discovery/heard.h"
#include "agentd/discovery/solicit.h"
#include "agentd/registration/mobile_reply.h"
#include "agentd/registration/mobile_time.h"
#include "proto/arp.h"

#define MOBILE_BINDINGS_MAX 4u
#define MOBILE_REFUSED_MAX HEARD_AGENTS_MAX
#define MOBILE_SERVED_MAX 8u
#define MOBILE_ADDRESSES_MAX 8u
#define MOBILE_HOME_AGENTS_MAX 8u

enum mobile_choice {
	MOBILE_CHOOSE_ANY,   /* a foreign agent where there is one, else an address of its own */
	MOBILE_CHOOSE_AGENT, /* only the former */
	MOBILE_CHOOSE_OWN,   /* only the latter */
};

/* What the operator wants; borrowed until the end. */
struct mobile_settings {
	struct mobile_node node;
	struct mobile_wishes wishes;
	struct mobile_key foreign; /* shared with foreign agents; no key: with none */
	struct in_addr care_of;    /* the only one of its own that counts; 0: the link's */
	enum mobile_choice choice;
	bool nonces;
	bool reverse_optional;
	bool encapsulation_optional;
	bool simultaneous; /* keep the binding that it leaves */
	bool eager;        /* take a new agent of another subnet at once */
	uint32_t keepalive_s;
};

/* How packets go now: by where it is registered, until it is elsewhere or that has ended. */
struct mobile_stay {
	enum mobile_way way;
	bool off;      /* it takes no part in Mobile IP, and */
	bool attached; /* without this, nothing else counts */
	bool bound;    /* registered away from home, or known to be at home */
	bool reverse, encapsulating, broadcasts, udp;
	uint8_t encapsulation;
	struct in_addr home, home_agent;
	struct in_addr agent; /* BY_AGENT */
	struct mac agent_mac;
	uint8_t count; /* of care-of addresses with a binding, the newest first */
	struct in_addr care_of[MOBILE_BINDINGS_MAX];
};

/* What it wants done. None may call back. */
struct mobile_ops {
	/* Send it; `to` is where a foreign agent's advertisements come from. */
	bool (*send)(void *context, const struct mobile_plan *plan, struct mac to,
	             struct span message);
	void (*place)(void *context, const struct mobile_stay *stay);
	void (*announce)(void *context, struct in_addr home); /* gratuitous ARP, at home */
	void (*solicit)(void *context);
	void (*keepalive)(void *context, struct in_addr home_agent, uint16_t sequence);
	/* Somebody's reply failed authentication or identification. */
	void (*violated)(void *context, const struct violation *seen);
	uint64_t (*random)(void *context);
	uint64_t (*wall_ms)(void *context);
	void *context;
};

enum mobile_state {
	MOBILE_SEARCHING,  /* it does not know where it could register */
	MOBILE_ASKING,     /* a request is out */
	MOBILE_REGISTERED, /* away from home */
	MOBILE_HOME,       /* at home, and the home agent knows */
	MOBILE_REFUSED,    /* it asks again later */
	MOBILE_OFF,        /* it is switched off, and has ended its binding */
	MOBILE_ENDED,      /* after mobile_end(), when there is nothing to wait for */
};

const char *mobile_state_name(enum mobile_state state);
const char *mobile_way_name(enum mobile_way way);

/* X(member, name, help) */
#define MOBILE_COUNTS(X)                                                                           \
	X(requests, "requests", "Registration Requests that were sent")                            \
	X(ending, "requests-ending", "of them those that end a binding")                           \
	X(looking, "requests-looking", "of them those to all home agents of the home network")     \
	X(repeated, "repeated", "of them those that were sent again, for want of an answer")       \
	X(accepted, "accepted", "Replies that accepted one")                                       \
	X(denied, "denied", "Replies that denied one")                                             \
	X(discarded, "discarded", "Replies that were discarded")                                   \
	X(violations, "violations", "of them those that are a matter of security")                 \
	X(advertisements, "advertisements", "Advertisements of agents that were heard")            \
	X(doubted, "doubted", "of them those for the agent in use, by another link address")       \
	X(reminded, "reminded", "Advertisements to it alone that had it register again")           \
	X(solicitations, "solicitations", "Solicitations that were sent")                          \
	X(moves, "moves", "Times that it found itself elsewhere")                                  \
	X(lapsed, "lapsed", "Registrations that ended before they were renewed")                   \
	X(replies, "replies", "Replies with a lifetime, to requests that were out")                \
	X(replies_ending, "replies-ending", "Replies without a lifetime, likewise")                \
	X(reply_skipped, "reply-extensions-skipped", "Unknown extensions of replies, skipped")     \
	X(bad_extension, "discarded-extension", "Replies discarded for an extension")              \
	X(bad_agent, "discarded-foreign-agent", "Replies discarded: of another foreign agent")     \
	X(bad_home_agent, "discarded-home-agent", "Replies discarded: of another home agent")      \
	X(bad_home, "discarded-home-address", "Replies discarded: about another home address")     \
	X(bad_identification, "discarded-identification", "Replies discarded: of another request") \
	X(unsigned_agent, "discarded-unsigned-foreign",                                            \
	  "Replies discarded: the foreign agent's authenticator does not verify")                  \
	X(unsigned_home_agent, "discarded-unsigned-home",                                          \
	  "Replies discarded: the home agent's authenticator does not verify")                     \
	X(bad_link, "discarded-link-address",                                                      \
	  "Denials discarded: unsigned, and of another link address than was asked")               \
	X(denied_home_agent, "denied-home-agent", "Denials with codes from 128 to 191")            \
	X(denied_agent, "denied-foreign-agent", "Denials with codes from 64 to 127")               \
	X(denied_identification, "denied-identification", "Denials with code 133")                 \
	X(unsound, "advertisements-unsound", "Advertisements dropped for an extension")            \
	X(skipped, "advertisement-extensions-skipped",                                             \
	  "Unknown extensions of advertisements, skipped")                                         \
	X(restarts, "agents-restarted", "Agents that were heard to have been started again")       \
	X(moves_away, "moves-from-home", "Moves from home to elsewhere")                           \
	X(moves_on, "moves-elsewhere", "Moves from elsewhere to elsewhere")                        \
	X(moves_home, "moves-home", "Moves from elsewhere to home")                                \
	X(announced, "announcements", "Gratuitous ARP messages that were sent at home")

struct mobile_counts {
#define X(member, name, help) uint64_t member;
	MOBILE_COUNTS(X)
#undef X
};

struct mobile_agent_link {
	struct in_addr source;
	struct mac mac;
};

struct mobile_refusal {
	struct in_addr agent; /* where it is about one */
	uint64_t until_ms;
	uint32_t spell_ms; /* how long it was the last time */
};

struct mobile_held {
	struct in_addr care_of;
	uint64_t expires_ms;
	/* of the request that was accepted: */
	struct in_addr agent; /* whom it was sent to */
	uint64_t identification;
	uint64_t sent_ms;
	uint16_t granted_s;
	uint8_t flags;
	bool own; /* the care-of address is the node's */
};

/* The advertisement that was heard last. */
struct mobile_advertised_last {
	struct in_addr source; /* 0: none was */
	uint64_t heard_ms;
	uint16_t sequence, flags, registration_lifetime_s, lifetime_s;
};

/* mobile_init makes it. What it shows: members up to `private` are to be read by anybody. */
struct mobile {
	enum mobile_state state;
	struct mobile_stay stay;
	struct mobile_lifetime lifetime;
	struct mobile_counts counts;
	uint8_t code;       /* of the last reply that was not discarded */
	const char *reason; /* what it says, or why nothing can be asked; static */
	uint16_t granted_s;
	bool answered; /* there has been such a reply */
	/* private */
	const struct mobile_settings *settings;
	const struct mobile_ops *ops;
	struct mobile_node node;
	struct mobile_wishes wishes;
	struct mobile_attachment at; /* or was last */
	bool been;                   /* it has been somewhere */
	uint8_t challenge[ADVERTISEMENT_CHALLENGE_MAX];
	bool stale; /* that one was refused, and no other one has come since */
	struct heard_agents heard;
	struct mobile_agent_link links[HEARD_AGENTS_MAX];
	uint8_t link_next;
	struct mac asked_mac; /* where the request went that is out */
	struct mac rival;     /* who speaks for the agent that is asked, too */
	bool has_rival;
	uint64_t rivals_rest_ms; /* until then none is asked */
	bool kept;               /* `stay` is of where it was registered last, not of `at` */
	struct mobile_attachment before; /* and that is */
	uint64_t kept_until_ms;          /* as long as the agent there is heard */
	struct mobile_refusal refused[MOBILE_REFUSED_MAX];
	uint8_t refused_next;
	struct in_addr served[MOBILE_SERVED_MAX]; /* agents that have accepted on this link */
	uint8_t served_next;
	struct mobile_refusal strangers; /* all that are not among these */
	uint8_t strange;                 /* how many of them were refused */
	struct mobile_refusal home_refused;
	struct in_addr addresses[MOBILE_ADDRESSES_MAX];
	uint8_t address_count;
	struct solicit solicit;
	uint8_t reminders;    /* that were believed, one soon after the other */
	uint64_t reminded_ms; /* the last one */
	bool search_anew;     /* the next search begins at the full rate */
	enum mobile_purpose purpose;
	struct mobile_plan plan;
	uint8_t plan_challenge[ADVERTISEMENT_CHALLENGE_MAX]; /* of the plan, as long as it is out */
	struct mobile_retry retry;
	struct mobile_tries tries;
	struct mobile_identity identity;
	struct mobile_held held[MOBILE_BINDINGS_MAX]; /* the newest first */
	uint8_t held_count;
	bool unlisted; /* the home agent may have bindings beside these */
	uint8_t message[MOBILE_REQUEST_MAX];
	size_t message_size;
	bool pending;
	uint8_t unanswered; /* times that the request that is out was sent again */
	bool wanted;        /* a new request is to be sent as soon as it may be */
	bool ending;
	bool one_alone; /* the end of all bindings was denied: only that of where it is can end */
	bool off;       /* no part is to be taken in Mobile IP; a binding is ended first */
	bool dropping; /* the binding with node.home_agent is to end, and another one is used then */
	/* Those that may be used, the one in use among them. */
	struct in_addr home_agents[MOBILE_HOME_AGENTS_MAX];
	uint8_t home_agent_count;
	struct in_addr left;    /* the one that was removed last without a request, */
	uint64_t left_requests; /* when so many had been sent */
	struct mobile_advertised_last last;
	uint64_t sent_ms;     /* the request that is out, last */
	uint64_t asked_ms;    /* when the request with this identification was sent first */
	uint64_t patience_ms; /* after a denial */
	uint64_t again_ms;
	uint16_t keepalive_sequence;
	uint32_t keepalive_ms;
	uint64_t keepalive_due_ms;
	uint8_t keepalive_unanswered;
};

void mobile_init(struct mobile *mobile, const struct mobile_settings *settings,
                 const struct mobile_ops *ops);

/* What happened. After each of them, and when mobile_step() says so, mobile_step(). */

void mobile_advertised(struct mobile *mobile, const struct advertisement *advertisement,
                       struct in_addr source, struct mac from, uint64_t now_ms);
/* One that came to this node alone, and so perhaps from far away: of the agent in use it may say
 * that what is registered is gone (RFC 3543 section 4.1), and nothing else. */
void mobile_reminded(struct mobile *mobile, const struct advertisement *advertisement,
                     struct in_addr source, struct mac from, uint64_t now_ms);
/* The addresses of the link, but for the home address; the first that fits counts. */
void mobile_addresses(struct mobile *mobile, const struct in_addr *addresses, size_t count);
/* The link went down or came up: what was heard on it does not count any more. */
void mobile_link_changed(struct mobile *mobile);
/* A datagram to the port that requests are sent from; `from` is the link address that it came from,
 * and zero where it came from further away. */
void mobile_received(struct mobile *mobile, struct span payload, struct in_addr source,
                     struct mac from, uint64_t now_ms);
void mobile_keepalive_answered(struct mobile *mobile);

/* One more home agent, which is used when there is none or the one in use is removed. HA_E_MALFORMED:
 * it can be nobody's; HA_E_EXISTS; HA_E_CAPACITY. */
enum ha_error mobile_add_home_agent(struct mobile *mobile, struct in_addr address);
/* One less; a binding with it is ended first, as far as it answers. HA_E_NOTFOUND. */
enum ha_error mobile_remove_home_agent(struct mobile *mobile, struct in_addr address);

/* Take no part in Mobile IP from now on, or take part again (RFC 2006, mipEnable). A binding is ended
 * first, as far as the home agent answers. */
void mobile_enable(struct mobile *mobile, bool enabled);

/* An ICMP message was no sound advertisement. */
void mobile_unsound(struct mobile *mobile, enum discovery_fault fault);

/* It is to end all its bindings, and then itself: MOBILE_ENDED when there is nothing to wait for any
 * more. Whoever calls it says how long that may take. */
void mobile_end(struct mobile *mobile);
/* Whether the home agent has, or may have, a binding of it that has not lapsed. */
bool mobile_is_bound(const struct mobile *mobile);

/* Do what is due. Returns when the next thing is; UINT64_MAX: nothing is. */
uint64_t mobile_step(struct mobile *mobile, uint64_t now_ms);

#endif

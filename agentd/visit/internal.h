/* internal.h - for agentd/visit only: what its thread has.
 *
 * Everything is the thread's, under `lock`, which others take to look. */
#ifndef AGENTD_VISIT_INTERNAL_H
#define AGENTD_VISIT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "agentd/base/violations.h"
#include "agentd/dataplane/host.h"
#include "agentd/dataplane/link_socket.h"
#include "agentd/dataplane/visit_plane.h"
#include "agentd/registration/foreign_challenge.h"
#include "agentd/registration/foreign_revocation.h"
#include "agentd/visit/interface.h"
#include "agentd/visit/keys.h"
#include "agentd/visit/letters.h"
#include "agentd/visit/nodes.h"
#include "agentd/visit/order.h"
#include "agentd/visit/ports.h"
#include "agentd/visit/settings.h"
#include "agentd/visit/visit.h"
#include "agentd/visitors/members.h"
#include "proto/ip4.h"

#define VISIT_PACKET_MAX 2048u /* octets of what a mobile node says; longer is no message */

#define VISIT_REVOKED_MAX 1024u /* revocations of home agents that are remembered */

struct served_link {
	const struct served_link_settings *settings;
	struct interface interface;
	struct advertise_interface advertise;
	struct foreign_challenges challenges;
	uint64_t sent; /* advertisements */
	uint64_t sent_ms;
};

struct visit {
	struct foreign_settings settings;
	struct visit_home home;
	struct served_link links[ADVERTISED_LINKS_MAX];
	size_t link_count;
	struct advertise_total total;
	int sender; /* link_socket_send */
	uint16_t packet_id;
	uint64_t look_ms; /* when the interfaces are to be looked at */
	struct interface_address local[HOST_ADDRESSES_MAX]; /* addresses of this host */
	size_t local_count;
	struct in_addr missing; /* a care-of address that is not among them; 0.0.0.0: none */
	bool local_overflows;   /* it has more of them, which the log was told */
	/* Of a foreign agent; NULL where there is none. */
	struct keys *keys;
	struct nodes *nodes;
	struct foreign_pendings *pendings;
	struct visitors *visitors;
	struct letters *letters;
	struct foreign_revoked revoked[VISIT_REVOKED_MAX];
	const struct visitors_members *members; /* who have them in common; NULL: nobody has */
	struct orders *orders;                  /* of replies that wait for the members */
	bool serves;                            /* this member is the foreign agent */
	uint64_t served_ms;                     /* since when it is, or is not */
	struct ports ports;
	struct visit_guard *guard;                        /* of all links of the foreign agent */
	struct visit_plane *plane;                        /* NULL: packets are not carried now */
	struct visit_plane_link carried[VISIT_LINKS_MAX]; /* the links that it was opened for */
	size_t carried_count;
	uint64_t carry_ms;            /* when it may be tried again */
	uint64_t expire_ms;           /* when lifetimes are to be looked at */
	struct visit_order *order;    /* steer.c: that somebody waits for */
	struct violations violations; /* without the lock */
	pthread_mutex_t lock;
	pthread_t thread;
	bool started; /* the thread */
	_Atomic bool running, stopping;
	int wake; /* eventfd */
};

/* ---- advertiser.c ---- */

/* What has changed: the interface, the home agent, or the end. */
void advertiser_update(struct visit *visit, struct served_link *link, uint64_t now_ms);
/* Send what is due. */
void advertiser_tick(struct visit *visit, struct served_link *link, uint64_t now_ms);
/* A packet of ICMP came. */
void advertiser_hear(struct visit *visit, struct served_link *link, const struct link_heard *heard,
                     struct span message, struct in_addr source, uint64_t now_ms);
/* To that node alone, as by an agent that begins anew. */
void advertiser_reset(struct visit *visit, struct served_link *link, const uint8_t *to_link,
                      struct in_addr home, uint64_t now_ms);
void advertiser_end(struct visit *visit, struct served_link *link, uint64_t now_ms);
/* What the link advertises now; 0 = nothing. */
unsigned advertiser_roles(const struct visit *visit, const struct served_link *link);
uint16_t advertiser_flags(const struct visit *visit, const struct served_link *link);
bool visit_is_busy(const struct visit *visit);
/* The longest registration that is accepted there. */
uint16_t visit_lifetime_s(const struct visit *visit, const struct served_link *link);
/* Our address on a link. */
struct in_addr visit_address(const struct visit *visit, const struct served_link *link);
/* Likewise, of a foreign agent. */
struct in_addr served_address(const struct served_link *link);
/* Another member goes on there when this one ends. */
bool served_link_goes_on(const struct visit *visit, const struct served_link_settings *settings);

/* ---- hear.c ---- */

/* Take what waits at a link's socket, a batch of it. */
void visit_hear(struct visit *visit, struct served_link *link, uint64_t now_ms);

/* ---- addresses.c ---- */

/* A home agent of this process, wherever in a cluster its address is now. */
bool address_is_home_agents(const struct visit *visit, struct in_addr address);
bool address_is_care_of(const struct visit *visit, struct in_addr address);
/* Of an interface of this host, or a care-of address. */
bool address_is_here(const struct visit *visit, struct in_addr address);
/* No visitor's of that home agent, since it is ours, of a network of the links, or of one that
 * this host has elsewhere; a home agent of this process knows who is away from its own. */
bool address_is_at_home_here(const struct visit *visit, struct in_addr home,
                             struct in_addr home_agent);
/* The interfaces have been looked at. */
void addresses_look(struct visit *visit, const struct ifaddrs *list);
/* Put into *out which care-of address is not here, if one is not. */
void addresses_doubt(const struct visit *visit, char *out, size_t size);

/* ---- carry.c ---- */

/* From now on nothing of the links of the foreign agent is forwarded but by its data plane. */
enum ha_error carry_begin(struct visit *visit, char *report, size_t size);
void carry_end(struct visit *visit);
/* Packets of visitors should be carried, and cannot be. */
bool carry_fails(const struct visit *visit);
/* Have the data plane as the links are; an error, with a sentence, if that is not possible now. */
enum ha_error carry_look(struct visit *visit, uint64_t now_ms, char *report, size_t size);
/* What members share is carried for as long as this one is the foreign agent. */
void carry_fence(struct visit *visit);
/* A visitor has come, has changed, or goes; of that one home and home_agent are looked at. */
void carry_put(struct visit *visit, const struct foreign_visitor *visitor);
void carry_remove(struct visit *visit, const struct foreign_visitor *visitor);

/* ---- order.c ---- */

#define ORDER_ADDRESS_MS 5000u /* for the addresses of who has become the foreign agent */

/* Send a reply when what it says of the visitor list is safe. */
void order_begin(struct visit *visit, const struct order *order);
uint32_t orders_waiting(const struct visit *visit);
/* Take what the members say. */
void order_hear(struct visit *visit, uint64_t now_ms);
/* The same, of visitors alone. */
void order_news(struct visit *visit);
/* Other interfaces have the numbers of links now. */
void order_links_changed(struct visit *visit);
/* Is this host the foreign agent on that link now? */
bool order_serves(const struct visit *visit, const struct served_link *link);
/* It is, and the addresses are on their way. */
bool order_awaits_address(const struct visit *visit, uint64_t now_ms);
/* The one place where the list of this host changes. */
enum ha_error visitor_change(struct visit *visit, enum visitor_command_kind kind,
                             const struct foreign_visitor *visitor);
/* A visitor goes, for all that have it. Where members do it is on its way when this returns. */
enum ha_error visitor_end(struct visit *visit, const struct foreign_visitor *visitor);
/* And its home agent is told by whichever member is the foreign agent, until its deadline. */
enum ha_error visitor_end_owing(struct visit *visit, const struct foreign_visitor *visitor,
                                uint64_t deadline_ms);
/* That home agent has been told. */
void visitor_settle_owed(struct visit *visit, struct in_addr home, struct in_addr home_agent);
void visitor_log(const struct foreign_visitor *visitor, const char *what);

/* ---- relay.c ---- */

/* A packet of UDP to port 434 came from a mobile node. */
void relay_hear(struct visit *visit, struct served_link *link, const struct link_heard *heard,
                const struct ip4 *ip, uint64_t now_ms);

/* ---- answer.c ---- */

/* Take what home agents and the network say. */
void answer_hear(struct visit *visit, uint64_t now_ms);
/* End what waits for too long, and lifetimes. Returns when to do it again. */
uint64_t answer_expire(struct visit *visit, uint64_t now_ms);

/* ---- revoke.c ---- */

/* Our clock as requests and revocations show it to home agents. */
uint32_t visit_stamp(void);
/* A home agent revokes, or acknowledges. */
void revoke_hear(struct visit *visit, const struct port *port, const struct port_heard *heard,
                 uint64_t now_ms);
void revoke_hear_ack(struct visit *visit, const struct port_heard *heard, uint64_t now_ms);
/* What the home agent believes of it is over; who is told of it is as agreed. */
void revoke_owe(struct visit *visit, const struct foreign_visitor *visitor, uint64_t now_ms);
/* End those with that home address, of that home agent or of any (0). How many there were. */
uint32_t revoke_visitors(struct visit *visit, struct in_addr home, struct in_addr home_agent,
                         uint64_t now_ms);
/* Send what is due. */
void revoke_tick(struct visit *visit, uint64_t now_ms);

/* ---- node.c ---- */

/* What a reply ends with; `octets` is the room of its challenge. */
struct node_answer {
	struct foreign_answer answer;
	uint8_t challenge[FOREIGN_CHALLENGE_MAX];
};
/* `to` is whom it goes to, `spi` that of our association, 0 for any. */
void node_answer_of(struct visit *visit, const struct foreign_registration *to, uint32_t spi,
                    struct node_answer *out);
/* A message to a mobile node; `home` as foreign_addresses_of() wants it. */
void node_tell(struct visit *visit, const struct foreign_registration *to, struct in_addr home,
               struct span message);
/* A denial of ours, unless the node was denied within a second. `reason` NULL: none is told. */
void node_deny(struct visit *visit, const struct foreign_registration *to, enum foreign_code code,
               const char *reason, uint16_t lifetime_s, uint64_t now_ms);
struct keys_peer node_peer(const struct foreign_registration *registration);

/* ---- table.c ---- */

/* As managers see it. */
struct visit_link;
void visit_link_of(const struct visit *visit, const struct served_link *link,
                   struct visit_link *out);

/* The number of the link whose interface has that first address; the count of them: there is none. */
size_t visit_place_of_link(const struct visit *visit, struct in_addr address);

/* ---- steer.c ---- */

/* Do what somebody waits for, if anybody does. */
void steer_work(struct visit *visit, uint64_t now_ms);

/* ---- visit.c ---- */

/* There is something new for the thread to look at. */
void visit_wake(struct visit *visit);

/* ---- send.c ---- */

/* One packet with this payload by the link. `to_link` NULL: to everybody there. */
bool visit_send(struct visit *visit, struct served_link *link, const struct ip4 *header,
                const uint8_t *to_link, struct span payload);

/* Numbers that nobody foresees. */
uint32_t visit_random(void);
void visit_random_octets(void *out, size_t size);

/* ---- violate.c ---- */

void violate_by_request(struct visit *visit, const struct foreign_request *request,
                        const struct foreign_verdict *verdict);
void violate_by_reply(struct visit *visit, const struct foreign_reply *reply,
                      const struct foreign_reply_verdict *verdict);

#endif

/* home_arp_counters.h - what becomes of ARP on home links; one row per counter, see
 * agentd/base/counters.h for where a row ends up.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_COUNTERS_H
#define AGENTD_DATAPLANE_HOME_ARP_COUNTERS_H

#include "agentd/base/counters.h"

/* X(id, name, mib_arc, help). What may become of a message that was heard: each is
 * counted under exactly one of these. */
#define HOME_ARP_VERDICTS(X)                                                                       \
	X(ANSWER, "home-arp-answers", 0, "requests for absent mobile nodes that were answered")    \
	X(MALFORMED, "home-arp-malformed", 0,                                                      \
	  "messages that are no ARP for IPv4 on Ethernet, or whose sender is no host")             \
	X(OUTSIDE, "home-arp-outside", 0, "messages about addresses of no home network")           \
	X(FENCED, "home-arp-fenced", 0,                                                            \
	  "messages not answered because this node does not lead, or cannot prove it")             \
	X(OWN, "home-arp-own", 0,                                                                  \
	  "messages of the mobile node that they ask for, or under the home agent's MAC")          \
	X(REPLY, "home-arp-replies", 0, "answers of others, heard for who gave them")              \
	X(GRATUITOUS, "home-arp-gratuitous", 0,                                                    \
	  "announcements of others, which are never answered")                                     \
	X(PROBE, "home-arp-probes", 0, "requests without a sender, which are never answered")      \
	X(ELSEWHERE, "home-arp-elsewhere", 0, "requests sent to the MAC of another host")          \
	X(UNBOUND, "home-arp-unbound", 0, "requests for addresses that have no binding")

/* What else is counted. */
#define HOME_ARP_EVENTS(X)                                                                         \
	X(LEFT, "home-arp-left", 0, "announcements that an absent node is at the home agent")      \
	X(RETURNED, "home-arp-returned", 0,                                                        \
	  "announcements that a mobile node is at home again, with its own MAC")                   \
	X(ASKED, "home-arp-asked", 0, "questions to the link where a returned node is")            \
	X(UNKNOWN, "home-arp-unknown", 0,                                                          \
	  "returned nodes not announced because the link did not tell their MAC")                  \
	X(TAKEOVERS, "home-arp-takeovers", 0,                                                      \
	  "times all absent nodes were to be announced again, with another MAC")                   \
	X(AGAIN, "home-arp-again", 0, "announcements of absent nodes because of that")             \
	X(CROWDED, "home-arp-crowded", 0, "announcements left out because too many others wait")   \
	X(LIMITED, "home-arp-limited", 0,                                                          \
	  "times that nothing was heard for a moment since the link asked too much")               \
	X(LOST, "home-arp-lost", 0, "messages of ARP that the kernel dropped meanwhile")           \
	X(FAILURES, "home-arp-failures", 0, "messages of ARP that the network did not take")

#define HOME_ARP_COUNTERS(X) HOME_ARP_VERDICTS(X) HOME_ARP_EVENTS(X)

enum home_arp_counter {
#define X(id, name, mib_arc, help) HOME_ARP_##id,
	HOME_ARP_COUNTERS(X)
#undef X
	HOME_ARP_COUNTER_COUNT
};

extern struct counter_set home_arp_counters;

static inline void home_arp_count(enum home_arp_counter counter, uint64_t n)
{
	counter_add(&home_arp_counters, counter, n);
}

#endif

/* counters.h - what is advertised and heard. Denials of foreign agents are counted in
 * proto/foreign_codes.h. */
#ifndef AGENTD_VISIT_COUNTERS_H
#define AGENTD_VISIT_COUNTERS_H

#include "agentd/base/counters.h"

/* X(id, name, mib_arc, help) */
#define VISITING_COUNTERS(X)                                                                       \
	X(ADVERTISEMENTS, "advertisements", 0, "agent advertisements sent, of whatever kind")      \
	X(ADVERTISEMENTS_FAILED, "advertisements-failed", 0,                                       \
	  "of them those that the network did not take")                                           \
	X(ADVERTISEMENTS_TO_ALL, "advertisements-to-all", 0,                                       \
	  "agent advertisements to everybody because somebody solicited")                          \
	X(ADVERTISEMENTS_TO_ONE, "advertisements-to-one", 0,                                       \
	  "agent advertisements to who solicited, and nobody else")                                \
	X(ADVERTISEMENTS_RESET, "advertisements-reset", 0,                                         \
	  "agent advertisements to a mobile node whose registration was revoked, that tell it so") \
	X(SOLICITATIONS, "solicitations", 0, "agent solicitations heard that are sound")           \
	X(SOLICITATIONS_UNSOUND, "solicitations-unsound", 0,                                       \
	  "solicitations dropped because of their size, checksum, code or source")                 \
	X(SOLICITATIONS_POSTPONED, "solicitations-postponed", 0,                                   \
	  "solicitations left to an advertisement to everybody: there were too many, or who "      \
	  "solicited has no address")                                                              \
	X(LINK_CHANGES, "advertised-link-changes", 0,                                              \
	  "times that an interface to advertise on came, went or changed its addresses")           \
	X(REQUESTS, "visit-requests", 2,                                                           \
	  "registration requests of mobile nodes to this foreign agent, deregistrations among "    \
	  "them")                                                                                  \
	X(REQUESTS_MALFORMED, "visit-requests-malformed", 0,                                       \
	  "datagrams of mobile nodes that are no registration request, or have a wrong checksum")  \
	X(REQUESTS_RELAYED, "visit-requests-relayed", 3, "of them those sent to home agents")      \
	X(REQUESTS_DENIED, "visit-requests-denied", 0, "of them those denied here at once")        \
	X(REQUESTS_DROPPED, "visit-requests-dropped", 0,                                           \
	  "of them those left unanswered, a second denial within a second among them")             \
	X(REQUESTS_AGAIN, "visit-requests-again", 0,                                               \
	  "of those relayed, the same as one that waited for its reply already")                   \
	X(VIOLATIONS, "visit-violations", 0,                                                       \
	  "requests and replies with a wrong authenticator, challenge or identification")          \
	X(VIOLATORS_FORGOTTEN, "visit-violators-forgotten", 0,                                     \
	  "of mipSecViolationTable rows of such that gave way to others")                          \
	X(REPLIES, "visit-replies", 13, "registration replies that came to this foreign agent")    \
	X(REPLIES_MALFORMED, "visit-replies-malformed", 0,                                         \
	  "datagrams of home agents that are no message to a foreign agent")                       \
	X(REPLIES_RELAYED, "visit-replies-relayed", 14, "replies sent on to mobile nodes")         \
	X(REPLIES_DENIED, "visit-replies-denied", 0,                                               \
	  "replies in whose place a denial was sent, or that were sent on with an error of ours")  \
	X(REPLIES_DROPPED, "visit-replies-dropped", 0,                                             \
	  "replies that nobody waits for, or that are not the home agent's word")                  \
	X(FROM_LINKS, "visit-replies-from-links", 0,                                               \
	  "what seems to come from home agents, ICMP errors too, but came by a link where this "   \
	  "agent serves mobile nodes, and was dropped")                                            \
	X(NOT_SAFE, "visit-replies-not-safe", 0,                                                   \
	  "replies that could not be sent on, since the members of the cluster could not take "    \
	  "what they say; denied with code 66")                                                    \
	X(TIMEOUTS, "visit-timeouts", 0, "requests that no home agent answered in time")           \
	X(UNREACHABLE, "visit-unreachable", 0,                                                     \
	  "requests denied because the network said that the home agent cannot be reached")        \
	X(SEND_FAILED, "visit-send-failed", 0,                                                     \
	  "requests, replies and denials that the network did not take")                           \
	X(VISITORS_BEGUN, "visitors-begun", 0, "visitors that are served since a reply")           \
	X(VISITORS_RENEWED, "visitors-renewed", 0, "lifetimes of visitors renewed by a reply")     \
	X(VISITORS_ENDED, "visitors-ended", 0, "visitors that deregistered")                       \
	X(NOT_CARRIED, "visitors-not-carried", 0,                                                  \
	  "visitors whose packets the data plane did not take, each time")                         \
	X(VISITORS_EXPIRED, "visitors-expired", 0, "visitors whose lifetime ended")                \
	X(VISITORS_REVOKED, "visitors-revoked", 0,                                                 \
	  "visitors whose home agent revoked their registration")                                  \
	X(VISITORS_REMOVED, "visitors-removed", 0, "visitors that the operator removed")           \
	X(REVOCATIONS, "visit-revocations", 0, "revocations of home agents that came")             \
	X(REVOCATIONS_ACKNOWLEDGED, "visit-revocations-acknowledged", 0,                           \
	  "of them those taken and acknowledged, some not for the first time")                     \
	X(REVOCATIONS_UNAUTHENTICATED, "visit-revocations-unauthenticated", 0,                     \
	  "revocations and acknowledgments dropped for want of a valid authenticator")             \
	X(REVOCATIONS_REFLECTED, "visit-revocations-reflected", 0,                                 \
	  "revocations dropped because a foreign agent sent them, such as our own")                \
	X(REVOCATIONS_REPLAYED, "visit-revocations-replayed", 0,                                   \
	  "revocations dropped because they are no newer than the registration or an earlier one") \
	X(REVOCATIONS_UNKNOWN, "visit-revocations-unknown", 0,                                     \
	  "revocations dropped because no visitor is meant that their home agent may revoke")      \
	X(REVOCATIONS_SENT, "visit-revocations-sent", 0,                                           \
	  "revocations sent to home agents, each transmission")                                    \
	X(REVOCATIONS_CONFIRMED, "visit-revocations-confirmed", 0,                                 \
	  "revocations that their home agent acknowledged")                                        \
	X(REVOCATION_ACKS_UNEXPECTED, "visit-revocation-acks-unexpected", 0,                       \
	  "acknowledgments of home agents that answer no revocation that waits")                   \
	X(REVOCATIONS_GIVEN_UP, "visit-revocations-given-up", 0,                                   \
	  "revocations that no home agent acknowledged in time")                                   \
	X(REVOCATIONS_OVERFLOW, "visit-revocations-overflow", 0,                                   \
	  "revocations not sent because too many waited")

enum visiting_counter {
#define X(id, name, mib_arc, help) VISITING_##id,
	VISITING_COUNTERS(X)
#undef X
	VISITING_COUNTER_COUNT
};

extern struct counter_set visiting_counters;

static inline void visiting_count(enum visiting_counter counter)
{
	counter_add(&visiting_counters, counter, 1);
}

#endif

/* home_arp_plan.h - which announcements are due, and how fast they may go.
 *
 * Pure: no clock, no socket, no thread. An event becomes a job that is due several
 * times; the caller takes the next one that is due, does it or finds it void, and
 * puts it back for its next time or drops it. What is sent is paid for from a
 * bucket that fills with time; while it is empty nothing is due.
 *
 * All times are those of clock_monotonic_ns().
 *
 * May include: nothing of ours. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_PLAN_H
#define AGENTD_DATAPLANE_HOME_ARP_PLAN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define HOME_ARP_NEVER UINT64_MAX

enum home_arp_event {
	HOME_ARP_LEFT_HOME,
	HOME_ARP_CAME_HOME,
};

/* When: at once; when the link has had time to answer; two repetitions. */
enum home_arp_turn {
	HOME_ARP_TURN_NOW,
	HOME_ARP_TURN_ANSWERED,
	HOME_ARP_TURN_AGAIN,
	HOME_ARP_TURN_LAST,
	HOME_ARP_TURNS,
};

#define HOME_ARP_ANSWERED_MS 20u

struct home_arp_job {
	uint64_t began_ns, due_ns;
	struct in_addr home;
	uint8_t net;   /* index of its network */
	uint8_t event; /* enum home_arp_event */
	uint8_t turn;  /* enum home_arp_turn */
};

struct home_arp_plan;

/* For `capacity` jobs, at `per_s` payments a second; repetitions come `again_ms` after
 * the turn before. NULL: out of memory. */
struct home_arp_plan *home_arp_plan_new(uint32_t capacity, uint32_t per_s, uint32_t again_ms,
                                        uint64_t now_ns);
void home_arp_plan_free(struct home_arp_plan *plan); /* NULL is fine */

/* What became of a new job. */
enum home_arp_added {
	HOME_ARP_ADDED,
	HOME_ARP_ADDED_FOR_ANOTHER, /* a repetition gave way to it */
	HOME_ARP_REFUSED,           /* even first turns fill the plan */
};

enum home_arp_added home_arp_plan_add(struct home_arp_plan *plan, enum home_arp_event event,
                                      uint8_t net, struct in_addr home, uint64_t now_ns);

/* Take out what is due. false: nothing is, or it cannot be paid. */
bool home_arp_plan_take(struct home_arp_plan *plan, uint64_t now_ns, struct home_arp_job *out);

/* Put back for its next turn; nothing happens when that was the last, or when new
 * jobs have taken the room. */
void home_arp_plan_again(struct home_arp_plan *plan, const struct home_arp_job *job,
                         uint64_t now_ns);

/* Is there money, for what is no job? */
bool home_arp_plan_can_pay(struct home_arp_plan *plan, uint64_t now_ns);
/* One address was announced, or asked for. */
void home_arp_plan_pay(struct home_arp_plan *plan, uint64_t now_ns);

/* When to look again; `more`: also what is no job waits for money. */
uint64_t home_arp_plan_next(struct home_arp_plan *plan, uint64_t now_ns, bool more);

uint32_t home_arp_plan_waiting(const struct home_arp_plan *plan);

#endif

/* home_arp_notes.h - under which MAC hosts of a home link were last heard.
 *
 * A table of fixed size: who fills it makes it forget, the oldest first, and never
 * makes it grow. What it knows is what ARP knows, hence not proven. One thread.
 *
 * May include: proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_NOTES_H
#define AGENTD_DATAPLANE_HOME_ARP_NOTES_H

#include <netinet/in.h>
#include <stdint.h>

#include "proto/arp.h"

struct home_arp_note {
	struct in_addr home;
	uint8_t network; /* index; networks of several realms may overlap */
	struct mac mac;
	uint64_t heard_ns; /* clock_monotonic_ns(); 0 = no note */
};

struct home_arp_notes;

/* For at least `capacity` hosts that are spread well. NULL: out of memory. */
struct home_arp_notes *home_arp_notes_new(uint32_t capacity);
void home_arp_notes_free(struct home_arp_notes *notes); /* NULL is fine */

void home_arp_notes_put(struct home_arp_notes *notes, uint8_t network, struct in_addr home,
                        struct mac mac, uint64_t now_ns);

/* What was heard at `since_ns` or later; NULL when there was nothing, or when it is
 * forgotten. Until the next put. */
const struct home_arp_note *home_arp_notes_find(const struct home_arp_notes *notes, uint8_t network,
                                                struct in_addr home, uint64_t since_ns);

/* All of it: what was heard while another member led may have been that one. */
void home_arp_notes_forget(struct home_arp_notes *notes);

#endif

/* place.h - where the home agent's address is on this host: on the interface
 * itself, or with a virtual MAC on a device over it. Prepared once; after that,
 * taking the address is two requests to the kernel.
 *
 * Knows nothing of deadlines; ownership.c says what is to be done. One thread.
 *
 * May include: proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_PLACE_H
#define AGENTD_DATAPLANE_PLACE_H

#include "agentd/dataplane/ownership.h"

struct place;

/* As ownership_open, whose errors and sentences these are. Nothing is taken; an
 * address that a process of ours left is taken away. */
struct place *place_open(const struct ownership_options *options, enum ha_error *why, char *report,
                         size_t size);

/* NULL is fine. */
void place_close(struct place *place);

/* A device of ours goes away, and the address with it. The last call before the
 * close, where there is still the right to it. */
void place_leave(struct place *place);

const char *place_device(const struct place *place);
struct mac place_mac(const struct place *place); /* 0 where the link has none */

/* What the kernel said when one of these failed; static. */
const char *place_trouble(const struct place *place);

/* Put the address there for `lifetime_s`; a device that somebody took away is made
 * again. Renewing, it is not: who took the address again announces it, too. */
enum ha_error place_take(struct place *place, uint32_t lifetime_s);
enum ha_error place_renew(struct place *place, uint32_t lifetime_s);
/* Not being there is no failure. */
enum ha_error place_give(struct place *place);
/* Put a device of ours down, so that nothing at all leaves with the virtual MAC. */
enum ha_error place_rest(struct place *place);

/* Announce the address to the link. false: the network did not take it. */
bool place_announce(const struct place *place);

/* For poll; -1 where the link has no ARP. */
int place_arp(const struct place *place);

/* The next message of ARP about the address; false when there is none. */
bool place_hear(const struct place *place, struct arp *out);
/* Does another host say that it has our address? */
bool place_is_conflict(const struct place *place, const struct arp *heard);
/* Is it a request that we answer, not the kernel? */
bool place_is_asked(const struct place *place, const struct arp *heard);
bool place_answer(const struct place *place, const struct arp *request);

#endif

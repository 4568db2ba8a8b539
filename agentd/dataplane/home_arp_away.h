/* home_arp_away.h - which addresses of one home network have a binding: a bit for
 * each, so that a question costs one look at memory that mostly is near.
 *
 * One thread writes, any number look.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_AWAY_H
#define AGENTD_DATAPLANE_HOME_ARP_AWAY_H

#include <stdatomic.h>
#include <stdlib.h>

#include "agentd/base/address.h"

#define HOME_ARP_AWAY_LENGTH 8u /* the shortest prefix that is worth its bits: 2 MiB */

struct home_arp_away {
	_Atomic uint64_t *bits; /* NULL: too many addresses, ask somebody else */
};

/* Nobody is away. False: out of memory. */
static inline bool home_arp_away_open(struct home_arp_away *away,
                                      const struct address_prefix *prefix)
{
	away->bits = NULL;
	if (prefix->length < HOME_ARP_AWAY_LENGTH)
		return true;
	away->bits = calloc(((UINT64_C(1) << (32u - prefix->length)) + 63) / 64,
	                    sizeof(away->bits[0]));
	return away->bits != NULL;
}

static inline void home_arp_away_close(struct home_arp_away *away)
{
	free(away->bits);
	away->bits = NULL;
}

/* Both: of an address of the prefix, while there are bits. */

static inline void home_arp_away_put(struct home_arp_away *away,
                                     const struct address_prefix *prefix, struct in_addr home,
                                     bool is_away)
{
	uint32_t number = address_host(home) - address_host(prefix->network);
	uint64_t bit = UINT64_C(1) << number % 64u;

	if (is_away)
		atomic_fetch_or(&away->bits[number / 64u], bit);
	else
		atomic_fetch_and(&away->bits[number / 64u], ~bit);
}

static inline bool home_arp_away_has(const struct home_arp_away *away,
                                     const struct address_prefix *prefix, struct in_addr home)
{
	uint32_t number = address_host(home) - address_host(prefix->network);

	return atomic_load_explicit(&away->bits[number / 64u], memory_order_acquire) >>
	               number % 64u &
	       1u;
}

#endif

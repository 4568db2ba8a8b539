/* home_arp_table.c - the table of tunnels says who is away. */
#include "agentd/dataplane/home_arp_internal.h"

static bool is_bound(void *context, unsigned net, struct in_addr home)
{
	const struct home_arp *arp = context;
	struct tunnels_home found;

	if (arp->away[net].bits)
		return home_arp_away_has(&arp->away[net], &arp->nets[net].prefix, home);
	return tunnels_find(arp->tunnels, arp->nets[net].realm, home, &found);
}

/* Networks may lie within each other. */
static void note(struct home_arp *arp, uint32_t realm, struct in_addr home, bool is_away)
{
	for (size_t i = 0; i < arp->net_count; i++) {
		const struct home_arp_net *net = &arp->nets[i];

		if (arp->away[i].bits && net->realm == realm &&
		    address_in_prefix(home, &net->prefix))
			home_arp_away_put(&arp->away[i], &net->prefix, home, is_away);
	}
}

static uint64_t until_of(void *context, uint8_t group)
{
	const struct home_arp *arp = context;

	return arp->until(arp->context, group);
}

static size_t walk(void *context, uint64_t *cursor, struct home_arp_home *out, size_t max)
{
	const struct home_arp *arp = context;
	struct tunnels_place place = { .bucket = (uint32_t)(*cursor >> 32),
		                       .ordinal = (uint32_t)*cursor };
	struct tunnels_home found;
	size_t count = 0;

	while (count < max && tunnels_walk(arp->tunnels, &place, &found))
		out[count++] = (struct home_arp_home){ .realm = found.realm,
			                               .address = found.home };
	*cursor = (uint64_t)place.bucket << 32 | place.ordinal;
	return count;
}

static void changed(void *context, const struct tunnels_home *before,
                    const struct tunnels_home *after)
{
	struct home_arp *arp = context;

	if ((before->count == 0) == (after->count == 0))
		return;
	note(arp, after->realm, after->home, after->count > 0);
	home_arp_happened(arp, after->count > 0 ? HOME_ARP_LEFT_HOME : HOME_ARP_CAME_HOME,
	                  after->realm, after->home);
}

enum ha_error home_arp_ask_table(struct home_arp *arp)
{
	arp->ask = (struct home_arp_callbacks){
		.bound = is_bound,
		.until = until_of,
		.walk = walk,
		.context = arp,
	};
	for (size_t i = 0; i < arp->net_count; i++)
		if (!home_arp_away_open(&arp->away[i], &arp->nets[i].prefix))
			return HA_E_NOMEM;
	return tunnels_observe(arp->tunnels, changed, arp);
}

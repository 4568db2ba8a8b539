/* home_arp_table.c - the table of tunnels says who is away. */
#include "agentd/dataplane/home_arp_internal.h"

static bool is_bound(void *context, uint32_t realm, struct in_addr home)
{
	const struct home_arp *arp = context;
	struct tunnels_home found;

	return tunnels_find(arp->tunnels, realm, home, &found);
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

	if (before->count == 0 && after->count > 0)
		home_arp_happened(arp, HOME_ARP_LEFT_HOME, after->realm, after->home);
	else if (before->count > 0 && after->count == 0)
		home_arp_happened(arp, HOME_ARP_CAME_HOME, before->realm, before->home);
}

enum ha_error home_arp_ask_table(struct home_arp *arp)
{
	arp->ask = (struct home_arp_callbacks){
		.bound = is_bound,
		.until = until_of,
		.walk = walk,
		.context = arp,
	};
	return tunnels_observe(arp->tunnels, changed, arp);
}

/* mip_associations_file.c - associations of a mobile node, with home agents that it may use and foreign
 * agents that it hears, and those of a foreign agent alone. */
#include <string.h>

#include "mib/association.h"
#include "mib/mip_associations.h"
#include "mib/view.h"

bool mip_associations_are_of_file(const struct mib_view *view)
{
	return view->group_count == 0;
}

/* ---- of a mobile node ---- */

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct mobile_association_shown *associations = context;

	mib_key_octets(out, &associations[i].peer, MIB_ADDRESS_OCTETS);
	mib_key_number(out, associations[i].spi);
}

static enum association_replay replay_of(const struct mobile_shown *shown, bool of_home)
{
	if (!of_home)
		return ASSOCIATION_UNPROTECTED;
	return shown->nonces ? ASSOCIATION_NONCES : ASSOCIATION_TIMESTAMPS;
}

static bool find_of_node(struct mib_view *view, const struct mib_key *from, bool after,
                         struct mib_key *found, struct mip_association *row)
{
	const struct mobile_shown *shown = mib_node_shown(&view->node);
	const struct mobile_association_shown *association;
	size_t place = mib_place_of_few(shown->associations, shown->association_count, key_at, from,
	                                after);

	if (place == shown->association_count)
		return false;
	association = &shown->associations[place];
	key_at(shown->associations, place, found);
	*row = (struct mip_association){ association->algorithm,
		                         (uint8_t)replay_of(shown, association->of_home) };
	return true;
}

/* ---- of a foreign agent ---- */

static bool find_of_visit(struct mib_view *view, const struct mib_key *from, bool after,
                          struct mib_key *found, struct mip_association *row)
{
	struct in_addr peer = { 0 };
	struct keys_entry entry;

	memcpy(&peer, from->at, from->size < MIB_ADDRESS_OCTETS ? from->size : MIB_ADDRESS_OCTETS);
	if (!visit_association(view->visits.visit, peer,
	                       mib_key_number_at(from, MIB_ADDRESS_OCTETS), after, &entry))
		return false;
	mib_key_octets(found, &entry.address, MIB_ADDRESS_OCTETS);
	mib_key_number(found, entry.spi);
	*row = (struct mip_association){ entry.algorithm, ASSOCIATION_UNPROTECTED };
	return true;
}

bool mip_associations_of_file(struct mib_view *view, const struct mib_key *from, bool after,
                              struct mib_key *found, void *row)
{
	return view->node.desk ? find_of_node(view, from, after, found, row)
	                       : find_of_visit(view, from, after, found, row);
}

/* groups.c - the next row of several groups: the first that has one, or the least of
 * what they have. */
#include "mib/groups.h"

#include <string.h>

#define NUMBER_OCTETS 4u

/* What is behind the number of the group. */
static struct mib_key rest_of(const struct mib_key *from)
{
	struct mib_key rest = { 0 };

	if (from->size > NUMBER_OCTETS)
		mib_key_octets(&rest, from->at + NUMBER_OCTETS, from->size - NUMBER_OCTETS);
	return rest;
}

bool mib_find_in_turn(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row, mib_find_in *find)
{
	const struct mib_key beginning = { 0 }, rest = rest_of(from);
	uint32_t first = mib_key_number_at(from, 0);
	struct mib_group *group;

	for (size_t i = 0; (group = mib_view_group(view, i)); i++) {
		bool is_first = group->number == first;

		if (group->number < first)
			continue;
		found->size = 0;
		mib_key_number(found, group->number);
		if (find(group, is_first ? &rest : &beginning, is_first && after, found, row))
			return true;
	}
	return false;
}

bool mib_find_merged(struct mib_view *view,
                     struct mib_group *(*groups)(struct mib_view *view, size_t i),
                     const struct mib_key *from, bool after, struct mib_key *found, void *row,
                     mib_find_in *find)
{
	struct mib_row candidate;
	struct mib_group *group;
	bool any = false;

	for (size_t i = 0; (group = groups(view, i)); i++) {
		candidate.key.size = 0;
		/* Nearly always there is one group, and its row needs no copy. */
		if (!find(group, from, after, &candidate.key, any ? candidate.is : row) ||
		    (any && mib_key_compare(&candidate.key, found) >= 0))
			continue;
		if (any)
			memcpy(row, candidate.is, sizeof(candidate.is));
		*found = candidate.key;
		any = true;
	}
	return any;
}

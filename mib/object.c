/* object.c - seeks that many tables share. */
#include "mib/object.h"

bool mib_one_row(struct mib_view *view, const struct mib_key *from, bool after,
                 struct mib_key *found, void *row)
{
	struct mib_key only = { 0 };
	int order;

	(void)view;
	(void)row;
	mib_key_number(&only, 0);
	order = mib_key_compare(from, &only);
	if (order > 0 || (order == 0 && after))
		return false;
	*found = only;
	return true;
}

size_t mib_place(const void *context, size_t count, mib_key_at *key_at, const struct mib_key *from,
                 bool after)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct mib_key key = { 0 };
		int order;

		key_at(context, middle, &key);
		order = mib_key_compare(&key, from);
		if (order < 0 || (order == 0 && after))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t mib_place_of_few(const void *context, size_t count, mib_key_at *key_at,
                        const struct mib_key *from, bool after)
{
	struct mib_key least = { 0 };
	size_t place = count;

	for (size_t i = 0; i < count; i++) {
		struct mib_key key = { 0 };
		int order;

		key_at(context, i, &key);
		order = mib_key_compare(&key, from);
		if (order < 0 || (order == 0 && after) ||
		    (place != count && mib_key_compare(&key, &least) >= 0))
			continue;
		least = key;
		place = i;
	}
	return place;
}

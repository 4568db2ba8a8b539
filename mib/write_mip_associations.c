/* write_mip_associations.c - rows of mipSecAssocTable are made by one request that holds
 * algorithm, mode, key and replay method together, and changed. There is no way to
 * remove one.
 *
 * The module knows no kinds of peers. One that protects nothing from replays is of a
 * foreign agent; the others are of mobile nodes. Its MD5 is that of RFC 2002, without the
 * SPI; a row that is there keeps the algorithm that it has under the same name. */
#include <string.h>

#include "mib/association.h"
#include "mib/mip_associations.h"
#include "mib/writings.h"

enum {
	TYPE = 3,
	MODE = 4,
	KEY = 5,
	REPLAY = 6,
};

enum {
	OTHER = 1,
	MD5 = 2,
	PREFIX_SUFFIX = 2,
};

#define KEY_OCTETS 16

/* The one that is shown (mip_associations.c): a mobile node's before a foreign agent's, with the
 * home agent before towards AAA. Where none is there, *place is what it would be. */
static void find(struct set_row *row, struct mib_group *group, struct association_place *place,
                 struct association_known *known)
{
	static const struct {
		enum peer_kind kind;
		enum association_use use;
	} order[] = { { PEER_MOBILE_NODE, ASSOCIATION_HOME },
		      { PEER_MOBILE_NODE, ASSOCIATION_AAA },
		      { PEER_FOREIGN_AGENT, ASSOCIATION_HOME } };

	*place = (struct association_place){ .realm = agent_realm(group->agent),
		                             .spi = mib_key_number_at(&row->key,
		                                                      MIB_ADDRESS_OCTETS) };
	memcpy(&place->address, row->key.at, MIB_ADDRESS_OCTETS);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		place->kind = order[i].kind;
		place->use = order[i].use;
		association_look(group, place, known);
		if (known->exists)
			return;
	}
	if (set_number(row, REPLAY, ASSOCIATION_UNPROTECTED) != ASSOCIATION_UNPROTECTED)
		place->kind = PEER_MOBILE_NODE;
	association_look(group, place, known);
}

/* ---- what is wanted ---- */

static bool is_whole(const struct set_row *row)
{
	return set_wanted(row, TYPE) && set_wanted(row, MODE) && set_wanted(row, KEY) &&
	       set_wanted(row, REPLAY);
}

/* What has no name here cannot be made here. */
static void take_algorithm(struct set_row *row, const struct association_known *known,
                           struct association_wish *wish)
{
	bool md5 = association_is_md5(known->algorithm);
	int64_t type = set_number(row, TYPE, md5 ? MD5 : OTHER);
	int64_t mode = set_number(row, MODE, md5 ? PREFIX_SUFFIX : OTHER);

	wish->algorithm = known->algorithm;
	if (type == MD5 && !md5)
		wish->algorithm = MIP_KEYED_MD5_RFC2002;
	if ((type == MD5) != (mode == PREFIX_SUFFIX))
		set_refuse(row, MODE, REFUSAL_INCONSISTENT);
	if (type == OTHER && (md5 || !known->exists))
		set_refuse(row, TYPE, REFUSAL_INCONSISTENT);
	if (wish->algorithm != known->algorithm && !wish->key)
		set_refuse(row, TYPE, REFUSAL_INCONSISTENT);
}

static void judge(struct set_row *row)
{
	struct association_wish wish = { .key = set_wanted(row, KEY) };
	struct association_known known;
	struct association_place place;
	struct mib_group *group;

	if (mip_associations_are_of_file(row->plan->view)) {
		set_refuse(row, 0, REFUSAL_NOT_WRITABLE);
		return;
	}
	group = set_group(row, MIB_ALL_GROUPS);
	if (!group)
		return;
	find(row, group, &place, &known);
	if (!association_place_is_valid(&place)) {
		set_refuse(row, 0, REFUSAL_NO_CREATION);
		return;
	}
	if (!known.exists && !is_whole(row)) {
		set_refuse(row, 0, REFUSAL_NO_ROW);
		return;
	}
	take_algorithm(row, &known, &wish);
	association_take_replay(row, REPLAY, &place, &known, &wish);
	wish.tolerance_s = known.tolerance_s;
	if (!set_is_refused(row) && (wish.key || wish.replay != known.replay))
		association_want(row, group, &place, &known, &wish);
}

static const struct mib_writable writable[] = {
	{ TYPE, MIB_INTEGER, OTHER, MD5, false },
	{ MODE, MIB_INTEGER, OTHER, PREFIX_SUFFIX, false },
	{ KEY, MIB_OCTETS, KEY_OCTETS, KEY_OCTETS, false },
	{ REPLAY, MIB_INTEGER, ASSOCIATION_UNPROTECTED, ASSOCIATION_NONCES, false },
};

const struct mib_writing write_mip_associations = { MIB_WRITABLE(writable), judge };

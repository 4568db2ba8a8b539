/* mip_associations.c - mipSecAssocTable: associations with peers that have an address, of
 * both kinds in one order. In the store an association is found by its peer's number, and
 * the peer by kind and address, so a row is two seeks for each kind.
 *
 * MIP-MIB knows neither kinds nor uses: of several associations with the same address and
 * SPI the first is shown, a mobile node's before a foreign agent's, and one with the home
 * agent before one towards AAA. */
#include <string.h>

#include "mib/association.h"
#include "mib/groups.h"
#include "mib/mip_associations.h"
#include "mib/objects.h"
#include "mib/peers.h"
#include "mib/writings.h"

/* A number that stands for what the module has no word for, in each enumeration. */
#define OTHER 1

/* The place in the index: an address, and an SPI of it. */
static struct mib_peer_place peer_of(const struct mib_group *group, uint8_t kind,
                                     const struct mib_key *from)
{
	struct mib_peer_place place = { kind,
		                        agent_realm(group->agent),
		                        { MIB_ADDRESS_OCTETS, { 0 } } };

	memcpy(place.identity.at, from->at,
	       from->size < MIB_ADDRESS_OCTETS ? from->size : MIB_ADDRESS_OCTETS);
	return place;
}

/* A peer has an association at least: the first one that is met, or the next. */
static bool find_of_kind(struct mib_group *group, uint8_t kind, const struct mib_key *from,
                         bool after, struct mib_key *found, struct mip_association *out)
{
	struct store_reader *reader = mib_group_reader(group);
	const struct mib_peer_place asked = peer_of(group, kind, from);
	struct mib_peer_place at = asked;
	struct association_row association;
	struct peer_row peer;
	bool behind = false;

	for (; reader && mib_peer_address(reader, &at, behind, &at, &peer); behind = true) {
		bool same = !behind && mib_peer_place_equal(&at, &asked);
		struct mib_peer_spi first = {
			.spi = same ? mib_key_number_at(from, MIB_ADDRESS_OCTETS) : 0,
			.use = same && after ? UINT8_MAX : 0, /* behind all of that SPI */
		};

		if (!mib_peer_association(reader, peer.id, first, false, &association))
			continue;
		mib_key_octets(found, at.identity.at, MIB_ADDRESS_OCTETS);
		mib_key_number(found, association.spi);
		*out = (struct mip_association){
			association.algorithm,
			(uint8_t)association_replay_of(kind, association.use, association.replay)
		};
		return true;
	}
	return false;
}

static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *out)
{
	struct mib_key mobile = { 0 }, foreign = { 0 };
	struct mip_association agent, *row = out;
	bool is_mobile = find_of_kind(group, PEER_MOBILE_NODE, from, after, &mobile, row);
	bool is_foreign = find_of_kind(group, PEER_FOREIGN_AGENT, from, after, &foreign, &agent);

	if (is_foreign && (!is_mobile || mib_key_compare(&foreign, &mobile) < 0)) {
		*row = agent;
		mobile = foreign;
	}
	mib_key_octets(found, mobile.at, mobile.size);
	return is_mobile || is_foreign;
}

static bool find_association(struct mib_view *view, const struct mib_key *from, bool after,
                             struct mib_key *found, void *row)
{
	if (mip_associations_are_of_file(view))
		return mip_associations_of_file(view, from, after, found, row);
	return mib_find_merged(view, mib_view_led, from, after, found, row, find_in);
}

/* ---- columns ---- */

static const struct mip_association *row_of(const struct mib_cell *cell)
{
	return cell->row;
}

static bool read_type(const struct mib_cell *cell, struct mib_value *out)
{
	enum {
		MD5 = 2
	};

	return mib_integer(out, association_is_md5(row_of(cell)->algorithm) ? MD5 : OTHER);
}

static bool read_mode(const struct mib_cell *cell, struct mib_value *out)
{
	enum {
		PREFIX_SUFFIX = 2
	};

	return mib_integer(out,
	                   association_is_md5(row_of(cell)->algorithm) ? PREFIX_SUFFIX : OTHER);
}

static bool read_key(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_octets(out, "", 0);
}

static bool read_replay(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, row_of(cell)->replay);
}

static const struct mib_column columns[] = {
	{ 3, MIB_WRITE, read_type, NULL },
	{ 4, MIB_WRITE, read_mode, NULL },
	{ 5, MIB_WRITE, read_key, NULL },
	{ 6, MIB_WRITE, read_replay, NULL },
};

struct mib_table mip_associations = {
	.name = "mipSecAssocEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 2, 1, 1),
	.index = { 2, { { .kind = MIB_PART_ADDRESS }, { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_association,
	.writing = &write_mip_associations,
};

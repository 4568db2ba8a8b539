/* hearth_members.c - hearthMemberTable: the members of the cluster in each group. */
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/cluster_view.h"
#include "mib/objects.h"
#include "mib/view.h"

struct member_row {
	const struct replication_status *status;
	const struct replication_peer *peer;
};

/* In the order of groups and of members in each. */
static bool find_member(struct mib_view *view, const struct mib_key *from, bool after,
                        struct mib_key *found, void *row)
{
	struct mib_group *group;

	for (size_t g = 0; (group = mib_view_group(view, g)); g++) {
		const struct replication_status *status = &mib_group_status(group)->replication;

		for (size_t i = 0; i < status->member_count; i++) {
			const struct member_row member = { status, &status->members[i] };
			int order;

			found->size = 0;
			mib_key_number(found, group->number);
			mib_key_number(found, member.peer->number);
			order = mib_key_compare(found, from);
			if (order < 0 || (order == 0 && after))
				continue;
			memcpy(row, &member, sizeof(member));
			return true;
		}
	}
	return false;
}

static const struct replication_peer *peer_of(const struct mib_cell *cell)
{
	const struct member_row *row = cell->row;

	return row->peer;
}

static bool read_address_type(const struct mib_cell *cell, struct mib_value *out)
{
	struct in_addr address;

	return mib_integer(out, address_parse(peer_of(cell)->address, &address)
	                                ? MIB_ADDRESS_IPV4
	                                : MIB_ADDRESS_UNKNOWN);
}

static bool read_address(const struct mib_cell *cell, struct mib_value *out)
{
	struct in_addr address = { 0 };

	address_parse(peer_of(cell)->address, &address);
	return mib_inet_address(out, address);
}

static bool read_port(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, peer_of(cell)->port);
}

static bool read_is_self(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, peer_of(cell)->self);
}

static bool read_is_witness(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, peer_of(cell)->witness);
}

static bool read_role(const struct mib_cell *cell, struct mib_value *out)
{
	const struct member_row *row = cell->row;

	return mib_integer(out, (int32_t)cluster_peer_role(row->status, row->peer));
}

static bool read_state(const struct mib_cell *cell, struct mib_value *out)
{
	const struct member_row *row = cell->row;

	return mib_integer(out, (int32_t)cluster_peer_condition(row->status, row->peer));
}

static bool read_connected(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, peer_of(cell)->self || peer_of(cell)->connected);
}

static bool read_silence(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_peer *peer = peer_of(cell);

	return !peer->self && peer->silent_ms != UINT32_MAX && mib_unsigned(out, peer->silent_ms);
}

/* With a connection both clocks and the way between them have been measured. */
static bool is_measured(const struct replication_peer *peer)
{
	return !peer->self && peer->connected && peer->round_trip_us != 0;
}

static bool read_round_trip(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_peer *peer = peer_of(cell);

	return is_measured(peer) && mib_unsigned(out, peer->round_trip_us);
}

static bool read_clock_offset(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_peer *peer = peer_of(cell);
	int64_t offset = peer->clock_offset_us;

	if (offset > INT32_MAX)
		offset = INT32_MAX;
	if (offset < INT32_MIN)
		offset = INT32_MIN;
	return is_measured(peer) && mib_integer(out, (int32_t)offset);
}

/* The leader itself lacks nothing. */
static struct cluster_lag lag_of(const struct mib_cell *cell)
{
	const struct member_row *row = cell->row;

	if (row->peer->self && row->status->role == REPLICATION_LEADER)
		return (struct cluster_lag){ .known = true, .age_known = true };
	return cluster_peer_lag(row->status, row->peer);
}

static bool read_lag_entries(const struct mib_cell *cell, struct mib_value *out)
{
	struct cluster_lag lag = lag_of(cell);

	return lag.known && mib_unsigned(out, lag.entries);
}

static bool read_lag_time(const struct mib_cell *cell, struct mib_value *out)
{
	struct cluster_lag lag = lag_of(cell);

	return lag.age_known && mib_unsigned(out, lag.age_ms);
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_address_type, NULL },  /* hearthMemberAddressType */
	{ 3, MIB_READ, read_address, NULL },       /* hearthMemberAddress */
	{ 4, MIB_READ, read_port, NULL },          /* hearthMemberPort */
	{ 5, MIB_READ, read_is_self, NULL },       /* hearthMemberIsSelf */
	{ 6, MIB_READ, read_is_witness, NULL },    /* hearthMemberIsWitness */
	{ 7, MIB_READ, read_role, NULL },          /* hearthMemberRole */
	{ 8, MIB_READ, read_state, NULL },         /* hearthMemberState */
	{ 9, MIB_READ, read_connected, NULL },     /* hearthMemberConnected */
	{ 10, MIB_READ, read_silence, NULL },      /* hearthMemberSilence */
	{ 11, MIB_READ, read_round_trip, NULL },   /* hearthMemberRoundTrip */
	{ 12, MIB_READ, read_clock_offset, NULL }, /* hearthMemberClockOffset */
	{ 13, MIB_READ, read_lag_entries, NULL },  /* hearthMemberLagEntries */
	{ 14, MIB_READ, read_lag_time, NULL },     /* hearthMemberLagTime */
};

struct mib_table hearth_members = {
	.name = "hearthMemberEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 3, 1, 1),
	.index = { 2, { { .kind = MIB_PART_NUMBER }, { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_member,
};

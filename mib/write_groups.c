/* write_groups.c - hearthGroupLeader: leadership is handed over to the member that is
 * written. */
#include "mib/set.h"
#include "mib/writings.h"

enum {
	LEADER = 7,
};

#define MEMBER_MAX 5

static const struct replication_peer *member_of(const struct replication_status *status,
                                                int64_t number)
{
	for (size_t i = 0; i < status->member_count; i++)
		if (status->members[i].number == number)
			return &status->members[i];
	return NULL;
}

static void judge(struct set_row *row)
{
	struct mib_group *group = set_group(row, mib_key_number_at(&row->key, 0));
	int64_t number = set_number(row, LEADER, 0);
	const struct replication_peer *member;

	if (!group)
		return;
	member = member_of(&mib_group_status(group)->replication, number);
	if (!member || member->witness || (!member->self && !member->connected) || member->drained)
		set_refuse(row, LEADER, REFUSAL_INCONSISTENT);
	else if (!member->self) /* who leads already need not begin */
		set_order(row, SET_TRANSFER, (uint8_t)number);
}

static const struct mib_writable writable[] = {
	{ LEADER, MIB_UNSIGNED, 1, MEMBER_MAX, false },
};

const struct mib_writing write_groups = { MIB_WRITABLE(writable), judge };

/* fuzz_ballot.c - an arbitrary ballot file.
 *
 * The first octet chooses which slots get a checksum that fits: without that,
 * checksums would end nearly every attempt. What opens must be possible, and must
 * hold its promise: take another state, and come back with it. */
#include <stdlib.h>
#include <string.h>

#include "replication/ballot_format.h"
#include "tests/unit/fake_disk.h"

#define FILE_OCTETS (2 * BALLOT_SLOT)

enum repair {
	REPAIR_FIRST = 1,
	REPAIR_SECOND = 2,
	SHORT = 4, /* the file is as long as the input */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static struct ballot *open_ballot(struct fake_disk *disk, struct ballot_state *state)
{
	enum ha_error why = HA_OK;
	char report[200] = "";
	struct ballot *ballot = ballot_open(fake_disk_io(disk), "data", state, &why, report,
	                                    sizeof(report));
	require(ballot || ((why == HA_E_DAMAGED || why == HA_E_NEWER) && report[0]));
	return ballot;
}

static void check(const struct ballot_state *state)
{
	require(state->incarnation != 0 && state->group_count <= BALLOT_GROUPS_MAX);
	for (size_t i = 0; i < state->group_count; i++)
		require(state->groups[i].voted_for <= REPLICATION_MEMBERS_MAX);
}

static void use(struct fake_disk *disk)
{
	struct ballot_state state;
	struct ballot *ballot = open_ballot(disk, &state);
	if (!ballot)
		return;
	check(&state);
	const uint64_t cluster = ++state.cluster;
	require(ballot_save(ballot, &state) == HA_OK);
	ballot_close(ballot);
	ballot = open_ballot(disk, &state);
	require(ballot && state.cluster == cluster);
	ballot_close(ballot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t file[FILE_OCTETS] = { 0 };
	if (size == 0)
		return 0;
	const uint8_t repair = *data++;
	size--;
	const size_t given = size < sizeof(file) ? size : sizeof(file);
	memcpy(file, data, given);
	if (repair & REPAIR_FIRST)
		ballot_slot_seal(file);
	if (repair & REPAIR_SECOND)
		ballot_slot_seal(file + BALLOT_SLOT);
	struct fake_disk *disk = fake_disk_new(FILE_OCTETS, 1u << 20);
	fake_disk_put(disk, BALLOT_NAME, file, (uint32_t)(repair & SHORT ? given : sizeof(file)));
	use(disk);
	fake_disk_free(disk);
	return 0;
}

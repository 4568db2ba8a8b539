/* test_ballot.c - the ballot file on a disk in memory: what was saved comes back,
 * whatever tears, fails or loses power; what cannot be read is refused. */
#include "replication/ballot.h"

#include <errno.h>
#include <string.h>

#include "replication/ballot_format.h"
#include "tests/unit/fake_disk.h"
#include "tests/unit/suite.h"

#define FILE_OCTETS (2 * BALLOT_SLOT)
#define SECTOR 512u

struct fixture {
	struct fake_disk *disk;
	struct ballot *ballot;
	struct ballot_state state; /* as it was read */
	enum ha_error why;
	char report[256];
};

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->disk = fake_disk_new(FILE_OCTETS, 1u << 20);
}

static bool reopen(struct fixture *f)
{
	ballot_close(f->ballot);
	f->report[0] = '\0';
	f->why = HA_OK;
	f->ballot = ballot_open(fake_disk_io(f->disk), "data", &f->state, &f->why, f->report,
	                        sizeof(f->report));
	return f->ballot != NULL;
}

static bool refused(struct fixture *f, enum ha_error why)
{
	return !reopen(f) && f->why == why && strstr(f->report, "data/" BALLOT_NAME);
}

/* The power goes, or only the process. */
static void crash(struct fixture *f, bool power, uint64_t seed)
{
	ballot_close(f->ballot);
	f->ballot = NULL;
	if (power)
		fake_disk_cut(f->disk, seed);
	else
		fake_disk_restart(f->disk);
}

static void end(struct fixture *f)
{
	ballot_close(f->ballot);
	fake_disk_free(f->disk);
}

static struct ballot_state a_state(uint64_t term)
{
	struct ballot_state state = { .cluster = 77, .incarnation = 88, .group_count = term % 9 };
	for (size_t i = 1; i <= REPLICATION_MEMBERS_MAX; i++)
		state.met[i] = term * 10 + i;
	for (size_t i = 0; i < state.group_count; i++)
		state.groups[i] = (struct ballot_group){
			.group = (uint32_t)i * 3,
			.voted_for = (uint8_t)(term % 6),
			.term = term,
			.base_index = term * 1000 + i,
			.base_term = term - 1,
		};
	return state;
}

static bool same(const struct ballot_state *a, const struct ballot_state *b)
{
	bool equal = a->cluster == b->cluster && a->incarnation == b->incarnation &&
	             a->group_count == b->group_count &&
	             memcmp(a->met, b->met, sizeof(a->met)) == 0;
	for (size_t i = 0; i < a->group_count && equal; i++) {
		const struct ballot_group *left = &a->groups[i];
		const struct ballot_group *right = &b->groups[i];
		equal = left->group == right->group && left->voted_for == right->voted_for &&
		        left->term == right->term && left->base_index == right->base_index &&
		        left->base_term == right->base_term;
	}
	return equal;
}

static bool holds(const struct fixture *f, uint64_t term)
{
	const struct ballot_state expected = a_state(term);
	return same(&f->state, &expected);
}

static bool save(struct fixture *f, uint64_t term)
{
	const struct ballot_state state = a_state(term);
	return ballot_save(f->ballot, &state) == HA_OK;
}

static uint8_t *slot(struct fixture *f, uint64_t number)
{
	return fake_disk_file(f->disk, BALLOT_NAME, NULL) + number % 2 * BALLOT_SLOT;
}

/* ---- what is saved ---- */

static void a_new_one_is_random_and_stays(void)
{
	struct fixture f;
	begin(&f);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	const struct ballot_state first = f.state;
	CU_ASSERT_NOT_EQUAL(first.incarnation, 0);
	CU_ASSERT_EQUAL(first.cluster, 0);
	CU_ASSERT_EQUAL(first.group_count, 0);
	crash(&f, true, 1);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(same(&f.state, &first));

	fake_disk_remove(f.disk, BALLOT_NAME);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_NOT_EQUAL(f.state.incarnation, first.incarnation);
	end(&f);
}

static void the_newest_save_comes_back(void)
{
	struct fixture f;
	begin(&f);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	for (uint64_t term = 1; term <= 40; term++) {
		CU_ASSERT_TRUE(save(&f, term));
		if (term % 3 == 0)
			continue;
		crash(&f, true, term);
		CU_ASSERT_TRUE_FATAL(reopen(&f));
		CU_ASSERT_TRUE(holds(&f, term));
	}
	end(&f);
}

static void all_groups_fit(void)
{
	struct fixture f;
	begin(&f);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	struct ballot_state state = a_state(1);
	state.group_count = BALLOT_GROUPS_MAX;
	state.groups[BALLOT_GROUPS_MAX - 1] = (struct ballot_group){
		.group = UINT32_MAX,
		.voted_for = REPLICATION_MEMBERS_MAX,
		.term = UINT64_MAX,
		.base_index = UINT64_MAX - 1,
		.base_term = UINT64_MAX - 2,
	};
	CU_ASSERT_EQUAL(ballot_save(f.ballot, &state), HA_OK);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(same(&f.state, &state));
	end(&f);
}

static void a_state_that_cannot_be_is_not_saved(void)
{
	struct fixture f;
	begin(&f);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(save(&f, 7));
	for (unsigned kind = 0; kind < 3; kind++) {
		struct ballot_state state = a_state(8);
		if (kind == 0)
			state.group_count = BALLOT_GROUPS_MAX + 1;
		else if (kind == 1)
			state.incarnation = 0;
		else
			state.groups[1].voted_for = REPLICATION_MEMBERS_MAX + 1;
		CU_ASSERT_EQUAL(ballot_save(f.ballot, &state), HA_E_RANGE);
	}
	CU_ASSERT_TRUE(save(&f, 9));
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(holds(&f, 9));
	end(&f);
}

/* ---- what goes wrong ---- */

/* Make the file and save three terms; stop at the first error. Newest saved. */
static uint64_t scenario(struct fixture *f)
{
	uint64_t term = 0;
	if (!reopen(f))
		return 0;
	while (term < 3 && save(f, term + 1))
		term++;
	if (term < 3)
		CU_ASSERT_FALSE(save(f, term + 1)); /* not even when the disk works again */
	return term;
}

/* What was saved is there afterwards; the save that failed may be, but then for
 * good. */
static bool fail_nth(uint64_t nth, bool forever, uint64_t seed)
{
	struct fixture f;
	begin(&f);
	fake_disk_fail(f.disk, nth, EIO, forever);
	const uint64_t saved = scenario(&f);
	const bool hit = fake_disk_failed(f.disk);
	if (!f.ballot)
		CU_ASSERT_TRUE(f.why == HA_E_IO && strstr(f.report, "data/" BALLOT_NAME));
	crash(&f, seed % 2, seed);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	const struct ballot_state first = f.state;
	CU_ASSERT_TRUE(saved == 0 || holds(&f, saved) || holds(&f, saved + 1));
	CU_ASSERT_TRUE(hit || holds(&f, 3));
	crash(&f, true, seed + 1);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(same(&f.state, &first));
	CU_ASSERT_TRUE(save(&f, 4));
	crash(&f, true, seed + 2);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(holds(&f, 4));
	end(&f);
	return hit;
}

static void each_operation_fails_and_the_power_goes(void)
{
	for (unsigned forever = 0; forever < 2; forever++) {
		for (uint64_t seed = 0; seed < 40; seed++) {
			uint64_t nth = 1;
			while (fail_nth(nth, forever, seed))
				nth++;
			CU_ASSERT_TRUE(nth > 12);
		}
	}
}

/* Opening an old one fails at each operation: nothing is lost by it. */
static void each_operation_of_an_opening_fails(void)
{
	uint64_t nth = 1;
	for (bool hit = true; hit; nth++) {
		struct fixture f;
		begin(&f);
		CU_ASSERT_EQUAL_FATAL(scenario(&f), 3);
		fake_disk_fail(f.disk, nth, EIO, false);
		const bool opened = reopen(&f);
		hit = fake_disk_failed(f.disk);
		CU_ASSERT_EQUAL(opened, !hit);
		if (!opened)
			CU_ASSERT_TRUE(f.why == HA_E_IO && f.report[0]);
		crash(&f, true, nth);
		CU_ASSERT_TRUE_FATAL(reopen(&f));
		CU_ASSERT_TRUE(holds(&f, 3));
		end(&f);
	}
	CU_ASSERT_TRUE(nth > 6);
}

/* A vote that was read and acted upon must not be forgotten later. */
static void what_was_read_is_durable(void)
{
	struct fixture f;
	begin(&f);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(save(&f, 1));
	fake_disk_fail(f.disk, 2, EIO, false); /* the flush */
	CU_ASSERT_FALSE(save(&f, 2));
	crash(&f, false, 0);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(holds(&f, 2));
	crash(&f, true, 1);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	CU_ASSERT_TRUE(holds(&f, 2));
	end(&f);
}

static void a_torn_slot_leaves_the_one_before(void)
{
	for (uint32_t kept = 0; kept < BALLOT_SLOT / SECTOR; kept++) {
		struct fixture f;
		uint8_t before[BALLOT_SLOT];
		begin(&f);
		CU_ASSERT_EQUAL_FATAL(scenario(&f), 3);   /* writes 2, 3 and 4 */
		memcpy(before, slot(&f, 3), BALLOT_SLOT); /* any other whole slot */
		memcpy(slot(&f, 4) + kept * SECTOR, before + kept * SECTOR,
		       BALLOT_SLOT - kept * SECTOR);
		CU_ASSERT_TRUE_FATAL(reopen(&f));
		CU_ASSERT_TRUE(holds(&f, 2));
		CU_ASSERT_TRUE(save(&f, 5));
		CU_ASSERT_TRUE_FATAL(reopen(&f));
		CU_ASSERT_TRUE(holds(&f, 5));
		end(&f);
	}
}

static void an_altered_octet_is_noticed(void)
{
	struct fixture f;
	begin(&f);
	CU_ASSERT_EQUAL_FATAL(scenario(&f), 3);
	const uint8_t octet_of_format = 8;
	uint8_t whole[FILE_OCTETS];
	memcpy(whole, slot(&f, 0), sizeof(whole));
	for (uint32_t i = 0; i < BALLOT_SLOT; i++) {
		slot(&f, 4)[i] ^= 0x10;
		if (i >= octet_of_format && i < octet_of_format + 4) {
			CU_ASSERT_TRUE(refused(&f, HA_E_NEWER));
		} else {
			CU_ASSERT_TRUE_FATAL(reopen(&f));
			CU_ASSERT_TRUE(holds(&f, 2));
		}
		memcpy(slot(&f, 0), whole, sizeof(whole));
	}
	end(&f);
}

/* ---- what is refused ---- */

static void two_broken_slots_are_damage(void)
{
	struct fixture f;
	begin(&f);
	CU_ASSERT_EQUAL_FATAL(scenario(&f), 3);
	slot(&f, 0)[100] ^= 1;
	slot(&f, 1)[100] ^= 1;
	CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, "admit"));
	end(&f);
}

static void foreign_and_short_files_are_damage(void)
{
	static const char text[] = "not a ballot";
	uint8_t other[FILE_OCTETS];
	memset(other, 'x', sizeof(other));
	for (unsigned kind = 0; kind < 4; kind++) {
		struct fixture f;
		begin(&f);
		CU_ASSERT_EQUAL_FATAL(scenario(&f), 3);
		if (kind == 0)
			fake_disk_put(f.disk, BALLOT_NAME, text, sizeof(text));
		else if (kind == 1)
			fake_disk_put(f.disk, BALLOT_NAME, other, sizeof(other));
		else
			fake_disk_resize(f.disk, BALLOT_NAME, kind == 2 ? 0 : BALLOT_SLOT);
		CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
		end(&f);
	}
}

static void a_newer_format_in_either_slot_is_refused(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct fixture f;
		begin(&f);
		CU_ASSERT_EQUAL_FATAL(scenario(&f), 3);
		slot(&f, i)[8] = BALLOT_FORMAT + 1;
		CU_ASSERT_TRUE(refused(&f, HA_E_NEWER));
		end(&f);
	}
}

static void a_slot_in_the_other_place_does_not_count(void)
{
	struct fixture f;
	begin(&f);
	CU_ASSERT_EQUAL_FATAL(scenario(&f), 3);
	memcpy(slot(&f, 3), slot(&f, 4), BALLOT_SLOT);
	CU_ASSERT_TRUE_FATAL(reopen(&f));
	memset(slot(&f, 4), 0, BALLOT_SLOT);
	CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
	end(&f);
}

/* Sealed like any other, but with a vote that nobody could give. */
static void impossible_values_are_damage(void)
{
	for (unsigned kind = 0; kind < 3; kind++) {
		struct fixture f;
		begin(&f);
		CU_ASSERT_EQUAL_FATAL(scenario(&f), 3);
		for (unsigned i = 0; i < 2; i++) {
			uint8_t *octets = slot(&f, i);
			if (kind == 0)
				octets[12] = BALLOT_GROUPS_MAX + 1;
			else if (kind == 1)
				memset(octets + 32, 0, 8);
			else
				octets[84] = REPLICATION_MEMBERS_MAX + 1;
			ballot_slot_seal(octets);
		}
		CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
		end(&f);
	}
}

static void a_missing_directory_is_told(void)
{
	struct ballot_state state;
	enum ha_error why = HA_OK;
	char report[128] = "";
	CU_ASSERT_PTR_NULL(ballot_open(&journal_io_system, "/nowhere/at/all", &state, &why, report,
	                               sizeof(report)));
	CU_ASSERT_EQUAL(why, HA_E_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, "/nowhere/at/all"));
	CU_ASSERT_PTR_NULL(
		ballot_open(&journal_io_system, "/nowhere/at/all", &state, &why, NULL, 0));
}

static CU_TestInfo tests[] = {
	{ "a new one is random and stays", a_new_one_is_random_and_stays },
	{ "the newest save comes back", the_newest_save_comes_back },
	{ "all groups fit", all_groups_fit },
	{ "an impossible state is not saved", a_state_that_cannot_be_is_not_saved },
	{ "each operation fails, the power goes", each_operation_fails_and_the_power_goes },
	{ "each operation of an opening fails", each_operation_of_an_opening_fails },
	{ "what was read is durable", what_was_read_is_durable },
	{ "a torn slot leaves the one before", a_torn_slot_leaves_the_one_before },
	{ "an altered octet is noticed", an_altered_octet_is_noticed },
	{ "two broken slots are damage", two_broken_slots_are_damage },
	{ "foreign and short files are damage", foreign_and_short_files_are_damage },
	{ "a newer format is refused", a_newer_format_in_either_slot_is_refused },
	{ "a slot in the other place", a_slot_in_the_other_place_does_not_count },
	{ "impossible values are damage", impossible_values_are_damage },
	{ "a missing directory is told", a_missing_directory_is_told },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("ballot", tests);
}

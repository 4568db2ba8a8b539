/* test_consensus_again.c - a group that goes on over another store, and one whose
 * entries are put behind the log once more, cut off at every place. */
#include <stdlib.h>
#include <string.h>

#include "consensus_world.h"
#include "suite.h"

#define ALONE 1u
#define PLENTY 5000u /* more entries than go behind the log at once */

/* One member that leads and has put `count` entries in order, of one letter each. */
static struct world *leading(size_t count)
{
	struct world *w = world_new(1, 0);

	CU_ASSERT_EQUAL_FATAL(world_leader(w, 2000), ALONE);
	for (size_t i = 0; i < count; i++)
		CU_ASSERT_EQUAL(
			world_submit(w, ALONE, (char[]){ (char)('a' + i % 26), '\0' }, i + 1),
			HA_OK);
	world_run(w, 5);
	return w;
}

static struct consensus_status status_of(const struct world *w)
{
	struct consensus_status status;

	consensus_status(w->member[ALONE].core, &status);
	return status;
}

static void another_machine_is_given_what_it_lacks(void)
{
	struct world *w = leading(5);
	struct world_member *m = &w->member[ALONE];
	uint64_t third = status_of(w).last_index - 2;

	CU_ASSERT_STRING_EQUAL(m->applied, "abcde");
	CU_ASSERT_FALSE(consensus_rewind(m->core, third, m->term + 1));
	CU_ASSERT_FALSE(consensus_rewind(m->core, third + 3, m->term));
	CU_ASSERT_EQUAL(status_of(w).applied_index, third + 2);
	CU_ASSERT_TRUE(consensus_rewind(m->core, third, m->term));
	memset(m->applied, 0, sizeof(m->applied));
	m->role = REPLICATION_FOLLOWER;
	world_run(w, 5);
	CU_ASSERT_STRING_EQUAL(m->applied, "de");
	CU_ASSERT_EQUAL(m->role, REPLICATION_LEADER); /* it is told anew */
	world_free(w);
}

static void who_waits_is_told_that_nobody_knows(void)
{
	struct world *w = leading(1);
	struct world_member *m = &w->member[ALONE];

	m->slow_disk = true;
	CU_ASSERT_EQUAL(world_submit(w, ALONE, "b", 77), HA_OK);
	consensus_abandon(m->core);
	CU_ASSERT_TRUE(m->lost_count == 1 && m->lost[0] == 77);
	consensus_abandon(m->core);
	CU_ASSERT_EQUAL(m->lost_count, 1);
	m->slow_disk = false;
	world_run(w, 5);
	CU_ASSERT_STRING_EQUAL(m->applied, "ab");
	world_free(w);
}

/* ---- behind the log once more ---- */

static void run_until_carried(struct world *w, uint64_t index, uint64_t old)
{
	for (unsigned ms = 0; ms < 100 && consensus_serial(w->member[ALONE].core, index) == old;
	     ms++)
		world_run(w, 1);
}

static void entries_move_behind_the_log(void)
{
	struct world *w = leading(3);
	struct world_member *m = &w->member[ALONE];
	uint64_t old = consensus_serial(m->core, 2);
	size_t before = m->log_count;

	CU_ASSERT_EQUAL(consensus_carry(m->core, 2), HA_OK);
	CU_ASSERT_EQUAL(m->log_count, before + before);
	CU_ASSERT_EQUAL(consensus_serial(m->core, 2), old); /* not stored yet */
	CU_ASSERT_EQUAL(consensus_oldest(m->core), old);
	run_until_carried(w, 2, old);
	CU_ASSERT_EQUAL(consensus_serial(m->core, 2), before + 1);
	CU_ASSERT_EQUAL(consensus_oldest(m->core), before + 1);
	for (size_t i = before; i < m->log_count; i++)
		CU_ASSERT_TRUE(m->log[i].entry.copy && m->log[i].entry.ticket == 0);
	CU_ASSERT_EQUAL(world_submit(w, ALONE, "d", 9), HA_OK);
	world_run(w, 5);
	CU_ASSERT_STRING_EQUAL(m->applied, "abcd");
	world_free(w);
}

/* While a part is on its way nothing comes in between; and a full log only delays it. */
static void many_entries_move_in_parts(void)
{
	struct world *w = leading(PLENTY);
	struct world_member *m = &w->member[ALONE];
	uint64_t old = consensus_serial(m->core, 2);
	size_t before = m->log_count;

	CU_ASSERT_EQUAL(consensus_carry(m->core, 2), HA_OK);
	CU_ASSERT_TRUE(m->log_count > before && m->log_count < 2 * before);
	CU_ASSERT_EQUAL(world_submit(w, ALONE, "x", 9), HA_E_BUSY);
	m->full = JOURNAL_USE_BEGIN; /* for copies neither */
	world_run(w, 20);
	CU_ASSERT_TRUE(m->log_count < 2 * before);
	CU_ASSERT_EQUAL(consensus_serial(m->core, 2), old);
	m->full = 0;
	CU_ASSERT_EQUAL(consensus_stored(m->core, w->now_ns, m->durable), HA_OK);
	run_until_carried(w, 2, old);
	CU_ASSERT_EQUAL(m->log_count, 2 * before);
	CU_ASSERT_EQUAL(consensus_serial(m->core, 2), before + 1);
	CU_ASSERT_EQUAL(world_submit(w, ALONE, "x", 9), HA_OK);
	world_free(w);
}

/* What the store holds meanwhile need not move. */
static void what_is_stored_need_not_move(void)
{
	struct world *w = leading(PLENTY);
	struct world_member *m = &w->member[ALONE];
	uint64_t last = status_of(w).last_index, serial;
	size_t part;

	CU_ASSERT_EQUAL(consensus_carry(m->core, 2), HA_OK);
	CU_ASSERT_EQUAL(consensus_trim(m->core, w->now_ns, last, UINT64_MAX, &serial), HA_OK);
	part = m->log_count;
	world_run(w, 5);
	CU_ASSERT_EQUAL(m->log_count, part);
	CU_ASSERT_EQUAL(world_submit(w, ALONE, "x", 9), HA_OK);
	world_free(w);
}

/* Restored from [first, end) of the log, over a store that ends with `base`. */
static enum ha_error restore(struct world *w, size_t first, size_t end, uint64_t base,
                             struct consensus_status *out)
{
	struct world_member *m = &w->member[ALONE];
	const struct consensus_host host = { .context = m };
	const struct consensus_options options = {
		.self = ALONE,
		.members = w->members,
		.member_count = 1,
		.timing = consensus_timing(0),
		.base_index = base,
		.base_term = base > 1 ? m->term : 1,
		.term = m->term,
		.memory_max = 1u << 20,
	};
	enum ha_error error;
	struct consensus *core = consensus_open(&options, &host, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(core);
	for (size_t i = first; i < end && error == HA_OK; i++)
		error = consensus_restore(core, &m->log[i].entry);
	if (error == HA_OK && !consensus_goes_on(core, false))
		error = HA_E_DAMAGED;
	consensus_status(core, out);
	consensus_close(core);
	return error;
}

/* Whatever of the copies is there: nothing is lost while the old places are, nor once
 * all copies are and any part of the old places has gone. */
static void a_part_of_the_copies_ends_nothing(void)
{
	struct world *w = leading(6);
	struct world_member *m = &w->member[ALONE];
	uint64_t last = status_of(w).last_index;
	size_t before = m->log_count;
	struct consensus_status s;

	CU_ASSERT_EQUAL(consensus_carry(m->core, 2), HA_OK);
	world_run(w, 5);
	CU_ASSERT_EQUAL_FATAL(m->log_count, 2 * before);
	for (uint64_t base = 1; base <= last; base++) {
		for (size_t end = before; end <= m->log_count; end++) {
			CU_ASSERT_EQUAL(restore(w, 0, end, base, &s), HA_OK);
			CU_ASSERT_EQUAL(s.last_index, last);
		}
		for (size_t first = 0; first <= before; first++) {
			CU_ASSERT_EQUAL(restore(w, first, m->log_count, base, &s), HA_OK);
			CU_ASSERT_EQUAL(s.last_index, last);
		}
	}
	/* One that is missing is noticed all the same. */
	m->log[before + 2] = m->log[before + 1];
	CU_ASSERT_EQUAL(restore(w, before, m->log_count, 1, &s), HA_E_DAMAGED);
	world_free(w);
}

static void put(struct world_member *m, const struct world_entry *entry, bool copy)
{
	m->log[m->log_count] = *entry;
	m->log[m->log_count].entry.copy = copy;
	m->log[m->log_count].entry.serial = m->log_count + 1;
	m->log_count++;
}

/* `part` copies and an entry that broke them off, then copies of all. */
static void break_off(struct world_member *m, size_t before, size_t part)
{
	struct world_entry next = m->log[before - 1];

	m->log_count = before;
	for (size_t i = 0; i < part; i++)
		put(m, &m->log[i], true);
	next.entry.index++;
	put(m, &next, false);
	for (size_t i = 0; i < before; i++)
		put(m, &m->log[i], true);
	put(m, &next, true);
}

/* What the copies were made of is let go once all of them are there: any part of it, so
 * that entries stand between the first ones and what follows. */
static void copies_that_were_broken_off_end_nothing(void)
{
	struct world *w = leading(6);
	struct world_member *m = &w->member[ALONE];
	uint64_t last = status_of(w).last_index + 1;
	size_t before = m->log_count;
	struct consensus_status s;

	for (size_t part = 1; part < before; part++) {
		break_off(m, before, part);
		for (size_t first = 0; first <= before + part + 1; first++) {
			CU_ASSERT_EQUAL(restore(w, first, m->log_count, 1, &s), HA_OK);
			CU_ASSERT_EQUAL(s.last_index, last);
		}
		CU_ASSERT_EQUAL(restore(w, 0, before + part + 1, 1, &s), HA_OK);
		CU_ASSERT_EQUAL(s.last_index, last);
		/* All of them have to be there. */
		CU_ASSERT_EQUAL(restore(w, before - 1, before + part + 1, 1, &s), HA_E_DAMAGED);
	}
	world_free(w);
}

static void what_began_anew_voids_what_was_before(void)
{
	struct world *w = leading(4);
	struct world_member *m = &w->member[ALONE];
	struct consensus_status s;
	size_t end = m->log_count;

	m->log[end] = (struct world_entry){
		.entry = { .serial = end + 1, .index = 40, .term = m->term, .kind = JOURNAL_BEGIN }
	};
	CU_ASSERT_EQUAL(restore(w, 0, end + 1, 40, &s), HA_OK);
	CU_ASSERT_TRUE(s.first_index == 41 && s.last_index == 40);
	m->log[end + 1] = (struct world_entry){
		.entry = { .serial = end + 2, .index = 41, .term = m->term }
	};
	CU_ASSERT_EQUAL(restore(w, 0, end + 2, 40, &s), HA_OK);
	CU_ASSERT_TRUE(s.first_index == 41 && s.last_index == 41);
	m->log[end + 1].entry.index = 43;
	CU_ASSERT_EQUAL(restore(w, 0, end + 2, 40, &s), HA_E_DAMAGED);
	world_free(w);
}

static CU_TestInfo tests[] = {
	{ "another machine is given what it lacks", another_machine_is_given_what_it_lacks },
	{ "who waits is told that nobody knows", who_waits_is_told_that_nobody_knows },
	{ "entries move behind the log", entries_move_behind_the_log },
	{ "many entries move in parts", many_entries_move_in_parts },
	{ "what is stored need not move", what_is_stored_need_not_move },
	{ "a part of the copies ends nothing", a_part_of_the_copies_ends_nothing },
	{ "copies that were broken off end nothing", copies_that_were_broken_off_end_nothing },
	{ "what began anew voids what was before", what_began_anew_voids_what_was_before },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("consensus_again", tests);
}

/* test_succession.c - another member's store takes the place of ours, cut off at
 * each step that changes a name: the next start goes on, and never ends with less
 * than the better one of both. */
#include "agentd/flow/succession.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/flow/meta.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

/* ---- system calls that change names, in place of the C library's ---- */

static unsigned steps_left; /* that succeed */

static bool cut(void)
{
	if (steps_left == 0) {
		errno = EIO;
		return true;
	}
	steps_left--;
	return false;
}

int rename(const char *from, const char *to)
{
	return cut() ? -1 : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char *path)
{
	return cut() ? -1 : unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return cut() ? -1 : unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int mkdir(const char *path, mode_t mode)
{
	return cut() ? -1 : mkdirat(AT_FDCWD, path, mode);
}

/* ---- a data directory ---- */

static struct place data;
static char report[512];

/* A store below it that holds entries up to `applied`. */
static void make_store(const char *name, uint64_t applied)
{
	struct store *store;
	struct store_write w;
	enum ha_error why;

	CU_ASSERT_EQUAL_FATAL(mkdir(path_in(&data, name), 0700), 0);
	store = store_open(path_in(&data, name), FIXTURE_MAP, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(store);
	w = store_begin(store);
	meta_put_number(&w, META_APPLIED, applied);
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	store_close(store);
}

static uint64_t applied_of(const char *name, uint64_t *id)
{
	struct store_reader reader;
	uint64_t applied = 0;
	enum ha_error why;
	struct store *store = store_open(path_in(&data, name), FIXTURE_MAP, &why, report,
	                                 sizeof(report));

	CU_ASSERT_PTR_NOT_NULL_FATAL(store);
	CU_ASSERT_EQUAL_FATAL(store_read_open(store, &reader), HA_OK);
	CU_ASSERT_EQUAL(meta_get_number(&reader, META_APPLIED, &applied), HA_OK);
	store_read_close(&reader);
	if (id)
		*id = store_id(store);
	store_close(store);
	return applied;
}

static bool is_there(const char *name)
{
	return access(path_in(&data, name), F_OK) == 0;
}

static void begin(void)
{
	steps_left = UINT_MAX;
	place_begin(&data);
}

static void end(void)
{
	static const char *const names[] = { STORE_DIRECTORY, SUCCESSION_FETCHING,
		                             SUCCESSION_INCOMING, SUCCESSION_OLD };

	steps_left = UINT_MAX;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CU_ASSERT_EQUAL(store_remove(path_in(&data, names[i])), HA_OK);
	place_end(&data);
}

static enum ha_error run(bool *replaced)
{
	return succession_run(data.directory, FIXTURE_MAP, replaced, report, sizeof(report));
}

/* ---- cases ---- */

static void without_another_store_nothing_happens(void)
{
	bool replaced = true;

	begin();
	CU_ASSERT_EQUAL(run(&replaced), HA_OK); /* the very first start */
	CU_ASSERT_FALSE(replaced);
	CU_ASSERT_FALSE(is_there(STORE_DIRECTORY));
	make_store(STORE_DIRECTORY, 100);
	make_store(SUCCESSION_FETCHING, 200); /* never completed */
	CU_ASSERT_EQUAL(run(&replaced), HA_OK);
	CU_ASSERT_FALSE(replaced);
	CU_ASSERT_EQUAL(applied_of(STORE_DIRECTORY, NULL), 100);
	CU_ASSERT_FALSE(is_there(SUCCESSION_FETCHING));
	end();
}

/* Names as different pasts leave them. */
static void make_past(bool ours, bool older)
{
	if (ours)
		make_store(STORE_DIRECTORY, 100);
	if (older)
		make_store(SUCCESSION_OLD, 50);
	make_store(SUCCESSION_FETCHING, 200);
}

/* Everything from the end of the fetch on, cut off after `steps`; then a start
 * that is left alone. Was it cut off at all? */
static bool a_start_after_a_cut_finishes(bool ours, bool older, unsigned steps)
{
	bool replaced = false, was_cut, offered;
	uint64_t applied, before = 0, after = 0;

	begin();
	make_past(ours, older);
	if (ours)
		applied_of(STORE_DIRECTORY, &before);
	steps_left = steps;
	offered = succession_offer(data.directory, report, sizeof(report)) == HA_OK;
	if (offered && run(&replaced) == HA_OK)
		succession_finish(data.directory);
	was_cut = steps_left == 0;
	steps_left = UINT_MAX;

	/* Until it has its name, what came is worth nothing. */
	applied = is_there(SUCCESSION_FETCHING) ? 100 : 200;
	if (is_there(SUCCESSION_INCOMING) || is_there(SUCCESSION_OLD)) {
		CU_ASSERT_EQUAL_FATAL(run(&replaced), HA_OK);
		CU_ASSERT_EQUAL(replaced, is_there(SUCCESSION_OLD));
		succession_finish(data.directory);
	}
	CU_ASSERT_EQUAL(is_there(STORE_DIRECTORY), ours || applied == 200);
	if (is_there(STORE_DIRECTORY))
		CU_ASSERT_EQUAL(applied_of(STORE_DIRECTORY, &after), applied);
	CU_ASSERT_TRUE(!ours || before == after); /* the log belongs to it still */
	CU_ASSERT_FALSE(is_there(SUCCESSION_INCOMING));
	CU_ASSERT_FALSE(is_there(SUCCESSION_OLD));
	end();
	return was_cut;
}

static void a_cut_at_any_step_is_understood(void)
{
	for (unsigned past = 0; past < 3; past++)
		for (unsigned steps = 0; a_start_after_a_cut_finishes(past > 0, past > 1, steps);
		     steps++)
			CU_ASSERT_TRUE_FATAL(steps < 100);
}

static void a_store_that_is_not_ahead_is_left_out(void)
{
	for (uint64_t incoming = 99; incoming <= 101; incoming++) {
		bool replaced;

		begin();
		make_store(STORE_DIRECTORY, 100);
		make_store(SUCCESSION_INCOMING, incoming);
		CU_ASSERT_EQUAL(run(&replaced), HA_OK);
		CU_ASSERT_EQUAL(replaced, incoming > 100);
		CU_ASSERT_EQUAL(applied_of(STORE_DIRECTORY, NULL), incoming > 100 ? incoming : 100);
		CU_ASSERT_FALSE(is_there(SUCCESSION_INCOMING));
		end();
	}
}

/* The log may still be of the store before: only succession_finish ends that. */
static void a_replaced_store_stays_replaced_until_it_is_said(void)
{
	bool replaced;

	begin();
	make_store(STORE_DIRECTORY, 100);
	make_store(SUCCESSION_INCOMING, 200);
	for (unsigned start = 0; start < 3; start++) {
		CU_ASSERT_EQUAL(run(&replaced), HA_OK);
		CU_ASSERT_TRUE(replaced);
	}
	succession_finish(data.directory);
	CU_ASSERT_EQUAL(run(&replaced), HA_OK);
	CU_ASSERT_FALSE(replaced);
	end();
}

static void a_store_that_went_lost_is_told(void)
{
	bool replaced;

	begin();
	make_store(SUCCESSION_OLD, 100);
	CU_ASSERT_EQUAL(run(&replaced), HA_E_DAMAGED);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, data.directory));
	end();
}

static void what_is_not_a_store_is_not_removed(void)
{
	bool replaced;
	int file;

	begin();
	make_store(SUCCESSION_FETCHING, 1);
	file = creat(path_in(&data, SUCCESSION_FETCHING "/mine"), 0600);
	CU_ASSERT_TRUE(file >= 0);
	close(file);
	CU_ASSERT_EQUAL(run(&replaced), HA_E_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, SUCCESSION_FETCHING));
	CU_ASSERT_TRUE(is_there(SUCCESSION_FETCHING "/mine"));
	unlink(path_in(&data, SUCCESSION_FETCHING "/mine"));
	end();
}

static CU_TestInfo tests[] = {
	{ "without another store nothing happens", without_another_store_nothing_happens },
	{ "a cut at any step is understood", a_cut_at_any_step_is_understood },
	{ "a store that is not ahead is left out", a_store_that_is_not_ahead_is_left_out },
	{ "a replaced store stays replaced until it is said",
	  a_replaced_store_stays_replaced_until_it_is_said },
	{ "a store that went lost is told", a_store_that_went_lost_is_told },
	{ "what is not a store is not removed", what_is_not_a_store_is_not_removed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("succession", tests);
}

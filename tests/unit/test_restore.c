/* test_restore.c - what a restore makes of a backup: another store, whose log
 * begins behind the newest of its rows, without the secret of nonces; and what
 * a survey says of rows. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/flow/internal.h"
#include "agentd/flow/meta.h"
#include "agentd/flow/restore.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

struct scene {
	struct place from;
	struct place to; /* the data directory; its store is a directory below */
	char backup[80];
	int file;
	struct config config;
	struct restored restored;
	char report[512];
};

static struct store_bytes bytes_of(const struct row_octets *octets)
{
	return (struct store_bytes){ octets->at, octets->size };
}

static void put_rows(struct store_write *w)
{
	struct peer_row peer = { .kind = PEER_MOBILE_NODE, .id = 5, .bindings = 1, .created = 70 };
	struct association_row association = {
		.peer = 5,
		.spi = 256,
		.created = 75,
		.sealed = { KEYRING_OVERHEAD, { 1, 0, 0, 0, 1 } }, /* under key 1 */
	};
	struct binding_row binding = { .node = 5, .version = 90 };
	struct replay_row replay = { .peer = 6, .version = 88, .state.used_ms = 4000 };
	struct row_octets key, value;

	peer.address.s_addr = binding.home.s_addr = htonl(0x0a000001);
	binding.binding.granted_ms = 5000;
	peer_row_key(&peer, &key);
	peer_row_value(&peer, &value);
	store_put(w, STORE_PEERS, bytes_of(&key), bytes_of(&value));
	association_row_key(&association, &key);
	association_row_value(&association, &value);
	store_put(w, STORE_ASSOCIATIONS, bytes_of(&key), bytes_of(&value));
	binding_row_key(&binding, &key);
	binding_row_value(&binding, &value);
	store_put(w, STORE_BINDINGS, bytes_of(&key), bytes_of(&value));
	replay_row_key(&replay, &key);
	replay_row_value(&replay, &value);
	store_put(w, STORE_REPLAY, bytes_of(&key), bytes_of(&value));
}

static void begin(struct scene *s)
{
	*s = (struct scene){ .backup = P_tmpdir "/hearth-backup-XXXXXX" };
	config_defaults(&s->config);
	place_begin(&s->from);
	place_begin(&s->to);
	snprintf(s->config.data_directory, sizeof(s->config.data_directory), "%s", s->to.directory);
	s->file = mkostemp(s->backup, O_CLOEXEC);
	CU_ASSERT_TRUE_FATAL(s->file >= 0);
	CU_ASSERT_TRUE_FATAL(place_open_store(&s->from, FIXTURE_MAP));

	struct store_write w = store_begin(s->from.store);
	put_rows(&w);
	meta_put_number(&w, META_APPLIED, 80); /* a pass is under way: rows are newer */
	meta_put_number(&w, META_CONFIGURED, 75);
	meta_put_number(&w, META_NEXT_ID, 7);
	meta_put_number(&w, META_TIME, 4500);
	store_put(&w, STORE_SETTINGS, text(SECRET_NONCE), text("aa"));
	store_put(&w, STORE_SETTINGS, text("registration.max-lifetime"), text("600"));
	CU_ASSERT_EQUAL_FATAL(store_commit(&w), HA_OK);
}

static void take_backup(struct scene *s)
{
	struct backup_info info = { .taken_ms = 6000, .version = "9" };

	CU_ASSERT_EQUAL_FATAL(
		backup_write(s->from.directory, s->file, &info, s->report, sizeof(s->report)),
		HA_OK);
}

static enum ha_error restore(struct scene *s)
{
	return restore_run(&s->config, s->file, s->backup, &s->restored, s->report,
	                   sizeof(s->report));
}

static void end(struct scene *s)
{
	static const char *const names[] = { "store/data.mdb", "store/lock.mdb",
		                             "store/store.lock" };

	for (size_t i = 0; i < 3; i++)
		unlink(path_in(&s->to, names[i]));
	rmdir(path_in(&s->to, "store"));
	close(s->file);
	unlink(s->backup);
	place_end(&s->from);
	place_end(&s->to); /* nothing else is left in it */
}

static uint64_t number_of(struct store_reader *reader, const char *name)
{
	uint64_t number = 0;

	CU_ASSERT_EQUAL(meta_get_number(reader, name, &number), HA_OK);
	return number;
}

static void a_restored_store_goes_on_behind_its_newest_row(void)
{
	struct scene s;
	struct store_reader reader;
	struct store_bytes value;

	begin(&s);
	take_backup(&s);
	CU_ASSERT_EQUAL_FATAL(restore(&s), HA_OK);
	CU_ASSERT_EQUAL(s.restored.backup.taken_ms, 6000);
	CU_ASSERT_EQUAL(s.restored.survey.index, 90);
	CU_ASSERT_EQUAL(s.restored.survey.mobile_nodes, 1);
	CU_ASSERT_EQUAL(s.restored.survey.rows[STORE_BINDINGS], 1);
	CU_ASSERT_EQUAL(s.restored.survey.settings, 1); /* the secret is not shown */

	struct place at = { 0 };
	snprintf(at.directory, sizeof(at.directory), "%.50s/store", s.to.directory);
	CU_ASSERT_TRUE_FATAL(place_open_store(&at, FIXTURE_MAP));
	CU_ASSERT_NOT_EQUAL(store_id(at.store), store_id(s.from.store));
	CU_ASSERT_EQUAL_FATAL(store_read_open(at.store, &reader), HA_OK);
	CU_ASSERT_EQUAL(number_of(&reader, META_APPLIED), 90);
	CU_ASSERT_EQUAL(number_of(&reader, META_CONFIGURED), 90);
	CU_ASSERT_EQUAL(number_of(&reader, META_LOG_BEGINS), 90);
	CU_ASSERT_EQUAL(number_of(&reader, META_NEXT_ID), 7);
	CU_ASSERT_EQUAL(number_of(&reader, META_TIME), 5000);
	CU_ASSERT_EQUAL(store_get(&reader, STORE_SETTINGS, text(SECRET_NONCE), &value),
	                HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(
		store_get(&reader, STORE_SETTINGS, text("registration.max-lifetime"), &value),
		HA_OK);
	store_read_close(&reader);
	place_close_store(&at);

	CU_ASSERT_EQUAL(restore(&s), HA_E_EXISTS); /* and not a second time */
	CU_ASSERT_PTR_NOT_NULL(strstr(s.report, "is not empty"));
	end(&s);
}

/* Each table with a row that cannot be: refused by name, nothing is left. */
static void a_row_that_cannot_be_read_is_refused(void)
{
	static const struct {
		enum store_table table;
		const char *value;
		size_t size;
		enum ha_error why;
		const char *said;
	} rows[] = {
		{ STORE_PEERS, "\1", 1, HA_E_DAMAGED, "peer 1 " },
		{ STORE_PEERS, "\377", 1, HA_E_NEWER, "peer 1 " },
		{ STORE_ASSOCIATIONS, "", 0, HA_E_DAMAGED, "association 1 " },
		{ STORE_REPLAY, "\1", 1, HA_E_DAMAGED, "replay state 1 " },
		{ STORE_BINDINGS, "\1", 1, HA_E_DAMAGED, "binding 1 " },
		{ STORE_NODES, "\1", 1, HA_E_DAMAGED, "node 1 " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene s;
		begin(&s);
		struct store_write w = store_begin(s.from.store);
		store_put(&w, rows[i].table, (struct store_bytes){ "\0", 1 },
		          (struct store_bytes){ rows[i].value, rows[i].size });
		CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
		take_backup(&s);
		CU_ASSERT_EQUAL(restore(&s), rows[i].why);
		CU_ASSERT_PTR_NOT_NULL(strstr(s.report, rows[i].said));
		CU_ASSERT_PTR_NOT_NULL(strstr(s.report, s.backup));
		end(&s);
	}
}

static void a_missing_directory_is_refused(void)
{
	struct scene s;

	begin(&s);
	take_backup(&s);
	snprintf(s.config.data_directory, sizeof(s.config.data_directory), "/nonexistent");
	CU_ASSERT_EQUAL(restore(&s), HA_E_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(s.report, "/nonexistent"));
	end(&s);
}

static CU_TestInfo tests[] = {
	{ "a restored store goes on behind its newest row",
	  a_restored_store_goes_on_behind_its_newest_row },
	{ "a row that cannot be read is refused", a_row_that_cannot_be_read_is_refused },
	{ "a missing directory is refused", a_missing_directory_is_refused },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("restore", tests);
}

/* test_backup.c - a copy of a store as one file: it holds what was there, it
 * can be taken while the store is written to, and what is not whole is refused
 * in words. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replication/backup.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

struct backup_place {
	struct place place;
	char path[80];
	int file;
	struct backup_info info;
	char report[256];
};

static void begin(struct backup_place *b)
{
	*b = (struct backup_place){ .path = P_tmpdir "/hearth-backup-XXXXXX" };
	place_begin(&b->place);
	CU_ASSERT_TRUE_FATAL(place_open_store(&b->place, FIXTURE_MAP));
	b->file = mkostemp(b->path, O_CLOEXEC);
	CU_ASSERT_TRUE_FATAL(b->file >= 0);
}

static enum ha_error take(struct backup_place *b)
{
	b->info = (struct backup_info){ .taken_ms = 1234567890123u, .version = "1.2.3" };
	CU_ASSERT_EQUAL(ftruncate(b->file, 0), 0);
	CU_ASSERT_EQUAL(lseek(b->file, 0, SEEK_SET), 0);
	return backup_write(b->place.directory, b->file, &b->info, b->report, sizeof(b->report));
}

static enum ha_error check(struct backup_place *b)
{
	b->report[0] = '\0';
	return backup_check(b->file, b->path, &b->info, b->report, sizeof(b->report));
}

static void end(struct backup_place *b)
{
	close(b->file);
	unlink(b->path);
	place_end(&b->place);
}

static bool image_holds(struct backup_place *b, const char *key, const char *value)
{
	struct store_reader reader;
	struct store_bytes found;
	bool right = false;
	struct store *image = store_open_image(b->path, &b->place.why, b->report,
	                                       sizeof(b->report));

	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	CU_ASSERT_EQUAL(store_id(image), store_id(b->place.store));
	if (store_read_open(image, &reader) == HA_OK) {
		enum ha_error error = store_get(&reader, STORE_PEERS, text(key), &found);

		right = value ? error == HA_OK && is_text(found, value) : error == HA_E_NOTFOUND;
		store_read_close(&reader);
	}
	store_close(image);
	return right;
}

static void a_backup_holds_what_was_there(void)
{
	struct backup_place b;

	begin(&b);
	CU_ASSERT_EQUAL(put_one(&b.place, "before", "yes"), HA_OK);
	CU_ASSERT_EQUAL(take(&b), HA_OK);
	CU_ASSERT_EQUAL(put_one(&b.place, "after", "no"), HA_OK);
	CU_ASSERT_EQUAL(check(&b), HA_OK);
	CU_ASSERT_EQUAL(b.info.taken_ms, 1234567890123u);
	CU_ASSERT_STRING_EQUAL(b.info.version, "1.2.3");
	CU_ASSERT_EQUAL((off_t)b.info.image_octets + BACKUP_TRAILER, lseek(b.file, 0, SEEK_END));
	CU_ASSERT_TRUE(b.info.image_octets < FIXTURE_MAP / 2); /* not the whole map */
	CU_ASSERT_TRUE(image_holds(&b, "before", "yes"));
	CU_ASSERT_TRUE(image_holds(&b, "after", NULL));
	end(&b);
}

/* What a row says, and its neighbour, change together; a copy sees both or none. */
static void a_copy_is_of_one_moment(void)
{
	struct backup_place b;
	int status;

	begin(&b);
	CU_ASSERT_EQUAL(put_one(&b.place, "a", "0"), HA_OK);
	CU_ASSERT_EQUAL(put_one(&b.place, "b", "0"), HA_OK);
	for (unsigned round = 1; round <= 20; round++) {
		char value[16];
		pid_t child = fork();

		if (child == 0) /* as agentctl does: another process */
			_exit(take(&b) == HA_OK ? 0 : 1);
		for (unsigned i = 0; waitpid(child, &status, WNOHANG) == 0; i++) {
			struct store_write w = store_begin(b.place.store);

			snprintf(value, sizeof(value), "%u.%u", round, i);
			put_text(&w, "a", value);
			put_text(&w, "b", value);
			CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
		}
		CU_ASSERT_EQUAL_FATAL(status, 0);
		CU_ASSERT_EQUAL_FATAL(check(&b), HA_OK);

		struct store *image = store_open_image(b.path, &b.place.why, b.report,
		                                       sizeof(b.report));
		struct store_reader reader;
		struct store_bytes one, other;
		CU_ASSERT_PTR_NOT_NULL_FATAL(image);
		CU_ASSERT_EQUAL_FATAL(store_read_open(image, &reader), HA_OK);
		CU_ASSERT_EQUAL(store_get(&reader, STORE_PEERS, text("a"), &one), HA_OK);
		CU_ASSERT_EQUAL(store_get(&reader, STORE_PEERS, text("b"), &other), HA_OK);
		CU_ASSERT_TRUE(one.size == other.size && !memcmp(one.at, other.at, one.size));
		store_read_close(&reader);
		store_close(image);
	}
	end(&b);
}

/* A process that dies while it reads leaves its place in the table of readers:
 * the pages of its moment are used again nevertheless. */
static void a_killed_copy_holds_nothing_up(void)
{
	struct backup_place b;
	char value[3000];
	int pipes[2];
	char octet;

	memset(value, 'x', sizeof(value));
	begin(&b);
	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		close(pipes[0]);
		/* The copy blocks: nobody reads the pipe. */
		_exit(store_copy(b.place.directory, pipes[1], b.report, sizeof(b.report)) == HA_OK);
	}
	close(pipes[1]);
	CU_ASSERT_EQUAL_FATAL(read(pipes[0], &octet, 1), 1); /* it is under way */
	CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
	CU_ASSERT_EQUAL(waitpid(child, NULL, 0), child);
	close(pipes[0]);

	/* Many times the map: it fits only while old pages come back. */
	for (unsigned i = 0; i < 4 * FIXTURE_MAP / sizeof(value) / 100; i++) {
		struct store_write w = store_begin(b.place.store);
		for (unsigned k = 0; k < 100; k++) {
			char key[8];
			snprintf(key, sizeof(key), "%u", k);
			value[0] = (char)('a' + i % 26);
			store_put(&w, STORE_PEERS, text(key),
			          (struct store_bytes){ value, sizeof(value) });
		}
		CU_ASSERT_EQUAL_FATAL(store_commit(&w), HA_OK);
	}
	end(&b);
}

static void every_changed_octet_is_noticed(void)
{
	struct backup_place b;
	uint8_t octet;

	begin(&b);
	CU_ASSERT_EQUAL(put_one(&b.place, "k", "v"), HA_OK);
	CU_ASSERT_EQUAL_FATAL(take(&b), HA_OK);
	off_t size = lseek(b.file, 0, SEEK_END);
	for (off_t at = 0; at < size; at += at + 2 * BACKUP_TRAILER < size ? 97 : 1) {
		CU_ASSERT_EQUAL(pread(b.file, &octet, 1, at), 1);
		octet ^= 0x10;
		CU_ASSERT_EQUAL(pwrite(b.file, &octet, 1, at), 1);
		enum ha_error why = check(&b);
		CU_ASSERT_TRUE(why == HA_E_DAMAGED || why == HA_E_FOREIGN || why == HA_E_NEWER);
		CU_ASSERT_PTR_NOT_NULL(strstr(b.report, b.path));
		octet ^= 0x10;
		CU_ASSERT_EQUAL(pwrite(b.file, &octet, 1, at), 1);
	}
	CU_ASSERT_EQUAL(check(&b), HA_OK);
	end(&b);
}

static void what_is_cut_off_or_longer_is_refused(void)
{
	struct backup_place b;

	begin(&b);
	CU_ASSERT_EQUAL_FATAL(take(&b), HA_OK);
	off_t size = lseek(b.file, 0, SEEK_END);
	CU_ASSERT_EQUAL(ftruncate(b.file, size + 1), 0);
	CU_ASSERT_EQUAL(check(&b), HA_E_FOREIGN);
	for (off_t shorter = size - 1; shorter > 0;
	     shorter = shorter > 200 ? shorter / 2 : shorter - 7) {
		CU_ASSERT_EQUAL(ftruncate(b.file, shorter), 0);
		CU_ASSERT_EQUAL(check(&b), HA_E_FOREIGN);
		CU_ASSERT_PTR_NOT_NULL(strstr(b.report, "no backup"));
	}
	CU_ASSERT_EQUAL(ftruncate(b.file, 0), 0);
	CU_ASSERT_EQUAL(check(&b), HA_E_FOREIGN);
	end(&b);
}

static void an_image_goes_back_as_it_was(void)
{
	struct backup_place b;
	struct place q;

	begin(&b);
	CU_ASSERT_EQUAL(put_one(&b.place, "k", "v"), HA_OK);
	CU_ASSERT_EQUAL_FATAL(take(&b), HA_OK);
	place_begin(&q);
	int to = open(path_in(&q, STORE_DATA_FILE), O_WRONLY | O_CREAT | O_EXCL, 0600);
	CU_ASSERT_EQUAL(backup_extract(b.file, b.path, to, &b.info, b.report, sizeof(b.report)),
	                HA_OK);
	close(to);
	CU_ASSERT_TRUE_FATAL(place_open_store(&q, FIXTURE_MAP));
	CU_ASSERT_TRUE(holds(&q, "k", "v"));
	CU_ASSERT_EQUAL(store_id(q.store), store_id(b.place.store));

	/* And becomes another store when it is told to. */
	struct store_write w = store_begin(q.store);
	store_renew_id(&w);
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	const uint64_t renewed = store_id(q.store);
	CU_ASSERT_NOT_EQUAL(renewed, 0);
	CU_ASSERT_NOT_EQUAL(renewed, store_id(b.place.store));
	place_close_store(&q);
	CU_ASSERT_TRUE_FATAL(place_open_store(&q, FIXTURE_MAP));
	CU_ASSERT_EQUAL(store_id(q.store), renewed);
	place_end(&q);
	end(&b);
}

static void a_full_disk_is_called_one(void)
{
	struct backup_place b;
	const int full = open("/dev/full", O_WRONLY);

	begin(&b);
	CU_ASSERT_TRUE_FATAL(full >= 0);
	CU_ASSERT_EQUAL(store_copy(b.place.directory, full, b.report, sizeof(b.report)),
	                HA_E_NODISK);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.report, "no space left"));
	close(full);
	end(&b);
}

static void no_store_no_copy(void)
{
	struct backup_place b;

	begin(&b);
	CU_ASSERT_EQUAL(store_copy("/nonexistent", b.file, b.report, sizeof(b.report)),
	                HA_E_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(b.report, "/nonexistent"));
	CU_ASSERT_PTR_NULL(
		store_open_image("/nonexistent", &b.place.why, b.report, sizeof(b.report)));
	CU_ASSERT_EQUAL(b.place.why, HA_E_NOTFOUND);
	end(&b);
}

static CU_TestInfo tests[] = {
	{ "a backup holds what was there", a_backup_holds_what_was_there },
	{ "a copy is of one moment", a_copy_is_of_one_moment },
	{ "a killed copy holds nothing up", a_killed_copy_holds_nothing_up },
	{ "every changed octet is noticed", every_changed_octet_is_noticed },
	{ "what is cut off or longer is refused", what_is_cut_off_or_longer_is_refused },
	{ "an image goes back as it was", an_image_goes_back_as_it_was },
	{ "a full disk is called one", a_full_disk_is_called_one },
	{ "no store, no copy", no_store_no_copy },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("backup", tests);
}

/* ballot.c - the ballot file: made, read and written. Its octets are in
 * ballot_format.c. */
#include "replication/ballot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replication/ballot_format.h"

#define SLOTS 2u
#define PREPARING_NAME BALLOT_NAME ".preparing"
#define REMEDY                                                                                     \
	"what this member promised is not known any more: let it start with an empty data "        \
	"directory, and have it admitted by the others ('agentctl cluster admit')"

struct ballot {
	const struct journal_io *io;
	int directory;
	int file;
	uint64_t number;      /* of the newest write */
	enum ha_error failed; /* of a write; what is on the disk is not known then */
	uint8_t slots[SLOTS][BALLOT_SLOT];
	/* of the open */
	const char *path;
	char *report;
	size_t report_size;
};

static enum ha_error refuse(const struct ballot *ballot, enum ha_error why, const char *how)
{
	if (ballot->report_size > 0)
		snprintf(ballot->report, ballot->report_size, "%s/%s %s", ballot->path, BALLOT_NAME,
		         how);
	return why;
}

/* For a negative errno. */
static enum ha_error refuse_io(const struct ballot *ballot, int error, const char *what)
{
	char how[128];
	snprintf(how, sizeof(how), "cannot be %s: %s", what, strerror(-error));
	return refuse(ballot, ha_error_of_errno(-error), how);
}

/* Even numbers in the first slot, odd ones in the second: the slot of the write
 * before is not touched. */
static size_t slot_of(uint64_t number)
{
	return (size_t)(number % SLOTS);
}

static int write_slot(struct ballot *ballot, uint64_t number, const struct ballot_state *state)
{
	const struct journal_io *io = ballot->io;
	uint8_t *slot = ballot->slots[slot_of(number)];
	ballot_slot_encode(slot, number, state);
	return journal_io_write(io, ballot->file, slot, BALLOT_SLOT, slot_of(number) * BALLOT_SLOT);
}

/* ---- a new one ---- */

/* Both slots are whole before the file has its name. */
static int fill(struct ballot *ballot, const struct ballot_state *state)
{
	const struct journal_io *io = ballot->io;
	int error = 0;
	for (ballot->number = 0; ballot->number < SLOTS && !error; ballot->number++)
		error = write_slot(ballot, ballot->number, state);
	ballot->number--;
	if (!error)
		error = io->sync_file(io->context, ballot->file);
	if (!error)
		error = io->rename(io->context, ballot->directory, PREPARING_NAME, BALLOT_NAME);
	if (!error)
		error = io->sync_directory(io->context, ballot->directory);
	return error;
}

static enum ha_error create(struct ballot *ballot, struct ballot_state *out)
{
	const struct journal_io *io = ballot->io;
	struct ballot_state state = { 0 };
	int error = io->random(io->context, &state.incarnation);
	if (error)
		return refuse_io(ballot, error, "made");
	state.incarnation += state.incarnation == 0;
	ballot->file = io->open(io->context, ballot->directory, PREPARING_NAME, JOURNAL_IO_FRESH);
	if (ballot->file < 0)
		return refuse_io(ballot, ballot->file, "made");
	error = fill(ballot, &state);
	if (error)
		return refuse_io(ballot, error, "made");
	*out = state;
	return HA_OK;
}

/* ---- one that is there ---- */

static enum ha_error read_slots(struct ballot *ballot)
{
	const struct journal_io *io = ballot->io;
	const int64_t size = io->size(io->context, ballot->file);
	if (size < 0)
		return refuse_io(ballot, (int)size, "examined");
	if (size < (int64_t)sizeof(ballot->slots))
		return refuse(ballot, HA_E_DAMAGED, "is cut off: " REMEDY);
	const int error = journal_io_read(io, ballot->file, ballot->slots, sizeof(ballot->slots),
	                                  0);
	return error ? refuse_io(ballot, error, "read") : HA_OK;
}

/* The newer whole one. */
static enum ha_error choose(struct ballot *ballot, struct ballot_state *out)
{
	bool any = false;
	for (size_t i = 0; i < SLOTS; i++) {
		struct ballot_state state;
		uint64_t number = 0;
		const enum ha_error error = ballot_slot_decode(ballot->slots[i], &number, &state);
		if (error == HA_E_NEWER)
			return refuse(ballot, error,
			              "was written by a newer version: start that version");
		if (error != HA_OK || slot_of(number) != i || (any && number < ballot->number))
			continue;
		any = true;
		ballot->number = number;
		*out = state;
	}
	return any ? HA_OK : refuse(ballot, HA_E_DAMAGED, "is damaged: " REMEDY);
}

/* What was read may not be on the disk: a process ended between its write and its
 * flush, or the flush failed. It is acted upon from now on, so it has to be. */
static enum ha_error settle(struct ballot *ballot, const struct ballot_state *state)
{
	const struct journal_io *io = ballot->io;
	int error = write_slot(ballot, ballot->number, state);
	if (!error)
		error = io->sync_file(io->context, ballot->file);
	if (!error)
		error = io->sync_directory(io->context, ballot->directory);
	return error ? refuse_io(ballot, error, "written") : HA_OK;
}

static enum ha_error open_file(struct ballot *ballot, struct ballot_state *out)
{
	const struct journal_io *io = ballot->io;
	struct ballot_state state;
	ballot->directory = io->open_directory(io->context, ballot->path);
	if (ballot->directory < 0)
		return refuse_io(ballot, ballot->directory, "reached");
	ballot->file = io->open(io->context, ballot->directory, BALLOT_NAME, JOURNAL_IO_EXISTING);
	if (ballot->file == -ENOENT)
		return create(ballot, out);
	if (ballot->file < 0)
		return refuse_io(ballot, ballot->file, "opened");
	enum ha_error error = read_slots(ballot);
	if (error == HA_OK)
		error = choose(ballot, &state);
	if (error == HA_OK)
		error = settle(ballot, &state);
	if (error == HA_OK)
		*out = state;
	return error;
}

/* ---- the face ---- */

struct ballot *ballot_open(const struct journal_io *io, const char *directory,
                           struct ballot_state *out, enum ha_error *why, char *report, size_t size)
{
	struct ballot *ballot = calloc(1, sizeof(*ballot));
	if (!ballot) {
		*why = HA_E_NOMEM;
		if (report && size > 0)
			snprintf(report, size, "%s: %s", directory, ha_strerror(*why));
		return NULL;
	}
	ballot->io = io;
	ballot->directory = ballot->file = -1;
	ballot->path = directory;
	ballot->report = report;
	ballot->report_size = report ? size : 0;
	*why = open_file(ballot, out);
	if (*why != HA_OK) {
		ballot_close(ballot);
		return NULL;
	}
	ballot->path = NULL;
	ballot->report = NULL;
	return ballot;
}

static bool is_possible(const struct ballot_state *state)
{
	if (state->group_count > BALLOT_GROUPS_MAX || state->incarnation == 0)
		return false;
	for (size_t i = 0; i < state->group_count; i++) {
		if (state->groups[i].voted_for > REPLICATION_MEMBERS_MAX)
			return false;
	}
	return true;
}

enum ha_error ballot_save(struct ballot *ballot, const struct ballot_state *state)
{
	const struct journal_io *io = ballot->io;
	if (ballot->failed != HA_OK)
		return ballot->failed;
	if (!is_possible(state))
		return HA_E_RANGE;
	int error = write_slot(ballot, ballot->number + 1, state);
	if (!error)
		error = io->sync_file(io->context, ballot->file);
	if (error) {
		ballot->failed = ha_error_of_errno(-error);
		return ballot->failed;
	}
	ballot->number++;
	return HA_OK;
}

void ballot_close(struct ballot *ballot)
{
	if (!ballot)
		return;
	if (ballot->file >= 0)
		ballot->io->close(ballot->io->context, ballot->file);
	if (ballot->directory >= 0)
		ballot->io->close(ballot->io->context, ballot->directory);
	free(ballot);
}

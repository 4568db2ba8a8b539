/* guest_store.c - visitors as rows of the group's store: read at the start, and written behind
 * the list by a thread, which also puts another member's store in the place of ours when this
 * one lags too far. */
#include "agentd/flow/guest_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/background.h"
#include "agentd/base/log.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/meta.h"
#include "agentd/flow/succession.h"
#include "agentd/flow/time_offsets.h"
#include "agentd/visitors/command.h"
#include "proto/cursor.h"
#include "replication/snapshot.h"

#define PASS_MS 500u         /* between two passes */
#define BATCH 256u           /* rows of one transaction */
#define KEY_OCTETS 8u        /* home address, home agent */
#define TELL_AGAIN_MS 60000u /* of a store that cannot be written */

/* ---- rows ---- */

static void write_key(const struct guest_key *key, uint8_t out[KEY_OCTETS])
{
	memcpy(out, &key->home, 4);
	memcpy(out + 4, &key->home_agent, 4);
}

static bool read_key(struct store_bytes from, struct guest_key *out)
{
	if (from.size != KEY_OCTETS)
		return false;
	memcpy(&out->home, from.at, 4);
	memcpy(&out->home_agent, (const uint8_t *)from.at + 4, 4);
	return true;
}

static enum ha_error load_row(struct visitors *visitors, const struct store_row *row)
{
	struct visitor_command command = { .kind = VISITOR_PUT };
	struct guest_key key;

	if (!read_key(row->key, &key) ||
	    visitor_row_read((struct span){ row->value.at, row->value.size }, &command.visitor) !=
	            HA_OK ||
	    command.visitor.home.s_addr != key.home.s_addr ||
	    command.visitor.home_agent.s_addr != key.home_agent.s_addr)
		return HA_E_DAMAGED;
	return visitors_apply(visitors, &command);
}

static enum ha_error load_rows(struct visitors *visitors, struct store_reader *reader)
{
	struct store_row row;
	enum ha_error why = store_seek(reader, STORE_BINDINGS, (struct store_bytes){ "", 0 }, false,
	                               &row);

	while (why == HA_OK) {
		why = load_row(visitors, &row);
		if (why == HA_OK)
			why = store_next(reader, STORE_BINDINGS, &row);
	}
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

enum ha_error guest_store_load(struct guest *guest, struct guest_list *out, char *report,
                               size_t size)
{
	struct store_reader reader;
	enum ha_error why = store_read_open(guest->store, &reader);

	if (why == HA_OK)
		why = meta_get_number(&reader, META_APPLIED, &out->applied);
	if (why == HA_OK)
		why = meta_get_number(&reader, META_TERM, &out->term);
	if (why == HA_OK)
		why = meta_get_number(&reader, META_TIME, &out->time_ms);
	if (why == HA_OK)
		why = load_rows(out->visitors, &reader);
	store_read_close(&reader);
	if (why == HA_E_CAPACITY)
		return ha_refuse(report, size, why,
		                 "foreign-agent.max-visitors: %u is too few for the visitors in %s",
		                 guest->config.visitors_max, guest->directory);
	return why == HA_OK ? HA_OK
	                    : ha_refuse(report, size, why, "the visitors in %s are unreadable: %s",
	                                guest->directory, ha_strerror(why));
}

/* ---- a pass ---- */

struct pass {
	struct guest_changes *taken;
	uint64_t applied, term, time_ms;
};

static void write_one(struct guest *guest, struct store_write *w, const struct guest_key *key)
{
	const struct foreign_visitor *found;
	uint8_t octets[VISITOR_ROW_MAX], place[KEY_OCTETS];
	size_t size = 0;

	pthread_mutex_lock(&guest->lock);
	found = visitors_find(guest->visitors, key->home, key->home_agent);
	if (found)
		size = visitor_row_write(found, octets);
	pthread_mutex_unlock(&guest->lock);
	write_key(key, place);
	if (size)
		store_put(w, STORE_BINDINGS, (struct store_bytes){ place, sizeof(place) },
		          (struct store_bytes){ octets, size });
	else
		store_delete(w, STORE_BINDINGS, (struct store_bytes){ place, sizeof(place) });
}

static void finish_pass(struct store_write *w, const struct pass *pass)
{
	meta_put_number(w, META_APPLIED, pass->applied);
	meta_put_number(w, META_TERM, pass->term);
	meta_put_number(w, META_TIME, pass->time_ms);
}

static enum ha_error write_changes(struct guest *guest, struct pass *pass)
{
	struct store_write w = store_begin(guest->store);
	struct guest_key key;

	for (unsigned i = 1; changes_take(pass->taken, &key); i++) {
		write_one(guest, &w, &key);
		if (i % BATCH)
			continue;
		if (store_commit(&w) != HA_OK)
			return w.error;
		w = store_begin(guest->store);
	}
	finish_pass(&w, pass);
	return store_commit(&w);
}

/* Those in the list, a batch of them: their keys. */
static size_t list_keys(struct guest *guest, uint32_t *place, struct guest_key out[BATCH])
{
	const struct foreign_visitor *found;
	size_t count = 0;

	pthread_mutex_lock(&guest->lock);
	for (; count < BATCH; count++, (*place)++) {
		found = visitors_next(guest->visitors, place);
		if (!found)
			break;
		out[count] = (struct guest_key){ found->home, found->home_agent };
	}
	pthread_mutex_unlock(&guest->lock);
	return count;
}

/* The rows of the store behind *after, a batch of them: their keys. */
static enum ha_error list_rows(struct guest *guest, uint8_t after[KEY_OCTETS], bool *begun,
                               struct guest_key out[BATCH], size_t *count)
{
	struct store_reader reader;
	struct store_row row;
	enum ha_error why = store_read_open(guest->store, &reader);

	*count = 0;
	if (why == HA_OK)
		why = store_seek(&reader, STORE_BINDINGS,
		                 (struct store_bytes){ after, *begun ? KEY_OCTETS : 0 }, *begun,
		                 &row);
	while (why == HA_OK && *count < BATCH) {
		if (!read_key(row.key, &out[*count]))
			why = HA_E_DAMAGED;
		else if (++*count < BATCH)
			why = store_next(&reader, STORE_BINDINGS, &row);
	}
	store_read_close(&reader);
	if (*count)
		write_key(&out[*count - 1], after);
	*begun = true;
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

static enum ha_error write_batch(struct guest *guest, const struct guest_key *keys, size_t count)
{
	struct store_write w = store_begin(guest->store);

	for (size_t i = 0; i < count; i++)
		write_one(guest, &w, &keys[i]);
	return store_commit(&w);
}

/* Rows of those who have gone, and of others, as they are by now. */
static enum ha_error write_rows(struct guest *guest)
{
	struct guest_key keys[BATCH];
	uint8_t after[KEY_OCTETS] = { 0 };
	enum ha_error why = HA_OK;
	bool begun = false;
	size_t count = 1;

	while (why == HA_OK && count) {
		why = list_rows(guest, after, &begun, keys, &count);
		if (why == HA_OK && count)
			why = write_batch(guest, keys, count);
	}
	return why;
}

/* Anybody may have changed: all that are in the store, and all that are in the list. In this
 * order, since what is read after a crash in between is to have room (VISITORS_ROOM). */
static enum ha_error write_all(struct guest *guest, const struct pass *pass)
{
	struct guest_key keys[BATCH];
	enum ha_error why = write_rows(guest);
	uint32_t place = 0;
	size_t count;
	struct store_write w;

	while (why == HA_OK && (count = list_keys(guest, &place, keys)) > 0)
		why = write_batch(guest, keys, count);
	if (why != HA_OK)
		return why;
	w = store_begin(guest->store);
	finish_pass(&w, pass);
	return store_commit(&w);
}

static void note_failure(struct guest *guest, enum ha_error why)
{
	uint64_t now_ms = clock_monotonic_ms();

	pthread_mutex_lock(&guest->lock);
	guest->to_store.all = true; /* what was taken is not known any more */
	pthread_mutex_unlock(&guest->lock);
	if (guest->failing && now_ms < guest->told_ms + TELL_AGAIN_MS)
		return;
	guest->failing = true;
	guest->told_ms = now_ms;
	log_warning("the store of visitors cannot be written: %s; they go on until the log is at "
	            "its cap, then new ones are denied with code 66",
	            ha_strerror(why));
}

static void note_success(struct guest *guest, uint64_t applied)
{
	if (guest->failing)
		log_notice("the store of visitors can be written again");
	guest->failing = false;
	guest->stored = applied;
	replication_trim(guest->replication, applied);
}

/* What is in the list by now is no older than the position that is written last. */
static void pass(struct guest *guest)
{
	struct guest_changes *taken = calloc(1, sizeof(*taken));
	struct pass now = { .taken = taken };
	enum ha_error why = taken ? HA_OK : HA_E_NOMEM;

	pthread_mutex_lock(&guest->lock);
	now.applied = guest->applied;
	now.term = guest->term;
	now.time_ms = guest->time_ms;
	if (taken) {
		*taken = guest->to_store;
		guest->to_store = (struct guest_changes){ .all = false };
	}
	pthread_mutex_unlock(&guest->lock);
	if (why == HA_OK && now.applied != guest->stored)
		why = taken->all ? write_all(guest, &now) : write_changes(guest, &now);
	free(taken);
	if (why != HA_OK)
		note_failure(guest, why);
	else if (now.applied != guest->stored)
		note_success(guest, now.applied);
}

/* ---- another member's store ---- */

static enum ha_error fetch(struct guest *guest, uint8_t from, char *report, size_t size)
{
	char directory[sizeof(guest->directory) + 32];
	_Atomic uint64_t rows = 0;
	const struct snapshot_fetch_options options = {
		.cluster = &guest->options.member->cluster,
		.group = CONFIG_GROUP_VISITORS,
		.from = from,
		.directory = directory,
		.map_octets = guest_map_octets(guest),
		.stop = &guest->ending,
		.rows = &rows,
	};
	enum ha_error why;

	snprintf(directory, sizeof(directory), "%s/" SUCCESSION_FETCHING, guest->directory);
	why = snapshot_fetch(&options, report, size);
	return why == HA_OK ? succession_offer(guest->directory, report, size) : why;
}

/* A witness has nothing to fetch: it goes on with what the ballot says. */
static void renew(struct guest *guest, uint8_t from)
{
	char report[512] = "";
	enum ha_error why = HA_OK;

	if (!guest->witness) {
		log_notice("this member lags too far: fetching the visitors of member %u", from);
		why = fetch(guest, from, report, sizeof(report));
	}
	if (why == HA_E_CLOSED)
		return;
	if (why != HA_OK) {
		log_warning("the visitors of member %u could not be fetched: %s; it is tried again",
		            from, *report ? report : ha_strerror(why));
		return;
	}
	guest_run_close(guest);
	why = guest_run_open(guest, report, sizeof(report));
	if (why == HA_OK)
		why = guest_run_start(guest);
	if (why != HA_OK)
		guest->options.failed(guest->options.context, why,
		                      *report ? report : "the visitors cannot be opened again");
	else if (!guest->witness)
		log_notice("the visitors of member %u are here", from);
}

/* ---- the thread ---- */

static void agree_on_time(struct guest *guest)
{
	struct replication_status status;

	replication_status(guest->replication, &status);
	time_agreement_update(&guest->wall, &status, guest->config.clock_tolerance_ms);
}

/* Waits for a while, or until it is to end. Returns whose store is wanted, 0: nobody's. */
static uint8_t await_work(struct guest *guest)
{
	const struct timespec until = clock_condition_time(clock_monotonic_ns() +
	                                                   PASS_MS * UINT64_C(1000000));
	uint8_t from;

	pthread_mutex_lock(&guest->lock);
	if (!guest->stopping && !guest->from)
		(void)pthread_cond_timedwait(&guest->wake, &guest->lock, &until);
	from = guest->from;
	guest->from = 0;
	pthread_mutex_unlock(&guest->lock);
	return from;
}

static bool is_ending(struct guest *guest)
{
	bool ending;

	pthread_mutex_lock(&guest->lock);
	ending = guest->stopping;
	pthread_mutex_unlock(&guest->lock);
	return ending;
}

void *guest_store_thread(void *context)
{
	struct guest *guest = context;
	uint8_t from;

	pthread_setname_np(pthread_self(), "visitors");
	background_thread();
	while (!is_ending(guest)) {
		from = await_work(guest);
		if (from && !is_ending(guest))
			renew(guest, from);
		agree_on_time(guest);
		if (clock_monotonic_ns() >= guest->room.due_ns)
			room_look(&guest->room, guest->store, guest->directory);
		pass(guest);
	}
	return NULL;
}

/* rotation.c - seal everything again under the key that seals now, in the
 * background: a walk over the store, whose rows become commands some hundred at
 * a time, with a rest after each.
 *
 * That a rotation has begun is replicated without a word of its own: the
 * cluster's secret is sealed anew first. Whoever starts or leads later, and
 * finds that secret under the key that seals but associations under others,
 * goes on. A command says which row it means, as it was read: a row that was
 * replaced meanwhile is left alone, because it was sealed under the new key. */
#include "agentd/flow/rotation.h"

#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/flow/internal.h"
#include "agentd/state/seal.h"

#define BATCH 256u
#define PAGE_ROWS 4096u /* looked at in one snapshot of the store */
#define REST 2u         /* idle time after a batch, in durations of it */
#define RETRY_MS 100u   /* after a batch that was not taken */
#define PASSES_MAX 3u   /* without progress */

struct rotation {
	struct agent *agent;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool wanted;
	bool stopping;
	bool under_way; /* a batch is put in order */
	size_t refused; /* of the last batch */
	bool abandoned; /* it is not known what became of it */
	_Atomic bool active;
	struct change *changes; /* BATCH */
};

/* ---- what is left ---- */

static uint32_t left_to_do(struct agent *agent, uint32_t *secrets)
{
	uint32_t sealing = keyring_sealing_id(agent->keyring), associations = 0;
	struct state_sealed sealed[STATE_SEALED_MAX];
	size_t count = state_sealed(agent->state, sealed);

	*secrets = 0;
	for (size_t i = 0; i < count; i++) {
		if (sealed[i].key == sealing)
			continue;
		associations += sealed[i].associations;
		*secrets += sealed[i].secrets;
	}
	return associations;
}

static bool was_interrupted(struct agent *agent)
{
	uint32_t secrets, associations = left_to_do(agent, &secrets);

	return associations > 0 && secrets == 0;
}

/* ---- batches ---- */

/* On the store thread, or on the one that stops. */
static void on_done(void *context, const enum ha_error *results, size_t count)
{
	struct rotation *r = context;

	pthread_mutex_lock(&r->lock);
	r->under_way = false;
	r->abandoned = !results;
	r->refused = 0;
	for (size_t i = 0; results && i < count; i++)
		r->refused += results[i] != HA_OK;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

/* false: it is time to end. */
static bool rest(struct rotation *r, uint64_t ms)
{
	const struct timespec until = clock_condition_time(clock_monotonic_ns() + ms * 1000000u);
	bool stopping;

	pthread_mutex_lock(&r->lock);
	while (!r->stopping && pthread_cond_timedwait(&r->wake, &r->lock, &until) == 0)
		;
	stopping = r->stopping;
	pthread_mutex_unlock(&r->lock);
	return !stopping;
}

static enum ha_error submit(struct rotation *r, size_t count)
{
	enum ha_error error;

	pthread_mutex_lock(&r->lock);
	r->under_way = true;
	pthread_mutex_unlock(&r->lock);
	error = agent_configure(r->agent, "key rotate", r->changes, count, on_done, r);
	pthread_mutex_lock(&r->lock);
	while (error == HA_OK && r->under_way)
		pthread_cond_wait(&r->wake, &r->lock);
	if (error == HA_OK && r->abandoned)
		error = HA_E_CLOSED;
	pthread_mutex_unlock(&r->lock);
	return error;
}

/* Put a batch in order, however long that takes, and rest. */
static enum ha_error write_batch(struct rotation *r, size_t count)
{
	uint64_t began_ns = clock_monotonic_ns();
	enum ha_error error = submit(r, count);

	while (error == HA_E_BUSY || error == HA_E_CAPACITY) {
		if (!rest(r, RETRY_MS))
			return HA_E_CLOSED;
		began_ns = clock_monotonic_ns();
		error = submit(r, count);
	}
	if (error == HA_OK && !rest(r, 1 + REST * (clock_monotonic_ns() - began_ns) / 1000000u))
		error = HA_E_CLOSED;
	return error;
}

/* ---- the walk ---- */

/* Where a walk goes on: peers in the order of their rows. */
struct walk {
	struct rotation *rotation;
	struct store_reader reader;
	struct row_octets peer; /* row key */
	bool after;             /* that peer is done */
	bool ended;
	size_t rows;  /* looked at in this snapshot */
	size_t count; /* changes */
};

static struct span span_of(struct store_bytes bytes)
{
	return (struct span){ bytes.at, bytes.size };
}

static struct store_bytes bytes_of(const struct row_octets *octets)
{
	return (struct store_bytes){ octets->at, octets->size };
}

static enum ha_error add_change(struct walk *walk, const struct association_row *row)
{
	struct rotation *r = walk->rotation;
	struct seal_place place = { { walk->peer.at, walk->peer.size }, row->spi, row->use };
	struct change *change = &r->changes[walk->count];
	struct keyring_plain plain;
	enum ha_error error = seal_open_key(r->agent->keyring, &place, &row->sealed, &plain);

	if (error == HA_OK) {
		*change = (struct change){
			.kind = CHANGE_RESEAL,
			.spi = row->spi,
			.use = row->use,
			.created = row->created,
			.replaces = seal_blob_key(&row->sealed),
			.place_size = (uint8_t)walk->peer.size,
		};
		memcpy(change->place, walk->peer.at, walk->peer.size);
		error = seal_key(r->agent->keyring, &place, (struct span){ plain.at, plain.size },
		                 &change->sealed);
	}
	mip_wipe(&plain, sizeof(plain));
	if (error == HA_OK)
		walk->count++;
	return error;
}

static void report_unopened(enum ha_error error, const struct association_row *row)
{
	static struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;

	if (log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_error("an association with SPI %u stays under cluster key %u: %s", row->spi,
		          seal_blob_key(&row->sealed), ha_strerror(error));
}

/* The associations of the peer at walk->peer, as many as there is room for. */
static enum ha_error walk_peer(struct walk *walk, uint64_t id)
{
	uint32_t sealing = keyring_sealing_id(walk->rotation->agent->keyring);
	struct association_row row = { .peer = id };
	struct row_octets start;
	struct store_row raw;
	enum ha_error error;

	association_row_key(&row, &start);
	error = store_seek(&walk->reader, STORE_ASSOCIATIONS, bytes_of(&start), false, &raw);
	for (; error == HA_OK && walk->count < BATCH; walk->rows++) {
		error = association_row_decode(span_of(raw.key), span_of(raw.value), &row);
		if (error != HA_OK || row.peer != id)
			break;
		if (seal_blob_key(&row.sealed) != sealing) {
			enum ha_error unopened = add_change(walk, &row);

			if (unopened != HA_OK)
				report_unopened(unopened, &row);
		}
		error = store_next(&walk->reader, STORE_ASSOCIATIONS, &raw);
	}
	walk->after = walk->count < BATCH; /* else there may be more of it */
	return error == HA_E_NOTFOUND ? HA_OK : error;
}

static enum ha_error walk_peers(struct walk *walk)
{
	struct store_row raw;
	struct peer_row peer;
	enum ha_error error = store_seek(&walk->reader, STORE_PEERS, bytes_of(&walk->peer),
	                                 walk->after, &raw);

	while (error == HA_OK) {
		error = peer_row_decode(span_of(raw.key), span_of(raw.value), &peer);
		if (error != HA_OK)
			return error;
		peer_row_key(&peer, &walk->peer);
		error = walk_peer(walk, peer.id);
		if (error != HA_OK || walk->count == BATCH || walk->rows >= PAGE_ROWS)
			return error;
		error = store_next(&walk->reader, STORE_PEERS, &raw);
	}
	walk->ended = error == HA_E_NOTFOUND;
	return walk->ended ? HA_OK : error;
}

/* One snapshot of the store: the next changes, if there are any in it. */
static enum ha_error next_batch(struct walk *walk)
{
	enum ha_error error = store_read_open(walk->rotation->agent->store, &walk->reader);

	walk->count = walk->rows = 0;
	if (error == HA_OK)
		error = walk_peers(walk);
	store_read_close(&walk->reader);
	return error;
}

static enum ha_error walk_store(struct rotation *r)
{
	struct walk walk = { .rotation = r };
	enum ha_error error = HA_OK;

	while (error == HA_OK && !walk.ended) {
		error = next_batch(&walk);
		if (error == HA_OK && walk.count > 0)
			error = write_batch(r, walk.count);
		if (error == HA_OK && walk.count > 0 && r->refused == walk.count)
			walk.after = true; /* what is left of this peer is tried in the next walk */
	}
	return error;
}

/* ---- the job ---- */

static enum ha_error seal_secrets(struct rotation *r)
{
	struct agent *agent = r->agent;
	struct change *change = &r->changes[0];
	uint8_t secret[SECRET_OCTETS];
	uint32_t key = state_secret(agent->state, SECRET_NONCE, secret);
	enum ha_error error = HA_OK;

	*change = (struct change){ .kind = CHANGE_SECRET, .name = SECRET_NONCE, .replaces = key };
	if (key && key != keyring_sealing_id(agent->keyring)) {
		error = seal_secret(agent->keyring, SECRET_NONCE, secret, &change->sealed);
		if (error == HA_OK)
			error = write_batch(r, 1);
	}
	mip_wipe(secret, sizeof(secret));
	return error;
}

static enum ha_error seal_all(struct rotation *r)
{
	enum ha_error error = seal_secrets(r);
	uint32_t secrets, left = left_to_do(r->agent, &secrets);

	for (unsigned idle = 0; error == HA_OK && left > 0 && idle < PASSES_MAX;) {
		uint32_t before = left;

		error = walk_store(r);
		left = left_to_do(r->agent, &secrets);
		idle = left < before ? 0 : idle + 1;
	}
	return error == HA_OK && left + secrets > 0 ? HA_E_CONFLICT : error;
}

static void rotate(struct rotation *r)
{
	uint32_t id = keyring_sealing_id(r->agent->keyring), secrets;
	uint32_t left = left_to_do(r->agent, &secrets);
	uint64_t began_ns = clock_monotonic_ns();
	enum ha_error error;

	log_notice("sealing %u associations again, under cluster key %u", left, id);
	error = seal_all(r);
	if (error == HA_OK)
		log_notice("everything is sealed under cluster key %u now, after %llu ms: keys "
		           "that agentctl key list calls unused can be removed from the file",
		           id, (unsigned long long)((clock_monotonic_ns() - began_ns) / 1000000u));
	else if (error != HA_E_CLOSED && error != HA_E_NOTLEADER)
		log_error("%u associations are not sealed under cluster key %u: %s; agentctl key "
		          "rotate goes on",
		          left_to_do(r->agent, &secrets), id, ha_strerror(error));
}

static void *run(void *argument)
{
	struct rotation *r = argument;

	agent_thread(r->agent, "rotation");
	pthread_mutex_lock(&r->lock);
	while (!r->stopping) {
		if (!r->wanted) {
			r->active = false;
			pthread_cond_wait(&r->wake, &r->lock);
			continue;
		}
		r->wanted = false;
		pthread_mutex_unlock(&r->lock);
		rotate(r);
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ---- life ---- */

struct rotation *rotation_new(struct agent *agent)
{
	struct rotation *r = calloc(1, sizeof(*r));
	pthread_condattr_t attributes;

	if (!r)
		return NULL;
	r->agent = agent;
	r->changes = calloc(BATCH, sizeof(*r->changes));
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	if (r->changes)
		return r;
	rotation_free(r);
	return NULL;
}

enum ha_error rotation_start(struct rotation *r)
{
	int number = pthread_create(&r->thread, NULL, run, r);

	r->running = number == 0;
	return ha_error_of_errno(number);
}

static void begin(struct rotation *r)
{
	pthread_mutex_lock(&r->lock);
	r->wanted = true;
	r->active = true;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

void rotation_go_on(struct rotation *r)
{
	if (was_interrupted(r->agent))
		begin(r);
}

enum ha_error rotation_ask(struct rotation *r)
{
	uint32_t secrets, associations = left_to_do(r->agent, &secrets);

	if (associations + secrets == 0)
		return HA_E_NOTFOUND;
	begin(r);
	return HA_OK;
}

bool rotation_is_active(const struct rotation *r)
{
	return r->active;
}

void rotation_stop(struct rotation *r)
{
	pthread_mutex_lock(&r->lock);
	r->stopping = true;
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

void rotation_free(struct rotation *r)
{
	if (!r)
		return;
	if (r->running)
		pthread_join(r->thread, NULL);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r->changes);
	free(r);
}

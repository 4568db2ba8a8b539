/* flood.c - the life of a flood, and its loop: build a batch, send it, see what
 * came. The time of day is read once a batch. */
#include "agentd/load/flood_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agentd/base/arena.h"
#include "agentd/base/clock.h"

#define SECOND_NS 1000000000ull
#define TICK_NS 100000u /* at a rate: batches are no closer than that when nothing is due */
#define LOOK_EVERY 8u   /* batches between two looks at what came back */

/* ---- life ---- */

/* Octets of a request that was recorded: its node's key makes them again. */
static enum ha_error recall(struct flood *flood, const struct load_record *record)
{
	struct replayed *out = &flood->replayed[flood->replayed_count];
	struct load_node node;
	struct mip_request request;
	enum ha_error error = load_node_init(&node, flood->identity, record->home);

	if (error != HA_OK)
		return error;
	node.effect = record->effect;
	node.lifetime_s = record->lifetime_s;
	node.identification = record->identification;
	load_request_of(flood->identity, record->home, &node, &request);
	request.care_of = record->care_of;
	out->size = (uint8_t)load_request_encode(flood->identity, &node, &request, out->octets);
	flood->replayed_count++;
	mip_wipe(&node, sizeof(node));
	return HA_OK;
}

/* The newest requests of a record, as many as there is room for. */
static enum ha_error recall_all(struct flood *flood, const struct load_record *records,
                                size_t count)
{
	enum ha_error error = HA_OK;

	flood->replayed = calloc(REPLAYED_MAX, sizeof(*flood->replayed));
	if (!flood->replayed)
		return HA_E_NOMEM;
	while (error == HA_OK && count-- > 0 && flood->replayed_count < REPLAYED_MAX)
		if (records[count].what == RECORD_SENT)
			error = recall(flood, &records[count]);
	return error == HA_OK && flood->replayed_count == 0 ? HA_E_NOTFOUND : error;
}

static enum ha_error take_keys(struct flood *flood)
{
	enum ha_error error = HA_OK;

	flood->nodes = arena_map(flood->settings->nodes * sizeof(*flood->nodes));
	if (!flood->nodes)
		return HA_E_NOMEM;
	for (uint32_t i = 0; error == HA_OK && i < flood->settings->nodes; i++)
		error = load_node_init(&flood->nodes[i], flood->identity,
		                       load_home(flood->identity, i));
	return error;
}

enum ha_error flood_new(struct flood **out, const struct load_settings *settings,
                        const struct load_identity *identity, const struct flood_kind *kind,
                        const struct load_record *records, size_t record_count)
{
	struct flood *flood = calloc(1, sizeof(*flood));
	enum ha_error error = HA_OK;

	*out = flood;
	if (!flood)
		return HA_E_NOMEM;
	flood->settings = settings;
	flood->identity = identity;
	flood->kind = kind;
	flood->random = settings->seed * 0x9e3779b97f4a7c15ull + 1;
	flood_set_time(flood, clock_wall_ms());
	if (kind->signs)
		error = take_keys(flood);
	if (error == HA_OK && kind->replays)
		error = recall_all(flood, records, record_count);
	if (error == HA_OK)
		return HA_OK;
	flood_free(flood);
	*out = NULL;
	return error;
}

void flood_free(struct flood *flood)
{
	if (!flood)
		return;
	if (flood->nodes)
		arena_unmap(flood->nodes, flood->settings->nodes * sizeof(*flood->nodes));
	free(flood->replayed);
	free(flood);
}

void flood_set_time(struct flood *flood, uint64_t wall_ms)
{
	uint64_t ntp = clock_ntp_of_ms(wall_ms);

	if (ntp > flood->ntp)
		flood->ntp = ntp;
}

size_t flood_build(struct flood *flood, uint8_t out[FLOOD_DATAGRAM_MAX])
{
	return flood->kind->build(flood, out);
}

/* ---- the loop ---- */

static uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * SECOND_NS + (uint64_t)used.tv_nsec;
}

/* How many datagrams may have left by now. */
static uint64_t due(const struct flood *flood, uint64_t passed_ns)
{
	uint64_t count = flood->settings->count ? flood->settings->count : UINT64_MAX;
	uint64_t rate = flood->settings->rate, by_rate;

	if (rate == 0)
		return count;
	by_rate = passed_ns / SECOND_NS * rate + passed_ns % SECOND_NS * rate / SECOND_NS + 1;
	return by_rate < count ? by_rate : count;
}

static void put_one(struct flood *flood)
{
	unsigned i = flood->link.out.count;
	size_t size = flood_build(flood, flood->long_one[i]);

	if (size > LINK_DATAGRAM_MAX) {
		link_put_borrowed(&flood->link, flood->long_one[i], size);
		return;
	}
	memcpy(link_room(&flood->link), flood->long_one[i], size);
	link_put(&flood->link, size);
}

static void send_batch(struct flood *flood, uint64_t wanted, struct flood_result *result)
{
	flood_set_time(flood, clock_wall_ms());
	for (uint64_t i = 0; i < wanted && i < LINK_BATCH; i++)
		put_one(flood);
	result->sent += flood->link.out.count;
	flood->refused += link_send(&flood->link);
}

static void count_answer(const uint8_t *octets, size_t size, struct flood_result *result)
{
	struct reader in = reader_over(octets, size);
	struct mip_reply reply;

	result->answers++;
	if (mip_reply_decode(&in, &reply) == HA_OK)
		result->codes[reply.code]++;
}

static void take_answers(struct flood *flood, struct flood_result *result)
{
	const struct link_batch *in = &flood->link.in;

	for (unsigned i = 0; i < flood->link.count; i++)
		while (link_receive(&flood->link, i) > 0)
			for (unsigned d = 0; d < in->count; d++)
				count_answer(in->octets[d], in->headers[d].msg_len, result);
}

static bool is_over(const struct flood *flood, uint64_t passed_ns,
                    const struct flood_result *result)
{
	const struct load_settings *settings = flood->settings;

	return (settings->count && result->sent >= settings->count) ||
	       (settings->duration_ns && passed_ns >= settings->duration_ns);
}

static void loop(struct flood *flood, volatile sig_atomic_t *stop, struct flood_result *result)
{
	uint64_t start_ns = clock_monotonic_ns(), cpu_start_ns = cpu_ns(), allowed;

	for (unsigned round = 1; !*stop && !is_over(flood, result->window_ns, result); round++) {
		allowed = due(flood, result->window_ns);
		if (allowed > result->sent)
			send_batch(flood, allowed - result->sent, result);
		else
			link_pause(TICK_NS);
		if (round % LOOK_EVERY == 0)
			take_answers(flood, result);
		result->window_ns = clock_monotonic_ns() - start_ns;
	}
	result->cpu_ns = cpu_ns() - cpu_start_ns;
	take_answers(flood, result);
}

enum ha_error flood_run(struct flood *flood, volatile sig_atomic_t *stop,
                        struct flood_result *result)
{
	const struct load_settings *settings = flood->settings;
	enum ha_error error = link_open(&flood->link, &settings->target, settings->source,
	                                settings->sockets);

	*result = (struct flood_result){ 0 };
	if (error != HA_OK)
		return error;
	flood->refused = 0;
	loop(flood, stop, result);
	result->sent -= flood->refused;
	link_close(&flood->link);
	return HA_OK;
}

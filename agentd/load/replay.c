/* replay.c - one replayed request at a time per node, a batch of nodes at once.
 * The octets are made anew from the record: keys and encoding are the same, and
 * so are they. */
#include "agentd/load/replay.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/load/exchange.h"
#include "agentd/load/history.h"
#include "agentd/load/link.h"
#include "proto/codes.h"

#define SENTENCES_MAX 20u

/* An accepted request, and what may become of it. */
struct candidate {
	const struct load_record *sent, *answer;
	bool newest; /* of its node, as far as anybody was told */
	struct load_node node;
};

struct replaying {
	const struct load_settings *settings;
	const struct load_identity *identity;
	FILE *people;
	unsigned sentences;
	struct replay_result *result;
	struct link link;
	struct candidate *under_way[LINK_BATCH];
	unsigned under_way_count;
};

/* ---- choosing ---- */

static size_t collect(struct candidate *out, const struct history *history)
{
	const struct load_record *newest = history_newest_accepted(history);
	size_t n = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct load_record *sent = &history->records[i];
		const struct load_record *answer = NULL;

		if (sent->what == RECORD_SENT && !history_is_copy(history, i))
			answer = history_answer_to(history, i);
		if (answer && mip_code_is_accepted(answer->code))
			out[n++] = (struct candidate){ .sent = sent,
				                       .answer = answer,
				                       .newest = answer->identification ==
				                                 newest->identification };
	}
	return n;
}

static int compare_age(const void *left, const void *right)
{
	uint64_t a = ((const struct candidate *)left)->sent->identification;
	uint64_t b = ((const struct candidate *)right)->sent->identification;

	return a > b ? -1 : a < b;
}

/* A part of all, in random order: the youngest are the most telling, since the
 * time in them is not yet out of the agent's tolerance. */
static size_t choose(struct candidate *all, size_t count, size_t wanted, uint64_t seed)
{
	size_t chosen = wanted < count ? wanted : count;
	size_t young = wanted < count / 4 ? count / 4 : count;
	uint64_t random = seed * 0x9e3779b97f4a7c15ull + 1;

	if (count > 0)
		qsort(all, count, sizeof(*all), compare_age);
	for (size_t i = 0; i < chosen; i++) {
		size_t range = (i % 2 && young > i ? young : count) - i;
		size_t other = i + (size_t)(load_random(&random) % range);
		struct candidate swap = all[i];

		all[i] = all[other];
		all[other] = swap;
	}
	return chosen;
}

/* ---- judging ---- */

static void say(struct replaying *r, const struct candidate *candidate,
                const struct mip_reply *reply, const char *what)
{
	if (r->sentences++ >= SENTENCES_MAX)
		return;
	fprintf(r->people, "%s: %s: identification 0x%016" PRIx64 ", code %u, lifetime %u\n",
	        address_format(candidate->sent->home).text, what, candidate->sent->identification,
	        reply->code, reply->lifetime_s);
}

static void judge(struct replaying *r, const struct candidate *candidate,
                  const struct mip_reply *reply)
{
	if (!mip_code_is_accepted(reply->code)) {
		r->result->denied++;
	} else if (!candidate->newest) {
		r->result->accepted++;
		say(r, candidate, reply, "a replay was accepted");
	} else if (reply->code != candidate->answer->code ||
	           reply->lifetime_s > candidate->answer->lifetime_s) {
		r->result->accepted++;
		say(r, candidate, reply, "a retransmission was not answered as before");
	} else {
		r->result->same++;
	}
}

/* ---- sending and receiving ---- */

static bool is_under_way(const struct replaying *r, struct in_addr home)
{
	for (unsigned i = 0; i < r->under_way_count; i++)
		if (address_equal(r->under_way[i]->sent->home, home))
			return true;
	return false;
}

static enum ha_error put(struct replaying *r, struct candidate *candidate)
{
	const struct load_record *sent = candidate->sent;
	struct mip_request request;
	uint8_t *room = link_room(&r->link);
	enum ha_error error = load_node_init(&candidate->node, r->identity, sent->home);

	if (error != HA_OK)
		return error;
	candidate->node.effect = sent->effect;
	candidate->node.lifetime_s = sent->lifetime_s;
	candidate->node.identification = sent->identification;
	candidate->node.tries = 1;
	load_request_of(r->identity, sent->home, &candidate->node, &request);
	request.care_of = sent->care_of;
	link_put(&r->link, load_request_encode(r->identity, &candidate->node, &request, room));
	r->under_way[r->under_way_count++] = candidate;
	r->result->replayed++;
	return HA_OK;
}

static void take(struct replaying *r, struct span datagram)
{
	for (unsigned i = 0; i < r->under_way_count; i++) {
		struct candidate *candidate = r->under_way[i];
		/* One node's table, so that its number is 0. */
		struct load_identity identity = *r->identity;
		struct load_answer answer;

		identity.first_home = candidate->sent->home;
		answer = load_answer_judge(&identity, &candidate->node, 1, datagram, false);
		if (answer.verdict != LOAD_ANSWER)
			continue;
		judge(r, candidate, &answer.reply);
		r->under_way[i] = r->under_way[--r->under_way_count];
		return;
	}
	r->result->bad++;
}

static void receive_until(struct replaying *r, uint64_t until_ns)
{
	const struct link_batch *in = &r->link.in;
	uint64_t now_ns = clock_monotonic_ns();

	while (r->under_way_count > 0 && now_ns < until_ns) {
		link_wait(&r->link, until_ns - now_ns);
		for (unsigned i = 0; i < r->link.count; i++) {
			unsigned count = link_receive(&r->link, i);

			for (unsigned d = 0; d < count; d++)
				take(r, (struct span){ .at = in->octets[d],
				                       .size = in->headers[d].msg_len });
		}
		now_ns = clock_monotonic_ns();
	}
}

static void exchange(struct replaying *r)
{
	link_send(&r->link);
	receive_until(r, clock_monotonic_ns() + r->settings->timeout_ns);
	r->result->silent += r->under_way_count;
	r->under_way_count = 0;
}

static enum ha_error replay_all(struct replaying *r, struct candidate *all, size_t count,
                                volatile sig_atomic_t *stop)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; error == HA_OK && i < count && !*stop; i++) {
		if (r->under_way_count == LINK_BATCH || is_under_way(r, all[i].sent->home))
			exchange(r);
		error = put(r, &all[i]);
	}
	if (error == HA_OK && !*stop)
		exchange(r);
	return error;
}

enum ha_error replay(const struct load_settings *settings, const struct load_identity *identity,
                     struct load_record *records, size_t count, FILE *people,
                     volatile sig_atomic_t *stop, struct replay_result *result)
{
	struct candidate *all = calloc(count + 1, sizeof(*all));
	struct replaying *r = calloc(1, sizeof(*r));
	enum ha_error error = all && r ? HA_OK : HA_E_NOMEM;
	size_t found = 0, at = 0;

	*result = (struct replay_result){ 0 };
	history_sort(records, count);
	while (error == HA_OK && at < count) {
		struct history history = history_next(records, count, &at);

		found += collect(all + found, &history);
	}
	if (error == HA_OK) {
		*r = (struct replaying){ .settings = settings,
			                 .identity = identity,
			                 .people = people,
			                 .result = result };
		error = link_open(&r->link, &settings->target, settings->source, settings->sockets);
	}
	if (error == HA_OK) {
		found = choose(all, found, (size_t)settings->count, settings->seed);
		error = replay_all(r, all, found, stop);
		link_close(&r->link);
	}
	free(r);
	free(all);
	return error;
}

/* history.c - the set of outcomes is carried through the requests in the order
 * of their identifications, which is the only order in which an agent can have
 * accepted them (RFC 5944 section 5.7.1: each must exceed all before). */
#include "agentd/load/history.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/base/binding.h"
#include "agentd/load/exchange.h"
#include "proto/codes.h"

#define OUTCOMES_MAX 4096u    /* of one node: each unanswered request can double them */
#define EXPIRY_SLACK_MS 2000u /* between the two ends' clocks and roundings */

static int compare_u64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare(const void *left, const void *right)
{
	const struct load_record *a = left, *b = right;
	int order = compare_u64(ntohl(a->home.s_addr), ntohl(b->home.s_addr));

	if (order == 0)
		order = compare_u64(a->identification, b->identification);
	if (order == 0)
		order = (int)a->what - (int)b->what;
	if (order == 0)
		order = (int)a->code - (int)b->code; /* acceptances before denials */
	return order ? order
	             : (int)b->lifetime_s - (int)a->lifetime_s; /* the first before repeated ones */
}

void history_sort(struct load_record *records, size_t count)
{
	if (count > 0)
		qsort(records, count, sizeof(*records), compare);
}

struct history history_next(const struct load_record *records, size_t count, size_t *at)
{
	struct history history = { .records = records + *at };

	while (*at < count && records[*at].home.s_addr == history.records->home.s_addr) {
		history.count++;
		(*at)++;
	}
	return history;
}

void outcomes_free(struct outcomes *outcomes)
{
	free(outcomes->at);
	*outcomes = (struct outcomes){ 0 };
}

/* ---- one outcome ---- */

static size_t place_of(const struct outcome *outcome, struct in_addr care_of)
{
	size_t i = 0;

	while (i < outcome->count && ntohl(outcome->at[i].care_of.s_addr) < ntohl(care_of.s_addr))
		i++;
	return i;
}

static bool holds(const struct outcome *outcome, size_t place, struct in_addr care_of)
{
	return place < outcome->count && outcome->at[place].care_of.s_addr == care_of.s_addr;
}

bool outcome_put(struct outcome *outcome, struct held held)
{
	size_t place = place_of(outcome, held.care_of);

	if (!holds(outcome, place, held.care_of)) {
		if (outcome->count == BINDING_LIMIT_MAX)
			return false;
		memmove(&outcome->at[place + 1], &outcome->at[place],
		        (outcome->count - place) * sizeof(held));
		outcome->count++;
	}
	outcome->at[place] = held;
	return true;
}

static void take_out(struct outcome *outcome, struct in_addr care_of)
{
	size_t place = place_of(outcome, care_of);

	if (!holds(outcome, place, care_of))
		return;
	outcome->count--;
	memmove(&outcome->at[place], &outcome->at[place + 1],
	        (outcome->count - place) * sizeof(outcome->at[0]));
}

static const struct held *find(const struct outcome *outcome, const struct held *held)
{
	size_t place = place_of(outcome, held->care_of);

	if (!holds(outcome, place, held->care_of) ||
	    outcome->at[place].identification != held->identification)
		return NULL;
	return &outcome->at[place];
}

#define NO_TIME 0u /* at which nothing has expired */

static bool has_expired(const struct held *held, uint64_t now_ms)
{
	return now_ms != NO_TIME && held->expires_ms != UINT64_MAX &&
	       held->expires_ms < now_ms + EXPIRY_SLACK_MS;
}

/* Is every binding of `part` in `whole`, those aside that have expired? */
static bool is_part(const struct outcome *part, const struct outcome *whole, uint64_t now_ms)
{
	for (size_t i = 0; i < part->count; i++)
		if (!find(whole, &part->at[i]) && !has_expired(&part->at[i], now_ms))
			return false;
	return true;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->count == b->count && is_part(a, b, NO_TIME);
}

static enum ha_error insert(struct outcomes *set, const struct outcome *outcome)
{
	for (size_t i = 0; i < set->count; i++)
		if (same(&set->at[i], outcome))
			return HA_OK;
	if (set->count == OUTCOMES_MAX)
		return HA_E_CAPACITY;
	if (set->count == set->room) {
		size_t room = set->room ? 2 * set->room : 4;
		struct outcome *at = realloc(set->at, room * sizeof(*at));

		if (!at)
			return HA_E_NOMEM;
		set->at = at;
		set->room = room;
	}
	set->at[set->count++] = *outcome;
	return HA_OK;
}

/* ---- from one request to the next ---- */

static struct held held_by(const struct load_record *request, uint16_t lifetime_s)
{
	return (struct held){ .care_of = request->care_of,
		              .identification = request->identification,
		              .expires_ms = lifetime_s == LIFETIME_INFINITE
		                                    ? UINT64_MAX
		                                    : request->value + lifetime_s * 1000u };
}

/* What becomes of one outcome if the request had its effect. */
static struct outcome effect_on(struct outcome outcome, const struct load_record *request,
                                enum load_effect effect, uint16_t lifetime_s)
{
	if (effect == LOAD_BIND || effect == LOAD_UNBIND_ALL)
		outcome.count = 0;
	if (load_effect_binds(effect))
		outcome_put(&outcome, held_by(request, lifetime_s));
	if (effect == LOAD_UNBIND)
		take_out(&outcome, request->care_of);
	return outcome;
}

/* The outcomes `from`, each after the request had its effect. */
static enum ha_error add_effects(struct outcomes *to, const struct outcomes *from,
                                 const struct load_record *request, enum load_effect effect,
                                 uint16_t lifetime_s)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; error == HA_OK && i < from->count; i++) {
		struct outcome after = effect_on(from->at[i], request, effect, lifetime_s);

		error = insert(to, &after);
	}
	return error;
}

static enum ha_error add_all(struct outcomes *to, const struct outcomes *from)
{
	enum ha_error error = HA_OK;

	for (size_t i = 0; error == HA_OK && i < from->count; i++)
		error = insert(to, &from->at[i]);
	return error;
}

/* An agent without simultaneous bindings takes an addition as a replacement,
 * and says so by its code. */
static enum load_effect effect_answered(const struct load_record *sent,
                                        const struct load_record *answer)
{
	if (sent->effect == LOAD_ADD && answer->code == MIP_ACCEPTED_ONE_BINDING)
		return LOAD_BIND;
	return (enum load_effect)sent->effect;
}

/* Of a request without an answer: every effect it can have had, or none. */
static enum ha_error carry_unanswered(struct outcomes *after, const struct outcomes *before,
                                      const struct load_record *sent)
{
	enum ha_error error = add_all(after, before);

	if (error == HA_OK)
		error = add_effects(after, before, sent, (enum load_effect)sent->effect,
		                    sent->lifetime_s);
	if (error == HA_OK && sent->effect == LOAD_ADD)
		error = add_effects(after, before, sent, LOAD_BIND, sent->lifetime_s);
	return error;
}

static bool is_accepted(const struct load_record *answer)
{
	return answer && mip_code_is_accepted(answer->code);
}

/* A request at least one copy of which has no answer may have had its effect
 * through that copy, whatever was said to the others. */
static bool may_have_had_effect(const struct history *history, size_t i)
{
	const struct load_record *answer = history_answer_to(history, i);

	return !answer || is_accepted(answer) ||
	       history_entries_of(history, i, RECORD_ANSWERED) <
	               history_entries_of(history, i, RECORD_SENT);
}

static enum ha_error carry_request(struct outcomes *set, const struct history *history, size_t i)
{
	const struct load_record *sent = &history->records[i];
	const struct load_record *answer = history_answer_to(history, i);
	struct outcomes before = *set;
	enum ha_error error;

	if (history_is_copy(history, i) || !may_have_had_effect(history, i))
		return HA_OK;
	*set = (struct outcomes){ 0 };
	if (is_accepted(answer))
		error = add_effects(set, &before, sent, effect_answered(sent, answer),
		                    answer->lifetime_s);
	else
		error = carry_unanswered(set, &before, sent);
	outcomes_free(&before);
	return error;
}

/* The outcome that was seen, over the entries that tell of it; when its
 * bindings end is known from the requests. Returns how many entries. */
static size_t take_seen(const struct history *history, size_t i, const struct outcomes *set,
                        struct outcome *seen)
{
	size_t n = 0;

	for (; i + n < history->count; n++) {
		const struct load_record *observed = &history->records[i + n];
		struct held held = { .care_of = observed->care_of,
			             .identification = observed->value,
			             .expires_ms = UINT64_MAX };

		if (observed->what != RECORD_OBSERVED ||
		    observed->identification != history->records[i].identification)
			break;
		for (size_t k = 0; k < set->count; k++) {
			const struct held *known = find(&set->at[k], &held);

			if (known)
				held.expires_ms = known->expires_ms;
		}
		if (observed->value != 0)
			outcome_put(seen, held);
	}
	return n;
}

static enum ha_error settle(struct outcomes *set, const struct history *history, size_t *i)
{
	struct outcome seen = { 0 };

	*i += take_seen(history, *i, set, &seen) - 1;
	set->count = 0;
	return insert(set, &seen);
}

static bool has_identification_of(const struct history *history, size_t i, size_t other)
{
	return other < history->count &&
	       history->records[other].identification == history->records[i].identification;
}

bool history_is_copy(const struct history *history, size_t i)
{
	return i > 0 && has_identification_of(history, i, i - 1) &&
	       history->records[i - 1].what == history->records[i].what;
}

const struct load_record *history_answer_to(const struct history *history, size_t i)
{
	for (; has_identification_of(history, i, i + 1); i++)
		if (history->records[i + 1].what == RECORD_ANSWERED)
			return &history->records[i + 1];
	return NULL;
}

size_t history_entries_of(const struct history *history, size_t i, enum record_what what)
{
	size_t count = 0;

	for (size_t other = i; has_identification_of(history, i, other); other++)
		count += history->records[other].what == what;
	return count;
}

enum ha_error history_outcomes(const struct history *history, struct outcomes *out)
{
	enum ha_error error = insert(out, &(struct outcome){ 0 });

	for (size_t i = 0; error == HA_OK && i < history->count; i++) {
		if (history->records[i].what == RECORD_OBSERVED)
			error = settle(out, history, &i);
		else if (history->records[i].what == RECORD_SENT)
			error = carry_request(out, history, i);
	}
	return error;
}

const struct load_record *history_newest_accepted(const struct history *history)
{
	for (size_t i = history->count; i-- > 0;) {
		const struct load_record *record = &history->records[i];

		if (record->what == RECORD_ANSWERED && mip_code_is_accepted(record->code))
			return record;
	}
	return NULL;
}

/* Did a request of this history ask for the binding that was found? */
static bool was_asked_for(const struct history *history, const struct held *found)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct load_record *record = &history->records[i];

		if (record->what == RECORD_SENT && load_effect_binds(record->effect) &&
		    record->identification == found->identification)
			return record->care_of.s_addr == found->care_of.s_addr;
	}
	return false;
}

enum finding history_judge(const struct history *history, const struct outcomes *outcomes,
                           const struct outcome *found, uint64_t now_ms)
{
	bool more_than_allowed = false;

	for (size_t i = 0; i < outcomes->count; i++) {
		bool all_there = is_part(&outcomes->at[i], found, now_ms);

		if (all_there && is_part(found, &outcomes->at[i], NO_TIME))
			return FINDING_ALLOWED;
		more_than_allowed = more_than_allowed || all_there;
	}
	for (size_t i = 0; i < found->count; i++)
		if (!was_asked_for(history, &found->at[i]))
			return FINDING_UNEXPLAINED;
	return more_than_allowed ? FINDING_RESURRECTED : FINDING_LOST;
}

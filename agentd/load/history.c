/* history.c - the set of outcomes is carried through the requests in the order
 * of their identifications, which is the only order in which an agent can have
 * accepted them (RFC 5944 section 5.7.1: each must exceed all before). */
#include "agentd/load/history.h"

#include <stdlib.h>

#include "agentd/base/binding.h"
#include "agentd/load/exchange.h"
#include "proto/codes.h"

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
	return order ? order : (int)a->what - (int)b->what;
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

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->bound == b->bound && a->identification == b->identification &&
	       a->care_of.s_addr == b->care_of.s_addr;
}

static enum ha_error insert(struct outcomes *set, struct outcome outcome)
{
	for (size_t i = 0; i < set->count; i++)
		if (same(&set->at[i], &outcome))
			return HA_OK;
	if (set->count == set->room) {
		size_t room = set->room ? 2 * set->room : 4;
		struct outcome *at = realloc(set->at, room * sizeof(*at));

		if (!at)
			return HA_E_NOMEM;
		set->at = at;
		set->room = room;
	}
	set->at[set->count++] = outcome;
	return HA_OK;
}

static struct outcome bound_by(const struct load_record *request, uint16_t lifetime_s)
{
	return (struct outcome){ .bound = true,
		                 .care_of = request->care_of,
		                 .identification = request->identification,
		                 .expires_ms = lifetime_s == LIFETIME_INFINITE
		                                       ? UINT64_MAX
		                                       : request->value + lifetime_s * 1000u };
}

/* What becomes of one outcome if the request had its effect. */
static struct outcome effect_on(const struct outcome *before, const struct load_record *request,
                                uint16_t lifetime_s)
{
	if (request->effect == LOAD_BIND)
		return bound_by(request, lifetime_s);
	if (request->effect == LOAD_UNBIND && before->care_of.s_addr != request->care_of.s_addr)
		return *before;
	return (struct outcome){ 0 };
}

/* All outcomes after a request: of its effect, and if that is not sure also
 * without it. */
static enum ha_error carry(struct outcomes *set, const struct load_record *request,
                           uint16_t lifetime_s, bool sure)
{
	struct outcomes before = *set;
	enum ha_error error = HA_OK;

	*set = (struct outcomes){ 0 };
	for (size_t i = 0; error == HA_OK && i < before.count; i++) {
		error = insert(set, effect_on(&before.at[i], request, lifetime_s));
		if (error == HA_OK && !sure)
			error = insert(set, before.at[i]);
	}
	outcomes_free(&before);
	return error;
}

/* The one outcome that was seen; when it ends is known from the request. */
static enum ha_error settle(struct outcomes *set, const struct load_record *observed)
{
	struct outcome seen = { .bound = observed->value != 0,
		                .care_of = observed->care_of,
		                .identification = observed->value,
		                .expires_ms = UINT64_MAX };

	for (size_t i = 0; i < set->count; i++)
		if (same(&set->at[i], &seen))
			seen.expires_ms = set->at[i].expires_ms;
	set->count = 0;
	return insert(set, seen);
}

const struct load_record *history_answer_to(const struct history *history, size_t i)
{
	const struct load_record *sent = &history->records[i];
	const struct load_record *next = sent + 1;

	if (i + 1 == history->count || next->what != RECORD_ANSWERED ||
	    next->identification != sent->identification)
		return NULL;
	return next;
}

static enum ha_error carry_request(struct outcomes *set, const struct history *history, size_t i)
{
	const struct load_record *sent = &history->records[i];
	const struct load_record *answer = history_answer_to(history, i);

	if (!answer)
		return carry(set, sent, sent->lifetime_s, false);
	if (!mip_code_is_accepted(answer->code))
		return HA_OK;
	return carry(set, sent, answer->lifetime_s, true);
}

enum ha_error history_outcomes(const struct history *history, struct outcomes *out)
{
	enum ha_error error = insert(out, (struct outcome){ 0 });

	for (size_t i = 0; error == HA_OK && i < history->count; i++) {
		if (history->records[i].what == RECORD_OBSERVED)
			error = settle(out, &history->records[i]);
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
static bool was_asked_for(const struct history *history, const struct outcome *found)
{
	for (size_t i = 0; i < history->count; i++) {
		const struct load_record *record = &history->records[i];

		if (record->what == RECORD_SENT && record->effect == LOAD_BIND &&
		    record->identification == found->identification)
			return record->care_of.s_addr == found->care_of.s_addr;
	}
	return false;
}

static bool allows(const struct outcome *outcome, const struct outcome *found, uint64_t now_ms)
{
	if (!found->bound && outcome->bound && outcome->expires_ms < now_ms + EXPIRY_SLACK_MS)
		return true;
	return same(outcome, found);
}

enum finding history_judge(const struct history *history, const struct outcomes *outcomes,
                           const struct outcome *found, uint64_t now_ms)
{
	bool none_allowed = false;

	for (size_t i = 0; i < outcomes->count; i++) {
		if (allows(&outcomes->at[i], found, now_ms))
			return FINDING_ALLOWED;
		none_allowed = none_allowed || !outcomes->at[i].bound;
	}
	if (!found->bound)
		return FINDING_LOST;
	if (!was_asked_for(history, found))
		return FINDING_UNEXPLAINED;
	return none_allowed ? FINDING_RESURRECTED : FINDING_LOST;
}

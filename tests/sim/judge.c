/* judge.c - entries and answers: what was acknowledged stays, and only who leads
 * answers. The disks are in judge_disks.c, the state of things in judge_look.c. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/judge_internal.h"

void judge_violation(struct world *world, enum violation_kind kind, const char *format, ...)
{
	struct tally *tally = &world->judge.tally;
	char text[JUDGE_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	world_trace(world, "VIOLATION: %s", text);
	tally->violations[kind]++;
	if (!tally->first[0])
		memcpy(tally->first, text, sizeof(text));
}

uint64_t judge_digest(const void *octets, size_t size, uint64_t start)
{
	const uint8_t *at = octets;
	uint64_t x = start ^ UINT64_C(0xcbf29ce484222325);

	for (; size >= 8; size -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		x = (x ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		x ^= x >> 29;
	}
	for (size_t i = 0; i < size; i++)
		x = (x ^ at[i]) * UINT64_C(0x100000001b3);
	return x ^ x >> 32;
}

struct mark *judge_mark(struct marks *marks, uint64_t index)
{
	if (index >= marks->room) {
		uint64_t room = marks->room ? 2 * marks->room : 1024;

		while (room <= index)
			room *= 2;
		marks->at = realloc(marks->at, room * sizeof(*marks->at));
		if (!marks->at)
			abort();
		memset(marks->at + marks->room, 0, (room - marks->room) * sizeof(*marks->at));
		marks->room = room;
	}
	return &marks->at[index];
}

static struct ledger *ledger_of(const struct replica *replica)
{
	return &replica->world->judge.ledgers[replica->group];
}

void judge_free(struct judge *judge)
{
	for (unsigned g = 0; g < WORLD_GROUPS; g++) {
		struct ledger *ledger = &judge->ledgers[g];

		free(ledger->committed.at);
		for (unsigned i = 0; i <= REPLICATION_MEMBERS_MAX; i++) {
			free(ledger->holdings[i].marks.at);
			free(ledger->holdings[i].before.at);
		}
	}
	free(judge->proposals);
}

/* ---- entries ---- */

/* On how many disks it is, as it was committed. */
static unsigned copies(struct world *world, uint8_t group, uint64_t index)
{
	struct ledger *ledger = &world->judge.ledgers[group];
	const struct mark *mark = judge_mark(&ledger->committed, index);
	unsigned count = 0;

	for (unsigned i = 1; i <= world->plan.members; i++) {
		struct holdings *held = &ledger->holdings[i];
		const struct mark *there = judge_mark(&held->marks, index);

		count += index <= held->base || (index <= held->last && there->term == mark->term &&
		                                 there->digest == mark->digest);
	}
	return count;
}

static void check_copies(struct replica *replica, uint64_t index, enum violation_kind kind)
{
	struct world *world = replica->world;
	unsigned count = copies(world, replica->group, index);

	if (count <= world->plan.members / 2)
		judge_violation(world, kind,
		                "entry %llu of group %u, by member %u: on %u of %u disks",
		                (unsigned long long)index, replica->group, replica->member->number,
		                count, world->plan.members);
}

static struct proposal *proposal_of(struct judge *judge, uint64_t digest)
{
	for (size_t i = judge->proposal_count; i-- > 0;)
		if (judge->proposals[i].digest == digest)
			return &judge->proposals[i];
	return NULL;
}

void judge_proposed(struct world *world, const void *command, size_t size, unsigned mobile,
                    uint64_t identification)
{
	struct judge *judge = &world->judge;

	if (judge->proposal_count == judge->proposal_room) {
		judge->proposal_room = judge->proposal_room ? 2 * judge->proposal_room : 1024;
		judge->proposals = realloc(judge->proposals,
		                           judge->proposal_room * sizeof(*judge->proposals));
		if (!judge->proposals)
			abort();
	}
	judge->proposals[judge->proposal_count++] = (struct proposal){
		.digest = judge_digest(command, size, 0),
		.identification = identification,
		.mobile = mobile,
	};
}

/* A registration took effect, for the first time anywhere. */
static void takes_effect(struct replica *replica, uint64_t index, uint64_t digest)
{
	struct world *world = replica->world;
	struct proposal *proposal = proposal_of(&world->judge, digest);
	struct promise *promise;

	if (!proposal)
		return;
	promise = &world->judge.promises[proposal->mobile];
	world_trace(world, "node %u: entry %llu takes effect", proposal->mobile,
	            (unsigned long long)index);
	if (!clock_ntp_is_later(proposal->identification, promise->effective))
		judge_violation(
			world, VIOLATION_DOUBLE_GRANT,
			"node %u: entry %llu grants what entry %llu had granted or outdated",
			proposal->mobile, (unsigned long long)index,
			(unsigned long long)promise->effective_at);
	promise->effective = proposal->identification;
	promise->effective_at = proposal->effective_at = index;
}

static void applied_first(struct replica *replica, const struct replication_entry *entry,
                          struct mark *mark)
{
	struct ledger *ledger = ledger_of(replica);

	*mark = (struct mark){ .term = entry->term,
		               .digest = judge_digest(entry->command, entry->size, 0) };
	ledger->newest = entry->index;
	replica->world->judge.tally.commits++;
	check_copies(replica, entry->index, VIOLATION_UNCOMMITTED);
}

/* The state after an entry, once it is what the log makes of it. A witness has
 * none. */
static void check_sum(struct replica *replica, uint64_t index, struct mark *mark)
{
	uint64_t sum;

	if (!replica->agent || index < replica->even_from)
		return;
	sum = judge_sum(replica);
	if (!mark->sum)
		mark->sum = sum;
	else if (mark->sum != sum)
		judge_violation(replica->world, VIOLATION_DIVERGED,
		                "state of member %u after entry %llu of group %u is another one",
		                replica->member->number, (unsigned long long)index, replica->group);
}

void judge_applied(struct replica *replica, const struct replication_entry *entry,
                   enum ha_error outcome)
{
	struct ledger *ledger = ledger_of(replica);
	struct mark *mark = judge_mark(&ledger->committed, entry->index);

	if (mark->term == 0 && entry->index > ledger->newest)
		applied_first(replica, entry, mark);
	else if (mark->term != entry->term ||
	         mark->digest != judge_digest(entry->command, entry->size, 0))
		judge_violation(
			replica->world, VIOLATION_DIVERGED,
			"member %u applies another entry %llu of group %u: term %llu, not %llu",
			replica->member->number, (unsigned long long)entry->index, replica->group,
			(unsigned long long)entry->term, (unsigned long long)mark->term);
	if (replica->agent && !mark->judged) {
		mark->judged = true; /* a witness that was sooner could not tell */
		if (outcome == HA_OK)
			takes_effect(replica, entry->index, mark->digest);
	}
	check_sum(replica, entry->index, mark);
}

/* ---- leaders ---- */

void judge_append_sent(struct world *world, uint8_t group, uint8_t from, uint64_t term)
{
	struct ledger *ledger = &world->judge.ledgers[group];

	if (term >= JUDGE_TERMS)
		return;
	if (!ledger->leaders[term]) {
		ledger->leaders[term] = from;
		world->judge.tally.elections++;
	} else if (ledger->leaders[term] != from) {
		judge_violation(world, VIOLATION_DOUBLE_LEADER,
		                "members %u and %u lead group %u in term %llu",
		                ledger->leaders[term], from, group, (unsigned long long)term);
	}
}

static size_t row_of_term(const struct replica *replica)
{
	return replica->role_term < JUDGE_TERMS ? replica->role_term : JUDGE_TERMS - 1;
}

/* Who froze after it was elected may be told late that it leads: what leaders of later
 * terms acknowledged meanwhile is not there, and it has no lease any more. */
void judge_leads(struct replica *replica)
{
	const struct ledger *ledger = ledger_of(replica);
	uint64_t acknowledged = 0;

	for (size_t term = 0; term <= row_of_term(replica); term++)
		if (ledger->acknowledged[term] > acknowledged)
			acknowledged = ledger->acknowledged[term];
	if (replica->applied < acknowledged)
		judge_violation(replica->world, VIOLATION_LOST,
		                "member %u leads group %u with entry %llu, %llu was acknowledged",
		                replica->member->number, replica->group,
		                (unsigned long long)replica->applied,
		                (unsigned long long)acknowledged);
}

/* ---- answers ---- */

bool judge_look_at(struct replica *replica, unsigned number, struct state_view *view)
{
	const struct mobile *mobile = &replica->world->mobiles[number];
	struct name_digest name;
	struct state_question question = {
		.kind = PEER_MOBILE_NODE,
		.address = mobile->home,
		.spi = WORLD_SPI,
	};

	if (mobile->pooled) {
		name = name_digest_of(
			0, (struct span){ (const uint8_t *)mobile->name, strlen(mobile->name) });
		question.name = &name;
	}
	return state_look(replica->agent->state, &question, view);
}

static void check_knowledge(struct replica *replica, unsigned mobile)
{
	const struct promise *promise = &replica->world->judge.promises[mobile];
	struct state_view view = { .id = 0 };

	if (!promise->told)
		return;
	if (!judge_look_at(replica, mobile, &view) ||
	    clock_ntp_is_later(promise->told, view.replay.identification))
		judge_violation(
			replica->world, VIOLATION_LOST,
			"member %u answers node %u and does not know its newest registration",
			replica->member->number, mobile);
}

void judge_answers(struct replica *replica, unsigned mobile)
{
	struct ledger *ledger = ledger_of(replica);
	uint8_t number = replica->member->number;

	replica->world->judge.tally.answers++;
	if (replica->role_term < ledger->answered_term ||
	    (replica->role_term == ledger->answered_term && ledger->answered_by != number))
		judge_violation(replica->world, VIOLATION_STALE_ANSWER,
		                "member %u answers in term %llu after member %u in term %llu",
		                number, (unsigned long long)replica->role_term, ledger->answered_by,
		                (unsigned long long)ledger->answered_term);
	ledger->answered_term = replica->role_term;
	ledger->answered_by = number;
	check_knowledge(replica, mobile);
}

/* Nobody else has the address that this node was promised. */
static void check_place(struct replica *replica, unsigned number)
{
	struct world *world = replica->world;
	struct state_view mine, other;

	if (!world->mobiles[number].pooled || !judge_look_at(replica, number, &mine))
		return;
	for (unsigned i = 0; i < WORLD_MOBILES_ALL; i++) {
		const struct mobile *mobile = &world->mobiles[i];

		if (i == number || !mobile->pooled || mobile->group != replica->group)
			continue;
		if (judge_look_at(replica, i, &other) && mine.leased && other.leased &&
		    mine.home.s_addr == other.home.s_addr)
			judge_violation(world, VIOLATION_DOUBLE_GRANT,
			                "nodes %u and %u have one address", number, i);
	}
}

void judge_acknowledges(struct replica *replica, unsigned mobile, uint64_t identification,
                        uint64_t index)
{
	struct world *world = replica->world;
	struct ledger *ledger = ledger_of(replica);
	struct promise *promise = &world->judge.promises[mobile];
	const struct mark *mark = judge_mark(&ledger->committed, index);
	const struct proposal *proposal = proposal_of(&world->judge, mark->digest);

	world->judge.tally.acknowledged++;
	if (!proposal || proposal->effective_at != index || proposal->mobile != mobile ||
	    proposal->identification != identification)
		judge_violation(world, VIOLATION_DOUBLE_GRANT,
		                "member %u tells node %u of entry %llu, which granted it nothing",
		                replica->member->number, mobile, (unsigned long long)index);
	check_copies(replica, index, VIOLATION_LOST);
	check_place(replica, mobile);
	if (index > ledger->acknowledged[row_of_term(replica)])
		ledger->acknowledged[row_of_term(replica)] = index;
	if (!clock_ntp_is_later(identification, promise->told))
		return;
	promise->told = identification;
	promise->told_at = index;
}

/* The leader may know less than others who have applied more: what it repeats took
 * effect, and nothing newer was acknowledged. */
void judge_repeats(struct replica *replica, unsigned mobile, uint64_t identification)
{
	struct judge *judge = &replica->world->judge;
	uint64_t told = judge->promises[mobile].told, index = 0;

	for (size_t i = judge->proposal_count; i-- > 0 && !index;)
		if (judge->proposals[i].mobile == mobile &&
		    judge->proposals[i].identification == identification)
			index = judge->proposals[i].effective_at;
	if (!index || (told && clock_ntp_is_later(told, identification)))
		judge_violation(replica->world, VIOLATION_DOUBLE_GRANT,
		                "member %u repeats to node %u what is not its newest registration",
		                replica->member->number, mobile);
	else
		judge_acknowledges(replica, mobile, identification, index);
}

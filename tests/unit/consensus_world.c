#include "consensus_world.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

/* ---- host ---- */

static enum ha_error save_ballot(void *context, uint64_t term, uint8_t voted_for)
{
	struct world_member *m = context;

	if (m->no_ballot)
		return HA_E_IO;
	CU_ASSERT_TRUE(term >= m->term);
	CU_ASSERT_FALSE(term == m->term && m->voted_for && voted_for != m->voted_for);
	m->term = term;
	m->voted_for = voted_for;
	return HA_OK;
}

static enum ha_error append(void *context, const struct journal_entry *entries, size_t count,
                            uint64_t *serial)
{
	struct world_member *m = context;

	CU_ASSERT_FATAL(m->log_count + count <= WORLD_LOG);
	*serial = m->log_count + 1;
	for (size_t i = 0; i < count; i++) {
		struct world_entry *to = &m->log[m->log_count++];

		to->entry = entries[i];
		CU_ASSERT_FATAL(entries[i].size < sizeof(to->text));
		memcpy(to->text, entries[i].command, entries[i].size);
		to->entry.command = to->text;
		to->entry.serial = m->log_count;
	}
	return HA_OK;
}

static bool room(void *context, enum journal_use use, size_t count, size_t octets)
{
	const struct world_member *m = context;

	(void)octets;
	return use >= m->full && m->log_count + count <= WORLD_LOG;
}

static void send(void *context, uint8_t member, const struct consensus_octets *pieces, size_t count)
{
	struct world_member *m = context;
	struct world *w = m->world;
	struct world_message *out = &w->queue[w->queued++];
	size_t size = 0;

	CU_ASSERT_FATAL(w->queued < WORLD_QUEUE);
	for (size_t i = 0; i < count; i++)
		size += pieces[i].size;
	*out = (struct world_message){ w->now_ns + w->delay_ms * MS, m->number, member,
		                       malloc(size), size };
	for (size_t i = 0, at = 0; i < count; at += pieces[i++].size)
		memcpy(out->octets + at, pieces[i].at, pieces[i].size);
	w->seen[out->octets[5]]++;
}

static void apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct world_member *m = context;
	size_t used = strlen(m->applied);

	for (size_t i = 0; i < count; i++) {
		m->applied_count++;
		if (used + entries[i].size >= sizeof(m->applied))
			continue;
		memcpy(m->applied + used, entries[i].command, entries[i].size);
		used += entries[i].size;
	}
}

static void lost(void *context, const uint64_t *tickets, size_t count)
{
	struct world_member *m = context;

	for (size_t i = 0; i < count && m->lost_count < 64; i++)
		m->lost[m->lost_count++] = tickets[i];
}

static void admit(void *context, uint8_t member, uint64_t incarnation)
{
	struct world_member *m = context;

	CU_ASSERT_EQUAL(incarnation, 77);
	m->admitted |= 1u << member;
}

static uint64_t met(void *context, uint8_t member)
{
	const struct world_member *m = context;

	return m->world->met[member];
}

static void role(void *context, enum replication_role role, uint64_t term)
{
	struct world_member *m = context;

	CU_ASSERT_EQUAL(term, m->term);
	m->role = role;
}

static void leads(void *context, uint8_t member, uint64_t term, uint64_t until_ns)
{
	struct world_member *m = context;

	CU_ASSERT_TRUE(until_ns <= m->world->now_ns);
	CU_ASSERT_TRUE(term > m->reign.term);
	m->reign = (struct world_reign){ m->reign.told + 1, member, term, m->world->now_ns,
		                         until_ns };
}

static void want_snapshot(void *context, uint8_t leader, uint64_t index, uint64_t term)
{
	struct world_member *m = context;

	CU_ASSERT_TRUE(leader != m->number && index > 0 && term > 0);
	m->wanted_snapshot++;
}

/* ---- life ---- */

static uint32_t others(const struct world *w)
{
	uint32_t mask = 0;

	for (size_t i = 1; i <= w->count; i++)
		mask |= w->member[i].core ? 1u << i : 0;
	return mask;
}

static void tell_connections(struct world *w)
{
	for (size_t i = 1; i <= w->count; i++)
		if (w->member[i].core)
			consensus_set_connected(w->member[i].core, others(w));
}

void world_start(struct world *w, uint8_t number)
{
	struct world_member *m = &w->member[number];
	const struct consensus_host host = {
		.context = m,
		.save_ballot = save_ballot,
		.append = append,
		.room = room,
		.send = send,
		.apply = apply,
		.admit = admit,
		.met = met,
		.lost = lost,
		.role = role,
		.leads = leads,
		.want_snapshot = want_snapshot,
	};
	const struct consensus_options options = {
		.self = number,
		.members = w->members,
		.member_count = w->count,
		.timing = consensus_timing(0),
		.base_index = m->base_index,
		.base_term = m->base_term,
		.term = m->term,
		.voted_for = m->voted_for,
		.memory_max = w->memory_max,
		.seed = number,
	};
	enum ha_error why;

	m->core = consensus_open(&options, &host, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m->core);
	for (size_t i = 0; i < m->log_count; i++)
		CU_ASSERT_EQUAL(consensus_restore(m->core, &m->log[i].entry), HA_OK);
	CU_ASSERT_EQUAL(consensus_start(m->core, w->now_ns), HA_OK);
	tell_connections(w);
}

void world_stop(struct world *w, uint8_t number)
{
	struct world_member *m = &w->member[number];

	consensus_close(m->core);
	m->core = NULL;
	m->log_count = m->durable;
	m->applied_count = 0;
	m->applied[0] = '\0';
	m->role = REPLICATION_FOLLOWER;
	m->reign = (struct world_reign){ 0 };
	for (size_t i = 1; i <= w->count; i++)
		if (w->member[i].core)
			consensus_disconnected(w->member[i].core, w->now_ns, number);
	tell_connections(w);
}

void world_isolate(struct world *w, uint8_t number, bool cut)
{
	for (size_t i = 1; i <= w->count; i++)
		w->cut[number][i] = w->cut[i][number] = cut && i != number;
}

struct world *world_new(size_t count, uint8_t witness)
{
	struct world *w = calloc(1, sizeof(*w));

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	w->now_ns = 1000 * MS;
	w->count = count;
	w->delay_ms = 1;
	w->memory_max = 64u << 20;
	for (uint8_t i = 1; i <= count; i++) {
		w->members[i - 1] = (struct replication_member){ .number = i,
			                                         .witness = i == witness };
		w->member[i] = (struct world_member){
			.world = w,
			.number = i,
			.log = calloc(WORLD_LOG, sizeof(struct world_entry)),
			.term = 1,
			.base_index = 1,
			.base_term = 1,
		};
		CU_ASSERT_PTR_NOT_NULL_FATAL(w->member[i].log);
	}
	for (uint8_t i = 1; i <= count; i++)
		world_start(w, i);
	return w;
}

void world_free(struct world *w)
{
	for (size_t i = 0; i < w->queued; i++)
		free(w->queue[i].octets);
	for (size_t i = 1; i <= w->count; i++) {
		consensus_close(w->member[i].core);
		free(w->member[i].log);
	}
	free(w);
}

/* ---- time ---- */

static void deliver(struct world *w)
{
	struct world_message now[WORLD_QUEUE];
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < w->queued; i++) {
		if (w->queue[i].at_ns <= w->now_ns)
			now[count++] = w->queue[i];
		else
			w->queue[kept++] = w->queue[i];
	}
	w->queued = kept;
	for (size_t i = 0; i < count; i++) {
		struct world_member *to = &w->member[now[i].to];

		if (to->core && !w->cut[now[i].from][now[i].to])
			CU_ASSERT_EQUAL(consensus_receive(to->core, w->now_ns, now[i].from,
			                                  now[i].octets, now[i].size),
			                HA_OK);
		free(now[i].octets);
	}
}

static void work(struct world *w, struct world_member *m)
{
	if (!m->core)
		return;
	if (!m->slow_disk && m->durable < m->log_count) {
		m->durable = m->log_count;
		CU_ASSERT_EQUAL(consensus_stored(m->core, w->now_ns, m->durable), HA_OK);
	}
	if (consensus_due_ns(m->core) <= w->now_ns)
		CU_ASSERT_EQUAL(consensus_tick(m->core, w->now_ns), HA_OK);
	while (consensus_apply(m->core, 1000))
		;
}

void world_run(struct world *w, unsigned ms)
{
	while (ms-- > 0) {
		w->now_ns += MS;
		deliver(w);
		for (size_t i = 1; i <= w->count; i++)
			work(w, &w->member[i]);
	}
}

uint8_t world_leads_now(const struct world *w)
{
	for (uint8_t i = 1; i <= w->count; i++)
		if (w->member[i].core && w->member[i].role == REPLICATION_LEADER)
			return i;
	return 0;
}

uint8_t world_leader(struct world *w, unsigned ms)
{
	while (ms-- > 0 && !world_leads_now(w))
		world_run(w, 1);
	return world_leads_now(w);
}

enum ha_error world_submit(struct world *w, uint8_t number, const char *text, uint64_t ticket)
{
	const struct replication_command command = { .ticket = ticket,
		                                     .command = text,
		                                     .size = strlen(text) };

	return consensus_submit(w->member[number].core, w->now_ns, &command, 1);
}

bool world_may_answer(const struct world *w, uint8_t number)
{
	return w->member[number].core && consensus_lease_ns(w->member[number].core) > w->now_ns;
}

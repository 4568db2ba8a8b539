/* cluster_status.c - what is shown of a cluster: gathered by the engine's
 * thread a few times a second, read by others from a copy. */
#include "replication/cluster_internal.h"

#include <string.h>

#include "agentd/base/clock.h"

/* ---- lags in milliseconds ---- */

void status_sample(struct cluster_group *group, uint64_t now_ns)
{
	struct consensus_status now;

	if (now_ns < group->sampled_ns + SAMPLE_MS * MS)
		return;
	group->sampled_ns = now_ns;
	consensus_status(group->core, &now);
	group->samples[group->sample_next++ % SAMPLES] = (struct growth_sample){ now_ns,
		                                                                 now.last_index };
}

/* Since when is there an entry after `index`? The newest sample that had none
 * tells, to the distance of samples; what is older than all of them is as old as
 * the oldest, unless that is of this process's beginning: then nobody knows. */
static uint32_t lag_ms(const struct cluster_group *group, uint64_t index, uint64_t last,
                       uint64_t now_ns)
{
	size_t kept = group->sample_next < SAMPLES ? group->sample_next : SAMPLES;
	uint64_t since_ns = now_ns;
	bool known = kept == SAMPLES;

	if (index >= last)
		return 0;
	for (size_t i = 1; i <= kept; i++) {
		const struct growth_sample *sample =
			&group->samples[(group->sample_next - i) % SAMPLES];

		if (sample->last_index <= index) {
			known = true;
			break;
		}
		since_ns = sample->at_ns;
	}
	if (!known)
		return UINT32_MAX;
	return (uint32_t)((now_ns - since_ns) / MS) + 1;
}

/* ---- members ---- */

static void fill_link(struct cluster *c, uint8_t number, uint64_t now_ns,
                      struct replication_peer *out)
{
	struct transport_link link;

	transport_look(c->transport, number, &link);
	out->connected = link.connected;
	out->feature_level = link.feature_level;
	out->refused = link.speaks && c->refused[number];
	out->refuses = link.speaks && c->refusing >> number & 1;
	out->drained = link.connected && c->drained_others >> number & 1;
	out->of_none = link.speaks && c->homeless >> number & 1;
	out->other_groups = link.speaks && c->other_groups >> number & 1;
	out->round_trip_us = link.round_trip_us;
	out->clock_offset_us = link.clock_offset_us;
	out->silent_ms = UINT32_MAX;
	if (link.heard_ns)
		out->silent_ms = now_ns > link.heard_ns ? (uint32_t)((now_ns - link.heard_ns) / MS)
		                                        : 0;
}

static void fill_progress(const struct cluster_group *group, const struct consensus_status *now,
                          uint64_t now_ns, struct replication_peer *out)
{
	for (size_t i = 0; i < now->peer_count; i++) {
		const struct consensus_peer *peer = &now->peers[i];

		if (peer->member != out->number || !peer->match)
			continue;
		out->match_index = peer->match;
		out->installing = peer->installing;
		out->lag_ms = lag_ms(group, peer->match, now->last_index, now_ns);
	}
}

static void fill_member(struct cluster_group *group, const struct replication_member *member,
                        const struct consensus_status *now, uint64_t now_ns,
                        struct replication_peer *out)
{
	struct cluster *c = group->cluster;

	*out = (struct replication_peer){
		.number = member->number,
		.self = member->number == c->config.self,
		.witness = member->witness,
		.port = member->port,
	};
	memcpy(out->address, member->address, sizeof(out->address));
	if (out->self) {
		out->connected = true;
		out->match_index = now->stored_index;
		return;
	}
	fill_link(c, member->number, now_ns, out);
	fill_progress(group, now, now_ns, out);
}

/* ---- the whole ---- */

static void fill_reign(struct cluster_group *group, struct replication_reign *out)
{
	uint64_t last_ns = consensus_reigned_ns(group->core);

	if (group->seen.last_ns < last_ns)
		group->seen.last_ns = last_ns;
	*out = group->seen;
}

void status_fill(struct cluster_group *group, uint64_t now_ns, struct replication_status *out)
{
	struct cluster *c = group->cluster;
	struct consensus_status now;
	struct journal_status log;

	consensus_status(group->core, &now);
	journal_status(c->journal, &log);
	*out = (struct replication_status){
		.role = now.role,
		.term = now.term,
		.first_index = now.first_index,
		.stored_index = now.stored_index,
		.applied_index = now.applied_index,
		.log_octets = log.octets,
		.log_octets_max = log.octets_max,
		.flushes = log.flushes,
		.log_failing = log.prepare_failed,
		.flushing_ms = log.flushing_ms,
		.full = atomic_load(&group->full),
		.self = c->config.self,
		.leader = now.leader,
		.current = now.current,
		.last_index = now.last_index,
		.commit_index = now.commit_index,
		.lease_ms = now.lease_ms,
		.election_ms = now.election_ms,
		.transferring = now.transferring,
		.drained = c->drained,
		.clock_off = c->clock_off,
		.member_of_none = c->state.cluster == 0,
		.log_memory = now.memory,
		.log_memory_max = group_memory(c),
		.member_count = c->config.member_count,
	};
	for (size_t i = 0; i < c->config.member_count; i++)
		fill_member(group, &c->config.members[i], &now, now_ns, &out->members[i]);
	fill_reign(group, &out->reign);
}

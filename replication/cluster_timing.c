/* cluster_timing.c - once a second: the timers that suit the network as it is,
 * and whether this node's clock is fit to lead. */
#include "replication/cluster_internal.h"

#include <stdlib.h>

#include "agentd/base/log.h"

#define LOOK_MS 1000u
#define CLOCKS_LEAST 3u /* of two that differ nobody knows which one is wrong */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct links {
	size_t count;
	int64_t round_trips_us[REPLICATION_MEMBERS_MAX];
	int64_t offsets_us[REPLICATION_MEMBERS_MAX]; /* our own, 0, is the first */
};

static struct links look_at_links(struct cluster *c)
{
	struct links links = { 0 };

	for (size_t i = 0; i < c->config.member_count; i++) {
		uint8_t number = c->config.members[i].number;
		struct transport_link link;

		if (number == c->config.self || c->refused[number])
			continue;
		transport_look(c->transport, number, &link);
		if (!link.connected || link.round_trip_us == 0)
			continue;
		links.round_trips_us[links.count] = link.round_trip_us;
		links.offsets_us[++links.count] = link.clock_offset_us;
	}
	return links;
}

/* The nearest members that make a majority with us decide how fast it answers. */
static void set_timers(struct cluster *c, struct links *links, uint64_t now_ns)
{
	size_t needed = c->config.member_count / 2;
	struct consensus_timing timing;

	if (needed == 0 || links->count < needed)
		return; /* alone there is nobody to wait for */
	qsort(links->round_trips_us, links->count, sizeof(int64_t), by_size);
	timing = consensus_timing((uint32_t)links->round_trips_us[needed - 1]);
	for (size_t i = 0; i < c->group_count; i++)
		consensus_set_timing(c->groups[i]->core, now_ns, &timing);
}

static void judge_clock(struct cluster *c, struct links *links)
{
	int64_t middle_us, most_us = (int64_t)c->config.clock_tolerance_ms * 1000;
	bool off;

	if (links->count + 1 < CLOCKS_LEAST)
		return;
	qsort(links->offsets_us, links->count + 1, sizeof(int64_t), by_size);
	middle_us = links->offsets_us[(links->count + 1) / 2];
	off = middle_us > most_us || middle_us < -most_us;
	if (off && !c->clock_off)
		log_warning("the clock of this host is %lld ms off the other members': it does not "
		            "lead until that is mended",
		            (long long)(-middle_us / 1000));
	else if (!off && c->clock_off)
		log_notice("the clock of this host agrees with the other members' again");
	c->clock_off = off;
}

/* ---- who leads ---- */

/* Who stands first in the group. */
static uint8_t preferred(const struct cluster_group *group)
{
	const struct replication_cluster *config = &group->cluster->config;

	for (size_t i = 0; i < config->member_count; i++)
		if (!config->members[i].witness &&
		    consensus_rank(config->members, config->member_count, group->id,
		                   config->members[i].number) == 0)
			return config->members[i].number;
	return config->self;
}

/* In a new cluster only its founder may lead, in all groups. Where there are several it
 * gives each, once, to the member whose turn it is. What an operator or an election
 * decides after that stays. */
static void spread(struct cluster_group *group, uint64_t now_ns)
{
	const struct cluster *c = group->cluster;
	uint8_t member = preferred(group);

	if (c->group_count < 2 || !c->founding || !group->spreads ||
	    group->role != REPLICATION_LEADER || member == c->config.self)
		return;
	if (consensus_transfer(group->core, now_ns, member) == HA_OK)
		group->spreads--;
}

/* false: it would not lead, if the others wanted it to. */
static bool look_at_group(struct cluster_group *group, uint64_t now_ns)
{
	const struct cluster *c = group->cluster;
	bool eligible = group->runs && !c->clock_off && !c->drained && identity_may_lead(group);

	group->eligible = eligible;
	consensus_set_eligible(group->core, eligible);
	if (!eligible && group->role == REPLICATION_LEADER)
		consensus_transfer(group->core, now_ns, 0);
	else
		spread(group, now_ns);
	return eligible || !group->runs;
}

void timing_look(struct cluster *c, uint64_t now_ns)
{
	bool willing = true;
	struct links links;

	if (now_ns < c->timed_ns + LOOK_MS * MS)
		return;
	c->timed_ns = now_ns;
	links = look_at_links(c);
	set_timers(c, &links, now_ns);
	judge_clock(c, &links);
	for (size_t i = 0; i < c->group_count; i++)
		if (!c->groups[i]->begins)
			willing &= look_at_group(c->groups[i], now_ns);
	if (willing == c->willing)
		return;
	c->willing = willing;
	identity_tell(c);
}

/* cluster_identity.c - who is one of us.
 *
 * A cluster has a number, made by its founder: the data member with the lowest
 * number, when its directory is of no cluster yet. Others take it over from the
 * first member of a cluster that they hear, once. A founder whose directory is
 * empty may be one whose disk was replaced: it founds only when all are of no
 * cluster, or a majority for a while, and else takes the number over like
 * anybody. A data directory has a number too: a member that comes back with
 * another one may have forgotten what it promised, and is not let in again before
 * an operator says so. */
#include "replication/cluster_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"

#define FOUND_MS 10000u /* how long those that are missing are waited for */

static uint8_t founder(const struct replication_cluster *config)
{
	uint8_t lowest = 0;

	for (size_t i = 0; i < config->member_count; i++) {
		const struct replication_member *m = &config->members[i];

		if (!m->witness && (lowest == 0 || m->number < lowest))
			lowest = m->number;
	}
	return lowest;
}

static enum ha_error draw_number(struct cluster *c, char *report, size_t size)
{
	const struct journal_io *io = c->io;

	do {
		if (io->random(io->context, &c->founding) < 0)
			return ha_refuse(report, size, HA_E_IO, "no random number can be had");
	} while (c->founding == 0);
	return HA_OK;
}

/* That it was founded here is remembered as having met ourselves. */
static void found(struct cluster *c)
{
	c->state.cluster = c->founding;
	c->state.met[c->config.self] = c->state.incarnation;
	log_notice("this member founds the cluster %016" PRIx64, c->state.cluster);
}

/* At once when all are of no cluster. Where only most are, the others may be what is
 * left of one, and be up a little later. */
static bool may_found(struct cluster *c)
{
	size_t count = 1; /* ourselves */

	for (size_t i = 1; i <= REPLICATION_MEMBERS_MAX; i++)
		count += c->homeless >> i & 1;
	if (count <= c->config.member_count / 2)
		return false;
	if (c->most_homeless_ns == 0)
		c->most_homeless_ns = clock_monotonic_ns();
	return count == c->config.member_count ||
	       clock_monotonic_ns() - c->most_homeless_ns >= FOUND_MS * MS;
}

/* What a lone agent left is not given up for a cluster's: it would be lost. */
static enum ha_error check_lone(const struct cluster *c, char *report, size_t size)
{
	bool brings = false;

	for (size_t i = 0; i < c->group_count; i++)
		brings |= c->groups[i]->opened_index > 0 && !c->groups[i]->reset;
	if (c->config.self == founder(&c->config) || !brings)
		return HA_OK;
	return ha_refuse(report, size, HA_E_FOREIGN,
	                 "the data directory holds what a lone agent stored: only member %u, which "
	                 "has the lowest number, can bring such a store into a cluster; give this "
	                 "node that number, or an empty directory",
	                 founder(&c->config));
}

/* Who is no member is met anew when it is one again. True: somebody was. */
static bool forget_strangers(struct cluster *c)
{
	bool known[REPLICATION_MEMBERS_MAX + 1] = { false }, forgotten = false;

	for (size_t i = 0; i < c->config.member_count; i++)
		known[c->config.members[i].number] = true;
	for (size_t i = 0; i <= REPLICATION_MEMBERS_MAX; i++) {
		if (known[i] || c->state.met[i] == 0)
			continue;
		c->state.met[i] = 0;
		forgotten = true;
	}
	return forgotten;
}

enum ha_error identity_open(struct cluster *c, char *report, size_t size)
{
	enum ha_error error;

	c->ballot = ballot_open(c->io, c->options.directory, &c->state, &error, report, size);
	if (c->ballot && forget_strangers(c))
		error = ballot_save(c->ballot, &c->state);
	return error;
}

static bool holds_something(const struct cluster *c)
{
	for (size_t i = 0; i < c->group_count; i++)
		if (c->groups[i]->opened_index > 0)
			return true;
	return false;
}

enum ha_error identity_settle(struct cluster *c, char *report, size_t size)
{
	enum ha_error error;

	if (c->state.cluster)
		return HA_OK;
	error = check_lone(c, report, size);
	if (error == HA_OK && c->config.self == founder(&c->config))
		error = draw_number(c, report, size);
	if (error != HA_OK)
		return error;
	if (c->founding && (holds_something(c) || c->config.member_count == 1))
		found(c); /* over what a lone agent stored, or with nobody to wait for */
	error = ballot_save(c->ballot, &c->state);
	return error == HA_OK ? HA_OK
	                      : ha_refuse(report, size, error, "the ballot in %s cannot be written",
	                                  c->options.directory);
}

struct transport_identity identity_ours(const struct cluster *c)
{
	struct transport_identity ours = {
		.cluster = c->state.cluster,
		.incarnation = c->state.incarnation,
		.drained = c->drained,
		.unwilling = !c->willing,
		.groups = c->options.groups,
	};

	for (size_t i = 0; i < c->config.member_count; i++) {
		const struct replication_member *m = &c->config.members[i];

		ours.members |= (uint8_t)(1u << m->number);
		ours.witnesses |= (uint8_t)((unsigned)m->witness << m->number);
	}
	return ours;
}

void identity_tell(struct cluster *c)
{
	const struct transport_identity ours = identity_ours(c);

	transport_identify(c->transport, &ours);
}

/* We are of a cluster now. */
static void show_cluster(struct cluster *c)
{
	identity_tell(c);
	c->timed_ns = 0; /* it may stand for election from now on */
}

static bool save(struct cluster *c)
{
	if (ballot_save(c->ballot, &c->state) == HA_OK)
		return true;
	cluster_fail(c, HA_E_IO, "the ballot cannot be written");
	return false;
}

static bool join(struct cluster *c, uint8_t from, const struct transport_identity *identity)
{
	c->state.cluster = identity->cluster;
	c->state.met[from] = identity->incarnation;
	if (!save(c))
		return false;
	show_cluster(c);
	log_notice("joined the cluster %016" PRIx64 " through member %u", identity->cluster, from);
	return true;
}

/* Of no cluster, like us perhaps. */
static void look_whether_to_found(struct cluster *c)
{
	if (!c->founding || c->state.cluster || !may_found(c))
		return;
	found(c);
	if (save(c))
		show_cluster(c);
}

/* Once when it begins, not with every packet. */
static bool refuse(struct cluster *c, uint8_t from, const char *why)
{
	if (!c->refused[from])
		log_warning("member %u is refused: %s", from, why);
	c->refused[from] = true;
	return false;
}

static bool meet(struct cluster *c, uint8_t from, uint64_t incarnation)
{
	c->state.met[from] = incarnation;
	return save(c);
}

/* Members that hold nothing are a majority where a lone agent becomes a cluster: one
 * of them must not be the first to lead, but who founded it. */
bool identity_may_lead(const struct cluster_group *group)
{
	const struct cluster *c = group->cluster;
	struct consensus_status now;

	if (c->state.cluster == 0)
		return false;
	consensus_status(group->core, &now);
	return now.last_index > 1 || c->state.met[c->config.self] == c->state.incarnation;
}

static void set_bit(uint32_t *set, uint8_t member, bool value)
{
	*set = value ? *set | 1u << member : *set & ~(1u << member);
}

/* Half by half; the upper one may be unknown. */
static bool are_other_groups(uint32_t ours, uint32_t theirs)
{
	bool known = ours >> 16 && theirs >> 16;

	return (ours & 0xffff) != (theirs & 0xffff) || (known && ours >> 16 != theirs >> 16);
}

static void note_state(struct cluster *c, uint8_t from, const struct transport_identity *identity)
{
	uint32_t unwilling = c->unwilling_others;

	set_bit(&c->drained_others, from, identity->drained);
	set_bit(&c->unwilling_others, from, identity->unwilling);
	set_bit(&c->refusing, from, identity->refuses);
	set_bit(&c->homeless, from, identity->cluster == 0);
	set_bit(&c->other_groups, from, are_other_groups(c->options.groups, identity->groups));
	for (size_t i = 0; i < c->group_count && unwilling != c->unwilling_others; i++)
		consensus_set_unwilling(c->groups[i]->core, c->unwilling_others);
}

bool identity_admit(void *context, uint8_t from, const struct transport_identity *identity)
{
	struct cluster *c = context;
	const struct transport_identity ours = identity_ours(c);

	note_state(c, from, identity);
	c->knocks[from] = 0;
	if (identity->members != ours.members || identity->witnesses != ours.witnesses)
		return refuse(
			c, from,
			"its configuration names other members than ours, or other witnesses");
	if (identity->cluster == 0) {
		look_whether_to_found(c);
		return false; /* it has yet to hear of us */
	}
	if (c->state.cluster == 0)
		return join(c, from, identity);
	if (identity->cluster != c->state.cluster)
		return refuse(c, from, "it belongs to another cluster");
	if (c->state.met[from] == 0 && !meet(c, from, identity->incarnation))
		return false;
	if (c->state.met[from] != identity->incarnation) {
		c->knocks[from] = identity->incarnation;
		return refuse(c, from,
		              "it comes with another data directory than before, and may have "
		              "forgotten what it promised; `agentctl cluster admit` lets it in");
	}
	if (c->refused[from])
		log_notice("member %u is taken again", from);
	c->refused[from] = false;
	return true;
}

void identity_take(struct cluster *c, uint8_t member, uint64_t incarnation)
{
	if (member == c->config.self || c->state.met[member] == incarnation)
		return;
	c->state.met[member] = incarnation;
	if (save(c))
		log_notice("member %u is let in with another data directory", member);
}

/* alarms_node.c - what goes wrong on a node, alone or in a cluster: disk and store, pools
 * and capacities, authentication, the data path. Of a store that cannot be written, of the
 * log's files and of the data path, others write to the log when it begins. */
#include <inttypes.h>
#include <stdio.h>

#include "agentd/flow/alarms_rows.h"

/* ---- the disk ---- */

/* One flush that takes a second is enough, under way or just ended; else half of some. It
 * is over when not one in ten is slow. */
#define STUCK_MS 1000u
#define SLOW_LEAST 3u
#define SLOW_STAY_MS 4000u   /* flushes are counted for five seconds each */
#define SLOW_CLEAR_MS 30000u /* a disk that is slow is that again and again */

static bool is_slow(const struct look *look)
{
	uint64_t slow = look->facts->slow_flushes, all = look->facts->flushes;

	if (look->status->flushing_ms >= STUCK_MS || look->facts->stuck_flushes > 0)
		return true;
	if (look->raised)
		return slow * 10 > all;
	return slow >= SLOW_LEAST && slow * 2 >= all;
}

static void say_slow(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	if (!begins)
		snprintf(out, EVENTS_TEXT_MAX, "the log is flushed quickly again");
	else if (look->status->flushing_ms >= STUCK_MS)
		snprintf(out, EVENTS_TEXT_MAX,
		         "the disk is slow: a flush of the log is under way for %u ms, and every "
		         "registration waits for it",
		         look->status->flushing_ms);
	else if (look->facts->stuck_flushes > 0)
		snprintf(out, EVENTS_TEXT_MAX,
		         "the disk is slow: of the last %u flushes of the log %u took a second or "
		         "more, and every registration waited for them",
		         look->facts->flushes, look->facts->stuck_flushes);
	else
		snprintf(out, EVENTS_TEXT_MAX,
		         "the disk is slow: of the last %u flushes of the log %u took a tenth of a "
		         "second or more, and registrations wait for them",
		         look->facts->flushes, look->facts->slow_flushes);
}

static bool cannot_store(const struct look *look)
{
	return look->facts->store_failing;
}

static const char *store_name(const struct look *look)
{
	return look->facts->of_visitors ? "the store of visitors" : "the store";
}

/* Whoever has granted has done so already when a foreign agent finds no room. */
static const char *denied_then(const struct look *look)
{
	return look->facts->of_visitors
	               ? "visitors are denied with code 66 though their home agents have granted"
	               : "they are denied with code 130";
}

static void say_store(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	if (!begins)
		snprintf(out, EVENTS_TEXT_MAX, "%s can be written again", store_name(look));
	else
		snprintf(out, EVENTS_TEXT_MAX,
		         "%s cannot be written: registrations go on until the log is at its cap, "
		         "then %s; the log of this node says why",
		         store_name(look), denied_then(look));
}

static bool cannot_grow(const struct look *look)
{
	return look->status->log_failing;
}

static void say_growth(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	(void)look;
	snprintf(out, EVENTS_TEXT_MAX, "%s",
	         begins ? "another file of the log cannot be made: it goes on with those that are "
	                  "there; the log of this node says why"
	                : "files of the log can be made again");
}

/* ---- room ---- */

/* In percent: at four fifths there is still time to do something; a quarter of what is
 * free then must be free again before that is said. */
#define NEARLY_FULL 80u
#define NOT_FULL 75u
/* The log swings with the passes of the store, up to half of it. */
#define LOG_NOT_FULL 60u

static bool is_nearly_full(struct alarm_use use, bool raised, unsigned end)
{
	return use.used > use.room / 100u * (raised ? end : NEARLY_FULL) && use.room > 0;
}

static unsigned percent(struct alarm_use use)
{
	return (unsigned)(use.used / (use.room / 100u + 1u));
}

static uint64_t mib(uint64_t octets)
{
	return octets >> 20;
}

static bool fills_map(const struct look *look)
{
	return is_nearly_full(look->facts->store, look->raised, NOT_FULL);
}

static void say_map(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	const char *source = look->facts->of_visitors ? "foreign-agent.max-visitors"
	                                              : "storage.store-map";

	if (begins)
		snprintf(out, EVENTS_TEXT_MAX,
		         "%s is nearly full: %u %% of the %" PRIu64 " MiB of %s", store_name(look),
		         percent(look->facts->store), mib(look->facts->store.room), source);
	else
		snprintf(out, EVENTS_TEXT_MAX,
		         "%s has room again: %u %% of %" PRIu64 " MiB are in use", store_name(look),
		         percent(look->facts->store), mib(look->facts->store.room));
}

static struct alarm_use log_of(const struct look *look)
{
	return (struct alarm_use){ look->status->log_octets, look->status->log_octets_max };
}

static bool fills_log(const struct look *look)
{
	return is_nearly_full(log_of(look), look->raised, LOG_NOT_FULL);
}

static void say_log(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	struct alarm_use log = log_of(look);

	snprintf(out, EVENTS_TEXT_MAX,
	         begins ? "the log is nearly full: %u %% of %" PRIu64
	                  " MiB, because the store does "
	                  "not keep up; at its cap registrations are denied with code 130"
	                : "the log has room again: %u %% of %" PRIu64 " MiB are in use",
	         percent(log), mib(log.room));
}

static bool takes_no_more(const struct look *look)
{
	return look->status->full;
}

static void say_no_more(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	if (!begins)
		snprintf(out, EVENTS_TEXT_MAX, "the log takes registrations again");
	else
		snprintf(out, EVENTS_TEXT_MAX,
		         "the log takes no more, for %s does not keep up: as the leader this node "
		         "denies %s",
		         store_name(look),
		         look->facts->of_visitors ? "visitors with code 66"
		                                  : "registrations with code 130");
}

/* A twentieth of the file system, or a GiB where that is less: the log and the store of a
 * large site grow by less before somebody comes. */
#define FREE_LEAST (UINT64_C(1) << 30)

static bool fills_disk(const struct look *look)
{
	struct alarm_use disk = look->facts->disk;
	uint64_t least = disk.room / 20 < FREE_LEAST ? disk.room / 20 : FREE_LEAST;

	if (look->raised)
		least += least / 4;
	return disk.room > 0 && disk.room - disk.used < least;
}

static void say_disk(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	struct alarm_use disk = look->facts->disk;

	snprintf(out, EVENTS_TEXT_MAX,
	         "the file system of %.150s %s: %" PRIu64 " of %" PRIu64 " MiB are free",
	         look->facts->directory, begins ? "is nearly full" : "has room again",
	         mib(disk.room - disk.used), mib(disk.room));
}

/* ---- pools and capacities: the leader tells ---- */

/* Over when a fiftieth is free: an address that comes and goes is no end. */
static uint64_t spare_of(uint64_t room)
{
	return room / 50 > 0 ? room / 50 : 1;
}

/* A pool that has an address for each of its nodes denies nobody. */
static bool is_exhausted(const struct look *look)
{
	uint32_t size = look->pool->size;

	if (!alarm_leads(look) || size == 0 || look->pool->nodes <= size)
		return false;
	return look->pool->leased + (look->raised ? spare_of(size) - 1 : 0) >= size;
}

static void say_exhausted(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	const struct alarm_pool *pool = look->pool;

	if (begins)
		snprintf(out, EVENTS_TEXT_MAX,
		         "pool %s is exhausted: its %u addresses are leased, and the others of %u "
		         "mobile nodes are denied with code 130",
		         pool->name, pool->size, pool->nodes);
	else if (pool->size == 0)
		snprintf(out, EVENTS_TEXT_MAX, "pool %s is gone", pool->name);
	else if (!alarm_leads(look))
		snprintf(out, EVENTS_TEXT_MAX, "pool %s is for another leader to tell: member %u",
		         pool->name, cluster_leader(look->status));
	else
		snprintf(out, EVENTS_TEXT_MAX,
		         "pool %s has addresses again: %u of %u are leased, for %u mobile nodes",
		         pool->name, pool->leased, pool->size, pool->nodes);
}

static bool is_at_limit(struct alarm_use use, bool raised)
{
	return use.room > 0 && use.used + (raised ? spare_of(use.room) - 1 : 0) >= use.room;
}

static bool has_reached_limit(const struct look *look)
{
	const struct alarm_facts *facts = look->facts;

	return alarm_leads(look) && (is_at_limit(facts->bindings, look->raised) ||
	                             is_at_limit(facts->nodes, look->raised) ||
	                             is_at_limit(facts->associations, look->raised));
}

static void say_limit(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	const struct alarm_facts *facts = look->facts;

	if (!begins && !alarm_leads(look)) {
		snprintf(out, EVENTS_TEXT_MAX,
		         "capacities are for another leader to tell: member %u",
		         cluster_leader(look->status));
		return;
	}
	snprintf(out, EVENTS_TEXT_MAX,
	         "%s: %" PRIu64 " of %" PRIu64 " bindings are reserved, and there are %" PRIu64
	         " of %" PRIu64 " nodes and %" PRIu64 " of %" PRIu64 " associations",
	         begins ? "a capacity is reached, and more are refused"
	                : "no capacity is reached any more",
	         facts->bindings.used, facts->bindings.room, facts->nodes.used, facts->nodes.room,
	         facts->associations.used, facts->associations.room);
}

/* ---- authentication ---- */

/* Nodes with a wrong key or clock ask a few times in a minute each: a hundred failures in a
 * second are a flood, or some thousands of nodes with the same mistake. */
#define SURGE 100u
#define SURGE_STAY_MS 5000u
#define SURGE_CLEAR_MS 30000u

static bool is_surge(const struct look *look)
{
	return look->facts->failures >= (look->raised ? SURGE / 2 : SURGE);
}

static void say_surge(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	snprintf(out, EVENTS_TEXT_MAX,
	         begins ? "%u requests a second fail authentication: a flood, or many mobile nodes "
	                  "with a wrong key or clock"
	                : "few requests fail authentication again: %u a second",
	         look->facts->failures);
}

/* ---- the data path ---- */

static bool is_path_slow(const struct look *look)
{
	return look->facts->path_slow;
}

static void say_path(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	snprintf(out, EVENTS_TEXT_MAX,
	         begins ? "packets pass user space, which is slower than BPF: %.180s"
	                : "BPF forwards packets again: %.180s",
	         look->facts->path_why);
}

static bool is_in_doubt(const struct look *look)
{
	return look->facts->path_doubt[0] != '\0';
}

static void say_doubt(const struct look *look, bool begins, char out[EVENTS_TEXT_MAX])
{
	snprintf(out, EVENTS_TEXT_MAX, "%.250s",
	         begins ? look->facts->path_doubt
	                : "nothing of this host stands in the way of packets any more");
}

/* ---- the table ---- */

#define ITEM_STORE 1u
#define ITEM_LOG 2u
#define ITEM_DISK 3u
#define ITEM_CAP 4u

const struct alarm_row alarm_node_rows[ALARM_NODE_ROWS] = {
	{ .kind = EVENT_DISK_SLOW,
	  .scope = ALARM_OF_LOG,
	  .test = is_slow,
	  .text = say_slow,
	  .stay_ms = SLOW_STAY_MS,
	  .clear_ms = SLOW_CLEAR_MS },
	{ .kind = EVENT_DISK_FAILED,
	  .item = ITEM_STORE,
	  .test = cannot_store,
	  .text = say_store,
	  .begin_told = true,
	  .end_told = true },
	{ .kind = EVENT_DISK_FAILED,
	  .item = ITEM_LOG,
	  .scope = ALARM_OF_LOG,
	  .severity = EVENT_MAJOR,
	  .test = cannot_grow,
	  .text = say_growth,
	  .begin_told = true },
	{ .kind = EVENT_STORE_NEARLY_FULL, .item = ITEM_STORE, .test = fills_map, .text = say_map },
	{ .kind = EVENT_STORE_NEARLY_FULL,
	  .item = ITEM_LOG,
	  .scope = ALARM_OF_LOG,
	  .test = fills_log,
	  .text = say_log,
	  .stay_ms = ALARM_CLEAR_MS },
	{ .kind = EVENT_STORE_NEARLY_FULL,
	  .item = ITEM_DISK,
	  .test = fills_disk,
	  .text = say_disk },
	{ .kind = EVENT_STORE_NEARLY_FULL,
	  .item = ITEM_CAP,
	  .severity = EVENT_CRITICAL,
	  .test = takes_no_more,
	  .text = say_no_more },
	{ .kind = EVENT_POOL_EXHAUSTED,
	  .each = ALARM_EACH_POOL,
	  .test = is_exhausted,
	  .text = say_exhausted },
	{ .kind = EVENT_BINDING_LIMIT_REACHED, .test = has_reached_limit, .text = say_limit },
	{ .kind = EVENT_AUTHENTICATION_SURGE,
	  .scope = ALARM_OF_PROCESS,
	  .test = is_surge,
	  .text = say_surge,
	  .stay_ms = SURGE_STAY_MS,
	  .clear_ms = SURGE_CLEAR_MS },
	{ .kind = EVENT_DATA_PATH_FELL_BACK,
	  .test = is_path_slow,
	  .text = say_path,
	  .begin_told = true,
	  .end_told = true },
	{ .kind = EVENT_DATA_PATH_TROUBLE,
	  .test = is_in_doubt,
	  .text = say_doubt,
	  .begin_told = true },
};

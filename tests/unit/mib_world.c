/* mib_world.c - rows are written into the stores before the agents open them, but for
 * associations, whose keys nobody could open: those come after. */
#include "tests/unit/mib_world.h"

#include <CUnit/CUnit.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "agentd/flow/inspect.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/meta.h"
#include "tests/unit/dice.h"

#define STORE_MAP_MIB 64u

/* ---- rows ---- */

#define PUT(w, table, kind, row)                                                                   \
	do {                                                                                       \
		struct row_octets key_, value_;                                                    \
                                                                                                   \
		kind##_row_key((row), &key_);                                                      \
		kind##_row_value((row), &value_);                                                  \
		store_put((w), (table), (struct store_bytes){ key_.at, key_.size },                \
		          (struct store_bytes){ value_.at, value_.size });                         \
	} while (0)

static void put_peer(struct store_write *w, const struct world_peer *peer)
{
	PUT(w, STORE_PEERS, peer, &peer->row);
	if (peer->replay.peer)
		PUT(w, STORE_REPLAY, replay, &peer->replay);
	if (peer->node.peer)
		PUT(w, STORE_NODES, node, &peer->node);
	for (size_t i = 0; i < peer->binding_count; i++)
		PUT(w, STORE_BINDINGS, binding, &peer->bindings[i]);
}

static void put_pools(struct store_write *w, uint32_t realm)
{
	for (size_t i = 0; i < world_pool_count; i++) {
		const struct world_pool *pool = &world_pools[i];
		struct setting_row row = { .version = 1 };

		snprintf(row.name, sizeof(row.name), "pool.%s", pool->name);
		snprintf(row.value, sizeof(row.value), "%s-%s %s realm=%u", pool->first, pool->last,
		         pool->sticky ? "sticky" : "released", realm);
		PUT(w, STORE_SETTINGS, setting, &row);
	}
}

static void write_store(struct world *world, unsigned group, const char *directory)
{
	char report[512] = "";
	enum ha_error why;
	struct store *store = store_open(directory, STORE_MAP_MIB << 20, &why, report,
	                                 sizeof(report));
	struct store_write w;

	CU_ASSERT_PTR_NOT_NULL_FATAL(store);
	w = store_begin(store);
	put_pools(&w, WORLD_REALM_OF(group));
	for (size_t i = 0; i < world->peer_count[group]; i++)
		put_peer(&w, &world->peers[group][i]);
	meta_put_number(&w, META_APPLIED, WORLD_VERSION);
	meta_put_number(&w, META_CONFIGURED, WORLD_VERSION);
	meta_put_number(&w, META_LOG_BEGINS, WORLD_VERSION);
	meta_put_number(&w, META_NEXT_ID, world->peer_count[group] + 1u);
	meta_put_number(&w, META_TIME, world->now_ms);
	CU_ASSERT_EQUAL_FATAL(store_commit(&w), HA_OK);
	store_close(store);
}

static void write_associations(const struct world *world, unsigned group)
{
	struct store_write w = store_begin(agent_store(world->agents[group]));

	for (size_t i = 0; i < world->peer_count[group]; i++) {
		const struct world_peer *peer = &world->peers[group][i];

		for (size_t k = 0; k < peer->association_count; k++)
			PUT(&w, STORE_ASSOCIATIONS, association, &peer->associations[k]);
	}
	CU_ASSERT_EQUAL_FATAL(store_commit(&w), HA_OK);
}

/* ---- the agents ---- */

/* As if requests had come. */
static void deny(const struct world *world, unsigned group)
{
	struct state *state = world->agents[group]->state;

	for (size_t i = 0; i < world->peer_count[group]; i++) {
		const struct world_peer *peer = &world->peers[group][i];
		const struct peer_row *row = &peer->row;
		struct name_digest name = name_digest_of(
			row->realm, (struct span){ (const uint8_t *)row->nai, strlen(row->nai) });
		const struct state_question question = {
			.kind = PEER_MOBILE_NODE,
			.realm = row->realm,
			.address = row->address,
			.name = row->address.s_addr ? NULL : &name,
		};
		struct state_view view;

		if (!peer->denied_code)
			continue;
		CU_ASSERT_TRUE_FATAL(state_look(state, &question, &view));
		state_note_denial(state, &view, peer->denied_code, peer->denied_ms);
	}
}

static void violate(struct world *world, unsigned group)
{
	struct dice dice = { 40u + group };

	for (size_t i = 0; i < WORLD_VIOLATIONS; i++) {
		struct violation *violation = &world->violations[group][i];

		/* Every fourth in both groups, and one that claimed no address. */
		*violation = (struct violation){
			.address = world_address(0xac000000u, i % 4u ? i + group * 1000u : i),
			.count = 1,
			.spi = 0x80000000u + dice_below(&dice, 1000),
			.reason = (uint8_t)(1u + dice_below(&dice, 6)),
			.identification = dice_next(&dice),
			.last_ms = world->monotonic_ms - dice_below(&dice, 1000),
		};
		if (i == 4)
			violation->address.s_addr = 0;
		CU_ASSERT_FALSE(violations_note(agent_violations(world->agents[group]), violation));
	}
}

static void open_agent(struct world *world, unsigned group)
{
	struct config config;
	struct agent_options options = { .config = &config };
	char report[512] = "", directory[64];
	enum ha_error why;

	config_defaults(&config);
	config.group = WORLD_NUMBER_OF(group);
	config.home_agent_realm = WORLD_REALM_OF(group);
	config.home_agent_address.s_addr = htonl(0xc0000201u + group);
	config.store_map_mib = STORE_MAP_MIB;
	config.log_segment_mib = 1;
	config.log_segments_max = 3;
	config.capacity_nodes = (uint32_t)world->peer_count[group] + 1u;
	config.capacity_associations = config.capacity_nodes;
	config.capacity_bindings = config.capacity_nodes * 8u;
	snprintf(config.data_directory, sizeof(config.data_directory), "%s/%u", world->directory,
	         group);
	CU_ASSERT_EQUAL_FATAL(mkdir(config.data_directory, 0700), 0);
	snprintf(directory, sizeof(directory), "%s/%u/store", world->directory, group);
	CU_ASSERT_EQUAL_FATAL(mkdir(directory, 0700), 0);
	write_store(world, group, directory);
	world->agents[group] = agent_open(&options, &why, report, sizeof(report));
	if (!world->agents[group])
		fprintf(stderr, "group %u: %s\n", config.group, report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world->agents[group]);
	write_associations(world, group);
	deny(world, group);
	violate(world, group);
	mib_view_add(&world->view, world->agents[group]);
}

struct world *world_new(size_t nodes, struct mib_table *const *tables, size_t count)
{
	struct world *world = calloc(1, sizeof(*world));

	CU_ASSERT_PTR_NOT_NULL_FATAL(world);
	snprintf(world->directory, sizeof(world->directory), P_tmpdir "/hearth-mib.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(world->directory));
	log_configure(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	world->now_ms = clock_wall_ms();
	/* As of a host that has been up for longer than all that is said to be old. */
	world->monotonic_ms = clock_monotonic_ms() + 20u * WORLD_UPTIME;
	world->tree = mib_tree_make(tables, count);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world->tree);
	CU_ASSERT_TRUE_FATAL(mib_view_open(&world->view, count));
	for (unsigned group = 0; group < WORLD_GROUPS; group++) {
		world_make_peers(world, group, nodes);
		open_agent(world, group);
		world->leads[group] = true;
	}
	return world;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
	(void)about;
	(void)kind;
	(void)place;
	return remove(path);
}

void world_free(struct world *world)
{
	mib_view_close(&world->view);
	mib_tree_free(world->tree);
	for (unsigned group = 0; group < WORLD_GROUPS; group++) {
		agent_close(world->agents[group]);
		free(world->peers[group]);
	}
	CU_ASSERT_EQUAL(nftw(world->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(world);
}

/* Agents that were not started lead nothing: the view is told otherwise, and that no time
 * has passed. */
void world_ask(struct world *world, uint32_t context)
{
	mib_view_end(&world->view);
	mib_view_begin_at(&world->view, context, WORLD_UPTIME, world->now_ms, world->monotonic_ms);
	for (unsigned i = 0; i < WORLD_GROUPS; i++) {
		struct mib_group *group = &world->view.groups[i];

		mib_group_status(group);
		group->status.cluster_time_ms = world->now_ms;
		group->status.replication.role = world->leads[i] ? REPLICATION_LEADER
		                                                 : REPLICATION_FOLLOWER;
	}
}

/* ---- what cannot be read ---- */

/* The key of a row that is there, and an octet too much: behind the last row of the
 * table, or behind the one at this place. */
static void spoil_one(struct store_write *w, struct store_reader *reader, enum store_table table,
                      size_t place)
{
	const struct store_bytes first = { "", 0 };
	uint8_t key[STORE_KEY_MAX];
	struct store_row row;
	enum ha_error why = place ? store_seek(reader, table, first, false, &row)
	                          : store_seek_before(reader, table, first, &row);

	CU_ASSERT_EQUAL_FATAL(why, HA_OK);
	for (size_t i = 1; i < place; i++)
		CU_ASSERT_EQUAL_FATAL(store_next(reader, table, &row), HA_OK);
	memcpy(key, row.key.at, row.key.size);
	key[row.key.size] = 9;
	store_put(w, table, (struct store_bytes){ key, row.key.size + 1u }, row.value);
}

void world_set(struct world *world, unsigned group, const char *name, const char *value)
{
	struct store_write w = store_begin(agent_store(world->agents[group]));
	struct setting_row row = { .version = WORLD_VERSION };

	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.value, sizeof(row.value), "%s", value);
	PUT(&w, STORE_SETTINGS, setting, &row);
	CU_ASSERT_EQUAL_FATAL(store_commit(&w), HA_OK);
}

void world_spoil(struct world *world, size_t count)
{
	static const enum store_table tables[] = { STORE_PEERS, STORE_ASSOCIATIONS,
		                                   STORE_BINDINGS };

	for (unsigned group = 0; group < WORLD_GROUPS; group++) {
		struct store *store = agent_store(world->agents[group]);
		struct store_reader reader;
		struct store_write w = store_begin(store);

		CU_ASSERT_EQUAL_FATAL(store_read_open(store, &reader), HA_OK);
		for (size_t i = 0; i < 3u * count; i++)
			spoil_one(&w, &reader, tables[i % 3u], i / 3u);
		store_read_close(&reader);
		CU_ASSERT_EQUAL_FATAL(store_commit(&w), HA_OK);
	}
}

/* ---- reads are counted where the tables call the store ---- */

static unsigned reads;

unsigned world_reads(void)
{
	unsigned count = reads;

	reads = 0;
	return count;
}

enum ha_error __real_store_get(struct store_reader *reader, enum store_table table,
                               struct store_bytes key, struct store_bytes *value);
enum ha_error __real_store_seek(struct store_reader *reader, enum store_table table,
                                struct store_bytes key, bool after, struct store_row *out);
enum ha_error __real_store_next(struct store_reader *reader, enum store_table table,
                                struct store_row *out);
enum ha_error __wrap_store_get(struct store_reader *reader, enum store_table table,
                               struct store_bytes key, struct store_bytes *value);
enum ha_error __wrap_store_seek(struct store_reader *reader, enum store_table table,
                                struct store_bytes key, bool after, struct store_row *out);
enum ha_error __wrap_store_next(struct store_reader *reader, enum store_table table,
                                struct store_row *out);

enum ha_error __wrap_store_get(struct store_reader *reader, enum store_table table,
                               struct store_bytes key, struct store_bytes *value)
{
	reads++;
	return __real_store_get(reader, table, key, value);
}

enum ha_error __wrap_store_seek(struct store_reader *reader, enum store_table table,
                                struct store_bytes key, bool after, struct store_row *out)
{
	reads++;
	return __real_store_seek(reader, table, key, after, out);
}

enum ha_error __wrap_store_next(struct store_reader *reader, enum store_table table,
                                struct store_row *out)
{
	reads++;
	return __real_store_next(reader, table, out);
}

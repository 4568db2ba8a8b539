/* mib_model.c - every column of every row, by the texts of the modules. */
#include "tests/unit/mib_model.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agentd/base/address.h"
#include "mib/objects.h"

/* ---- names ---- */

struct line {
	struct model *model;
	uint32_t arcs[MODEL_NAME_MAX];
	size_t root, size; /* of the entry; and of the index behind it */
};

static struct line line_of(struct model *model, const struct mib_table *table)
{
	struct line line = { .model = model, .root = table->root_size };

	memcpy(line.arcs, table->root, table->root_size * sizeof(uint32_t));
	line.size = line.root + 1u; /* with the column */
	return line;
}

static void arc(struct line *line, uint32_t value)
{
	line->arcs[line->size++] = value;
}

static void octets(struct line *line, const void *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		arc(line, ((const uint8_t *)at)[i]);
}

static void string(struct line *line, const void *at, size_t size)
{
	arc(line, (uint32_t)size);
	octets(line, at, size);
}

/* ---- values ---- */

static struct expected *put(const struct line *line, uint32_t column, enum mib_type type)
{
	struct model *model = line->model;
	struct expected *row;

	if (model->count == model->room) {
		model->room = model->room ? model->room * 2u : 1024u;
		model->rows = realloc(model->rows, model->room * sizeof(*model->rows));
		CU_ASSERT_PTR_NOT_NULL_FATAL(model->rows);
	}
	row = &model->rows[model->count];
	*row = (struct expected){ .size = line->size, .order = model->count, .type = type };
	memcpy(row->name, line->arcs, line->size * sizeof(uint32_t));
	row->name[line->root] = column;
	model->count++;
	return row;
}

static void number(const struct line *line, uint32_t column, enum mib_type type, uint64_t value)
{
	put(line, column, type)->number = value;
}

static void text(const struct line *line, uint32_t column, const void *at, size_t size)
{
	struct expected *row = put(line, column, MIB_OCTETS);

	CU_ASSERT_TRUE_FATAL(size <= MODEL_OCTETS_MAX);
	row->octets_size = size;
	memcpy(row->octets, at, size);
}

static void address(const struct line *line, uint32_t column, struct in_addr value)
{
	number(line, column, MIB_ADDRESS, address_host(value));
}

static void inet(const struct line *line, uint32_t column, struct in_addr value)
{
	text(line, column, &value, value.s_addr ? 4 : 0);
}

static void version(const struct line *line, uint32_t column, uint64_t value)
{
	uint8_t at[8];

	for (int i = 7; i >= 0; i--, value >>= 8)
		at[i] = (uint8_t)value;
	text(line, column, at, sizeof(at));
}

static void date(const struct line *line, uint32_t column, uint64_t unix_ms)
{
	static const uint8_t none[8];
	time_t seconds = (time_t)(unix_ms / 1000u);
	const struct tm *utc = gmtime(&seconds);
	uint8_t at[] = { (uint8_t)((utc->tm_year + 1900) / 256),
		         (uint8_t)((utc->tm_year + 1900) % 256),
		         (uint8_t)(utc->tm_mon + 1),
		         (uint8_t)utc->tm_mday,
		         (uint8_t)utc->tm_hour,
		         (uint8_t)utc->tm_min,
		         (uint8_t)utc->tm_sec,
		         (uint8_t)(unix_ms % 1000u / 100u),
		         '+',
		         0,
		         0 };

	text(line, column, unix_ms ? at : none, unix_ms ? sizeof(at) : sizeof(none));
}

/* ---- MIP-MIB ---- */

static bool is_asked(const struct world *world, unsigned group, uint32_t context)
{
	return context == MIB_ALL_GROUPS ? world->leads[group] : context == WORLD_NUMBER_OF(group);
}

static uint8_t registration_flags(uint8_t flags)
{
	uint8_t out = 0;

	for (unsigned bit = 2; bit < 8; bit++)
		if (flags >> bit & 1)
			out = (uint8_t)(out | 1u << (9u - bit));
	return out;
}

static void mip_binding(struct model *model, const struct binding_row *row)
{
	struct line line = line_of(model, &mip_bindings);
	const struct binding *binding = &row->binding;
	uint8_t flags = registration_flags(binding->flags);

	octets(&line, &row->home, 4);
	octets(&line, &binding->care_of, 4);
	address(&line, 1, row->home);
	address(&line, 2, binding->care_of);
	address(&line, 3, binding->source);
	text(&line, 4, &flags, 1);
	number(&line, 5, MIB_INTEGER, (uint32_t)binding->identification);
	number(&line, 6, MIB_INTEGER, binding->identification >> 32);
	number(&line, 7, MIB_INTEGER, binding->granted_s);
	/* What is left of a lifetime is a test of its own. */
	put(&line, 8, binding->expires_ms == BINDING_NEVER_EXPIRES ? MIB_UNSIGNED : MIB_OTHER)
		->number = 65535;
}

static void fill_mip_bindings(struct model *model, const struct world *world, uint32_t context)
{
	for (unsigned group = 0; group < WORLD_GROUPS; group++)
		for (size_t i = 0; is_asked(world, group, context) && i < world->peer_count[group];
		     i++) {
			const struct world_peer *peer = &world->peers[group][i];

			if (peer->row.realm != WORLD_REALM_OF(group))
				continue;
			for (size_t b = 0; b < peer->binding_count; b++)
				mip_binding(model, &peer->bindings[b]);
		}
}

static void mip_association(struct model *model, const struct world_peer *peer,
                            const struct association_row *row)
{
	struct line line = line_of(model, &mip_associations);
	bool md5 = row->algorithm == 2 || row->algorithm == 3;
	bool checked = peer->row.kind == PEER_MOBILE_NODE && row->use == ASSOCIATION_HOME;

	octets(&line, &peer->row.address, 4);
	arc(&line, row->spi);
	number(&line, 3, MIB_INTEGER, md5 ? 2 : 1);
	number(&line, 4, MIB_INTEGER, md5 ? 2 : 1);
	text(&line, 5, "", 0);
	number(&line, 6, MIB_INTEGER, !checked ? 1 : row->replay == REPLAY_NONCE ? 3 : 2);
}

static void fill_mip_associations(struct model *model, const struct world *world, uint32_t context)
{
	for (unsigned group = 0; group < WORLD_GROUPS; group++)
		for (size_t i = 0; is_asked(world, group, context) && i < world->peer_count[group];
		     i++) {
			const struct world_peer *peer = &world->peers[group][i];

			if (peer->row.realm != WORLD_REALM_OF(group) || !peer->row.address.s_addr)
				continue;
			for (size_t a = 0; a < peer->association_count; a++)
				mip_association(model, peer, &peer->associations[a]);
		}
}

static uint64_t served_ms(const struct world *world, const struct service *service)
{
	return service->served_ms + (service->since_ms ? world->now_ms - service->since_ms : 0);
}

static void mip_counter(struct model *model, const struct world *world,
                        const struct world_peer *peer, struct in_addr home)
{
	struct line line = line_of(model, &mip_counters);
	uint64_t used = peer->used_ms ? WORLD_UPTIME * 10u + peer->used_ms : 0;
	uint64_t denied_ms = world->monotonic_ms - peer->denied_ms;

	octets(&line, &home, 4);
	number(&line, 2, MIB_COUNTER, peer->service.accepted);
	number(&line, 3, MIB_COUNTER, peer->denied_code ? 1 : 0);
	number(&line, 4, MIB_UNSIGNED, served_ms(world, &peer->service) / 1000u);
	number(&line, 5, MIB_TICKS, used > world->now_ms ? (used - world->now_ms) / 10u : 0);
	if (!peer->denied_code)
		return;
	number(&line, 6, MIB_TICKS, (WORLD_UPTIME * 10u - denied_ms) / 10u);
	number(&line, 7, MIB_INTEGER, peer->denied_code);
}

static void fill_mip_counters(struct model *model, const struct world *world, uint32_t context)
{
	for (unsigned group = 0; group < WORLD_GROUPS; group++)
		for (size_t i = 0; is_asked(world, group, context) && i < world->peer_count[group];
		     i++) {
			const struct world_peer *peer = &world->peers[group][i];
			struct in_addr home = peer->row.pool[0] ? peer->replay.home
			                                        : peer->row.address;

			if (peer->row.kind == PEER_MOBILE_NODE && home.s_addr &&
			    peer->row.realm == WORLD_REALM_OF(group) &&
			    (!peer->row.pool[0] || peer->replay.leased))
				mip_counter(model, world, peer, home);
		}
}

/* Whoever leads. */
static bool is_shown(unsigned group, uint32_t context)
{
	return context == MIB_ALL_GROUPS || context == WORLD_NUMBER_OF(group);
}

static void mip_violation(struct model *model, const struct world *world,
                          const struct violation *violation)
{
	struct line line = line_of(model, &mip_violations);
	uint64_t age_ms = world->monotonic_ms - violation->last_ms;

	octets(&line, &violation->address, 4);
	number(&line, 2, MIB_COUNTER, 1);
	number(&line, 3, MIB_INTEGER, violation->spi);
	number(&line, 4, MIB_TICKS, (WORLD_UPTIME * 10u - age_ms) / 10u);
	number(&line, 5, MIB_INTEGER, (uint32_t)violation->identification);
	number(&line, 6, MIB_INTEGER, violation->identification >> 32);
	number(&line, 7, MIB_INTEGER, violation->reason);
}

static void fill_mip_violations(struct model *model, const struct world *world, uint32_t context)
{
	for (unsigned group = 0; group < WORLD_GROUPS; group++)
		for (size_t i = 0; is_shown(group, context) && i < WORLD_VIOLATIONS; i++)
			mip_violation(model, world, &world->violations[group][i]);
}

/* ---- HEARTH-MIB ---- */

static void identity(struct line *line, const struct peer_row *row)
{
	struct name_digest digest = name_digest_of(
		row->realm, (struct span){ (const uint8_t *)row->nai, strlen(row->nai) });

	arc(line, row->realm);
	if (row->address.s_addr)
		string(line, &row->address, 4);
	else
		string(line, digest.octets, 16);
}

static void hearth_association(struct model *model, const struct world_peer *peer,
                               const struct association_row *row)
{
	struct line line = line_of(model, &hearth_associations);
	bool checked = peer->row.kind == PEER_MOBILE_NODE && row->use == ASSOCIATION_HOME;

	arc(&line, peer->row.group);
	arc(&line, peer->row.kind);
	identity(&line, &peer->row);
	arc(&line, row->spi);
	arc(&line, row->use + 1u);
	number(&line, 6, MIB_INTEGER, 1);
	number(&line, 7, MIB_INTEGER, row->algorithm);
	text(&line, 8, "", 0);
	number(&line, 9, MIB_INTEGER, !checked ? 1 : row->replay == REPLAY_NONCE ? 3 : 2);
	number(&line, 10, MIB_UNSIGNED, row->tolerance_s);
	text(&line, 11, peer->row.nai, strlen(peer->row.nai));
	number(&line, 12, MIB_INTEGER, 0);
	text(&line, 13, "", 0);
	text(&line, 14, peer->row.pool, strlen(peer->row.pool));
	date(&line, 15, 0);
	version(&line, 16, row->created);
}

static void hearth_node(struct model *model, const struct world_peer *peer)
{
	struct line line = line_of(model, &hearth_nodes);
	struct in_addr home = peer->row.pool[0] ? peer->replay.home : peer->row.address;
	uint32_t leased = peer->replay.leased ? 3 : 4;
	bool changed = peer->node.peer != 0;

	arc(&line, peer->row.group);
	identity(&line, &peer->row);
	number(&line, 3, MIB_COUNTER64, peer->row.id);
	text(&line, 4, peer->row.nai, strlen(peer->row.nai));
	number(&line, 5, MIB_INTEGER, home.s_addr ? 1 : 0);
	inet(&line, 6, home);
	number(&line, 7, MIB_INTEGER, !peer->row.pool[0] ? 1 : !home.s_addr ? 2 : leased);
	text(&line, 8, peer->row.pool, strlen(peer->row.pool));
	text(&line, 9, peer->node.policy, strlen(peer->node.policy));
	number(&line, 10, MIB_UNSIGNED, changed ? peer->node.bindings : peer->row.bindings);
	number(&line, 11, MIB_UNSIGNED, peer->binding_count);
}

static void hearth_binding(struct model *model, const struct world_peer *peer,
                           const struct binding_row *row)
{
	struct line line = line_of(model, &hearth_bindings);
	const struct binding *binding = &row->binding;
	uint8_t flags = registration_flags(binding->flags), features = 0;

	for (unsigned bit = 0; bit < 4; bit++)
		if (binding->features >> bit & 1)
			features = (uint8_t)(features | 0x80u >> bit);
	arc(&line, row->group);
	arc(&line, row->realm);
	arc(&line, 1);
	string(&line, &row->home, 4);
	arc(&line, 1);
	string(&line, &binding->care_of, 4);
	string(&line, &binding->endpoint, 4);
	arc(&line, binding->endpoint_port);
	text(&line, 8, peer->row.nai, strlen(peer->row.nai));
	text(&line, 9, &flags, 1);
	number(&line, 10, MIB_INTEGER, binding->encapsulation + 1u);
	text(&line, 11, &features, 1);
	number(&line, 12, MIB_UNSIGNED, binding->granted_s);
	date(&line, 13, binding->expires_ms == BINDING_NEVER_EXPIRES ? 0 : binding->expires_ms);
}

static void hearth_pool(struct model *model, const struct world *world, unsigned group,
                        const struct world_pool *pool)
{
	struct line line = line_of(model, &hearth_pools);
	struct in_addr first, last;
	uint32_t leased = 0, nodes = 0;

	for (size_t i = 0; i < world->peer_count[group]; i++) {
		const struct world_peer *peer = &world->peers[group][i];
		bool user = strcmp(peer->row.pool, pool->name) == 0;

		nodes += user;
		leased += user && peer->replay.leased;
	}
	address_parse(pool->first, &first);
	address_parse(pool->last, &last);
	arc(&line, WORLD_NUMBER_OF(group));
	octets(&line, pool->name, strlen(pool->name));
	number(&line, 2, MIB_UNSIGNED, WORLD_REALM_OF(group));
	number(&line, 3, MIB_INTEGER, 1);
	inet(&line, 4, first);
	inet(&line, 5, last);
	number(&line, 6, MIB_INTEGER, pool->sticky ? 1 : 2);
	number(&line, 7, MIB_UNSIGNED, address_host(last) - address_host(first) + 1u);
	number(&line, 8, MIB_UNSIGNED, leased);
	number(&line, 9, MIB_UNSIGNED, nodes);
}

#define FOR_EACH_PEER(world, peer, context)                                                        \
	for (unsigned group_ = 0; group_ < WORLD_GROUPS; group_++)                                 \
		for (const struct world_peer *peer = (world)->peers[group_];                       \
		     is_shown(group_, (context)) &&                                                \
		     peer < (world)->peers[group_] + (world)->peer_count[group_];                  \
		     peer++)

static void fill_associations(struct model *model, const struct world *world, uint32_t context)
{
	FOR_EACH_PEER(world, peer, context)
	for (size_t i = 0; i < peer->association_count; i++)
		hearth_association(model, peer, &peer->associations[i]);
}

static void fill_nodes(struct model *model, const struct world *world, uint32_t context)
{
	FOR_EACH_PEER(world, peer, context)
	if (peer->row.kind == PEER_MOBILE_NODE)
		hearth_node(model, peer);
}

static void fill_bindings(struct model *model, const struct world *world, uint32_t context)
{
	FOR_EACH_PEER(world, peer, context)
	for (size_t i = 0; i < peer->binding_count; i++)
		hearth_binding(model, peer, &peer->bindings[i]);
}

static void fill_pools(struct model *model, const struct world *world, uint32_t context)
{
	for (unsigned group = 0; group < WORLD_GROUPS; group++)
		for (size_t i = 0; is_shown(group, context) && i < world_pool_count; i++)
			hearth_pool(model, world, group, &world_pools[i]);
}

const struct model_table model_tables[] = {
	{ &mip_bindings, fill_mip_bindings },        { &mip_associations, fill_mip_associations },
	{ &mip_counters, fill_mip_counters },        { &mip_violations, fill_mip_violations },
	{ &hearth_associations, fill_associations }, { &hearth_nodes, fill_nodes },
	{ &hearth_bindings, fill_bindings },         { &hearth_pools, fill_pools },
};
const size_t model_table_count = sizeof(model_tables) / sizeof(model_tables[0]);

/* ---- the list ---- */

int model_compare(const struct expected *one, const uint32_t *name, size_t size)
{
	for (size_t i = 0; i < one->size && i < size; i++)
		if (one->name[i] != name[i])
			return one->name[i] < name[i] ? -1 : 1;
	return one->size < size ? -1 : one->size > size;
}

static int compare(const void *one, const void *other)
{
	const struct expected *a = one, *b = other;
	int order = model_compare(a, b->name, b->size);

	return order ? order : a->order < b->order ? -1 : a->order > b->order;
}

void model_make(struct model *model, const struct world *world, const struct model_table *table,
                uint32_t context)
{
	size_t kept = 0;

	*model = (struct model){ 0 };
	table->fill(model, world, context);
	if (model->count)
		qsort(model->rows, model->count, sizeof(*model->rows), compare);
	for (size_t i = 0; i < model->count; i++)
		if (!kept || model_compare(&model->rows[kept - 1], model->rows[i].name,
		                           model->rows[i].size) != 0)
			model->rows[kept++] = model->rows[i];
	model->count = kept;
}

void model_free(struct model *model)
{
	free(model->rows);
}

size_t model_after(const struct model *model, const uint32_t *name, size_t size)
{
	size_t low = 0, high = model->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2u;

		if (model_compare(&model->rows[middle], name, size) > 0)
			high = middle;
		else
			low = middle + 1u;
	}
	return low;
}

bool model_is_value(const struct expected *expected, const struct mib_value *value)
{
	if (expected->type == MIB_OTHER)
		return true;
	if (expected->type != value->type)
		return false;
	switch (value->type) {
	case MIB_INTEGER:
		return (uint32_t)value->is.integer == expected->number;
	case MIB_ADDRESS:
		return address_host(value->is.address) == expected->number;
	case MIB_OCTETS:
		return value->size == expected->octets_size &&
		       memcmp(value->is.octets, expected->octets, value->size) == 0;
	default:
		return value->is.number == expected->number;
	}
}

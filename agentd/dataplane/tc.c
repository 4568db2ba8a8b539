/* tc.c - the fast path as the rest of the data plane sees it. */
#include "agentd/dataplane/tc.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agentd/base/log.h"
#include "agentd/dataplane/tc_internal.h"

_Static_assert(TC_ENDS_MAX == BINDING_LIMIT_MAX, "tc_map.h");
_Static_assert(TC_GROUPS_MAX == TUNNELS_GROUPS_MAX, "tc_map.h");
_Static_assert(sizeof(struct tc_row) == sizeof(struct tunnels_counters), "tc_map.h");
_Static_assert(TC_INTERFACES_MAX <= TC_LINKS_MAX && TC_INTERFACES_MAX < UINT8_MAX, "tc_map.h");

/* X(field, map, octets): what is shared with the program. */
#define SHARED(X)                                                                                  \
	X(config, CONFIG, sizeof(*tc->config))                                                     \
	X(groups, GROUPS, TC_GROUPS_MAX * sizeof(*tc->groups))                                     \
	X(links, LINKS, TC_LINKS_MAX * sizeof(*tc->links))                                         \
	X(ranges, RANGES, TC_RANGES_MAX * sizeof(*tc->ranges))                                     \
	X(table, TABLE, tc->sizes.table * sizeof(*tc->table))                                      \
	X(own_filter, OWN_FILTER, TC_OWN_BITS / 8)                                                 \
	X(rows, ROWS, tc->size.bindings * sizeof(*tc->rows))

static void forget(struct tc *tc)
{
#define X(field, map, octets)                                                                      \
	if (tc->field)                                                                             \
		munmap(tc->field, octets);
	SHARED(X)
#undef X
	tc_object_close(&tc->object);
	free(tc->directory);
	free(tc);
}

static enum ha_error share_memory(struct tc *tc, char *report, size_t size)
{
	bool all = true;

#define X(field, map, octets)                                                                      \
	tc->field = tc_map_share(&tc->object, TC_MAP_##map, octets);                               \
	all = all && tc->field;
	SHARED(X)
#undef X
	return all ? HA_OK
	           : ha_refuse(report, size, HA_E_NOMEM,
	                       "BPF: maps cannot be shared with the program");
}

static void configure(struct tc *tc, const struct tc_options *options)
{
	tc->config->user = 0; /* an earlier daemon's device is gone */
	tc->config->ttl = options->ttl;
	tc->config->always_df = options->always_df;
	tc->config->port = htons(options->udp_port);
	tc->config->instance = (uint8_t)options->instance;
	tc->config->home_mark = options->home_mark;
	memcpy(tc->ranges, tc->wanted, sizeof(tc->wanted));
	tc->config->has_hashed = tc->has_hashed;
	tc->config->ranges = tc->wanted_count;
}

/* A table that was adopted is of no use if its places mean other addresses. */
static bool has_other_ranges(const struct tc *tc)
{
	return tc->object.adopted && (tc->config->ranges != tc->wanted_count ||
	                              memcmp(tc->ranges, tc->wanted, sizeof(tc->wanted)) != 0);
}

static void forget_table(struct tc *tc)
{
	for (uint32_t i = 0; i < tc->sizes.table; i++)
		__atomic_store_n(&tc->table[i].count, 0, __ATOMIC_RELAXED);
}

/* What is known of exits is user space's to say again. */
static void forget_exits(struct tc *tc)
{
	uint32_t remote;

	while (tc_map_next(&tc->object, TC_MAP_EXITS, NULL, &remote))
		if (tc_map_remove(&tc->object, TC_MAP_EXITS, &remote) != HA_OK)
			break;
	tc->config->has_exits = 0;
}

static struct tc *prepare(const struct tc_options *options)
{
	struct tc *tc = calloc(1, sizeof(*tc));

	if (!tc)
		return NULL;
	tc->object.program = -1;
	tc->size = options->size;
	tc->directory = strdup(options->directory);
	if (!tc->directory) {
		free(tc);
		return NULL;
	}
	for (size_t i = 0; i < options->interface_count; i++) {
		const struct tc_interface *interface = &options->interfaces[i];
		struct tc_place *place = &tc->places[i];

		snprintf(place->name, sizeof(place->name), "%s", interface->name);
		place->link.realm = interface->realm;
		place->link.place = (uint8_t)(i + 1);
		place->link.has_agents = interface->has_agents;
	}
	tc->place_count = options->interface_count;
	tc_plan(tc, options);
	return tc;
}

/* Everything that may fail, before anything of an earlier daemon goes. */
static enum ha_error begin(struct tc *tc, const struct tc_options *options, char *report,
                           size_t size)
{
	enum ha_error error = tc_object_open(&tc->object, tc->directory, options->instance,
	                                     &tc->sizes, report, size);

	if (error)
		return error;
	error = share_memory(tc, report, size);
	if (error)
		return error;
	if (has_other_ranges(tc))
		forget_table(tc);
	configure(tc, options);
	forget_exits(tc);
	tc_own_addresses(tc);
	return tc_attach_all(tc, report, size);
}

struct tc *tc_open(const struct tc_options *options, enum ha_error *why, char *report, size_t size)
{
	struct tc *tc;

	if (options->interface_count < 1 || options->interface_count > TC_INTERFACES_MAX) {
		*why = ha_refuse(report, size, HA_E_RANGE, "BPF needs 1 to %u interfaces, not %zu",
		                 TC_INTERFACES_MAX, options->interface_count);
		return NULL;
	}
	tc = prepare(options);
	if (!tc) {
		*why = ha_refuse(report, size, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
		return NULL;
	}
	*why = begin(tc, options, report, size);
	if (*why) {
		forget(tc);
		tc_clear(options->directory, options->instance);
		return NULL;
	}
	tc_object_purge(&tc->object, tc->directory);
	tc_object_give(&tc->object, tc->directory, options->owner, options->group);
	return tc;
}

void tc_close(struct tc *tc, bool leave)
{
	if (!tc)
		return;
	if (!leave && tc->object.program >= 0) {
		tc_detach_all(tc);
		tc_object_unpin(&tc->object, tc->directory);
	}
	forget(tc);
}

void tc_clear(const char *directory, unsigned instance)
{
	tc_object_clear(directory, instance);
}

void tc_clear_others(const char *directory, uint32_t instances)
{
	for (unsigned i = 0; i < TC_INSTANCES_MAX; i++)
		if (!(instances >> i & 1) && tc_object_has_pins(directory, i))
			tc_object_clear(directory, i);
}

struct tunnels_counters *tc_rows(struct tc *tc)
{
	return tc->rows;
}

bool tc_was_adopted(const struct tc *tc)
{
	return tc->object.adopted;
}

void tc_user_device(struct tc *tc, uint32_t interface)
{
	__atomic_store_n(&tc->config->user, interface, __ATOMIC_RELEASE);
}

/* The program reads a group while it is written: its deadlines pass first. */
void tc_agent(struct tc *tc, uint8_t group, struct in_addr address)
{
	struct tc_group *entry = &tc->groups[group];

	if (entry->address == address.s_addr)
		return;
	tc_fence(tc, group, 0, 0);
	tc_mac(tc, group, (struct mac){ { 0 } });
	entry->address = address.s_addr;
}

/* The program may read half of it, and takes that for nobody's. */
void tc_mac(struct tc *tc, uint8_t group, struct mac mac)
{
	uint8_t *to = tc->groups[group].mac;

	for (size_t i = 0; i < MAC_OCTETS; i++)
		__atomic_store_n(&to[i], mac.octets[i], __ATOMIC_RELAXED);
}

void tc_fence(struct tc *tc, uint8_t group, uint64_t forward_until_ns, uint64_t attract_until_ns)
{
	struct tc_group *entry = &tc->groups[group];

	__atomic_store_n(&entry->forward_until_ns, forward_until_ns, __ATOMIC_RELEASE);
	__atomic_store_n(&entry->attract_until_ns, attract_until_ns, __ATOMIC_RELEASE);
}

enum ha_error tc_exit(struct tc *tc, struct in_addr remote, uint32_t octets)
{
	enum ha_error error;
	uint32_t before;
	bool known = tc_map_get(&tc->object, TC_MAP_EXITS, &remote.s_addr, &before);

	if (octets == UINT32_MAX)
		error = known ? tc_map_remove(&tc->object, TC_MAP_EXITS, &remote.s_addr) : HA_OK;
	else
		error = tc_map_put(&tc->object, TC_MAP_EXITS, &remote.s_addr, &octets);
	if (error) {
		atomic_fetch_add(&tc->failures, 1);
		return error;
	}
	tc->exits += !known && octets != UINT32_MAX;
	tc->exits -= known && octets == UINT32_MAX;
	tc->config->has_exits = tc->exits != 0;
	return HA_OK;
}

enum ha_error tc_refresh(struct tc *tc, char *report, size_t size)
{
	tc_own_addresses(tc);
	return tc_attach_all(tc, report, size);
}

uint64_t tc_count(const struct tc *tc, unsigned reason)
{
	return reason < TC_REASON_COUNT ? tc_map_sum(&tc->object, TC_MAP_REASONS, reason) : 0;
}

uint64_t tc_failures(const struct tc *tc)
{
	return atomic_load(&tc->failures);
}

void tc_status(const struct tc *tc, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "tc on ");

	for (size_t i = 0; i < tc->place_count && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s%s", i ? ", " : "",
		                           tc->places[i].name,
		                           tc->places[i].interface ? "" : " (not there)");
	if (tc->object.adopted && length < size)
		snprintf(text + length, size - length, ", adopted");
}

uint64_t tc_memory(const struct tc *tc)
{
	return tc_object_memory(&tc->object);
}

int tc_program(const struct tc *tc)
{
	return tc->object.program;
}

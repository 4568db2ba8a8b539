/* pools.c - ranges of home addresses with a bit for each. */
#include "agentd/state/pools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"

#define WORD_BITS 64u

static uint32_t size_of(const struct address_range *range)
{
	return range->last - range->first + 1;
}

static size_t words_of(const struct address_range *range)
{
	return (size_of(range) + WORD_BITS - 1) / WORD_BITS;
}

/* ---- the setting ---- */

bool setting_label_is_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && length < LABEL_MAX && !name[length] && strcmp(name, "none") != 0;
}

static bool parse_bounds(const char *text, struct address_range *out)
{
	char first[INET_ADDRSTRLEN], last[INET_ADDRSTRLEN];
	const char *dash = strchr(text, '-');
	struct in_addr from, to;

	if (!dash || (size_t)(dash - text) >= sizeof(first) || strlen(dash + 1) >= sizeof(last))
		return false;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	snprintf(last, sizeof(last), "%s", dash + 1);
	if (!address_parse(first, &from) || !address_parse(last, &to))
		return false;
	out->first = address_host(from);
	out->last = address_host(to);
	return true;
}

#define WORD_KIND 1u
#define WORD_REALM 2u

/* `given`: which words there were; each may stand once. */
static bool parse_word(const char *word, unsigned *given, struct address_range *out)
{
	bool kind = strcmp(word, "sticky") == 0 || strcmp(word, "released") == 0;
	unsigned bit = kind ? WORD_KIND : WORD_REALM;
	char *end;
	unsigned long realm;

	if (*given & bit)
		return false;
	*given |= bit;
	if (kind) {
		out->sticky = word[0] == 's';
		return true;
	}
	if (strncmp(word, "realm=", 6) != 0 || word[6] < '0' || word[6] > '9')
		return false;
	realm = strtoul(word + 6, &end, 10);
	out->realm = (uint32_t)realm;
	return *end == '\0' && realm <= UINT32_MAX;
}

static bool is_all_hosts(const struct address_range *range)
{
	struct in_addr first = { htonl(range->first) }, last = { htonl(range->last) };

	return address_is_unicast(first) && address_is_unicast(last) &&
	       !(range->first < 0x7f000000u && range->last > 0x7f000000u);
}

enum ha_error address_range_parse(const char *text, struct address_range *out)
{
	char copy[256], *rest = NULL, *word;
	unsigned given = 0;
	bool bounded = false;

	*out = (struct address_range){ .sticky = true };
	if (strlen(text) >= sizeof(copy))
		return HA_E_SYNTAX;
	snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (bounded ? !parse_word(word, &given, out) : !parse_bounds(word, out))
			return HA_E_SYNTAX;
		bounded = true;
	}
	if (!bounded)
		return HA_E_SYNTAX;
	if (out->first > out->last || out->last - out->first >= POOL_ADDRESSES_MAX ||
	    !is_all_hosts(out))
		return HA_E_RANGE;
	return HA_OK;
}

/* ---- the table ---- */

unsigned address_pool_find(const struct address_pools *pools, const char *name)
{
	unsigned i = 0;

	while (i < POOLS_MAX && (!name[0] || strcmp(pools->pools[i].name, name) != 0))
		i++;
	return i;
}

static unsigned find_unused(const struct address_pools *pools)
{
	unsigned i = 0;

	while (i < POOLS_MAX && pools->pools[i].name[0])
		i++;
	return i;
}

static bool overlaps_another(const struct address_pools *pools, unsigned self,
                             const struct address_range *range)
{
	for (unsigned i = 0; i < POOLS_MAX; i++) {
		const struct address_range *other = &pools->pools[i].range;

		if (i != self && pools->pools[i].name[0] && other->realm == range->realm &&
		    range->first <= other->last && other->first <= range->last)
			return true;
	}
	return false;
}

static bool has_bit(const uint64_t *bits, uint32_t at)
{
	return bits[at / WORD_BITS] >> at % WORD_BITS & 1;
}

static bool is_inside(const struct address_range *inner, const struct address_range *outer)
{
	return inner->realm == outer->realm && inner->first >= outer->first &&
	       inner->last <= outer->last;
}

/* Bits of the old range that are in the new one too; returns how many. */
static uint32_t carry_over(const struct address_pool *from, const struct address_range *range,
                           uint64_t *bits)
{
	uint32_t carried = 0;

	for (uint32_t i = 0; from->taken > 0 && i < size_of(&from->range); i++) {
		uint32_t address = from->range.first + i, at = address - range->first;

		if (!has_bit(from->bits, i) || from->range.realm != range->realm ||
		    address < range->first || address > range->last)
			continue;
		bits[at / WORD_BITS] |= UINT64_C(1) << at % WORD_BITS;
		carried++;
	}
	return carried;
}

/* What is decided here may depend on configuration only, not on what is taken:
 * a log that is replayed meets other leases (lease.c). */
static enum ha_error change_range(struct address_pool *pool, const struct address_range *range)
{
	uint64_t *bits;

	if (pool->users > 0 && !is_inside(&pool->range, range))
		return HA_E_IN_USE;
	bits = calloc(words_of(range), sizeof(*bits));
	if (!bits)
		return HA_E_NOMEM;
	pool->taken = carry_over(pool, range, bits);
	free(pool->bits);
	pool->bits = bits;
	pool->range = *range;
	pool->next = 0;
	return HA_OK;
}

enum ha_error address_pool_put(struct address_pools *pools, const char *name, const char *value)
{
	struct address_range range;
	enum ha_error error = address_range_parse(value, &range);
	unsigned at = address_pool_find(pools, name);

	if (error != HA_OK)
		return error;
	if (!setting_label_is_valid(name))
		return HA_E_RANGE;
	if (overlaps_another(pools, at, &range))
		return HA_E_TAKEN;
	if (at == POOLS_MAX)
		at = find_unused(pools);
	if (at == POOLS_MAX)
		return HA_E_CAPACITY;
	error = change_range(&pools->pools[at], &range);
	if (error == HA_OK)
		snprintf(pools->pools[at].name, LABEL_MAX, "%s", name);
	return error;
}

enum ha_error address_pool_remove(struct address_pools *pools, const char *name)
{
	unsigned at = address_pool_find(pools, name);

	if (at == POOLS_MAX)
		return HA_E_NOTFOUND;
	if (pools->pools[at].users > 0)
		return HA_E_IN_USE;
	free(pools->pools[at].bits);
	pools->pools[at] = (struct address_pool){ 0 };
	return HA_OK;
}

void address_pools_free(struct address_pools *pools)
{
	for (unsigned i = 0; i < POOLS_MAX; i++)
		free(pools->pools[i].bits);
	*pools = (struct address_pools){ 0 };
}

/* ---- addresses ---- */

static bool place_of(const struct address_pool *pool, struct in_addr address, uint32_t *at)
{
	uint32_t number = address_host(address);

	*at = number - pool->range.first;
	return pool->name[0] && number >= pool->range.first && number <= pool->range.last;
}

bool address_pool_has(const struct address_pool *pool, uint32_t realm, struct in_addr address)
{
	uint32_t at;

	return pool->range.realm == realm && place_of(pool, address, &at);
}

bool address_pool_is_taken(const struct address_pool *pool, struct in_addr address)
{
	uint32_t at;

	return place_of(pool, address, &at) && has_bit(pool->bits, at);
}

void address_pool_mark(struct address_pool *pool, struct in_addr address, bool taken)
{
	uint32_t at;

	if (!place_of(pool, address, &at) || has_bit(pool->bits, at) == taken)
		return;
	pool->bits[at / WORD_BITS] ^= UINT64_C(1) << at % WORD_BITS;
	pool->taken += taken ? 1 : UINT32_MAX;
}

bool address_pool_next_taken(const struct address_pool *pool, struct in_addr *from,
                             struct in_addr last)
{
	uint32_t at, end;

	if (!place_of(pool, *from, &at) || !place_of(pool, last, &end))
		return false;
	while (at <= end) {
		uint64_t taken = pool->bits[at / WORD_BITS] >> at % WORD_BITS;

		if (!taken) {
			at = (at / WORD_BITS + 1) * WORD_BITS;
			continue;
		}
		at += (uint32_t)__builtin_ctzll(taken);
		from->s_addr = htonl(pool->range.first + at);
		return at <= end;
	}
	return false;
}

/* The first free place at or after `from`, before the end; else the size. */
static uint32_t scan(const struct address_pool *pool, uint32_t from)
{
	uint32_t size = size_of(&pool->range);

	while (from < size) {
		uint64_t free_bits = ~pool->bits[from / WORD_BITS] >> from % WORD_BITS;

		if (free_bits) {
			from += (uint32_t)__builtin_ctzll(free_bits);
			break;
		}
		from = (from / WORD_BITS + 1) * WORD_BITS;
	}
	return from < size ? from : size;
}

bool address_pool_next(struct address_pool *pool, struct in_addr *out)
{
	uint32_t size = size_of(&pool->range), at = scan(pool, pool->next);

	if (at == size)
		at = scan(pool, 0);
	if (at == size)
		return false;
	pool->next = at + 1 < size ? at + 1 : 0;
	out->s_addr = htonl(pool->range.first + at);
	return true;
}

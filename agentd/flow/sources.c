/* sources.c - a table of buckets, four to a set. */
#include "agentd/flow/sources.h"

#include <stddef.h>
#include <string.h>

#include "agentd/base/address.h"

_Static_assert(sizeof(struct source) * SOURCES_WAYS == 64, "a set is a cache line");

void sources_init(struct sources *sources, uint64_t seed)
{
	memset(sources, 0, sizeof(*sources));
	sources->seed = seed | 1u;
}

static struct source *set_of(struct sources *sources, struct in_addr address)
{
	uint64_t mixed = (address.s_addr ^ sources->seed >> 32) * sources->seed;

	return sources->at[mixed >> 32 & (SOURCES_SETS - 1)];
}

static struct source *find(struct sources *sources, struct in_addr address)
{
	struct source *set = set_of(sources, address);

	for (unsigned i = 0; i < SOURCES_WAYS; i++)
		if (address_equal(set[i].address, address) && address.s_addr != 0)
			return &set[i];
	return NULL;
}

/* Whole failures only; the rest of the time is left for the next filling. */
static void fill(struct source *source, uint64_t now_ms, uint32_t rate)
{
	uint64_t passed_ms = (uint32_t)now_ms - source->filled_ms;
	uint64_t more = passed_ms * rate / 1000u;

	if (source->left + more >= rate) {
		source->left = rate;
		source->filled_ms = (uint32_t)now_ms;
	} else {
		source->left += (uint32_t)more;
		source->filled_ms += (uint32_t)(more * 1000u / rate);
	}
}

static bool is_vouched(const struct source *source, uint64_t now_ms)
{
	return source->vouched_ms != 0 &&
	       (uint32_t)now_ms - source->vouched_ms < SOURCES_VOUCHED_MS;
}

/* Whoever would be missed least; a free place above all. */
static struct source *least_of(struct source *set, uint64_t now_ms, uint32_t rate)
{
	struct source *least = NULL;
	uint64_t best = 0, worth;

	for (unsigned i = 0; i < SOURCES_WAYS; i++) {
		if (set[i].address.s_addr == 0)
			return &set[i];
		fill(&set[i], now_ms, rate);
		worth = set[i].left + (is_vouched(&set[i], now_ms) ? 0 : (uint64_t)1 << 32);
		if (!least || worth > best) {
			least = &set[i];
			best = worth;
		}
	}
	return least;
}

static struct source *take_place(struct sources *sources, struct in_addr address, uint64_t now_ms,
                                 uint32_t rate)
{
	struct source *place = least_of(set_of(sources, address), now_ms, rate);

	*place = (struct source){ .address = address, .left = rate, .filled_ms = (uint32_t)now_ms };
	return place;
}

void sources_failed(struct sources *sources, struct in_addr address, uint64_t now_ms, uint32_t rate)
{
	struct source *source = find(sources, address);

	if (address.s_addr == 0)
		return;
	sources->failed_ms = now_ms;
	if (!source)
		source = take_place(sources, address, now_ms, rate);
	fill(source, now_ms, rate);
	if (source->left > 0)
		source->left--;
}

/* Without failures lately nobody needs a voucher, and nobody is looked for. */
void sources_vouch(struct sources *sources, struct in_addr address, uint64_t now_ms)
{
	uint32_t short_ms = (uint32_t)now_ms;
	struct source *source;

	if (sources->failed_ms == 0 || now_ms - sources->failed_ms > SOURCES_VOUCHED_MS)
		return;
	source = find(sources, address);
	if (source)
		source->vouched_ms = short_ms ? short_ms : UINT32_MAX; /* a moment ago, but not 0 */
}

bool sources_is_limited(struct sources *sources, struct in_addr address, uint64_t now_ms,
                        uint32_t rate)
{
	struct source *source = find(sources, address);

	if (!source)
		return false;
	fill(source, now_ms, rate);
	return source->left == 0;
}

bool sources_is_vouched(struct sources *sources, struct in_addr address, uint64_t now_ms)
{
	const struct source *source = find(sources, address);

	return source && is_vouched(source, now_ms);
}

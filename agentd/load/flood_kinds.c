/* flood_kinds.c - what is thrown: each kind builds its datagrams from a node and
 * random numbers. No socket here. */
#include "agentd/load/flood_internal.h"

#include <string.h>

#include "agentd/load/exchange.h"
#include "proto/extension.h"

#define FORGED_SIZE 16u       /* octets of an authenticator of HMAC-MD5 */
#define OVERSIZE_OCTETS 3000u /* more than an agent reads, less than any path splits in many */

static uint32_t below(struct flood *flood, uint32_t limit)
{
	return (uint32_t)((load_random(&flood->random) >> 32) * limit >> 32);
}

static void put_random(struct flood *flood, struct writer *w, size_t size)
{
	for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t))
		put_u64(w, load_random(&flood->random));
	for (; size > 0; size--)
		put_u8(w, (uint8_t)(load_random(&flood->random) >> 56));
}

static void put_request(struct flood *flood, struct writer *w, struct in_addr home)
{
	mip_request_encode(w,
	                   &(struct mip_request){ .flags = MIP_REQUEST_DECAPSULATES,
	                                          .lifetime_s = flood->settings->lifetime_s,
	                                          .home = home,
	                                          .home_agent = flood->identity->home_agent,
	                                          .care_of = load_care_of(flood->identity,
	                                                                  below(flood, UINT32_MAX)),
	                                          .identification = flood->ntp++ });
}

static void put_extension(struct flood *flood, struct writer *w, uint8_t type, uint8_t length)
{
	put_u8(w, type);
	put_u8(w, length);
	put_u32(w, flood->identity->spi);
	put_random(flood, w, FORGED_SIZE);
}

static void put_forged(struct flood *flood, struct writer *w, struct in_addr home)
{
	put_request(flood, w, home);
	put_extension(flood, w, MIP_EXTENSION_MOBILE_HOME, sizeof(uint32_t) + FORGED_SIZE);
}

static struct in_addr some_node(struct flood *flood)
{
	return load_home(flood->identity, below(flood, flood->settings->nodes));
}

static size_t build_forged(struct flood *flood, uint8_t *out)
{
	struct writer w = writer_over(out, LOAD_REQUEST_MAX);

	put_forged(flood, &w, some_node(flood));
	return writer_used(&w);
}

/* Any address but the nodes' own. */
static size_t build_unknown(struct flood *flood, uint8_t *out)
{
	struct writer w = writer_over(out, LOAD_REQUEST_MAX);
	uint32_t spare = UINT32_MAX - flood->settings->nodes;

	put_forged(flood, &w,
	           load_home(flood->identity, flood->settings->nodes + below(flood, spare)));
	return writer_used(&w);
}

static size_t build_valid(struct flood *flood, uint8_t *out)
{
	struct load_node *node = &flood->nodes[flood->next];
	struct in_addr home = load_home(flood->identity, flood->next);
	struct mip_request request;

	flood->next = (flood->next + 1) % flood->settings->nodes;
	node->identification = flood->ntp > node->identification ? flood->ntp
	                                                         : node->identification + 1;
	node->lifetime_s = flood->settings->lifetime_s;
	flood->ntp++;
	load_request_of(flood->identity, home, node, &request);
	return load_request_encode(flood->identity, node, &request, out);
}

static size_t build_oversize(struct flood *flood, uint8_t *out)
{
	struct writer w = writer_over(out, FLOOD_DATAGRAM_MAX);

	put_forged(flood, &w, some_node(flood));
	put_random(flood, &w, OVERSIZE_OCTETS - writer_used(&w));
	return writer_used(&w);
}

static size_t build_replayed(struct flood *flood, uint8_t *out)
{
	const struct replayed *replayed = &flood->replayed[below(flood, flood->replayed_count)];

	memcpy(out, replayed->octets, replayed->size);
	return replayed->size;
}

/* ---- malformed ---- */

static void malform_noise(struct flood *flood, struct writer *w)
{
	put_random(flood, w, 1u + below(flood, LOAD_REQUEST_MAX));
}

static void malform_noisy_chain(struct flood *flood, struct writer *w)
{
	put_request(flood, w, some_node(flood));
	put_random(flood, w, 1u + below(flood, 48));
}

static void malform_cut(struct flood *flood, struct writer *w)
{
	put_forged(flood, w, some_node(flood));
	w->at = w->begin + below(flood, (uint32_t)writer_used(w));
}

static void malform_type(struct flood *flood, struct writer *w)
{
	put_forged(flood, w, some_node(flood));
	w->begin[0] = (uint8_t)(2 + below(flood, 254));
}

static void malform_length(struct flood *flood, struct writer *w)
{
	put_request(flood, w, some_node(flood));
	put_extension(flood, w, MIP_EXTENSION_MOBILE_HOME, (uint8_t)below(flood, 256));
}

static void malform_unknown_extension(struct flood *flood, struct writer *w)
{
	put_request(flood, w, some_node(flood));
	put_u16(w, 0x7b00); /* type 123, no data: may not be skipped */
	put_extension(flood, w, MIP_EXTENSION_MOBILE_HOME, sizeof(uint32_t) + FORGED_SIZE);
}

static void malform_twice(struct flood *flood, struct writer *w)
{
	put_forged(flood, w, some_node(flood));
	put_extension(flood, w, MIP_EXTENSION_MOBILE_HOME, sizeof(uint32_t) + FORGED_SIZE);
}

static void malform_unsigned(struct flood *flood, struct writer *w)
{
	put_request(flood, w, some_node(flood));
}

static void malform_flipped(struct flood *flood, struct writer *w)
{
	put_forged(flood, w, some_node(flood));
	w->begin[below(flood, (uint32_t)writer_used(w))] ^= (uint8_t)(1u << below(flood, 8));
}

static size_t build_malformed(struct flood *flood, uint8_t *out)
{
	static void (*const ways[])(struct flood *, struct writer *) = {
		malform_noise, malform_noisy_chain, malform_cut,
		malform_type,  malform_length,      malform_unknown_extension,
		malform_twice, malform_unsigned,    malform_flipped,
	};
	struct writer w = writer_over(out, LOAD_REQUEST_MAX + 1);

	ways[below(flood, sizeof(ways) / sizeof(ways[0]))](flood, &w);
	return writer_used(&w);
}

const struct flood_kind flood_kinds[] = {
	{ .name = "forged",
	  .build = build_forged,
	  .help = "requests of the nodes with random authenticators" },
	{ .name = "forged-unknown",
	  .build = build_unknown,
	  .help = "the same of home addresses that are no node's" },
	{ .name = "malformed",
	  .build = build_malformed,
	  .help = "noise, cut and broken requests, wrong lengths, types and extensions" },
	{ .name = "replayed",
	  .replays = true,
	  .build = build_replayed,
	  .help = "requests of --record, octet for octet" },
	{ .name = "oversize", .build = build_oversize, .help = "forged requests with 3000 octets" },
	{ .name = "valid",
	  .signs = true,
	  .build = build_valid,
	  .help = "registrations of the nodes, all in turn, as they would send them" },
	{ .name = NULL },
};

const struct flood_kind *flood_kind_find(const char *name)
{
	for (const struct flood_kind *kind = flood_kinds; kind->name; kind++)
		if (strcmp(kind->name, name) == 0)
			return kind;
	return NULL;
}

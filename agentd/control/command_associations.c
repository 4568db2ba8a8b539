/* command_associations.c - list the associations of the store. Keys are in the
 * rows and leave them only to be wiped. */
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/text.h"

/* One page under way. */
struct listing {
	struct call *call;
	struct store_reader *reader;
	const struct config *config;
	bool has_address;
	struct in_addr address;
	uint32_t realm;
	size_t rows;
};

static const char *kind_name(enum peer_kind kind)
{
	return kind == PEER_MOBILE_NODE ? "mobile" : "foreign-agent";
}

static void add_association(const struct listing *listing, const struct peer_row *peer,
                            const struct association_row *row)
{
	struct answer *answer = &listing->call->answer;
	const char *algorithm = mip_algorithm_name(row->algorithm);
	bool mobile = peer->kind == PEER_MOBILE_NODE;

	answer_text(answer, "kind", "%s", kind_name(peer->kind));
	answer_text(answer, "address", "%s", address_format(peer->address).text);
	answer_number(answer, "spi", row->spi);
	answer_text(answer, "algorithm", "%s", algorithm ? algorithm : "unknown");
	if (mobile) {
		answer_text(answer, "replay", "timestamps");
		answer_number(answer, "tolerance_s",
		              row->tolerance_s ? row->tolerance_s
		                               : listing->config->replay_tolerance_s);
		answer_number(answer, "bindings",
		              peer->bindings ? peer->bindings : listing->config->bindings_per_node);
	} else {
		answer_null(answer, "replay");
		answer_null(answer, "tolerance_s");
		answer_null(answer, "bindings");
	}
	answer_number(answer, "node", peer->id);
	answer_number(answer, "realm", peer->realm);
	answer_record(answer);
}

/* The associations of a peer with an SPI from `first` on. */
static enum ha_error list_peer(struct listing *listing, const struct peer_row *peer, uint32_t first,
                               bool *full)
{
	struct association_row row = { .peer = peer->id, .spi = first };
	struct row_octets key;
	struct store_row raw;
	enum ha_error why;

	association_row_key(&row, &key);
	why = store_seek(listing->reader, STORE_ASSOCIATIONS,
	                 (struct store_bytes){ key.at, key.size }, false, &raw);
	*full = false;
	while (why == HA_OK && !*full) {
		why = association_row_decode((struct span){ raw.key.at, raw.key.size },
		                             (struct span){ raw.value.at, raw.value.size }, &row);
		mip_wipe(row.key, sizeof(row.key));
		if (why != HA_OK || row.peer != peer->id)
			return why;
		*full = listing->rows == CALL_PAGE_ROWS;
		if (*full) {
			listing->call->spi = row.spi;
			return HA_OK;
		}
		add_association(listing, peer, &row);
		listing->rows++;
		listing->call->given++;
		why = store_next(listing->reader, STORE_ASSOCIATIONS, &raw);
	}
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

static enum ha_error list_peers(struct listing *listing, const struct row_octets *start, bool *full)
{
	struct call *call = listing->call;
	struct peer_row peer;
	struct store_row raw;
	uint32_t first;
	enum ha_error why = store_seek(listing->reader, STORE_PEERS,
	                               (struct store_bytes){ start->at, start->size }, false, &raw);

	*full = false;
	first = why == HA_OK && raw.key.size == start->size &&
	                        memcmp(raw.key.at, start->at, start->size) == 0
	                ? call->spi /* where the last page stopped; the peer is still there */
	                : 0;
	while (why == HA_OK) {
		why = peer_row_decode((struct span){ raw.key.at, raw.key.size },
		                      (struct span){ raw.value.at, raw.value.size }, &peer);
		peer_row_key(&peer, &call->key);
		if (why == HA_OK)
			why = list_peer(listing, &peer, first, full);
		if (why != HA_OK || *full)
			return why;
		first = 0;
		why = store_next(listing->reader, STORE_PEERS, &raw);
	}
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

/* One address: both kinds of peer may have it, and their keys are far apart. */
static enum ha_error list_address(struct listing *listing, bool *full)
{
	static const enum peer_kind kinds[] = { PEER_MOBILE_NODE, PEER_FOREIGN_AGENT };
	struct peer_row peer = { .realm = listing->realm, .address = listing->address };
	struct call *call = listing->call;
	enum ha_error why = HA_OK;

	*full = false;
	for (size_t i = 0; i < 2 && why == HA_OK && !*full; i++) {
		uint32_t first = 0;
		struct store_bytes value;
		struct row_octets key;

		peer.kind = kinds[i];
		peer_row_key(&peer, &key);
		if (call->resumed) {
			int order = memcmp(key.at, call->key.at, key.size);

			if (order < 0)
				continue; /* its page was an earlier one */
			first = order == 0 ? call->spi : 0;
		}
		call->key = key;
		why = store_get(listing->reader, STORE_PEERS,
		                (struct store_bytes){ key.at, key.size }, &value);
		if (why == HA_OK)
			why = peer_row_decode((struct span){ key.at, key.size },
			                      (struct span){ value.at, value.size }, &peer);
		if (why == HA_OK)
			why = list_peer(listing, &peer, first, full);
		if (why == HA_E_NOTFOUND)
			why = HA_OK;
	}
	return why;
}

static enum call_progress list_page(struct listing *listing)
{
	struct call *call = listing->call;
	struct row_octets start = { 0 };
	enum ha_error why;
	bool full;

	if (call->resumed)
		start = call->key;
	why = listing->has_address ? list_address(listing, &full)
	                           : list_peers(listing, &start, &full);
	call->resumed = true;
	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	return full ? CALL_MORE : CALL_DONE;
}

enum call_progress call_association_list(struct call *call)
{
	struct store_reader reader = { 0 };
	struct config config;
	struct listing listing = { .call = call, .reader = &reader, .config = &config };
	enum call_progress progress;
	enum ha_error why;

	if (call->options.word_count > 1)
		return call_usage(call);
	listing.has_address = call->options.word_count == 1;
	if (listing.has_address && !address_parse(call->options.words[0], &listing.address))
		return call_usage(call);
	agent_config(call->agent, &config);
	listing.realm = call->options.has_realm ? call->options.realm : config.home_agent_realm;
	why = store_read_open(agent_store(call->agent), &reader);
	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	progress = list_page(&listing);
	store_read_close(&reader);
	return progress;
}

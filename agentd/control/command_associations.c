/* command_associations.c - list the associations of the store. Keys are in the
 * rows and leave them only to be wiped. */
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/change_text.h"
#include "agentd/control/text.h"
#include "agentd/control/whom.h"

/* One page under way. */
struct listing {
	struct call *call;
	struct store_reader *reader;
	struct whom whom;
	bool has_whom;
	bool found; /* who was asked for */
	size_t rows;
	/* The settings of the policy of the last node: neighbours often share it. */
	struct config config;
	const char *policy;
};

static const char *kind_name(enum peer_kind kind)
{
	return kind == PEER_MOBILE_NODE ? "mobile" : "foreign-agent";
}

static uint32_t tolerance_s(struct listing *listing, const struct agent_node *node,
                            const struct association_row *row)
{
	if (row->tolerance_s)
		return row->tolerance_s;
	if (listing->policy != node->policy)
		agent_policy_config(listing->call->agent, node->policy, &listing->config);
	listing->policy = node->policy;
	return listing->config.replay_tolerance_s;
}

/* Only what is authenticated by the association itself is checked for replays,
 * and only times have a tolerance. */
static void add_replay(struct listing *listing, const struct agent_node *node,
                       const struct association_row *row)
{
	struct answer *answer = &listing->call->answer;
	bool checked = node && row->use == ASSOCIATION_HOME;

	if (checked)
		answer_text(answer, "replay", "%s",
		            row->replay == REPLAY_NONCE ? "nonces" : "timestamps");
	else
		answer_null(answer, "replay");
	if (checked && row->replay == REPLAY_TIMESTAMP)
		answer_number(answer, "tolerance_s", tolerance_s(listing, node, row));
	else
		answer_null(answer, "tolerance_s");
}

static void add_node(struct answer *answer, const struct peer_row *peer,
                     const struct agent_node *node)
{
	answer_text_or_null(answer, "policy", node ? node->policy : "");
	answer_text_or_null(answer, "pool", peer->pool);
	if (node)
		answer_number(answer, "bindings", node->limit);
	else
		answer_null(answer, "bindings");
}

static void add_last_used(struct call *call, const struct peer_row *peer, const struct whom *whom,
                          const struct association_row *row)
{
	uint64_t used_ms = agent_last_used(call->agent, peer->kind, &whom->agent, row->spi,
	                                   (enum association_use)row->use);

	if (used_ms)
		answer_text(&call->answer, "last_used", "%s", time_format(used_ms).text);
	else
		answer_null(&call->answer, "last_used");
}

static void add_address(struct answer *answer, const struct peer_row *peer,
                        const struct agent_node *node)
{
	if (peer->address.s_addr)
		answer_text(answer, "address", "%s", address_format(peer->address).text);
	else if (node && node->leased)
		answer_text(answer, "address", "%s", address_format(node->home).text);
	else
		answer_null(answer, "address");
}

/* `node`: NULL for a foreign agent. */
static void add_association(struct listing *listing, const struct peer_row *peer,
                            const struct whom *whom, const struct agent_node *node,
                            const struct association_row *row)
{
	struct answer *answer = &listing->call->answer;
	const char *algorithm = mip_algorithm_name(row->algorithm);

	answer_text(answer, "kind", "%s", kind_name(peer->kind));
	add_address(answer, peer, node);
	answer_text_or_null(answer, "nai", peer->nai);
	answer_number(answer, "spi", row->spi);
	answer_text(answer, "use", "%s", association_use_name(peer->kind, row->use));
	answer_text(answer, "algorithm", "%s", algorithm ? algorithm : "unknown");
	add_replay(listing, node, row);
	add_node(answer, peer, node);
	add_last_used(listing->call, peer, whom, row);
	answer_number(answer, "node", peer->id);
	answer_number(answer, "realm", peer->realm);
	answer_record(answer);
}

/* What the memory knows of a peer's row; of one that is just going away, nothing. */
static const struct agent_node *find_node(struct call *call, const struct peer_row *peer,
                                          struct whom *whom, struct agent_node *node)
{
	whom_of_peer(peer, whom);
	if (peer->kind != PEER_MOBILE_NODE)
		return NULL;
	if (!agent_node(call->agent, &whom->agent, node))
		*node = (struct agent_node){ .policy = "", .limit = peer->bindings };
	return node;
}

/* The associations of a peer from SPI and use in `first` on. */
static enum ha_error list_peer(struct listing *listing, const struct peer_row *peer,
                               struct call_place first, bool *full)
{
	struct association_row row = { .peer = peer->id, .spi = first.spi, .use = first.use };
	const struct agent_node *node;
	struct agent_node found;
	struct row_octets key;
	struct store_row raw;
	struct whom whom;
	enum ha_error why;

	node = find_node(listing->call, peer, &whom, &found);
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
			listing->call->place = (struct call_place){ row.spi, row.use };
			return HA_OK;
		}
		add_association(listing, peer, &whom, node, &row);
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
	struct call_place first = { 0 };
	struct store_row raw;
	enum ha_error why = store_seek(listing->reader, STORE_PEERS,
	                               (struct store_bytes){ start->at, start->size }, false, &raw);

	*full = false;
	if (why == HA_OK && raw.key.size == start->size &&
	    memcmp(raw.key.at, start->at, start->size) == 0)
		first = call->place; /* where the last page stopped; the peer is still there */
	while (why == HA_OK) {
		why = peer_row_decode((struct span){ raw.key.at, raw.key.size },
		                      (struct span){ raw.value.at, raw.value.size }, &peer);
		peer_row_key(&peer, &call->key);
		if (why == HA_OK)
			why = list_peer(listing, &peer, first, full);
		if (why != HA_OK || *full)
			return why;
		first = (struct call_place){ 0 };
		why = store_next(listing->reader, STORE_PEERS, &raw);
	}
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

/* One address or name: both kinds of peer may have it, and their keys are far
 * apart. */
static enum ha_error list_whom(struct listing *listing, bool *full)
{
	static const enum peer_kind kinds[] = { PEER_MOBILE_NODE, PEER_FOREIGN_AGENT };
	struct call *call = listing->call;
	struct peer_row peer;
	enum ha_error why = HA_OK;

	*full = false;
	for (size_t i = 0; i < 2 && why == HA_OK && !*full; i++) {
		struct call_place first = { 0 };
		struct store_bytes value;
		struct row_octets key;

		if (!whom_peer_key(call, &listing->whom, kinds[i], &key))
			continue;
		if (call->resumed) {
			int order = memcmp(key.at, call->key.at, key.size);

			if (order < 0)
				continue; /* its page was an earlier one */
			if (order == 0)
				first = call->place;
		}
		call->key = key;
		why = store_get(listing->reader, STORE_PEERS,
		                (struct store_bytes){ key.at, key.size }, &value);
		if (why == HA_OK)
			why = peer_row_decode((struct span){ key.at, key.size },
			                      (struct span){ value.at, value.size }, &peer);
		if (why == HA_OK)
			why = list_peer(listing, &peer, first, full);
		listing->found = listing->found || why == HA_OK;
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
	why = listing->has_whom ? list_whom(listing, &full) : list_peers(listing, &start, &full);
	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	if (listing->has_whom && !listing->found && !call->resumed)
		return call_refuse(call, HA_E_NOTFOUND,
		                   "there is no mobile node and no foreign agent %s in realm %u",
		                   listing->whom.text, listing->whom.agent.realm);
	call->resumed = true;
	return full ? CALL_MORE : CALL_DONE;
}

enum call_progress call_association_list(struct call *call)
{
	struct store_reader reader = { 0 };
	struct listing listing = { .call = call, .reader = &reader };
	enum call_progress progress;
	enum ha_error why;

	if (call->options.word_count > 1)
		return call_usage(call);
	listing.has_whom = call->options.word_count == 1;
	if (listing.has_whom && !whom_parse(call, call->options.words[0], &listing.whom))
		return call_usage(call);
	why = store_read_open(agent_store(call->agent), &reader);
	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	progress = list_page(&listing);
	store_read_close(&reader);
	return progress;
}

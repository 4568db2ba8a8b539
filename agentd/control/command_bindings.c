/* command_bindings.c - the bindings of the store, page by page in the order of
 * its keys. They trail what the agent decides with by the checkpoint interval;
 * the end of the answer says by how much. */
#include <stdio.h>
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/control/whom.h"

static void add_endpoint(struct answer *answer, const struct binding *binding)
{
	if (binding->endpoint_port)
		answer_text(answer, "endpoint", "%s:%u", address_format(binding->endpoint).text,
		            binding->endpoint_port);
	else
		answer_text(answer, "endpoint", "%s", address_format(binding->endpoint).text);
}

/* The encapsulation inside of UDP, where there is that. */
static void add_encapsulation(struct answer *answer, const struct binding *binding)
{
	answer_text(answer, "encapsulation", "%s%s", binding->features & BINDING_UDP ? "udp/" : "",
	            encapsulation_name(binding->encapsulation));
}

/* What was agreed on beside the encapsulation. */
static void add_features(struct answer *answer, const struct binding *binding)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} rows[] = {
		{ BINDING_UDP_FORCED, "udp-forced" },
		{ BINDING_REVOCABLE, "revocable" },
		{ BINDING_REVOCATION_INFORM, "revocation-inform" },
	};
	char text[64] = "";
	size_t length = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (binding->features & rows[i].bit && length < sizeof(text))
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
			                           length ? "," : "", rows[i].name);
	answer_text(answer, "features", "%s", text);
}

static void add_name(struct call *call, struct store_reader *reader, const struct binding_row *row)
{
	char nai[MIP_NAI_MAX + 1] = "";

	agent_name_at(call->agent, reader, row->realm, row->home, row->node, nai);
	answer_text_or_null(&call->answer, "nai", nai);
}

static void add_lifetime(struct answer *answer, const struct binding *binding, uint64_t now_ms)
{
	if (binding->expires_ms == BINDING_NEVER_EXPIRES) {
		answer_null(answer, "granted_s");
		answer_null(answer, "remaining_s");
		answer_null(answer, "expires");
		return;
	}
	answer_number(answer, "granted_s", binding->granted_s);
	answer_number(answer, "remaining_s",
	              binding->expires_ms > now_ms ? (binding->expires_ms - now_ms) / 1000 : 0);
	answer_text(answer, "expires", "%s", time_format(binding->expires_ms).text);
}

/* What the data plane of this member moved; nothing where it forwards nothing. */
static void add_traffic(struct call *call, const struct binding_row *row)
{
	struct dataplane_traffic traffic;
	struct answer *answer = &call->answer;

	if (!agent_traffic(call->agent, row->realm, row->home, &row->binding, &traffic)) {
		answer_null(answer, "packets_out");
		answer_null(answer, "octets_out");
		answer_null(answer, "packets_in");
		answer_null(answer, "octets_in");
		return;
	}
	answer_number(answer, "packets_out", traffic.out_packets);
	answer_number(answer, "octets_out", traffic.out_octets);
	answer_number(answer, "packets_in", traffic.in_packets);
	answer_number(answer, "octets_in", traffic.in_octets);
}

static void add_binding(struct call *call, struct store_reader *reader,
                        const struct binding_row *row, uint64_t now_ms)
{
	const struct binding *binding = &row->binding;
	struct answer *answer = &call->answer;

	answer_text(answer, "home", "%s", address_format(row->home).text);
	add_name(call, reader, row);
	answer_text(answer, "care_of", "%s", address_format(binding->care_of).text);
	add_endpoint(answer, binding);
	answer_text(answer, "flags", "%s", flags_format(binding->flags).text);
	add_encapsulation(answer, binding);
	add_features(answer, binding);
	add_lifetime(answer, binding, now_ms);
	add_traffic(call, row);
	answer_text(answer, "source", "%s:%u", address_format(binding->source).text,
	            binding->source_port);
	answer_text(answer, "identification", "%016llx",
	            (unsigned long long)binding->identification);
	answer_number(answer, "node", row->node);
	answer_number(answer, "realm", row->realm);
	answer_record(answer);
}

/* Just after every binding of this home and care-of address. */
static void key_after(uint32_t realm, struct in_addr home, struct in_addr care_of,
                      struct row_octets *out)
{
	struct binding_row row = { .realm = realm, .home = home };

	row.binding.care_of = care_of;
	row.binding.endpoint.s_addr = INADDR_BROADCAST;
	row.binding.endpoint_port = UINT16_MAX;
	binding_row_key(&row, out);
}

static bool start_after(struct call *call)
{
	struct in_addr home, care_of = { INADDR_BROADCAST };
	char text[2 * INET_ADDRSTRLEN];
	char *comma;

	if (snprintf(text, sizeof(text), "%s", call->options.after) >= (int)sizeof(text))
		return false;
	comma = strchr(text, ',');
	if (comma)
		*comma = '\0';
	if (!address_parse(text, &home) || (comma && !address_parse(comma + 1, &care_of)))
		return false;
	key_after(call_realm(call), home, care_of, &call->key);
	call->resumed = true;
	return true;
}

static bool matches(const struct row_octets *prefix, struct store_bytes key)
{
	return key.size >= prefix->size && memcmp(key.at, prefix->at, prefix->size) == 0;
}

static enum call_progress end_of_listing(struct call *call, const struct agent_status *status)
{
	answer_number(&call->answer, "store_lag_ms", status->store_lag_ms);
	return CALL_DONE;
}

/* The limit was reached before the end: say where to go on. */
static enum call_progress end_of_limit(struct call *call, const struct agent_status *status,
                                       const struct binding_row *last)
{
	answer_text(&call->answer, "next", "%s,%s", address_format(last->home).text,
	            address_format(last->binding.care_of).text);
	return end_of_listing(call, status);
}

static bool limit_reached(const struct call *call)
{
	return call->options.has_limit && call->given >= call->options.limit;
}

static enum call_progress page(struct call *call, const struct row_octets *prefix,
                               struct store_reader *reader, const struct agent_status *status)
{
	const struct row_octets *start = call->resumed ? &call->key : prefix;
	struct binding_row row = { 0 };
	struct store_row raw;
	enum ha_error why = store_seek(reader, STORE_BINDINGS,
	                               (struct store_bytes){ start->at, start->size },
	                               call->resumed, &raw);

	for (size_t rows = 0; why == HA_OK && matches(prefix, raw.key); rows++) {
		if (limit_reached(call))
			return end_of_limit(call, status, &row);
		if (rows == CALL_PAGE_ROWS)
			return CALL_MORE;
		why = binding_row_decode((struct span){ raw.key.at, raw.key.size },
		                         (struct span){ raw.value.at, raw.value.size }, &row);
		if (why != HA_OK)
			return call_refuse(call, why, "a row of the store: %s", ha_strerror(why));
		add_binding(call, reader, &row, status->cluster_time_ms);
		call->given++;
		call->resumed = true;
		binding_row_key(&row, &call->key);
		why = store_next(reader, STORE_BINDINGS, &raw);
	}
	if (why != HA_OK && why != HA_E_NOTFOUND)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	return end_of_listing(call, status);
}

/* All bindings begin with nothing; those of one node with its address. A node that
 * has no address has no bindings: 0.0.0.0 has none. A node that goes while it is
 * listed is one that has no more. */
static bool take_prefix(struct call *call, struct row_octets *out)
{
	struct agent_node node = { 0 };
	struct whom whom;

	out->size = 0;
	if (call->options.word_count == 0)
		return true;
	if (call->options.word_count > 1 || !whom_parse(call, call->options.words[0], &whom))
		return false;
	if (!agent_node(call->agent, &whom.agent, &node) && !call->resumed) {
		whom_unknown(call, &whom);
		return false;
	}
	if (!whom.agent.name)
		node.home = whom.agent.address;
	binding_row_prefix(whom.agent.realm, node.home, out);
	return true;
}

enum call_progress call_bindings(struct call *call)
{
	struct store_reader reader = { 0 };
	struct agent_status status;
	struct row_octets prefix;
	enum call_progress progress;
	enum ha_error why;

	if (!take_prefix(call, &prefix))
		return call_usage(call);
	if (call->options.has_after && !call->resumed && !start_after(call))
		return call_wrong(call, "--after: '%.60s' is not HOME or HOME,CARE-OF",
		                  call->options.after);
	agent_status(call->agent, &status);
	why = store_read_open(agent_store(call->agent), &reader);
	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	progress = page(call, &prefix, &reader, &status);
	store_read_close(&reader);
	return progress;
}

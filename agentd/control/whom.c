/* whom.c - from words to nodes. Which node has an address of a pool, only the
 * memory of the agent knows; what it is called, only the store. */
#include "agentd/control/whom.h"

#include <stdio.h>
#include <string.h>

static struct span span_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

/* A name could be so, but hardly ever is one: a digit was mistyped. Digits alone
 * are names of some networks. */
static bool looks_like_address(const char *word)
{
	return strpbrk(word, "./") && word[strspn(word, "0123456789./")] == '\0';
}

bool whom_parse(struct call *call, const char *word, struct whom *out)
{
	*out = (struct whom){ .agent.realm = call_realm(call), .text = word };
	if (address_parse(word, &out->agent.address))
		return true;
	if (looks_like_address(word)) {
		call_wrong(call, "'%.60s' is no IPv4 address%s", word,
		           strchr(word, '/') ? " of a node; it has no length of a prefix" : "");
		return false;
	}
	if (!mip_nai_is_valid(span_of(word))) {
		call_wrong(call, "'%.60s' is neither an IPv4 address nor a NAI", word);
		return false;
	}
	out->name = name_digest_of(out->agent.realm, span_of(word));
	out->agent.name = &out->name;
	return true;
}

enum call_progress whom_unknown(struct call *call, const struct whom *whom)
{
	return call_refuse(call, HA_E_NOTFOUND, "there is no mobile node %s in realm %u",
	                   whom->text, whom->agent.realm);
}

void whom_of_peer(const struct peer_row *peer, struct whom *out)
{
	*out = (struct whom){ .agent = { .realm = peer->realm, .address = peer->address } };
	if (peer->address.s_addr)
		return;
	out->name = name_digest_of(peer->realm, span_of(peer->nai));
	out->agent.name = &out->name;
}

bool whom_peer_key(struct call *call, const struct whom *whom, enum peer_kind kind,
                   struct row_octets *out)
{
	struct agent_node node;

	if (kind == PEER_FOREIGN_AGENT) {
		if (!whom->agent.name)
			peer_row_key_of_address((uint8_t)kind, whom->agent.realm,
			                        whom->agent.address, out);
		return !whom->agent.name;
	}
	if (!agent_node(call->agent, &whom->agent, &node))
		return false;
	agent_node_key(whom->agent.realm, &node, out);
	return true;
}

void whom_name(const struct whom *whom, struct change *change)
{
	change->realm = whom->agent.realm;
	change->address = whom->agent.address;
	if (whom->agent.name)
		snprintf(change->nai, sizeof(change->nai), "%s", whom->text);
}

/* Whose the address is may be different when the change is applied. */
void whom_resolve(struct call *call, const struct whom *whom, struct change *change)
{
	struct store_reader reader = { 0 };
	struct agent_node node;

	if (whom->agent.name || !agent_node(call->agent, &whom->agent, &node) || !node.pooled ||
	    store_read_open(agent_store(call->agent), &reader) != HA_OK)
		return;
	if (agent_name_at(call->agent, &reader, whom->agent.realm, node.home, node.id, change->nai))
		change->address.s_addr = INADDR_ANY;
	store_read_close(&reader);
}

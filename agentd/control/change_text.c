/* change_text.c - one sentence for each way in which a change can be refused:
 * what is so, and where there is one, what to do about it. */
#include "agentd/control/change_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"

const char *association_use_name(enum peer_kind kind, uint8_t use)
{
	if (kind != PEER_MOBILE_NODE)
		return "fa-ha";
	return use == ASSOCIATION_AAA ? "mn-aaa" : "mn-ha";
}

const char *change_peer(const struct change *change, char out[INET_ADDRSTRLEN])
{
	struct address_text address = address_format(change->address);

	if (change->nai[0])
		return change->nai;
	memcpy(out, address.text, sizeof(address.text));
	return out;
}

/* What is being told: the change, and room for the sentence. */
struct telling {
	const struct change *change;
	enum ha_error why;
	const char *kind; /* of peer */
	char address[INET_ADDRSTRLEN];
	const char *peer;
	char *out;
};

__attribute__((format(printf, 2, 3))) static void say(const struct telling *telling,
                                                      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(telling->out, CHANGE_TEXT_MAX, format, arguments);
	va_end(arguments);
}

/* "an association", and of which use when it is not the usual one. */
static const char *of_use(const struct change *change)
{
	return change->use == ASSOCIATION_AAA ? "mn-aaa association" : "association";
}

static void say_plainly(const struct telling *telling)
{
	say(telling, "%s %s: %s", telling->kind, telling->peer, ha_strerror(telling->why));
}

static void say_other_identity(const struct telling *telling)
{
	const struct change *change = telling->change;

	if (change->nai[0] && change->address.s_addr)
		say(telling,
		    "mobile node %s or %s is known with another home address, name, pool or "
		    "policy; agentctl nodes shows them",
		    address_format(change->address).text, change->nai);
	else
		say(telling,
		    "mobile node %s is known with another home address, name, pool or policy; "
		    "agentctl nodes %s shows them",
		    telling->peer, telling->peer);
}

static void say_no_policy(const struct telling *telling)
{
	say(telling, "there is no policy %s; agentctl config set policy.%s.OPTION makes one",
	    telling->change->policy, telling->change->policy);
}

static void explain_add(const struct telling *telling)
{
	const struct change *change = telling->change;

	switch (telling->why) {
	case HA_E_EXISTS:
		say(telling, "%s %s has an %s with SPI %u already; --replace overwrites it",
		    telling->kind, telling->peer, of_use(change), change->spi);
		return;
	case HA_E_NOTFOUND:
		say(telling,
		    "there is no mobile node %s yet: the first association of one needs "
		    "home=ADDRESS or pool=NAME",
		    telling->peer);
		return;
	case HA_E_NO_POOL:
		say(telling, "there is no pool %s; agentctl pool set makes one", change->pool);
		return;
	case HA_E_NO_POLICY:
		say_no_policy(telling);
		return;
	case HA_E_OTHER_IDENTITY:
		say_other_identity(telling);
		return;
	case HA_E_TAKEN:
		say(telling,
		    "%s lies in a pool of home addresses: give the node that pool, or shorten the "
		    "pool",
		    address_format(change->address).text);
		return;
	default:
		say_plainly(telling);
	}
}

static void explain_remove(const struct telling *telling)
{
	if (telling->why != HA_E_NOTFOUND)
		say_plainly(telling);
	else if (telling->change->kind == CHANGE_REMOVE_ASSOCIATION)
		say(telling, "%s %s has no %s with SPI %u", telling->kind, telling->peer,
		    of_use(telling->change), telling->change->spi);
	else
		say(telling, "there is no %s %s", telling->kind, telling->peer);
}

static void explain_set_node(const struct telling *telling)
{
	if (telling->why == HA_E_NO_POLICY)
		say_no_policy(telling);
	else if (telling->why == HA_E_NOTFOUND)
		say(telling, "there is no mobile node %s", telling->peer);
	else
		say_plainly(telling);
}

/* What an error means for pools and policies; other settings have no such errors. */
static const char *setting_trouble(bool pool, bool unset, enum ha_error why)
{
	if (why == HA_E_NOTFOUND)
		return "it is not set";
	if (why == HA_E_CONFLICT)
		return "it is not of that version any more; agentctl audit says who changed it";
	if (why == HA_E_IN_USE && !pool)
		return "mobile nodes still have this policy, and this is its last setting; "
		       "agentctl node set gives them another one";
	if (why == HA_E_IN_USE && unset)
		return "mobile nodes still get their addresses there; remove their associations "
		       "first";
	if (why == HA_E_IN_USE)
		return "mobile nodes get their addresses there, and some would no longer be in it";
	if (why == HA_E_TAKEN)
		return "it would share addresses with another pool, or with a mobile node's own";
	if (why == HA_E_RANGE)
		return "the range is not one of host addresses, or holds the home agent's own";
	if (why == HA_E_CAPACITY)
		return pool ? "there are as many pools as there can be"
		            : "there are as many settings as there can be";
	return ha_strerror(why);
}

static void explain_setting(const struct telling *telling)
{
	const struct change *change = telling->change;
	bool pool = strncmp(change->name, "pool.", 5) == 0;

	say(telling, "%s was not changed: %s", change->name,
	    setting_trouble(pool, change->kind == CHANGE_UNSET, telling->why));
}

void change_explain(const struct change *change, enum ha_error why, char out[CHANGE_TEXT_MAX])
{
	static void (*const explanations[])(const struct telling *) = {
		[CHANGE_ADD_ASSOCIATION] = explain_add,
		[CHANGE_REMOVE_ASSOCIATION] = explain_remove,
		[CHANGE_REMOVE_PEER] = explain_remove,
		[CHANGE_SET] = explain_setting,
		[CHANGE_UNSET] = explain_setting,
		[CHANGE_SET_NODE] = explain_set_node,
	};
	struct telling telling = {
		.change = change,
		.why = why,
		.kind = change->peer == PEER_FOREIGN_AGENT ? "foreign agent" : "mobile node",
		.out = out,
	};

	telling.peer = change_peer(change, telling.address);
	explanations[change->kind](&telling);
}

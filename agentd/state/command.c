/* command.c - commands of the log, from plain facts to octets. */
#include "agentd/state/command.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/state/rows.h"
#include "proto/cluster.pb-c.h"

static Hearth__Bind bind_of(const struct binding *binding, bool keep_others)
{
	Hearth__Bind bind = HEARTH__BIND__INIT;

	bind.care_of = ntohl(binding->care_of.s_addr);
	bind.endpoint = ntohl(binding->endpoint.s_addr);
	bind.source = ntohl(binding->source.s_addr);
	bind.source_port = binding->source_port;
	bind.granted_s = binding->granted_s;
	bind.flags = binding->flags;
	bind.encapsulation = binding->encapsulation;
	bind.expires_ms = binding->expires_ms;
	bind.has_endpoint_port = binding->endpoint_port != 0;
	bind.endpoint_port = binding->endpoint_port;
	bind.has_keep_others = keep_others;
	bind.keep_others = keep_others;
	bind.has_features = binding->features != 0;
	bind.features = binding->features;
	bind.has_keepalive_s = binding->keepalive_s != 0;
	bind.keepalive_s = binding->keepalive_s;
	bind.has_agent_stamp = binding->features & BINDING_REVOCABLE;
	bind.agent_stamp = binding->agent_stamp;
	return bind;
}

static void fill_node(Hearth__Register *to, const struct command_registration *from)
{
	to->node = from->node;
	to->place = from->place;
	to->identification = from->identification;
	to->digest = from->digest;
	to->has_name = from->name != NULL;
	if (from->name) {
		to->name.data = (uint8_t *)from->name->octets; /* only read by packing */
		to->name.len = sizeof(from->name->octets);
	}
	to->has_after = from->nonces;
	to->after = from->after;
	to->has_spi = from->spi != 0;
	to->spi = from->spi;
	to->has_limit = from->limit != 0;
	to->limit = from->limit;
	to->has_sticky = from->sticky;
	to->sticky = from->sticky;
}

size_t command_registration(const struct command_registration *from,
                            uint8_t out[COMMAND_REGISTRATION_MAX])
{
	Hearth__Command command = HEARTH__COMMAND__INIT;
	Hearth__Register registration = HEARTH__REGISTER__INIT;
	Hearth__Unbind unbind = HEARTH__UNBIND__INIT;
	Hearth__Bind bind;

	command.version = COMMAND_VERSION_OLD;
	command.time_ms = from->time_ms;
	command.command_case = HEARTH__COMMAND__COMMAND_REGISTRATION;
	command.registration = &registration;
	fill_node(&registration, from);
	if (from->binding) {
		bind = bind_of(from->binding, from->keep_others);
		registration.effect_case = HEARTH__REGISTER__EFFECT_BIND;
		registration.bind = &bind;
	} else {
		unbind.has_care_of = from->care_of != NULL;
		unbind.care_of = from->care_of ? ntohl(from->care_of->s_addr) : 0;
		unbind.has_source = from->source.s_addr != 0;
		unbind.source = ntohl(from->source.s_addr);
		registration.effect_case = HEARTH__REGISTER__EFFECT_UNBIND;
		registration.unbind = &unbind;
	}
	return hearth__command__pack(&command, out);
}

size_t command_drop(uint64_t time_ms, uint64_t place, const struct in_addr *care_of, bool release,
                    uint8_t out[COMMAND_REGISTRATION_MAX])
{
	Hearth__Command command = HEARTH__COMMAND__INIT;
	Hearth__Drop drop = HEARTH__DROP__INIT;

	command.version = COMMAND_VERSION_OLD;
	command.time_ms = time_ms;
	command.command_case = HEARTH__COMMAND__COMMAND_DROP;
	command.drop = &drop;
	drop.place = place;
	drop.has_care_of = care_of != NULL;
	drop.care_of = care_of ? ntohl(care_of->s_addr) : 0;
	drop.has_release = release;
	drop.release = release;
	return hearth__command__pack(&command, out);
}

size_t command_revoke(uint64_t time_ms, uint64_t place, const struct revocation_mark *mark,
                      uint8_t out[COMMAND_REGISTRATION_MAX])
{
	Hearth__Command command = HEARTH__COMMAND__INIT;
	Hearth__Drop drop = HEARTH__DROP__INIT;
	Hearth__Revocation revocation = HEARTH__REVOCATION__INIT;

	command.version = COMMAND_VERSION_OLD;
	command.time_ms = time_ms;
	command.command_case = HEARTH__COMMAND__COMMAND_DROP;
	command.drop = &drop;
	drop.place = place;
	drop.has_care_of = true;
	drop.care_of = ntohl(mark->care_of.s_addr);
	drop.revocation = &revocation;
	revocation.agent = ntohl(mark->agent.s_addr);
	revocation.identifier = mark->identifier;
	return hearth__command__pack(&command, out);
}

size_t command_complete(uint64_t time_ms, const struct command_completion *from,
                        uint8_t out[COMMAND_REGISTRATION_MAX])
{
	Hearth__Command command = HEARTH__COMMAND__INIT;
	Hearth__Complete complete = HEARTH__COMPLETE__INIT;

	command.version = COMMAND_VERSION_PORTS;
	command.time_ms = time_ms;
	command.command_case = HEARTH__COMMAND__COMMAND_COMPLETE;
	command.complete = &complete;
	complete.place = from->place;
	complete.care_of = ntohl(from->care_of.s_addr);
	complete.endpoint = ntohl(from->endpoint.s_addr);
	complete.port = from->port;
	return hearth__command__pack(&command, out);
}

size_t command_expire(uint64_t time_ms, const uint64_t *places, size_t count, uint8_t *out,
                      size_t size)
{
	Hearth__Command command = HEARTH__COMMAND__INIT;
	Hearth__Expire expire = HEARTH__EXPIRE__INIT;

	command.version = COMMAND_VERSION_OLD;
	command.time_ms = time_ms;
	command.command_case = HEARTH__COMMAND__COMMAND_EXPIRE;
	command.expire = &expire;
	expire.n_places = count;
	expire.places = (uint64_t *)places; /* only read by packing */
	return hearth__command__get_packed_size(&command) <= size
	               ? hearth__command__pack(&command, out)
	               : 0;
}

/* One change with the messages that it points to. */
struct packed_change {
	Hearth__Change change;
	Hearth__AddAssociation add;
	Hearth__RemoveAssociation remove;
	Hearth__Setting setting;
	Hearth__SetNode set_node;
	Hearth__Reseal reseal;
	Hearth__Secret secret;
};

/* Only read by packing. */
static ProtobufCBinaryData octets_of(const char *text)
{
	return (ProtobufCBinaryData){ .len = strlen(text), .data = (uint8_t *)text };
}

static ProtobufCBinaryData octets_at(const uint8_t *at, size_t size)
{
	return (ProtobufCBinaryData){ .len = size, .data = (uint8_t *)at };
}

static void pack_key(Hearth__AddAssociation *add, const struct change *from)
{
	add->has_sealed = add->has_place = from->sealed.size > 0;
	add->has_key = !add->has_sealed;
	add->key = octets_at(from->key, from->key_size);
	add->sealed = octets_at(from->sealed.at, from->sealed.size);
	add->place = octets_at(from->place, from->place_size);
}

static void pack_add(struct packed_change *to, const struct change *from)
{
	hearth__add_association__init(&to->add);
	to->add.kind = (Hearth__PeerKind)from->peer;
	to->add.realm = from->realm;
	to->add.address = ntohl(from->address.s_addr);
	to->add.spi = from->spi;
	to->add.algorithm = from->algorithm;
	pack_key(&to->add, from);
	to->add.has_bindings = true;
	to->add.bindings = from->bindings;
	to->add.has_set_bindings = from->set_bindings;
	to->add.set_bindings = from->set_bindings;
	to->add.has_tolerance_s = true;
	to->add.tolerance_s = from->tolerance_s;
	to->add.has_replace = true;
	to->add.replace = from->replace;
	to->add.has_nai = from->nai[0] != '\0';
	to->add.nai = octets_of(from->nai);
	to->add.pool = from->pool[0] ? (char *)from->pool : NULL;
	to->add.policy = from->policy[0] ? (char *)from->policy : NULL;
	to->add.has_use = from->use != 0;
	to->add.use = from->use;
	to->add.has_replay = from->replay != 0;
	to->add.replay = from->replay;
	to->add.has_created = from->guard.set;
	to->add.created = from->guard.version;
	to->add.has_keeps_key = from->keep_key;
	to->add.keeps_key = from->keep_key;
	to->add.has_known_peer = from->known_peer;
	to->add.known_peer = from->known_peer;
	to->change.change_case = HEARTH__CHANGE__CHANGE_ADD_ASSOCIATION;
	to->change.add_association = &to->add;
}

static void pack_remove(struct packed_change *to, const struct change *from)
{
	hearth__remove_association__init(&to->remove);
	to->remove.kind = (Hearth__PeerKind)from->peer;
	to->remove.realm = from->realm;
	to->remove.address = ntohl(from->address.s_addr);
	to->remove.has_spi = from->kind == CHANGE_REMOVE_ASSOCIATION;
	to->remove.spi = from->spi;
	to->remove.has_nai = from->nai[0] != '\0';
	to->remove.nai = octets_of(from->nai);
	to->remove.has_use = from->use != 0;
	to->remove.use = from->use;
	to->remove.has_created = from->guard.set;
	to->remove.created = from->guard.version;
	to->change.change_case = HEARTH__CHANGE__CHANGE_REMOVE_ASSOCIATION;
	to->change.remove_association = &to->remove;
}

static void pack_setting(struct packed_change *to, const struct change *from)
{
	hearth__setting__init(&to->setting);
	to->setting.name = (char *)from->name; /* only read by packing */
	to->setting.value = from->kind == CHANGE_UNSET ? (char *)"" : (char *)from->value;
	to->setting.has_unset = from->kind == CHANGE_UNSET;
	to->setting.unset = from->kind == CHANGE_UNSET;
	to->setting.has_version = from->guard.set;
	to->setting.version = from->guard.version;
	to->change.change_case = HEARTH__CHANGE__CHANGE_SETTING;
	to->change.setting = &to->setting;
}

static void pack_set_node(struct packed_change *to, const struct change *from)
{
	hearth__set_node__init(&to->set_node);
	to->set_node.realm = from->realm;
	to->set_node.address = ntohl(from->address.s_addr);
	to->set_node.has_nai = from->nai[0] != '\0';
	to->set_node.nai = octets_of(from->nai);
	to->set_node.policy = from->set_policy ? (char *)from->policy : NULL;
	to->set_node.has_bindings = from->set_bindings;
	to->set_node.bindings = from->bindings;
	if (from->guard.set && from->set_policy)
		to->set_node.was_policy = (char *)from->guard.policy;
	to->set_node.has_was_bindings = from->guard.set && from->set_bindings;
	to->set_node.was_bindings = from->guard.bindings;
	to->change.change_case = HEARTH__CHANGE__CHANGE_SET_NODE;
	to->change.set_node = &to->set_node;
}

static void pack_reseal(struct packed_change *to, const struct change *from)
{
	hearth__reseal__init(&to->reseal);
	to->reseal.place = octets_at(from->place, from->place_size);
	to->reseal.spi = from->spi;
	to->reseal.has_use = from->use != 0;
	to->reseal.use = from->use;
	to->reseal.created = from->created;
	to->reseal.replaces = from->replaces;
	to->reseal.sealed = octets_at(from->sealed.at, from->sealed.size);
	to->change.change_case = HEARTH__CHANGE__CHANGE_RESEAL;
	to->change.reseal = &to->reseal;
}

static void pack_secret(struct packed_change *to, const struct change *from)
{
	hearth__secret__init(&to->secret);
	to->secret.name = (char *)from->name; /* only read by packing */
	to->secret.replaces = from->replaces;
	to->secret.sealed = octets_at(from->sealed.at, from->sealed.size);
	to->change.change_case = HEARTH__CHANGE__CHANGE_SECRET;
	to->change.secret = &to->secret;
}

static void pack_change(struct packed_change *to, const struct change *from)
{
	hearth__change__init(&to->change);
	to->change.has_undoes_index = to->change.has_undoes_change = from->undoes.index != 0;
	to->change.undoes_index = from->undoes.index;
	to->change.undoes_change = from->undoes.number;
	switch (from->kind) {
	case CHANGE_ADD_ASSOCIATION:
		pack_add(to, from);
		break;
	case CHANGE_REMOVE_ASSOCIATION:
	case CHANGE_REMOVE_PEER:
		pack_remove(to, from);
		break;
	case CHANGE_SET:
	case CHANGE_UNSET:
		pack_setting(to, from);
		break;
	case CHANGE_SET_NODE:
		pack_set_node(to, from);
		break;
	case CHANGE_RESEAL:
		pack_reseal(to, from);
		break;
	case CHANGE_SECRET:
		pack_secret(to, from);
		break;
	}
}

static enum ha_error pack_command(const Hearth__Command *command, uint8_t **out, size_t *size)
{
	*size = hearth__command__get_packed_size(command);
	*out = malloc(*size);
	if (!*out)
		return HA_E_NOMEM;
	hearth__command__pack(command, *out);
	return HA_OK;
}

static void pack_capacity(Hearth__Configure *to, const struct state_capacity *from)
{
	if (!from)
		return;
	to->has_peers = to->has_associations = to->has_bindings = true;
	to->peers = from->peers;
	to->associations = from->associations;
	to->bindings = from->bindings;
}

/* Would an earlier program make something else of it? */
static bool is_new(const struct change *change)
{
	if (change->kind == CHANGE_SET)
		return setting_is_feature(change->name);
	return change->kind == CHANGE_ADD_ASSOCIATION &&
	       (change->guard.set || change->keep_key || change->known_peer);
}

uint32_t command_configure_version(bool whole, const struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		whole = whole || is_new(&changes[i]);
	return whole ? COMMAND_VERSION : COMMAND_VERSION_OLD;
}

static enum ha_error pack_configure(uint64_t time_ms, Hearth__Configure *configure,
                                    const struct change *changes, size_t count, uint8_t **out,
                                    size_t *size)
{
	Hearth__Command command = HEARTH__COMMAND__INIT;
	struct packed_change *packed;
	Hearth__Change **list;
	enum ha_error error = HA_E_NOMEM;

	*out = NULL;
	if (count == 0 || count > CHANGES_MAX)
		return HA_E_RANGE;
	packed = calloc(count, sizeof(*packed));
	list = calloc(count, sizeof(*list));
	if (packed && list) {
		for (size_t i = 0; i < count; i++) {
			pack_change(&packed[i], &changes[i]);
			list[i] = &packed[i].change;
		}
		command.version = command_configure_version(configure->whole, changes, count);
		command.time_ms = time_ms;
		command.command_case = HEARTH__COMMAND__COMMAND_CONFIGURE;
		command.configure = configure;
		configure->n_changes = count;
		configure->changes = list;
		error = pack_command(&command, out, size);
	}
	free(list);
	free(packed);
	return error;
}

static enum ha_error configure(uint64_t time_ms, const char *who,
                               const struct state_capacity *capacity, bool whole,
                               const struct change *changes, size_t count, uint8_t **out,
                               size_t *size)
{
	Hearth__Configure configure = HEARTH__CONFIGURE__INIT;

	configure.who = (char *)who; /* only read by packing */
	pack_capacity(&configure, capacity);
	configure.has_whole = whole;
	configure.whole = whole;
	return pack_configure(time_ms, &configure, changes, count, out, size);
}

enum ha_error command_configure(uint64_t time_ms, const char *who,
                                const struct state_capacity *capacity, const struct change *changes,
                                size_t count, uint8_t **out, size_t *size)
{
	return configure(time_ms, who, capacity, false, changes, count, out, size);
}

enum ha_error command_configure_whole(uint64_t time_ms, const char *who,
                                      const struct state_capacity *capacity,
                                      const struct change *changes, size_t count, uint8_t **out,
                                      size_t *size)
{
	return configure(time_ms, who, capacity, true, changes, count, out, size);
}

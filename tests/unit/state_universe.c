/* state_universe.c - a small world of peers. */
#include "tests/unit/look.h"
#include "tests/unit/state_universe.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agentd/state/command.h"

static struct in_addr address(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

struct in_addr universe_home(unsigned i)
{
	return address(0x0a000001u + i);
}

struct in_addr universe_foreign_agent(unsigned i)
{
	return i ? address(0xc0000201u) : universe_home(UNIVERSE_HOMES - 1);
}

struct in_addr universe_care_of(unsigned i)
{
	return address(0xc6336401u + i);
}

uint32_t universe_spi(unsigned i)
{
	return 256 + i;
}

/* ---- commands ---- */

static void fill_association(struct dice *dice, struct change *change)
{
	change->spi = dice_chance(dice, 20) ? 255 : universe_spi(dice_below(dice, UNIVERSE_SPIS));
	change->algorithm = dice_chance(dice, 20) ? 257 : 1 + dice_below(dice, 3);
	change->key_size = dice_chance(dice, 20) ? 15 : 16;
	memset(change->key, (int)dice_below(dice, 250), change->key_size);
	change->bindings = (uint8_t)(1 + dice_below(dice, 4));
	change->tolerance_s = (uint16_t)dice_below(dice, 10);
	change->replace = dice_chance(dice, 2);
}

struct change universe_change(struct dice *dice)
{
	static const enum change_kind kinds[] = {
		CHANGE_ADD_ASSOCIATION,    CHANGE_ADD_ASSOCIATION, CHANGE_ADD_ASSOCIATION,
		CHANGE_REMOVE_ASSOCIATION, CHANGE_REMOVE_PEER,
	};
	struct change change = {
		.kind = kinds[dice_below(dice, 5)],
		.peer = dice_chance(dice, 4) ? PEER_FOREIGN_AGENT : PEER_MOBILE_NODE,
		.realm = dice_chance(dice, 8),
	};

	if (change.peer == PEER_MOBILE_NODE)
		change.address = universe_home(dice_below(dice, UNIVERSE_HOMES));
	else
		change.address = universe_foreign_agent(dice_below(dice, 2));
	fill_association(dice, &change);
	return change;
}

static struct binding some_binding(struct dice *dice, uint64_t time_ms)
{
	struct binding binding = {
		.care_of = universe_care_of(dice_below(dice, UNIVERSE_CARE_OFS)),
		.source_port = 434,
		.granted_s = (uint16_t)(1 + dice_below(dice, 20)),
		.flags = (uint8_t)dice_below(dice, 256),
		.encapsulation = (uint8_t)dice_below(dice, 3),
	};

	binding.source = binding.care_of;
	binding.endpoint = binding.care_of;
	if (dice_chance(dice, 4)) {
		binding.endpoint = universe_care_of(99);
		binding.endpoint_port = (uint16_t)dice_below(dice, 3);
		binding.features = BINDING_UDP;
	}
	binding.expires_ms = time_ms + binding.granted_s * 1000u;
	if (dice_chance(dice, 10)) {
		binding.granted_s = LIFETIME_INFINITE;
		binding.expires_ms = BINDING_NEVER_EXPIRES;
	}
	return binding;
}

size_t universe_registration(struct dice *dice, struct state *state, uint64_t time_ms, uint8_t *out,
                             size_t size)
{
	struct in_addr home = universe_home(dice_below(dice, UNIVERSE_HOMES));
	struct in_addr care_of = universe_care_of(dice_below(dice, UNIVERSE_CARE_OFS));
	struct binding binding = some_binding(dice, time_ms);
	uint32_t realm = dice_chance(dice, 8);
	struct command_registration command = { .place = place_of_home(realm, home) };
	struct state_view view;

	if (size < COMMAND_REGISTRATION_MAX)
		return 0;
	if (look_at(state, PEER_MOBILE_NODE, realm, home, universe_spi(0), &view)) {
		command.node = view.id - dice_chance(dice, 20);
		command.identification = view.replay.identification + 4 - dice_below(dice, 5);
	} else {
		command.node = 1 + dice_below(dice, 9);
		command.identification = 4;
	}
	command.digest = dice_next(dice);
	command.time_ms = time_ms;
	command.keep_others = dice_chance(dice, 2);
	if (dice_below(dice, 4) > 0)
		command.binding = &binding;
	else if (dice_chance(dice, 2))
		command.care_of = &care_of;
	return command_registration(&command, out);
}

size_t universe_expire(struct dice *dice, uint64_t time_ms, uint8_t *out, size_t size)
{
	uint64_t places[3];

	for (size_t i = 0; i < 3; i++)
		places[i] = place_of_home(dice_chance(dice, 8),
		                          universe_home(dice_below(dice, UNIVERSE_HOMES)));
	return command_expire(time_ms, places, 1 + dice_below(dice, 3), out, size);
}

size_t universe_completion(struct dice *dice, uint64_t time_ms, uint8_t *out)
{
	const struct command_completion completion = {
		.place = place_of_home(dice_chance(dice, 8),
		                       universe_home(dice_below(dice, UNIVERSE_HOMES))),
		.care_of = universe_care_of(dice_below(dice, UNIVERSE_CARE_OFS)),
		.endpoint = universe_care_of(dice_chance(dice, 10) ? 98 : 99),
		.port = (uint16_t)dice_below(dice, 3),
	};

	return command_complete(time_ms, &completion, out);
}

/* ---- comparison ---- */

static const char *difference_of_bindings(const struct state_view *a, const struct state_view *b)
{
	if (a->binding_count != b->binding_count)
		return "number of bindings";
	for (size_t i = 0; i < a->binding_count; i++) {
		struct binding_row row_a = { .binding = a->bindings[i] };
		struct binding_row row_b = { .binding = b->bindings[i] };
		struct row_octets octets_a, octets_b;

		binding_row_key(&row_a, &octets_a);
		binding_row_key(&row_b, &octets_b);
		if (memcmp(octets_a.at, octets_b.at, octets_a.size) != 0)
			return "key of a binding";
		binding_row_value(&row_a, &octets_a);
		binding_row_value(&row_b, &octets_b);
		if (memcmp(octets_a.at, octets_b.at, octets_a.size) != 0)
			return "value of a binding";
	}
	return NULL;
}

static bool is_same_replay(const struct replay_state *a, const struct replay_state *b)
{
	return a->identification == b->identification && a->nonced == b->nonced &&
	       a->digest == b->digest && a->spi == b->spi && a->used_ms == b->used_ms;
}

const char *universe_view_difference(const struct state_view *a, const struct state_view *b)
{
	if (a->id != b->id)
		return "id of a peer";
	if (a->version != b->version && a->pool == LABEL_NONE)
		return "version of a peer";
	if (!is_same_replay(&a->replay, &b->replay))
		return "replay state of a peer";
	if (a->limit != b->limit)
		return "limit of a peer";
	if (a->associated != b->associated || a->spi != b->spi ||
	    a->replay_style != b->replay_style)
		return "associations of a peer";
	if (a->tolerance_s != b->tolerance_s)
		return "tolerance of an association";
	if (memcmp(&a->key, &b->key, sizeof(a->key)) != 0)
		return "key of an association";
	return difference_of_bindings(a, b);
}

const char *universe_service_difference(struct state *a, struct state *b, uint32_t realm,
                                        struct in_addr where, const struct name_digest *name)
{
	struct state_service of_a, of_b;
	bool found_a = state_service(a, realm, where, name, &of_a);

	if (found_a != state_service(b, realm, where, name, &of_b))
		return "counters of a node are missing, or too many";
	if (!found_a)
		return NULL;
	if (of_a.accepted != of_b.accepted || of_a.accepted_ms != of_b.accepted_ms)
		return "accepted requests of a node";
	if (of_a.since_ms != of_b.since_ms || of_a.served_ms != of_b.served_ms)
		return "time for which a node was bound";
	return NULL;
}

static const char *difference_of_peers(struct state *a, struct state *b, enum peer_kind kind,
                                       uint32_t realm, struct in_addr where)
{
	const char *difference = kind == PEER_MOBILE_NODE
	                                 ? universe_service_difference(a, b, realm, where, NULL)
	                                 : NULL;

	/* One SPI more than there are: it shows which association is the first. */
	for (unsigned i = 0; i <= UNIVERSE_SPIS && !difference; i++) {
		struct state_view view_a = { .id = 0 }, view_b = { .id = 0 };
		bool found_a = look_at(a, kind, realm, where, universe_spi(i), &view_a);
		bool found_b = look_at(b, kind, realm, where, universe_spi(i), &view_b);

		if (found_a != found_b)
			return found_a ? "a peer is missing" : "a peer too many";
		if (found_a)
			difference = universe_view_difference(&view_a, &view_b);
	}
	return difference;
}

struct settings_text {
	char text[1024];
	size_t used;
};

static void note_setting(void *context, const char *name, const char *value)
{
	struct settings_text *settings = context;
	int length = snprintf(settings->text + settings->used,
	                      sizeof(settings->text) - settings->used, "%s=%s\n", name, value);

	settings->used += (size_t)length;
}

static const char *difference_of_wholes(struct state *a, struct state *b)
{
	struct settings_text settings_a = { .used = 0 }, settings_b = { .used = 0 };
	struct state_totals totals_a, totals_b;

	state_settings(a, note_setting, &settings_a);
	state_settings(b, note_setting, &settings_b);
	if (strcmp(settings_a.text, settings_b.text) != 0)
		return "settings";
	state_totals(a, &totals_a);
	state_totals(b, &totals_b);
	if (totals_a.mobile_nodes != totals_b.mobile_nodes ||
	    totals_a.foreign_agents != totals_b.foreign_agents)
		return "number of peers";
	if (totals_a.associations != totals_b.associations)
		return "number of associations";
	if (totals_a.bindings != totals_b.bindings ||
	    totals_a.bindings_committed != totals_b.bindings_committed)
		return "number of bindings in all";
	return NULL;
}

const char *universe_difference(struct state *a, struct state *b)
{
	const char *difference = NULL;

	for (uint32_t realm = 0; realm < 2; realm++) {
		for (unsigned i = 0; i < UNIVERSE_HOMES && !difference; i++)
			difference = difference_of_peers(a, b, PEER_MOBILE_NODE, realm,
			                                 universe_home(i));
		for (unsigned i = 0; i < 2 && !difference; i++)
			difference = difference_of_peers(a, b, PEER_FOREIGN_AGENT, realm,
			                                 universe_foreign_agent(i));
	}
	return difference ? difference : difference_of_wholes(a, b);
}

struct keyring *universe_ring(void)
{
	static const uint8_t key[KEYRING_KEY_OCTETS] = { 1 };
	static struct keyring *ring;

	if (!ring && (ring = keyring_new()))
		keyring_add(ring, 1, key);
	return ring;
}

bool universe_write_ring(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return false;
	fprintf(file, "key 1 01%0*d\n", (int)(2 * KEYRING_KEY_OCTETS - 2), 0);
	return fchmod(fileno(file), 0600) == 0 && fclose(file) == 0;
}

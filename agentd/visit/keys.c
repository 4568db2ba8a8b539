/* keys.c - a file of associations, sorted once and looked up by halving. */
#include "agentd/visit/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/state/association_file.h"

#define HOME_AGENT "home-agent "
#define FOREIGN_AGENT "foreign-agent "
#define FIRST_ROOM 64u

struct key {
	uint8_t kind; /* enum peer_kind */
	struct in_addr address;
	struct name_digest name; /* none where there is an address */
	uint32_t spi;
	struct mip_key_state state;
};

struct keys {
	size_t count, room;
	struct key *at; /* by peer and SPI */
};

/* The peer alone, then the SPI. */
static int compare_peers(const struct key *a, const struct key *b)
{
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return order ? order : memcmp(&a->name, &b->name, sizeof(a->name));
}

static int compare(const void *one, const void *other)
{
	const struct key *a = one, *b = other;
	int order = compare_peers(a, b);

	if (order)
		return order;
	return a->spi < b->spi ? -1 : a->spi > b->spi;
}

static struct key key_of(const struct keys_peer *peer, uint32_t spi)
{
	struct key key = { .kind = (uint8_t)peer->kind, .address = peer->address, .spi = spi };

	if (peer->address.s_addr == 0 && peer->nai.size)
		key.name = name_digest_of(0, peer->nai);
	return key;
}

/* ---- reading ---- */

static bool make_room(struct keys *keys)
{
	size_t room = keys->room ? 2 * keys->room : FIRST_ROOM;
	struct key *at;

	if (keys->count < keys->room)
		return true;
	at = calloc(room, sizeof(*at));
	if (!at)
		return false;
	if (keys->at) {
		memcpy(at, keys->at, keys->count * sizeof(*at));
		mip_wipe(keys->at, keys->count * sizeof(*at));
		free(keys->at);
	}
	keys->at = at;
	keys->room = room;
	return true;
}

static enum ha_error take(struct keys *keys, const struct change *change)
{
	const struct keys_peer peer = {
		.kind = change->peer,
		.address = change->address,
		.nai = { (const uint8_t *)change->nai, strlen(change->nai) },
	};
	struct key key = key_of(&peer, change->spi);
	enum ha_error why = mip_key_state_init(&key.state, change->algorithm, change->key,
	                                       change->key_size);

	if (why == HA_OK && !make_room(keys))
		why = HA_E_NOMEM;
	if (why == HA_OK)
		keys->at[keys->count++] = key;
	mip_wipe(&key, sizeof(key));
	return why;
}

/* "home-agent address=..." is what a home agent's own file calls foreign-agent. */
static enum ha_error parse(const char *text, size_t size, struct change *out,
                           struct association_error *error)
{
	char line[ASSOCIATION_LINE_MAX + sizeof(FOREIGN_AGENT)];
	const size_t word = strlen(HOME_AGENT);
	enum ha_error why;

	if (strncmp(text, HOME_AGENT, word) != 0)
		return association_parse(text, size, out, error);
	snprintf(line, sizeof(line), "%s%s", FOREIGN_AGENT, text + word);
	why = association_parse(line, strlen(line), out, error);
	mip_wipe(line, sizeof(line));
	return why;
}

static enum ha_error take_line(struct keys *keys, const char *text, size_t size,
                               struct association_error *error)
{
	struct change change;
	enum ha_error why = parse(text, size, &change, error);

	if (why == HA_E_NOTFOUND)
		return HA_OK;
	if (why != HA_OK)
		return why;
	if (change.kind != CHANGE_ADD_ASSOCIATION || change.use != ASSOCIATION_HOME)
		why = ha_refuse(error->text, sizeof(error->text), HA_E_SYNTAX,
		                "settings and use=mn-aaa are not for a foreign agent");
	else
		why = take(keys, &change);
	if (why == HA_E_NOMEM || why == HA_E_UNSUPPORTED)
		ha_refuse(error->text, sizeof(error->text), why, "%s", ha_strerror(why));
	mip_wipe(&change, sizeof(change));
	return why;
}

static enum ha_error read_all(struct keys *keys, struct association_reader *reader,
                              struct association_error *error)
{
	size_t size;
	enum ha_error why = association_reader_line(reader, &size, error);

	for (; why == HA_OK; why = association_reader_line(reader, &size, error)) {
		why = take_line(keys, reader->text, size, error);
		if (why != HA_OK)
			return why;
	}
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

static enum ha_error sort(struct keys *keys, struct association_error *error)
{
	error->line = 0;
	if (keys->count)
		qsort(keys->at, keys->count, sizeof(*keys->at), compare);
	for (size_t i = 1; i < keys->count; i++)
		if (compare(&keys->at[i - 1], &keys->at[i]) == 0)
			return ha_refuse(error->text, sizeof(error->text), HA_E_EXISTS,
			                 "SPI %u is given twice for the same peer",
			                 keys->at[i].spi);
	return HA_OK;
}

static enum ha_error load(struct keys *keys, const char *path, struct association_error *error)
{
	struct association_reader *reader = calloc(1, sizeof(*reader));
	enum ha_error why;

	error->line = 0;
	if (!reader)
		return ha_refuse(error->text, sizeof(error->text), HA_E_NOMEM, "out of memory");
	why = association_reader_open(reader, path, false, error);
	if (why == HA_OK)
		why = read_all(keys, reader, error);
	if (why == HA_OK)
		why = sort(keys, error);
	association_reader_close(reader);
	free(reader);
	return why;
}

enum ha_error keys_load(const char *path, struct keys **out, char *report, size_t size)
{
	struct association_error error;
	struct keys *keys = calloc(1, sizeof(*keys));
	enum ha_error why = keys ? HA_OK : HA_E_NOMEM;

	*out = NULL;
	if (!keys)
		return ha_refuse(report, size, why, "foreign-agent.associations: out of memory");
	if (*path)
		why = load(keys, path, &error);
	if (why == HA_OK) {
		*out = keys;
		return why;
	}
	keys_free(keys);
	if (error.line)
		return ha_refuse(report, size, why, "%.150s line %lu: %s", path,
		                 (unsigned long)error.line, error.text);
	return ha_refuse(report, size, why, "foreign-agent.associations: %s", error.text);
}

/* ---- looking ---- */

/* Of the first that is not before it. */
static size_t place_of(const struct keys *keys, const struct key *wanted)
{
	size_t low = 0, high = keys->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&keys->at[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct mip_key_state *keys_find(const struct keys *keys, const struct keys_peer *peer,
                                      uint32_t spi, uint32_t *found_spi)
{
	const struct key wanted = key_of(peer, spi);
	size_t low = place_of(keys, &wanted);

	if (low == keys->count || compare_peers(&keys->at[low], &wanted) != 0 ||
	    (spi && keys->at[low].spi != spi))
		return NULL;
	*found_spi = keys->at[low].spi;
	return &keys->at[low].state;
}

static const struct key *next_of_kind(const struct keys *keys, struct key wanted,
                                      enum peer_kind kind, bool after)
{
	size_t at;

	wanted.kind = (uint8_t)kind;
	at = place_of(keys, &wanted);
	if (after && at < keys->count && compare(&keys->at[at], &wanted) == 0)
		at++;
	return at < keys->count && keys->at[at].kind == kind ? &keys->at[at] : NULL;
}

/* Whatever kind they are. */
static bool is_before(const struct key *a, const struct key *b)
{
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	return order < 0 || (order == 0 && a->spi < b->spi);
}

bool keys_next(const struct keys *keys, struct in_addr address, uint32_t spi, bool after,
               struct keys_entry *out)
{
	struct key wanted = { .address = address, .spi = spi };
	const struct key *mobile, *agent;

	/* Those without an address come first. */
	if (address.s_addr == 0) {
		wanted = (struct key){ .address = { htonl(1) } };
		after = false;
	}
	mobile = next_of_kind(keys, wanted, PEER_MOBILE_NODE, after);
	agent = next_of_kind(keys, wanted, PEER_FOREIGN_AGENT, after);
	if (!mobile || (agent && is_before(agent, mobile)))
		mobile = agent;
	if (mobile)
		*out = (struct keys_entry){ mobile->address, mobile->spi, mobile->state.algorithm };
	return mobile != NULL;
}

size_t keys_count(const struct keys *keys)
{
	return keys->count;
}

void keys_free(struct keys *keys)
{
	if (keys && keys->at) {
		mip_wipe(keys->at, keys->count * sizeof(*keys->at));
		free(keys->at);
	}
	free(keys);
}

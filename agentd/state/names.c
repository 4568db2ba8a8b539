/* names.c - from the digest of a name to the slot of its peer, by an index of
 * its own beside that of addresses. */
#include "agentd/state/internal.h"

/* A digest is as good as random; the seed keeps chains private all the same. */
static uint64_t hash_of(const struct state *state, const struct name_digest *name)
{
	uint64_t hash;

	memcpy(&hash, name->octets, sizeof(hash));
	return (hash ^ state->names.seed) * UINT64_C(0x9e3779b97f4a7c15);
}

void name_insert(struct state *state, uint32_t slot)
{
	const struct name_digest *name = &state->peers[slot].name;

	if (!name_digest_is_none(name))
		peer_index_insert(&state->names, hash_of(state, name), slot);
}

void name_remove(struct state *state, uint32_t slot)
{
	const struct name_digest *name = &state->peers[slot].name;

	if (!name_digest_is_none(name))
		peer_index_remove(&state->names, hash_of(state, name), slot);
}

static bool is_named(const struct peer *peer, const struct name_digest *name)
{
	return peer->id && name_digest_equal(&peer->name, name);
}

uint32_t name_find(struct state *state, const struct name_digest *name)
{
	uint64_t hash = hash_of(state, name), probe = 0;

	for (;;) {
		uint32_t slot = peer_index_probe(&state->names, hash, &probe);

		if (slot == SLOT_NONE || is_named(&state->peers[slot], name))
			return slot;
	}
}

uint32_t name_lock_found(struct state *state, const struct name_digest *name)
{
	uint64_t hash = hash_of(state, name), probe;
	uint32_t slot, version;

	do {
		version = peer_index_version(&state->names);
		probe = 0;
		while ((slot = peer_index_probe(&state->names, hash, &probe)) != SLOT_NONE) {
			peer_lock(state, slot);
			if (is_named(&state->peers[slot], name))
				return slot;
			peer_unlock(state, slot);
		}
	} while (version % 2 || version != peer_index_version(&state->names));
	return SLOT_NONE;
}

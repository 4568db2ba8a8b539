/* home_arp_notes.c - sets of four; in a full one the oldest gives way. */
#include "agentd/dataplane/home_arp_notes.h"

#include <stdlib.h>

#include "agentd/base/address.h"

#define WAYS 4u

struct home_arp_notes {
	uint32_t sets; /* a power of two */
	struct home_arp_note at[];
};

struct home_arp_notes *home_arp_notes_new(uint32_t capacity)
{
	struct home_arp_notes *notes;
	uint32_t sets = 1;

	while (sets < UINT32_C(1) << 24 && sets * WAYS < capacity)
		sets *= 2;
	notes = calloc(1, sizeof(*notes) + sizeof(notes->at[0]) * WAYS * sets);
	if (notes)
		notes->sets = sets;
	return notes;
}

void home_arp_notes_free(struct home_arp_notes *notes)
{
	free(notes);
}

static size_t first_of(const struct home_arp_notes *notes, uint8_t network, struct in_addr home)
{
	uint32_t mixed = (address_host(home) ^ (uint32_t)network << 24) * UINT32_C(2654435761);

	return (size_t)WAYS * ((mixed >> 8) & (notes->sets - 1));
}

static bool is_about(const struct home_arp_note *note, uint8_t network, struct in_addr home)
{
	return note->heard_ns && note->network == network && address_equal(note->home, home);
}

void home_arp_notes_put(struct home_arp_notes *notes, uint8_t network, struct in_addr home,
                        struct mac mac, uint64_t now_ns)
{
	struct home_arp_note *set = &notes->at[first_of(notes, network, home)], *place = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (is_about(&set[i], network, home)) {
			place = &set[i];
			break;
		}
		if (set[i].heard_ns < place->heard_ns)
			place = &set[i];
	}
	*place = (struct home_arp_note){
		.home = home,
		.network = network,
		.mac = mac,
		.heard_ns = now_ns,
	};
}

const struct home_arp_note *home_arp_notes_find(const struct home_arp_notes *notes, uint8_t network,
                                                struct in_addr home, uint64_t since_ns)
{
	const struct home_arp_note *set = &notes->at[first_of(notes, network, home)];

	for (unsigned i = 0; i < WAYS; i++)
		if (is_about(&set[i], network, home))
			return set[i].heard_ns >= since_ns ? &set[i] : NULL;
	return NULL;
}

void home_arp_notes_forget(struct home_arp_notes *notes)
{
	for (size_t i = 0; i < (size_t)WAYS * notes->sets; i++)
		notes->at[i].heard_ns = 0;
}

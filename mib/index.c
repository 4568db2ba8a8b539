/* index.c - arcs to keys and back. */
#include "mib/index.h"

#include <string.h>

int mib_key_compare(const struct mib_key *one, const struct mib_key *other)
{
	size_t common = one->size < other->size ? one->size : other->size;
	int order = memcmp(one->at, other->at, common);

	if (order != 0)
		return order;
	return one->size < other->size ? -1 : one->size > other->size;
}

void mib_key_octets(struct mib_key *key, const void *at, size_t size)
{
	size_t room = MIB_KEY_MAX - key->size;
	size_t taken = size < room ? size : room;

	if (taken)
		memcpy(key->at + key->size, at, taken);
	key->size += taken;
}

void mib_key_number(struct mib_key *key, uint32_t number)
{
	uint8_t octets[] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
		             (uint8_t)(number >> 8), (uint8_t)number };

	mib_key_octets(key, octets, sizeof(octets));
}

void mib_key_string(struct mib_key *key, const void *at, size_t size)
{
	uint8_t length = (uint8_t)size;

	mib_key_octets(key, &length, 1);
	mib_key_octets(key, at, size);
}

uint32_t mib_key_number_at(const struct mib_key *key, size_t at)
{
	uint32_t number = 0;

	if (key->size < 4 || at > key->size - 4)
		return 0;
	for (size_t i = 0; i < 4; i++)
		number = number << 8 | key->at[at + i];
	return number;
}

/* What is left of a manager's arcs, and the key that they make. */
struct reading {
	const uint32_t *arcs;
	size_t left;
	struct mib_key *key;
};

enum outcome {
	READ_ON,
	READ_SHORT, /* the arcs end before the part does */
	READ_PAST,  /* no row that begins like this comes after it */
};

/* One arc that stands for one octet of the key, `max` at most. */
static enum outcome read_octet(struct reading *reading, uint32_t max, uint32_t *value)
{
	uint8_t octet;

	if (reading->left == 0)
		return READ_SHORT;
	*value = reading->arcs[0];
	if (*value > max)
		return READ_PAST;
	octet = (uint8_t)*value;
	mib_key_octets(reading->key, &octet, 1);
	reading->arcs++;
	reading->left--;
	return READ_ON;
}

static enum outcome read_octets(struct reading *reading, size_t count)
{
	enum outcome outcome = READ_ON;
	uint32_t ignored;

	for (size_t i = 0; i < count && outcome == READ_ON; i++)
		outcome = read_octet(reading, UINT8_MAX, &ignored);
	return outcome;
}

static enum outcome read_part(struct reading *reading, const struct mib_part *part)
{
	enum outcome outcome = READ_ON;
	uint32_t length = 0;

	switch (part->kind) {
	case MIB_PART_NUMBER:
		if (reading->left == 0)
			return READ_SHORT;
		mib_key_number(reading->key, reading->arcs[0]);
		reading->arcs++;
		reading->left--;
		return READ_ON;
	case MIB_PART_ADDRESS:
		return read_octets(reading, MIB_ADDRESS_OCTETS);
	case MIB_PART_STRING:
		outcome = read_octet(reading, part->max, &length);
		return outcome == READ_ON ? read_octets(reading, length) : outcome;
	case MIB_PART_IMPLIED:
		if (reading->left == 0)
			return READ_SHORT;
		length = reading->left < part->max ? (uint32_t)reading->left : part->max;
		return read_octets(reading, length);
	}
	return READ_PAST;
}

/* READ_ON: all parts are there. */
static enum outcome read_parts(const struct mib_index *index, struct reading *reading)
{
	enum outcome outcome = READ_ON;

	reading->key->size = 0;
	for (size_t i = 0; i < index->count && outcome == READ_ON; i++)
		outcome = read_part(reading, &index->parts[i]);
	return outcome;
}

bool mib_index_bound(const struct mib_index *index, const uint32_t *arcs, size_t count,
                     struct mib_key *out)
{
	struct reading reading = { arcs, count, out };
	enum outcome outcome = read_parts(index, &reading);

	if (outcome == READ_PAST) {
		memset(out->at + out->size, UINT8_MAX, MIB_KEY_MAX - out->size);
		out->size = MIB_KEY_MAX;
	}
	return outcome != READ_SHORT;
}

bool mib_index_exact(const struct mib_index *index, const uint32_t *arcs, size_t count,
                     struct mib_key *out)
{
	struct reading reading = { arcs, count, out };

	return read_parts(index, &reading) == READ_ON && reading.left == 0;
}

size_t mib_index_arcs(const struct mib_index *index, const struct mib_key *key,
                      uint32_t arcs[MIB_INDEX_MAX])
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < index->count; i++) {
		size_t octets = MIB_ADDRESS_OCTETS;

		switch (index->parts[i].kind) {
		case MIB_PART_NUMBER:
			arcs[count++] = mib_key_number_at(key, at);
			at += sizeof(uint32_t);
			continue;
		case MIB_PART_ADDRESS:
			break;
		case MIB_PART_STRING:
			octets = at < key->size ? (size_t)key->at[at] + 1 : 0;
			break;
		case MIB_PART_IMPLIED:
			octets = key->size - at;
			break;
		}
		while (octets-- > 0 && at < key->size && count < MIB_INDEX_MAX)
			arcs[count++] = key->at[at++];
	}
	return count;
}

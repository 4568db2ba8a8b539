/* index.h - the index of a row, as a manager writes it and as a table keeps it.
 *
 * A manager names a row by the arcs behind the column. A table keeps its rows by keys:
 * octets that are compared as memcmp does, a shorter one before all that begin with it,
 * in the same order. A number is four octets, most significant first; an address its
 * four; a string its length in one octet and then itself, or only itself where it is
 * the last part and implied.
 *
 * May include: nothing of ours. */
#ifndef MIB_INDEX_H
#define MIB_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIB_KEY_MAX 96u    /* octets */
#define MIB_INDEX_MAX 100u /* arcs */
#define MIB_PARTS_MAX 8u
#define MIB_ADDRESS_OCTETS 4u

enum mib_part_kind {
	MIB_PART_NUMBER,  /* one arc */
	MIB_PART_ADDRESS, /* IpAddress: four arcs of one octet */
	MIB_PART_STRING,  /* its length, and an arc for each octet */
	MIB_PART_IMPLIED, /* an arc for each octet; the last part, and never empty */
};

struct mib_part {
	enum mib_part_kind kind;
	uint8_t max; /* octets of a string */
};

struct mib_index {
	size_t count;
	struct mib_part parts[MIB_PARTS_MAX];
};

struct mib_key {
	size_t size;
	uint8_t at[MIB_KEY_MAX];
};

/* The arcs of an index, which need not be whole or possible, as the place in the order
 * of keys behind which the next row is: at or after *out, or strictly after it where
 * this answers true. */
bool mib_index_bound(const struct mib_index *index, const uint32_t *arcs, size_t count,
                     struct mib_key *out);

/* The key of exactly this index; false when it is not whole, too long or impossible. */
bool mib_index_exact(const struct mib_index *index, const uint32_t *arcs, size_t count,
                     struct mib_key *out);

/* The arcs of a key that is whole. Returns how many. */
size_t mib_index_arcs(const struct mib_index *index, const struct mib_key *key,
                      uint32_t arcs[MIB_INDEX_MAX]);

/* Below 0, 0 or above, as the order of keys has it. */
int mib_key_compare(const struct mib_key *one, const struct mib_key *other);

/* Making a key, part by part. What would not fit is left out: no index is so long. */
void mib_key_number(struct mib_key *key, uint32_t number);
void mib_key_octets(struct mib_key *key, const void *at, size_t size);
void mib_key_string(struct mib_key *key, const void *at, size_t size);
/* Taking it apart again, from octet `at` on. Past its end: 0. */
uint32_t mib_key_number_at(const struct mib_key *key, size_t at);

#endif

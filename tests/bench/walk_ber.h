/* walk_ber.h - as much of SNMPv2c as a walk needs: GETNEXT and GETBULK out, their
 * answers in. Object identifiers stay as they are encoded (RFC 3416 by X.690), and are
 * compared like that, so that an answer costs little more than reading it once.
 *
 * No I/O, no allocation; spans in answers are borrowed from the datagram.
 *
 * May include: proto, agentd/base. */
#ifndef TESTS_BENCH_WALK_BER_H
#define TESTS_BENCH_WALK_BER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/cursor.h"

#define WALK_OID_NUMBERS_MAX 128u
#define WALK_OID_OCTETS_MAX (WALK_OID_NUMBERS_MAX * 5u)
#define WALK_COLUMNS_MAX 16u
#define WALK_DATAGRAM_MAX 65535u

/* An object identifier's contents: without tag and length. */
struct walk_oid {
	uint8_t octets[WALK_OID_OCTETS_MAX];
	size_t size;
};

static inline struct span walk_oid_span(const struct walk_oid *oid)
{
	return (struct span){ .at = oid->octets, .size = oid->size };
}

/* Of "1.3.6.1" or ".1.3.6.1": two numbers at least. False if it is none. */
bool walk_oid_of_text(const char *text, struct walk_oid *out);

/* Append numbers, such as an index: "10.0.0.1". False if they are none, or too many. */
bool walk_oid_append(struct walk_oid *oid, const char *text);

/* Below 0, 0 or above 0, in the order of walks. Both must be well formed: such as
 * walk_response_next lets through. */
int walk_oid_compare(struct span a, struct span b);

/* Is `oid` the root or below it? */
bool walk_oid_is_below(struct span oid, struct span root);

enum walk_kind {
	WALK_NEXT = 0xa1, /* the tags of their PDUs */
	WALK_BULK = 0xa5,
};

struct walk_request {
	enum walk_kind kind;
	uint32_t id;          /* below 2^31 */
	uint32_t repetitions; /* of WALK_BULK; below 2^31 */
	struct span community;
	const struct span *oids;
	unsigned count;
};

/* Returns the size, 0 if it does not fit. */
size_t walk_request_encode(const struct walk_request *request, void *out, size_t size);

struct walk_response {
	uint32_t id;
	uint32_t error; /* error-status, 0 = none */
	struct reader varbinds;
};

/* The head of a response to the community; false if the datagram is none. */
bool walk_response_decode(struct span datagram, struct span community, struct walk_response *out);

/* What stands for a value where there is none (RFC 3416 section 3). */
#define WALK_END_OF_VIEW 0x82u

struct walk_varbind {
	struct span oid;
	uint8_t type; /* tag of the value */
	struct span value;
};

/* The next object of a response. False at the end, and at what is malformed: then
 * .varbinds.error is set. */
bool walk_response_next(struct walk_response *response, struct walk_varbind *out);

#endif

/* walk_ber.c - see walk_ber.h. */
#include "tests/bench/walk_ber.h"

#include <errno.h>
#include <stdlib.h>

#define TAG_INTEGER 0x02u
#define TAG_OCTETS 0x04u
#define TAG_NULL 0x05u
#define TAG_OID 0x06u
#define TAG_SEQUENCE 0x30u
#define TAG_RESPONSE 0xa2u

#define VERSION_2C 1u
#define MORE 0x80u /* another octet of this number follows */

/* ---- object identifiers ---- */

static bool append_number(struct walk_oid *oid, uint64_t number)
{
	unsigned groups = 1;

	while (groups < 5 && number >> 7 * groups)
		groups++;
	if (oid->size + groups > sizeof(oid->octets))
		return false;
	for (unsigned left = groups; left-- > 0;)
		oid->octets[oid->size++] = (uint8_t)((number >> 7 * left & 0x7f) |
		                                     (left ? MORE : 0));
	return true;
}

/* A number and the dot behind it, if there is one. False if there is none. */
static bool take_number(const char **text, uint64_t *out)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*out = strtoull(*text, &end, 10);
	if (errno || *out > UINT32_MAX || (*end != '.' && *end) || (*end == '.' && !end[1]))
		return false;
	*text = *end ? end + 1 : end;
	return true;
}

bool walk_oid_append(struct walk_oid *oid, const char *text)
{
	uint64_t number;

	while (*text) {
		if (!take_number(&text, &number) || !append_number(oid, number))
			return false;
	}
	return true;
}

bool walk_oid_of_text(const char *text, struct walk_oid *out)
{
	uint64_t first, second;

	out->size = 0;
	text += *text == '.';
	if (!take_number(&text, &first) || !take_number(&text, &second))
		return false;
	if (first > 2 || (first < 2 && second >= 40))
		return false;
	return append_number(out, 40 * first + second) && walk_oid_append(out, text);
}

static uint64_t number_at(struct span oid, size_t at)
{
	uint64_t number = 0;

	for (; at < oid.size; at++) {
		number = number << 7 | (oid.at[at] & 0x7f);
		if (!(oid.at[at] & MORE))
			break;
	}
	return number;
}

int walk_oid_compare(struct span a, struct span b)
{
	size_t least = a.size < b.size ? a.size : b.size, at = 0, number = 0;
	uint64_t x, y;

	for (; at < least && a.at[at] == b.at[at]; at++) {
		if (!(a.at[at] & MORE))
			number = at + 1;
	}
	if (at == least)
		return a.size == b.size ? 0 : a.size < b.size ? -1 : 1;
	x = number_at(a, number);
	y = number_at(b, number);
	return x < y ? -1 : 1;
}

bool walk_oid_is_below(struct span oid, struct span root)
{
	return oid.size >= root.size && memcmp(oid.at, root.at, root.size) == 0;
}

/* Whole numbers of the shortest form, each below 2^32; the first one stands for two. */
static bool oid_is_well_formed(struct span oid)
{
	unsigned length = 0, numbers = 0;

	for (size_t i = 0; i < oid.size; i++) {
		if (length == 0 && oid.at[i] == MORE)
			return false;
		if (++length > 5 || (length == 5 && oid.at[i - 4] > (numbers ? 0x8f : 0x90)))
			return false;
		if (!(oid.at[i] & MORE)) {
			length = 0;
			numbers++;
		}
	}
	return numbers > 0 && length == 0 && numbers < WALK_OID_NUMBERS_MAX;
}

/* ---- requests ---- */

/* Octets of a value with its tag and length. */
static size_t with_head(size_t size)
{
	return size + (size < 0x80 ? 2 : size <= 0xff ? 3 : 4);
}

static void put_head(struct writer *out, uint8_t tag, size_t size)
{
	put_u8(out, tag);
	if (size > 0xff) {
		put_u8(out, 0x82);
		put_u16(out, (uint16_t)size);
		return;
	}
	if (size >= 0x80)
		put_u8(out, 0x81);
	put_u8(out, (uint8_t)size);
}

static size_t integer_size(uint32_t value)
{
	size_t size = 1;

	while (value >> (8 * size - 1))
		size++;
	return size;
}

static void put_integer(struct writer *out, uint32_t value)
{
	size_t size = integer_size(value);

	put_head(out, TAG_INTEGER, size);
	while (size-- > 0)
		put_u8(out, (uint8_t)(value >> 8 * size));
}

static size_t varbind_size(struct span oid)
{
	return with_head(oid.size) + with_head(0);
}

static void put_varbind(struct writer *out, struct span oid)
{
	put_head(out, TAG_SEQUENCE, varbind_size(oid));
	put_head(out, TAG_OID, oid.size);
	put_octets(out, oid.at, oid.size);
	put_head(out, TAG_NULL, 0);
}

size_t walk_request_encode(const struct walk_request *request, void *out, size_t size)
{
	uint32_t repetitions = request->kind == WALK_BULK ? request->repetitions : 0;
	struct writer to = writer_over(out, size);
	size_t list = 0, pdu, message;

	if (request->id > INT32_MAX || repetitions > INT32_MAX)
		return 0;
	for (unsigned i = 0; i < request->count; i++)
		list += with_head(varbind_size(request->oids[i]));
	pdu = with_head(list) + with_head(integer_size(request->id)) + with_head(1) +
	      with_head(integer_size(repetitions));
	message = with_head(pdu) + with_head(request->community.size) + with_head(1);
	if (message > UINT16_MAX)
		return 0;
	put_head(&to, TAG_SEQUENCE, message);
	put_integer(&to, VERSION_2C);
	put_head(&to, TAG_OCTETS, request->community.size);
	put_octets(&to, request->community.at, request->community.size);
	put_head(&to, (uint8_t)request->kind, pdu);
	put_integer(&to, request->id);
	put_integer(&to, 0); /* error-status, or non-repeaters */
	put_integer(&to, repetitions);
	put_head(&to, TAG_SEQUENCE, list);
	for (unsigned i = 0; i < request->count; i++)
		put_varbind(&to, request->oids[i]);
	return to.error == HA_OK ? writer_used(&to) : 0;
}

/* ---- responses ---- */

static size_t get_size(struct reader *in)
{
	size_t size = get_u8(in);
	unsigned octets = size & 0x7f;

	if (size < 0x80)
		return size;
	if (octets == 0 || octets > 4)
		reader_fail(in, HA_E_MALFORMED);
	for (size = 0; octets-- > 0 && in->error == HA_OK;)
		size = size << 8 | get_u8(in);
	return size;
}

/* What is in the next element, which must have this tag. */
static struct reader get_element(struct reader *in, uint8_t tag)
{
	if (get_u8(in) != tag)
		reader_fail(in, HA_E_MALFORMED);
	return reader_sub(in, get_size(in));
}

static struct span rest_of(const struct reader *in)
{
	return (struct span){ .at = in->at, .size = in->error == HA_OK ? reader_left(in) : 0 };
}

/* Not negative, and at most four octets. */
static uint32_t get_integer(struct reader *in)
{
	struct span octets;
	struct reader element = get_element(in, TAG_INTEGER);
	uint32_t value = 0;

	octets = rest_of(&element);
	if (octets.size == 0 || octets.size > 4 || octets.at[0] & 0x80) {
		reader_fail(in, HA_E_MALFORMED);
		return 0;
	}
	for (size_t i = 0; i < octets.size; i++)
		value = value << 8 | octets.at[i];
	return value;
}

static bool is_same(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool walk_response_decode(struct span datagram, struct span community, struct walk_response *out)
{
	struct reader in = reader_over(datagram.at, datagram.size);
	struct reader message = get_element(&in, TAG_SEQUENCE), name, pdu;
	uint32_t version = get_integer(&message);

	name = get_element(&message, TAG_OCTETS);
	pdu = get_element(&message, TAG_RESPONSE);
	out->id = get_integer(&pdu);
	out->error = get_integer(&pdu);
	get_integer(&pdu); /* which object the error is about */
	out->varbinds = get_element(&pdu, TAG_SEQUENCE);
	return reader_finish(&pdu) == HA_OK && reader_finish(&message) == HA_OK &&
	       reader_finish(&in) == HA_OK && version == VERSION_2C &&
	       is_same(rest_of(&name), community);
}

bool walk_response_next(struct walk_response *response, struct walk_varbind *out)
{
	struct reader *in = &response->varbinds;
	struct reader varbind, element;

	if (in->error != HA_OK || reader_left(in) == 0)
		return false;
	varbind = get_element(in, TAG_SEQUENCE);
	element = get_element(&varbind, TAG_OID);
	out->oid = rest_of(&element);
	out->type = get_u8(&varbind);
	element = reader_sub(&varbind, get_size(&varbind));
	out->value = rest_of(&element);
	if (reader_finish(&varbind) != HA_OK || !oid_is_well_formed(out->oid))
		reader_fail(in, HA_E_MALFORMED);
	return in->error == HA_OK;
}

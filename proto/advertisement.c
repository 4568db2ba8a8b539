/* advertisement.c - octets of agent discovery to structs and back. A new extension is a
 * row of `rules`, its function, and a part of `write_extensions`. */
#include "proto/advertisement.h"

#include "proto/ip4.h"

#define HEADER 8u
#define CHECKSUM_AT 2u
#define ENTRY_WORDS 2u /* of a router: address and preference */
#define ENTRY 8u       /* the same in octets */
#define EXTENSION_HEADER 2u
#define AGENT_FIXED 6u /* of its data: sequence, lifetime, flags */
#define SKIPPABLE_MIN 128u
#define PREFIX_LENGTH_MAX 32u

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *word, *text;
} faults[DISCOVERY_FAULT_COUNT] = {
#define X(symbol, word, text) [symbol] = { word, text },
	DISCOVERY_FAULTS(X)
#undef X
};

static const struct {
	uint16_t mask;
	char letter;
} flags[] = {
#define X(symbol, letter, mask, text) { mask, letter },
	AGENT_FLAGS(X)
#undef X
};

const char *discovery_fault_word(enum discovery_fault fault)
{
	return (unsigned)fault < DISCOVERY_FAULT_COUNT ? faults[fault].word : "unknown-fault";
}

const char *discovery_fault_text(enum discovery_fault fault)
{
	return (unsigned)fault < DISCOVERY_FAULT_COUNT ? faults[fault].text : "not a fault we know";
}

struct agent_flags_text agent_flags_format(uint16_t word)
{
	struct agent_flags_text text = { "" };
	size_t used = 0;

	for (size_t i = 0; i < ROWS(flags); i++)
		if (word & flags[i].mask)
			text.text[used++] = flags[i].letter;
	return text;
}

/* Reading */

/* What one walk has found so far. */
struct found {
	struct advertisement *out;
	unsigned agents, prefix_lengths, challenges;
};

typedef enum discovery_fault extension_keep(struct found *found, struct span data);

static enum discovery_fault keep_agent(struct found *found, struct span data)
{
	struct advertisement *out = found->out;
	struct reader in = reader_over(data.at, data.size);

	if (data.size < AGENT_FIXED || (data.size - AGENT_FIXED) % sizeof(struct in_addr) != 0)
		return DISCOVERY_AGENT_SIZE;
	if (found->agents++ > 0)
		return DISCOVERY_SOUND;
	out->sequence = get_u16(&in);
	out->registration_lifetime_s = get_u16(&in);
	out->flags = get_u16(&in) & AGENT_FLAGS_KNOWN;
	while (reader_left(&in) > 0)
		out->care_of[out->care_of_count++] = get_address(&in);
	return DISCOVERY_SOUND;
}

static enum discovery_fault keep_prefix_lengths(struct found *found, struct span data)
{
	struct advertisement *out = found->out;
	struct reader in = reader_over(data.at, data.size);
	bool first = found->prefix_lengths++ == 0;

	if (data.size != out->router_count)
		return DISCOVERY_PREFIX_COUNT;
	out->has_prefix_lengths = true;
	for (size_t i = 0; i < out->router_count; i++) {
		uint8_t length = get_u8(&in);

		if (length > PREFIX_LENGTH_MAX)
			return DISCOVERY_PREFIX_LENGTH;
		if (first)
			out->routers[i].prefix_length = length;
	}
	return DISCOVERY_SOUND;
}

/* Fewer than four octets are only advised against, so they are taken. */
static enum discovery_fault keep_challenge(struct found *found, struct span data)
{
	if (data.size == 0)
		return DISCOVERY_CHALLENGE;
	if (found->challenges++ == 0)
		found->out->challenge = data;
	return DISCOVERY_SOUND;
}

static const struct {
	uint8_t type;
	extension_keep *keep;
} rules[] = {
	{ ADVERTISEMENT_AGENT, keep_agent },
	{ ADVERTISEMENT_PREFIX_LENGTHS, keep_prefix_lengths },
	{ ADVERTISEMENT_CHALLENGE, keep_challenge },
};

static enum discovery_fault keep_extension(struct found *found, uint8_t type, struct span data)
{
	for (size_t i = 0; i < ROWS(rules); i++)
		if (rules[i].type == type)
			return rules[i].keep(found, data);
	if (type >= SKIPPABLE_MIN)
		found->out->skipped_count++;
	return type < SKIPPABLE_MIN ? DISCOVERY_UNKNOWN : DISCOVERY_SOUND;
}

static enum discovery_fault read_extensions(struct reader *in, struct found *found)
{
	enum discovery_fault fault = DISCOVERY_SOUND;

	while (fault == DISCOVERY_SOUND && reader_left(in) > 0) {
		uint8_t type = get_u8(in);
		struct span data;

		if (type == ADVERTISEMENT_PAD)
			continue;
		data.size = get_u8(in);
		data.at = reader_take(in, data.size);
		fault = in->error == HA_OK ? keep_extension(found, type, data) : DISCOVERY_CUT;
	}
	return fault;
}

/* `words` of each entry are there; all but two are for later versions to define. */
static enum discovery_fault read_routers(struct reader *in, size_t words, struct advertisement *out)
{
	if (words < ENTRY_WORDS)
		return DISCOVERY_ENTRY_SIZE;
	for (size_t i = 0; i < out->router_count; i++) {
		struct reader entry = reader_sub(in, words * sizeof(uint32_t));

		out->routers[i].address = get_address(&entry);
		out->routers[i].preference = (int32_t)get_u32(&entry);
	}
	return in->error == HA_OK ? DISCOVERY_SOUND : DISCOVERY_ROUTERS;
}

/* What both messages begin with: type, code, checksum. */
static enum discovery_fault read_start(struct span message, uint8_t type, struct reader *in,
                                       uint8_t *code)
{
	*in = reader_over(message.at, message.size);
	if (message.size < HEADER)
		return DISCOVERY_SHORT;
	if (get_u8(in) != type)
		return DISCOVERY_OTHER_TYPE;
	*code = get_u8(in);
	get_u16(in);
	return ip4_checksum(message) == 0 ? DISCOVERY_SOUND : DISCOVERY_CHECKSUM;
}

static bool is_code(uint8_t code)
{
	return code == ADVERTISEMENT_ROUTES || code == ADVERTISEMENT_ROUTES_NOT;
}

static enum discovery_fault read_message(struct span message, struct advertisement *out)
{
	struct found found = { .out = out };
	struct reader in;
	enum discovery_fault fault = read_start(message, ADVERTISEMENT_TYPE, &in, &out->code);
	size_t words;

	if (fault != DISCOVERY_SOUND)
		return fault;
	if (!is_code(out->code))
		return DISCOVERY_CODE;
	out->router_count = get_u8(&in);
	words = get_u8(&in);
	out->lifetime_s = get_u16(&in);
	fault = read_routers(&in, words, out);
	if (fault == DISCOVERY_SOUND)
		fault = read_extensions(&in, &found);
	if (fault == DISCOVERY_SOUND && found.agents == 0)
		fault = DISCOVERY_NO_AGENT;
	return fault;
}

enum discovery_fault advertisement_read(struct span message, struct advertisement *out)
{
	enum discovery_fault fault;

	*out = (struct advertisement){ 0 };
	fault = read_message(message, out);
	if (fault != DISCOVERY_SOUND)
		*out = (struct advertisement){ 0 };
	return fault;
}

enum discovery_fault solicitation_read(struct span message)
{
	struct reader in;
	uint8_t code = 0;
	enum discovery_fault fault = read_start(message, SOLICITATION_TYPE, &in, &code);

	if (fault == DISCOVERY_SOUND && code != 0)
		fault = DISCOVERY_CODE;
	return fault;
}

/* Writing */

static bool flags_agree(const struct advertisement *advertisement)
{
	uint16_t word = advertisement->flags;
	bool foreign = (word & AGENT_FOREIGN) != 0;

	if (word & ~AGENT_FLAGS_KNOWN)
		return false;
	if (!foreign)
		return (word & AGENT_HOME) && !(word & (AGENT_REGISTRATION_REQUIRED | AGENT_BUSY));
	return advertisement->care_of_count > 0;
}

static bool prefix_lengths_agree(const struct advertisement *advertisement)
{
	for (size_t i = 0; advertisement->has_prefix_lengths && i < advertisement->router_count;
	     i++)
		if (advertisement->routers[i].prefix_length > PREFIX_LENGTH_MAX)
			return false;
	return true;
}

enum ha_error advertisement_check(const struct advertisement *advertisement)
{
	size_t challenge = advertisement->challenge.size;

	if (advertisement->care_of_count > ADVERTISEMENT_CARE_OF_MAX)
		return HA_E_RANGE;
	if (challenge > ADVERTISEMENT_CHALLENGE_MAX ||
	    (challenge > 0 && challenge < ADVERTISEMENT_CHALLENGE_MIN))
		return HA_E_RANGE;
	if (!is_code(advertisement->code) || !flags_agree(advertisement) ||
	    !prefix_lengths_agree(advertisement))
		return HA_E_MALFORMED;
	return HA_OK;
}

static size_t unpadded_size(const struct advertisement *advertisement)
{
	size_t size = HEADER + advertisement->router_count * ENTRY;

	size += EXTENSION_HEADER + AGENT_FIXED +
	        advertisement->care_of_count * sizeof(struct in_addr);
	if (advertisement->has_prefix_lengths)
		size += EXTENSION_HEADER + advertisement->router_count;
	if (advertisement->challenge.size > 0)
		size += EXTENSION_HEADER + advertisement->challenge.size;
	return size;
}

size_t advertisement_size(const struct advertisement *advertisement)
{
	size_t size = unpadded_size(advertisement);

	return size + size % 2;
}

static void write_agent(struct writer *out, const struct advertisement *advertisement)
{
	put_u8(out, ADVERTISEMENT_AGENT);
	put_u8(out, (uint8_t)(AGENT_FIXED + advertisement->care_of_count * sizeof(struct in_addr)));
	put_u16(out, advertisement->sequence);
	put_u16(out, advertisement->registration_lifetime_s);
	put_u16(out, advertisement->flags);
	for (size_t i = 0; i < advertisement->care_of_count; i++)
		put_address(out, advertisement->care_of[i]);
}

static void write_extensions(struct writer *out, const struct advertisement *advertisement)
{
	write_agent(out, advertisement);
	if (advertisement->has_prefix_lengths) {
		put_u8(out, ADVERTISEMENT_PREFIX_LENGTHS);
		put_u8(out, advertisement->router_count);
		for (size_t i = 0; i < advertisement->router_count; i++)
			put_u8(out, advertisement->routers[i].prefix_length);
	}
	if (advertisement->challenge.size > 0) {
		put_u8(out, ADVERTISEMENT_CHALLENGE);
		put_u8(out, (uint8_t)advertisement->challenge.size);
		put_octets(out, advertisement->challenge.at, advertisement->challenge.size);
	}
	if (unpadded_size(advertisement) % 2 != 0)
		put_u8(out, ADVERTISEMENT_PAD);
}

/* Checksum of a message whose field for it was written as 0. */
static void seal(struct span message, uint8_t *field_at)
{
	struct writer field = writer_over(field_at, sizeof(uint16_t));

	put_u16(&field, ip4_checksum(message));
}

void advertisement_write(struct writer *out, const struct advertisement *advertisement)
{
	uint8_t *begin = out->at;
	size_t size = advertisement_size(advertisement);

	writer_fail(out, advertisement_check(advertisement));
	if ((size_t)(out->end - out->at) < size)
		writer_fail(out, HA_E_NOSPACE);
	if (out->error != HA_OK)
		return;
	put_u8(out, ADVERTISEMENT_TYPE);
	put_u8(out, advertisement->code);
	put_u16(out, 0);
	put_u8(out, advertisement->router_count);
	put_u8(out, ENTRY_WORDS);
	put_u16(out, advertisement->lifetime_s);
	for (size_t i = 0; i < advertisement->router_count; i++) {
		put_address(out, advertisement->routers[i].address);
		put_u32(out, (uint32_t)advertisement->routers[i].preference);
	}
	write_extensions(out, advertisement);
	seal((struct span){ .at = begin, .size = size }, begin + CHECKSUM_AT);
}

void solicitation_write(struct writer *out)
{
	uint8_t *begin = writer_reserve(out, SOLICITATION_SIZE);
	struct writer message;

	if (!begin)
		return;
	message = writer_over(begin, SOLICITATION_SIZE);
	put_u8(&message, SOLICITATION_TYPE);
	put_u8(&message, 0);
	put_u16(&message, 0);
	put_u32(&message, 0);
	seal(writer_span(&message), begin + CHECKSUM_AT);
}

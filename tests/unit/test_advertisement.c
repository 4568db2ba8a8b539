/* test_advertisement.c - agent advertisements and solicitations: each fault by its own
 * name, at every length, with every bit turned, and what may not be sent. The octets
 * that are right are test_golden_advertisement.c's. */
#include "proto/advertisement.h"

#include "tests/unit/packets.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

#define AGENT "100a000707081d00c6336402" /* F M G T, one care-of address */
#define ROUTER "c633640100000005"

/* Octets with a checksum of 0 become a message with the right one. */
static struct octets sealed(const char *hex)
{
	struct octets loose = octets_of_hex(hex);
	struct octets message = octets_copy(loose.at, loose.size);
	uint16_t checksum = ip4_checksum(span_of(message));

	free(loose.at);
	if (message.size >= 4) {
		message.at[2] = (uint8_t)(checksum >> 8);
		message.at[3] = (uint8_t)checksum;
	}
	return message;
}

static struct advertisement foreign_agent(void)
{
	static const uint8_t challenge[] = { 0xc0, 0xff, 0xee, 0x11 };
	struct advertisement advertisement = {
		.code = ADVERTISEMENT_ROUTES_NOT,
		.lifetime_s = 30,
		.sequence = 7,
		.registration_lifetime_s = 1800,
		.flags = AGENT_FOREIGN | AGENT_REVERSE_TUNNEL,
		.has_prefix_lengths = true,
		.router_count = 1,
		.care_of_count = 1,
		.challenge = { challenge, sizeof(challenge) },
	};

	advertisement.care_of[0] = address4(198, 51, 100, 2);
	advertisement.routers[0] = (struct advertisement_router){
		.address = address4(198, 51, 100, 1),
		.preference = -5,
		.prefix_length = 24,
	};
	return advertisement;
}

static struct octets written(const struct advertisement *advertisement)
{
	struct octets message = { .size = advertisement_size(advertisement) };
	struct writer out;

	message.at = malloc(message.size);
	out = writer_over(message.at, message.size);
	advertisement_write(&out, advertisement);
	CU_ASSERT_EQUAL_FATAL(out.error, HA_OK);
	CU_ASSERT_EQUAL_FATAL(writer_used(&out), message.size);
	return message;
}

static const struct {
	const char *hex;
	enum discovery_fault fault;
} messages[] = {
	/* RFC 1256 section 5.2: the fixed part */
	{ "0910000000020000", DISCOVERY_NO_AGENT },
	{ "09100000000200", DISCOVERY_SHORT },
	{ "0a10000000020000" AGENT, DISCOVERY_OTHER_TYPE },
	{ "0810000000020000" AGENT, DISCOVERY_OTHER_TYPE },
	{ "0901000000020000" AGENT, DISCOVERY_CODE },
	{ "090f000000020000" AGENT, DISCOVERY_CODE },
	{ "09ff000000020000" AGENT, DISCOVERY_CODE },
	{ "0900000000010000" AGENT, DISCOVERY_ENTRY_SIZE },
	{ "0900000001000000" ROUTER AGENT, DISCOVERY_ENTRY_SIZE },
	{ "0900000001020000" ROUTER AGENT, DISCOVERY_SOUND },
	{ "090000000102000000000000", DISCOVERY_ROUTERS },
	{ "0900000002020000" ROUTER, DISCOVERY_ROUTERS },
	{ "09000000ff020000" ROUTER AGENT, DISCOVERY_ROUTERS },
	/* words of an entry beyond the second are passed over */
	{ "0900000001030000" ROUTER "ffffffff" AGENT, DISCOVERY_SOUND },
	{ "0900000001ff0000" ROUTER AGENT, DISCOVERY_ROUTERS },
	/* RFC 5944 section 2.4: what makes it an agent's */
	{ "0910000000020000" AGENT, DISCOVERY_SOUND },
	{ "0900000001020000" ROUTER, DISCOVERY_NO_AGENT },
	{ "0900000001020000" ROUTER "00", DISCOVERY_NO_AGENT },
	/* RFC 5944 section 2.1.1 */
	{ "0910000000020000"
	  "1006000707082000",
	  DISCOVERY_SOUND },
	{ "0910000000020000"
	  "10050007070820",
	  DISCOVERY_AGENT_SIZE },
	{ "0910000000020000"
	  "1000",
	  DISCOVERY_AGENT_SIZE },
	{ "0910000000020000"
	  "1007000707082000ff",
	  DISCOVERY_AGENT_SIZE },
	{ "0910000000020000"
	  "1009000707082000ffffff",
	  DISCOVERY_AGENT_SIZE },
	{ "0910000000020000"
	  "100a000707082000ffffff",
	  DISCOVERY_CUT },
	{ "0910000000020000" AGENT "1007000707082000ff", DISCOVERY_AGENT_SIZE },
	{ "0910000000020000" AGENT AGENT, DISCOVERY_SOUND },
	/* RFC 5944 section 2.1.2 */
	{ "0910000000020000" AGENT "1300", DISCOVERY_SOUND },
	{ "0910000000020000" AGENT "130118", DISCOVERY_PREFIX_COUNT },
	{ "0900000001020000" ROUTER AGENT "1300", DISCOVERY_PREFIX_COUNT },
	{ "0900000001020000" ROUTER AGENT "130118", DISCOVERY_SOUND },
	{ "0900000001020000" ROUTER "130118" AGENT, DISCOVERY_SOUND },
	{ "0900000001020000" ROUTER AGENT "13021818", DISCOVERY_PREFIX_COUNT },
	{ "0900000001020000" ROUTER AGENT "130120", DISCOVERY_SOUND },
	{ "0900000001020000" ROUTER AGENT "130121", DISCOVERY_PREFIX_LENGTH },
	{ "0900000001020000" ROUTER AGENT "130118130121", DISCOVERY_PREFIX_LENGTH },
	{ "0900000001020000" ROUTER AGENT "130118130110", DISCOVERY_SOUND },
	/* RFC 4721 section 2: a length below 4 is only advised against */
	{ "0910000000020000" AGENT "1800", DISCOVERY_CHALLENGE },
	{ "0910000000020000" AGENT "1801ff", DISCOVERY_SOUND },
	{ "0910000000020000" AGENT "1804ffffff", DISCOVERY_CUT },
	/* RFC 5944 section 2.1.3: pads, wherever they stand */
	{ "0910000000020000"
	  "00" AGENT "00",
	  DISCOVERY_SOUND },
	{ "0910000000020000" AGENT "000000", DISCOVERY_SOUND },
	/* RFC 5944 section 1.8: unknown extensions */
	{ "0910000000020000" AGENT "0100", DISCOVERY_UNKNOWN },
	{ "0910000000020000" AGENT "1100", DISCOVERY_UNKNOWN },
	{ "0910000000020000"
	  "7f0100" AGENT,
	  DISCOVERY_UNKNOWN },
	{ "0910000000020000"
	  "800100" AGENT,
	  DISCOVERY_SOUND },
	{ "0910000000020000" AGENT "88020361", DISCOVERY_SOUND },
	{ "0910000000020000" AGENT "ff00", DISCOVERY_SOUND },
	{ "0910000000020000" AGENT "ff01", DISCOVERY_CUT },
	{ "0910000000020000" AGENT "80", DISCOVERY_CUT },
	{ "0910000000020000" AGENT "10", DISCOVERY_CUT },
};

static bool is_zeroed(const struct advertisement *advertisement)
{
	static const struct advertisement zero;

	return advertisement->code == 0 && advertisement->router_count == 0 &&
	       advertisement->care_of_count == 0 && advertisement->flags == 0 &&
	       advertisement->challenge.at == NULL && advertisement->lifetime_s == 0 &&
	       memcmp(advertisement->routers, zero.routers, sizeof(zero.routers)) == 0 &&
	       memcmp(advertisement->care_of, zero.care_of, sizeof(zero.care_of)) == 0;
}

static void each_fault_has_its_name(void)
{
	struct advertisement read;

	for (size_t i = 0; i < ROWS(messages); i++) {
		struct octets message = sealed(messages[i].hex);
		enum discovery_fault fault = advertisement_read(span_of(message), &read);

		if (fault != messages[i].fault)
			fprintf(stderr, "%s: %s\n", messages[i].hex, discovery_fault_text(fault));
		CU_ASSERT_EQUAL(fault, messages[i].fault);
		CU_ASSERT_TRUE(fault == DISCOVERY_SOUND || is_zeroed(&read));
		free(message.at);
	}
}

/* A test row for each, so that a new fault brings one. The checksum's is below. */
static void each_fault_is_met(void)
{
	bool met[DISCOVERY_FAULT_COUNT] = { [DISCOVERY_CHECKSUM] = true };

	for (size_t i = 0; i < ROWS(messages); i++)
		met[messages[i].fault] = true;
	for (size_t i = 0; i < DISCOVERY_FAULT_COUNT; i++)
		CU_ASSERT_TRUE(met[i]);
}

static void every_turned_bit_is_noticed(void)
{
	struct advertisement advertisement = foreign_agent(), read;
	struct octets message = written(&advertisement);

	for (size_t bit = 0; bit < message.size * 8; bit++) {
		octets_flip(message, bit);
		CU_ASSERT_EQUAL(advertisement_read(span_of(message), &read),
		                bit < 8 ? DISCOVERY_OTHER_TYPE : DISCOVERY_CHECKSUM);
		octets_flip(message, bit);
	}
	CU_ASSERT_EQUAL(advertisement_read(span_of(message), &read), DISCOVERY_SOUND);
	free(message.at);
}

/* With a checksum that is right each time: cut between two extensions it is sound or has
 * no agent, else it is cut. */
static void no_length_is_read_past(void)
{
	struct advertisement advertisement = foreign_agent(), read;
	struct octets whole = written(&advertisement);

	for (size_t size = 0; size < whole.size; size++) {
		struct octets message = octets_copy(whole.at, size);
		enum discovery_fault expected = DISCOVERY_CUT;

		if (size >= 8) {
			uint16_t checksum;

			message.at[2] = message.at[3] = 0;
			checksum = ip4_checksum(span_of(message));
			message.at[2] = (uint8_t)(checksum >> 8);
			message.at[3] = (uint8_t)checksum;
		}
		if (size < 8)
			expected = DISCOVERY_SHORT;
		else if (size < 16)
			expected = DISCOVERY_ROUTERS;
		else if (size == 16)
			expected = DISCOVERY_NO_AGENT;
		else if (size == 28 || size == 31 || size == 37)
			expected = DISCOVERY_SOUND;
		CU_ASSERT_EQUAL(advertisement_read(span_of(message), &read), expected);
		free(message.at);
	}
	CU_ASSERT_EQUAL(whole.size, 38);
	free(whole.at);
}

/* RFC 5944 sections 2.1.1 and 2.4: reserved bits, and r, are no reason to discard. */
static void reserved_bits_are_ignored(void)
{
	struct octets message = sealed("0910000000020000"
	                               "100a00070708ffffc6336402");
	struct advertisement read;

	CU_ASSERT_EQUAL(advertisement_read(span_of(message), &read), DISCOVERY_SOUND);
	CU_ASSERT_EQUAL(read.flags, AGENT_FLAGS_KNOWN);
	CU_ASSERT_STRING_EQUAL(agent_flags_format(read.flags).text, "RBHFMGTUXI");
	CU_ASSERT_STRING_EQUAL(agent_flags_format(0).text, "");
	free(message.at);
}

static void first_of_two_extensions_counts(void)
{
	struct octets message = sealed("0900000001020000" ROUTER AGENT "1006ffffffff8000"
	                               "130118130110"
	                               "1801aa"
	                               "1801bb");
	struct advertisement read;

	CU_ASSERT_EQUAL(advertisement_read(span_of(message), &read), DISCOVERY_SOUND);
	CU_ASSERT_EQUAL(read.sequence, 7);
	CU_ASSERT_EQUAL(read.care_of_count, 1);
	CU_ASSERT_EQUAL(read.routers[0].prefix_length, 24);
	CU_ASSERT_EQUAL(read.challenge.size, 1);
	CU_ASSERT_EQUAL(read.challenge.at[0], 0xaa);
	free(message.at);
}

static void entries_of_more_words_are_read(void)
{
	struct octets message = sealed("0900000002030000" ROUTER "ffffffff"
	                               "cb00710180000000"
	                               "ffffffff" AGENT);
	struct advertisement read;

	CU_ASSERT_EQUAL(advertisement_read(span_of(message), &read), DISCOVERY_SOUND);
	CU_ASSERT_EQUAL(read.router_count, 2);
	CU_ASSERT_EQUAL(read.routers[1].address.s_addr, address4(203, 0, 113, 1).s_addr);
	CU_ASSERT_EQUAL(read.routers[1].preference, ADVERTISEMENT_NOT_A_ROUTER);
	CU_ASSERT_FALSE(read.has_prefix_lengths);
	free(message.at);
}

/* What must not be sent: RFC 5944 section 2.1.1 unless a row says otherwise. */
static const struct {
	uint16_t flags;
	uint8_t care_of_count, code, prefix_length;
	size_t challenge;
	enum ha_error error;
} sent[] = {
	{ AGENT_FOREIGN, 1, 0, 24, 0, HA_OK },
	{ AGENT_FOREIGN, 62, 16, 32, 255, HA_OK },
	{ AGENT_HOME, 0, 0, 0, 4, HA_OK },
	{ AGENT_HOME | AGENT_FOREIGN, 1, 0, 0, 0, HA_OK },
	{ AGENT_FOREIGN | AGENT_BUSY | AGENT_REGISTRATION_REQUIRED, 1, 0, 0, 0, HA_OK },
	{ AGENT_FLAGS_KNOWN, 1, 0, 0, 0, HA_OK },
	{ 0, 1, 0, 0, 0, HA_E_MALFORMED }, /* neither H nor F */
	{ AGENT_MINIMAL, 1, 0, 0, 0, HA_E_MALFORMED },
	{ AGENT_FOREIGN, 0, 0, 0, 0, HA_E_MALFORMED }, /* no care-of address */
	{ AGENT_HOME | AGENT_BUSY, 0, 0, 0, 0, HA_E_MALFORMED },
	{ AGENT_HOME | AGENT_BUSY, 1, 0, 0, 0, HA_E_MALFORMED },
	{ AGENT_HOME | AGENT_REGISTRATION_REQUIRED, 0, 0, 0, 0, HA_E_MALFORMED },
	{ AGENT_FOREIGN | 0x0200, 1, 0, 0, 0, HA_E_MALFORMED }, /* r */
	{ AGENT_FOREIGN | 0x0001, 1, 0, 0, 0, HA_E_MALFORMED }, /* reserved */
	{ AGENT_FOREIGN, 1, 1, 0, 0, HA_E_MALFORMED },          /* section 2.1: the code */
	{ AGENT_FOREIGN, 1, 0, 33, 0, HA_E_MALFORMED },
	{ AGENT_FOREIGN, 63, 0, 0, 0, HA_E_RANGE },
	{ AGENT_FOREIGN, 1, 0, 0, 3, HA_E_RANGE }, /* RFC 4721 section 2 */
	{ AGENT_FOREIGN, 1, 0, 0, 256, HA_E_RANGE },
};

static void only_what_may_be_sent_is_written(void)
{
	static const uint8_t challenge[256];

	for (size_t i = 0; i < ROWS(sent); i++) {
		uint8_t room[ADVERTISEMENT_MAX];
		struct writer out = writer_over(room, sizeof(room));
		struct advertisement advertisement = foreign_agent();

		advertisement.flags = sent[i].flags;
		advertisement.care_of_count = sent[i].care_of_count;
		advertisement.code = sent[i].code;
		advertisement.routers[0].prefix_length = sent[i].prefix_length;
		advertisement.challenge = (struct span){ challenge, sent[i].challenge };
		CU_ASSERT_EQUAL(advertisement_check(&advertisement), sent[i].error);
		advertisement_write(&out, &advertisement);
		CU_ASSERT_EQUAL(out.error, sent[i].error);
		CU_ASSERT_EQUAL(writer_used(&out),
		                sent[i].error == HA_OK ? advertisement_size(&advertisement) : 0);
	}
}

static void room_is_taken_exactly_or_not_at_all(void)
{
	struct advertisement advertisement = foreign_agent();
	size_t size = advertisement_size(&advertisement);

	for (size_t room = 0; room <= size; room++) {
		struct octets octets = octets_copy((uint8_t[64]){ 0 }, room);
		struct writer out = writer_over(octets.at, octets.size);

		advertisement_write(&out, &advertisement);
		CU_ASSERT_EQUAL(out.error, room < size ? HA_E_NOSPACE : HA_OK);
		CU_ASSERT_EQUAL(writer_used(&out), room < size ? 0 : size);
		free(octets.at);
	}
}

static void longest_is_as_long_as_told(void)
{
	static const uint8_t challenge[ADVERTISEMENT_CHALLENGE_MAX];
	struct advertisement advertisement = foreign_agent(), read;
	struct octets message;

	advertisement.router_count = ADVERTISEMENT_ROUTERS_MAX;
	advertisement.care_of_count = ADVERTISEMENT_CARE_OF_MAX;
	advertisement.challenge = (struct span){ challenge, sizeof(challenge) };
	message = written(&advertisement);
	CU_ASSERT_EQUAL(message.size, ADVERTISEMENT_MAX);
	CU_ASSERT_EQUAL(advertisement_read(span_of(message), &read), DISCOVERY_SOUND);
	CU_ASSERT_EQUAL(read.router_count, ADVERTISEMENT_ROUTERS_MAX);
	CU_ASSERT_EQUAL(read.care_of_count, ADVERTISEMENT_CARE_OF_MAX);
	CU_ASSERT_EQUAL(read.challenge.size, ADVERTISEMENT_CHALLENGE_MAX);
	free(message.at);
}

/* Behind what the writer holds, and nothing once it has failed. */
static void written_behind_other_octets(void)
{
	struct advertisement advertisement = foreign_agent(), read;
	uint8_t room[128];
	struct writer out = writer_over(room, sizeof(room)), failed = out;
	size_t size = advertisement_size(&advertisement);

	put_u32(&out, 1);
	advertisement_write(&out, &advertisement);
	CU_ASSERT_EQUAL(writer_used(&out), 4 + size);
	CU_ASSERT_EQUAL(advertisement_read((struct span){ room + 4, size }, &read),
	                DISCOVERY_SOUND);
	writer_fail(&failed, HA_E_RANGE);
	advertisement_write(&failed, &advertisement);
	solicitation_write(&failed);
	CU_ASSERT_EQUAL(failed.error, HA_E_RANGE);
	CU_ASSERT_EQUAL(writer_used(&failed), 0);
}

/* RFC 1256 section 4.2. */
static void solicitations_are_judged(void)
{
	static const struct {
		const char *hex;
		enum discovery_fault fault;
	} rows[] = {
		{ "0a00000000000000", DISCOVERY_SOUND },
		{ "0a000000ffffffff", DISCOVERY_SOUND },       /* the reserved field is ignored */
		{ "0a00000000000000ffffff", DISCOVERY_SOUND }, /* and so is what follows */
		{ "0a000000000000", DISCOVERY_SHORT },
		{ "", DISCOVERY_SHORT },
		{ "0a01000000000000", DISCOVERY_CODE },
		{ "0a10000000000000", DISCOVERY_CODE },
		{ "0900000000000000", DISCOVERY_OTHER_TYPE },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct octets message = sealed(rows[i].hex);

		CU_ASSERT_EQUAL(solicitation_read(span_of(message)), rows[i].fault);
		if (rows[i].fault == DISCOVERY_SOUND) {
			message.at[7] ^= 1;
			CU_ASSERT_EQUAL(solicitation_read(span_of(message)), DISCOVERY_CHECKSUM);
		}
		free(message.at);
	}
}

static void solicitation_needs_its_room(void)
{
	uint8_t room[SOLICITATION_SIZE];
	struct writer out = writer_over(room, sizeof(room) - 1);

	solicitation_write(&out);
	CU_ASSERT_EQUAL(out.error, HA_E_NOSPACE);
	CU_ASSERT_EQUAL(writer_used(&out), 0);
}

static void faults_have_words_and_texts(void)
{
	for (unsigned i = 0; i <= DISCOVERY_FAULT_COUNT; i++) {
		CU_ASSERT_TRUE(strlen(discovery_fault_word(i)) > 0);
		CU_ASSERT_TRUE(strlen(discovery_fault_text(i)) > 0);
		for (unsigned other = 0; other < i; other++)
			CU_ASSERT_STRING_NOT_EQUAL(discovery_fault_word(i),
			                           discovery_fault_word(other));
	}
}

static CU_TestInfo tests[] = {
	{ "each fault has its name", each_fault_has_its_name },
	{ "each fault is met by a row", each_fault_is_met },
	{ "every turned bit is noticed", every_turned_bit_is_noticed },
	{ "no length is read past", no_length_is_read_past },
	{ "reserved bits are ignored", reserved_bits_are_ignored },
	{ "the first of two extensions counts", first_of_two_extensions_counts },
	{ "entries of more words are read", entries_of_more_words_are_read },
	{ "only what may be sent is written", only_what_may_be_sent_is_written },
	{ "room is taken exactly or not at all", room_is_taken_exactly_or_not_at_all },
	{ "the longest is as long as told", longest_is_as_long_as_told },
	{ "written behind other octets", written_behind_other_octets },
	{ "solicitations are judged", solicitations_are_judged },
	{ "a solicitation needs its room", solicitation_needs_its_room },
	{ "faults have words and texts", faults_have_words_and_texts },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("advertisement", tests);
}

/* test_golden_advertisement.c - the vectors of tests/golden/vectors.json and
 * advertisements.json that are ICMP messages: each must be read to the fields that it
 * lists. Those of the second file must be written to the same octets, too; of the first
 * file the number is known, so that none can drop out unseen. */
#include "proto/advertisement.h"

#include "tests/unit/golden.h"

#define OWN_FILE "golden/advertisements.json"
#define SHARED_FILE "golden/vectors.json"
#define SHARED_ADVERTISEMENTS 4u
#define OWN_ADVERTISEMENTS 24u

static const struct {
	char letter;
	uint16_t mask;
} letters[] = {
	{ 'R', 0x8000 }, { 'B', 0x4000 }, { 'H', 0x2000 }, { 'F', 0x1000 }, { 'M', 0x0800 },
	{ 'G', 0x0400 }, { 'T', 0x0100 }, { 'U', 0x0080 }, { 'X', 0x0040 }, { 'I', 0x0020 },
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static uint16_t flags_of(const json_t *fields)
{
	const char *text = text_of(fields, "flags");
	uint16_t flags = 0;

	for (size_t i = 0; i < ROWS(letters); i++)
		if (strchr(text, letters[i].letter))
			flags |= letters[i].mask;
	return flags;
}

static void check_routers(const json_t *fields, const struct advertisement *read)
{
	const json_t *routers = json_object_get(fields, "routers");
	const json_t *lengths = json_object_get(fields, "prefix_lengths");
	struct in_addr address;

	CU_ASSERT_EQUAL_FATAL(read->router_count, json_array_size(routers));
	CU_ASSERT_EQUAL(read->has_prefix_lengths, lengths != NULL);
	for (size_t i = 0; i < read->router_count; i++) {
		const json_t *router = json_array_get(routers, i);

		CU_ASSERT_EQUAL(
			inet_pton(AF_INET, json_string_value(json_array_get(router, 0)), &address),
			1);
		CU_ASSERT_EQUAL(read->routers[i].address.s_addr, address.s_addr);
		CU_ASSERT_EQUAL(read->routers[i].preference,
		                json_integer_value(json_array_get(router, 1)));
		CU_ASSERT_EQUAL(read->routers[i].prefix_length,
		                json_integer_value(json_array_get(lengths, i)));
	}
}

static void check_care_of(const json_t *fields, const struct advertisement *read)
{
	const json_t *all = json_object_get(fields, "coas");
	struct in_addr address;

	CU_ASSERT_EQUAL_FATAL(read->care_of_count, json_array_size(all));
	for (size_t i = 0; i < read->care_of_count; i++) {
		CU_ASSERT_EQUAL(
			inet_pton(AF_INET, json_string_value(json_array_get(all, i)), &address), 1);
		CU_ASSERT_EQUAL(read->care_of[i].s_addr, address.s_addr);
	}
}

static void check_challenge(const json_t *fields, const struct advertisement *read)
{
	struct octets challenge = { 0 };

	if (json_object_get(fields, "challenge"))
		challenge = octets_of(fields, "challenge");
	CU_ASSERT_EQUAL_FATAL(read->challenge.size, challenge.size);
	if (challenge.size > 0)
		CU_ASSERT_EQUAL(memcmp(read->challenge.at, challenge.at, challenge.size), 0);
	free(challenge.at);
}

static void check_fields(const json_t *fields, const struct advertisement *read)
{
	CU_ASSERT_EQUAL(read->code, number_of(fields, "code"));
	CU_ASSERT_EQUAL(read->lifetime_s, number_of(fields, "lifetime"));
	CU_ASSERT_EQUAL(read->sequence, number_of(fields, "seq"));
	CU_ASSERT_EQUAL(read->registration_lifetime_s, number_of(fields, "reg_lifetime"));
	CU_ASSERT_EQUAL(read->flags, flags_of(fields));
	CU_ASSERT_STRING_EQUAL(agent_flags_format(read->flags).text, text_of(fields, "flags"));
	check_routers(fields, read);
	check_care_of(fields, read);
	check_challenge(fields, read);
}

static void check_written(const struct advertisement *read, struct octets octets)
{
	uint8_t room[ADVERTISEMENT_MAX];
	struct writer out = writer_over(room, sizeof(room));

	advertisement_write(&out, read);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(advertisement_size(read), octets.size);
	CU_ASSERT_EQUAL_FATAL(writer_used(&out), octets.size);
	CU_ASSERT_EQUAL(memcmp(room, octets.at, octets.size), 0);
}

/* How many advertisements the file has; all are checked. */
static unsigned check_file(const char *path, bool written_by_us_too)
{
	struct advertisement read;
	unsigned count = 0;

	json_array_clear(vectors);
	CU_ASSERT_TRUE_FATAL(golden_load(path));
	for (size_t i = 0; i < json_array_size(vectors); i++) {
		const json_t *vector = json_array_get(vectors, i);
		struct octets octets;

		if (strcmp(text_of(vector, "layer"), "icmp_message") != 0 ||
		    type_of(vector) != ADVERTISEMENT_TYPE)
			continue;
		octets = octets_of(vector, "hex");
		CU_ASSERT_EQUAL(advertisement_read((struct span){ octets.at, octets.size }, &read),
		                DISCOVERY_SOUND);
		check_fields(json_object_get(vector, "fields"), &read);
		if (written_by_us_too)
			check_written(&read, octets);
		free(octets.at);
		count++;
	}
	return count;
}

static void shared_vectors_are_read(void)
{
	CU_ASSERT_EQUAL(check_file(SHARED_FILE, false), SHARED_ADVERTISEMENTS);
}

static void own_vectors_are_read_and_written(void)
{
	CU_ASSERT_EQUAL(check_file(OWN_FILE, true), OWN_ADVERTISEMENTS);
}

static void solicitation_is_the_golden_one(void)
{
	struct octets golden = octets_of_hex("0a00f5ff00000000");
	uint8_t room[SOLICITATION_SIZE];
	struct writer out = writer_over(room, sizeof(room));

	CU_ASSERT_EQUAL(solicitation_read((struct span){ golden.at, golden.size }),
	                DISCOVERY_SOUND);
	solicitation_write(&out);
	CU_ASSERT_EQUAL(writer_used(&out), golden.size);
	CU_ASSERT_EQUAL(memcmp(room, golden.at, golden.size), 0);
	free(golden.at);
}

static CU_TestInfo tests[] = {
	{ "advertisements that tshark and scapy know are read", shared_vectors_are_read },
	{ "advertisements of every field are read, and written alike",
	  own_vectors_are_read_and_written },
	{ "a solicitation is read, and written alike", solicitation_is_the_golden_one },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return golden_run("golden_advertisement", tests);
}

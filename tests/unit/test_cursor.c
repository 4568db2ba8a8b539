/* test_cursor.c - readers and writers at their edges. */
#include "proto/cursor.h"

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

static const uint8_t counting[] = { 1,  2,  3,  4,  5,  6,  7,  8,  9, 10,
	                            11, 12, 13, 14, 15, 16, 17, 18, 19 };

static void numbers_are_big_endian(void)
{
	struct reader in = reader_over(counting, sizeof(counting));
	struct in_addr address;

	CU_ASSERT_EQUAL(get_u8(&in), 0x01);
	CU_ASSERT_EQUAL(get_u16(&in), 0x0203);
	CU_ASSERT_EQUAL(get_u32(&in), 0x04050607);
	CU_ASSERT_EQUAL(get_u64(&in), 0x08090a0b0c0d0e0f);
	address = get_address(&in);
	CU_ASSERT_EQUAL(ntohl(address.s_addr), 0x10111213);
	CU_ASSERT_EQUAL(reader_finish(&in), HA_OK);
}

static void writer_mirrors_reader(void)
{
	uint8_t octets[sizeof(counting)];
	struct writer out = writer_over(octets, sizeof(octets));

	put_u8(&out, 0x01);
	put_u16(&out, 0x0203);
	put_u32(&out, 0x04050607);
	put_u64(&out, 0x08090a0b0c0d0e0f);
	put_address(&out, (struct in_addr){ htonl(0x10111213) });
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(writer_used(&out), sizeof(octets));
	CU_ASSERT_EQUAL(writer_span(&out).at, octets);
	CU_ASSERT_EQUAL(writer_span(&out).size, sizeof(octets));
	CU_ASSERT_EQUAL(memcmp(octets, counting, sizeof(octets)), 0);
}

/* One primitive of each side, by its number of octets. */
static uint64_t get_by_size(struct reader *in, size_t size)
{
	uint8_t octets[sizeof(counting)];

	switch (size) {
	case 1:
		return get_u8(in);
	case 2:
		return get_u16(in);
	case 4:
		return get_u32(in);
	case 8:
		return get_u64(in);
	default:
		get_octets(in, octets, size);
		return octets[0] | octets[size - 1];
	}
}

static void put_by_size(struct writer *out, size_t size)
{
	switch (size) {
	case 1:
		put_u8(out, 0xff);
		break;
	case 2:
		put_u16(out, 0xffff);
		break;
	case 4:
		put_u32(out, 0xffffffff);
		break;
	case 8:
		put_u64(out, UINT64_MAX);
		break;
	default:
		put_octets(out, counting, size);
	}
}

static const size_t sizes[] = { 1, 2, 4, 8, 5, 19 };

static void reader_never_passes_its_end(void)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t have = 0; have < sizes[i]; have++) {
			struct octets exact = octets_copy(counting, have);
			struct reader in = reader_over(exact.at, exact.size);

			get_by_size(&in, sizes[i]);
			CU_ASSERT_EQUAL(in.error, HA_E_TRUNCATED);
			CU_ASSERT_TRUE(in.at <= in.end);
			CU_ASSERT_EQUAL(get_u8(&in), 0);
			CU_ASSERT_EQUAL(reader_finish(&in), HA_E_TRUNCATED);
			free(exact.at);
		}
	}
}

static void writer_never_passes_its_end(void)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t room = 0; room < sizes[i]; room++) {
			struct octets exact = octets_copy(counting, room);
			struct writer out = writer_over(exact.at, exact.size);

			put_by_size(&out, sizes[i]);
			CU_ASSERT_EQUAL(out.error, HA_E_NOSPACE);
			CU_ASSERT_TRUE(writer_used(&out) <= room);
			free(exact.at);
		}
	}
}

static void failed_reader_gives_zeros_and_stays(void)
{
	uint8_t copied[4] = { 9, 9, 9, 9 };
	struct reader in = reader_over(counting, sizeof(counting));
	struct in_addr address;

	reader_fail(&in, HA_E_MALFORMED);
	reader_fail(&in, HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(in.error, HA_E_MALFORMED);
	CU_ASSERT_EQUAL(get_u64(&in), 0);
	address = get_address(&in);
	CU_ASSERT_EQUAL(address.s_addr, 0);
	get_octets(&in, copied, sizeof(copied));
	CU_ASSERT_EQUAL(copied[0] | copied[1] | copied[2] | copied[3], 0);
	CU_ASSERT_PTR_NULL(reader_take(&in, 1));
	CU_ASSERT_EQUAL(reader_left(&in), sizeof(counting));
	CU_ASSERT_EQUAL(reader_finish(&in), HA_E_MALFORMED);
}

static void failed_writer_writes_nothing(void)
{
	uint8_t octets[8] = { 0 };
	struct writer out = writer_over(octets, sizeof(octets));

	writer_fail(&out, HA_E_UNSUPPORTED);
	writer_fail(&out, HA_E_NOSPACE);
	put_u64(&out, UINT64_MAX);
	put_octets(&out, counting, 3);
	CU_ASSERT_EQUAL(out.error, HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(writer_used(&out), 0);
	CU_ASSERT_EQUAL(octets[0], 0);
}

static void sub_reader_is_confined(void)
{
	struct reader in = reader_over(counting, 8);
	struct reader sub = reader_sub(&in, 3);

	CU_ASSERT_EQUAL(reader_left(&in), 5);
	CU_ASSERT_EQUAL(get_u16(&sub), 0x0102);
	CU_ASSERT_EQUAL(get_u16(&sub), 0);
	CU_ASSERT_EQUAL(sub.error, HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(in.error, HA_OK);
	CU_ASSERT_EQUAL(get_u8(&in), 4);

	sub = reader_sub(&in, 5);
	CU_ASSERT_EQUAL(in.error, HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(sub.error, HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(reader_left(&sub), 0);
}

static void leftovers_are_an_error(void)
{
	struct reader in = reader_over(counting, 2);

	get_u8(&in);
	CU_ASSERT_EQUAL(reader_finish(&in), HA_E_TRAILING);
}

static void nothing_may_be_taken_and_put(void)
{
	struct reader in = reader_over(counting, 0);
	struct writer out = writer_over(NULL, 0);

	CU_ASSERT_PTR_NOT_NULL(reader_take(&in, 0));
	put_octets(&out, NULL, 0);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(reader_finish(&in), HA_OK);
}

static CU_TestInfo tests[] = {
	{ "numbers are big-endian", numbers_are_big_endian },
	{ "the writer mirrors the reader", writer_mirrors_reader },
	{ "a reader never passes its end", reader_never_passes_its_end },
	{ "a writer never passes its end", writer_never_passes_its_end },
	{ "a failed reader gives zeros and stays", failed_reader_gives_zeros_and_stays },
	{ "a failed writer writes nothing", failed_writer_writes_nothing },
	{ "a sub-reader is confined", sub_reader_is_confined },
	{ "leftovers are an error", leftovers_are_an_error },
	{ "nothing may be taken and put", nothing_may_be_taken_and_put },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("cursor", tests);
}

/* test_control_codec.c - frames, requests and answers: there and back, cut off
 * everywhere, and larger than is good. */
#include "agentd/control/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/control/verbs.h"
#include "tests/unit/suite.h"

/* ---- frames ---- */

static void a_length_is_in_network_order_and_bounded(void)
{
	uint8_t header[CONTROL_HEADER_SIZE];
	size_t size = 99;

	frame_header_encode(header, 0x010203);
	CU_ASSERT_EQUAL(memcmp(header, "\0\1\2\3", 4), 0);
	CU_ASSERT_TRUE(frame_header_decode(header, 0x010203, &size));
	CU_ASSERT_EQUAL(size, 0x010203);
	CU_ASSERT_FALSE(frame_header_decode(header, 0x010202, &size));
	CU_ASSERT_FALSE(frame_header_decode((const uint8_t *)"\xff\xff\xff\xff",
	                                    CONTROL_REQUEST_MAX, &size));
	CU_ASSERT_TRUE(frame_header_decode((const uint8_t *)"\0\0\0\0", 1, &size));
	CU_ASSERT_EQUAL(size, 0);
}

static void octets_grow_drop_and_end(void)
{
	struct octets octets = { 0 };

	for (unsigned i = 0; i < 3000; i++)
		CU_ASSERT_EQUAL(octets_append(&octets, "abc", 3), HA_OK);
	CU_ASSERT_EQUAL(octets.size, 9000);
	octets_drop(&octets, 8999);
	CU_ASSERT_EQUAL(octets.size, 1);
	CU_ASSERT_EQUAL(octets.at[0], 'c');
	CU_ASSERT_EQUAL(octets.at[1], 0); /* wiped */
	octets_drop(&octets, 0);
	octets_drop(&octets, 1);
	CU_ASSERT_EQUAL(octets.size, 0);
	octets_free(&octets);
	CU_ASSERT_PTR_NULL(octets.at);
	octets_free(&octets);
}

/* ---- requests ---- */

static const char *const words[] = { "mobile", "home=10.0.0.1", "" };
static const struct control_request request = {
	.verb = "association add",
	.arguments = words,
	.argument_count = 3,
	.secret = "\0\1secret",
	.secret_size = 8,
	.group = 15,
};

static void a_request_comes_back(void)
{
	struct octets frame = { 0 };
	struct control_request back;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(control_request_encode(&request, &frame), HA_OK);
	CU_ASSERT_TRUE(frame_header_decode(frame.at, CONTROL_REQUEST_MAX, &size));
	CU_ASSERT_EQUAL_FATAL(size, frame.size - CONTROL_HEADER_SIZE);
	CU_ASSERT_EQUAL_FATAL(control_request_decode(frame.at + CONTROL_HEADER_SIZE, size, &back),
	                      HA_OK);
	CU_ASSERT_STRING_EQUAL(back.verb, "association add");
	CU_ASSERT_EQUAL_FATAL(back.argument_count, 3);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_STRING_EQUAL(back.arguments[i], words[i]);
	CU_ASSERT_EQUAL_FATAL(back.secret_size, 8);
	CU_ASSERT_EQUAL(memcmp(back.secret, request.secret, 8), 0);
	CU_ASSERT_EQUAL(back.group, 15);
	control_request_free(&back);
	CU_ASSERT_PTR_NULL(back.message);
	control_request_free(&back);
	octets_free(&frame);
}

/* No prefix makes the decoder read on or keep memory; most are refused. */
static void every_prefix_of_a_request_is_survived(void)
{
	struct octets frame = { 0 };
	struct control_request back;
	size_t refused = 0, size;

	CU_ASSERT_EQUAL_FATAL(control_request_encode(&request, &frame), HA_OK);
	size = frame.size - CONTROL_HEADER_SIZE;
	for (size_t length = 0; length < size; length++) {
		uint8_t *exact = malloc(length ? length : 1);

		memcpy(exact, frame.at + CONTROL_HEADER_SIZE, length);
		refused += control_request_decode(exact, length, &back) != HA_OK;
		control_request_free(&back);
		free(exact);
	}
	CU_ASSERT(refused > size - 10);
	octets_free(&frame);
}

static void limits_of_a_request_are_kept_on_both_sides(void)
{
	const char *many[CONTROL_ARGUMENTS_MAX + 1];
	struct control_request large = { .verb = "x", .arguments = many };
	struct octets frame = { 0 };
	char text[CONTROL_TEXT_MAX + 2];
	char *secret = calloc(1, CONTROL_REQUEST_MAX);

	for (size_t i = 0; i <= CONTROL_ARGUMENTS_MAX; i++)
		many[i] = "y";
	large.argument_count = CONTROL_ARGUMENTS_MAX;
	CU_ASSERT_EQUAL(control_request_encode(&large, &frame), HA_OK);
	large.argument_count = CONTROL_ARGUMENTS_MAX + 1;
	CU_ASSERT_EQUAL(control_request_encode(&large, &frame), HA_E_RANGE);
	large.argument_count = 1;
	memset(text, 'z', sizeof(text));
	text[CONTROL_TEXT_MAX + 1] = '\0';
	many[0] = text;
	CU_ASSERT_EQUAL(control_request_encode(&large, &frame), HA_E_RANGE);
	many[0] = "";
	large.secret = secret;
	large.secret_size = CONTROL_REQUEST_MAX;
	CU_ASSERT_EQUAL(control_request_encode(&large, &frame), HA_E_RANGE);
	large.secret_size = CONTROL_REQUEST_MAX - 64;
	CU_ASSERT_EQUAL(control_request_encode(&large, &frame), HA_OK);
	free(secret);
	octets_free(&frame);
}

/* Two octets an argument: a tree of a million nodes, were it allowed. */
static void a_small_message_cannot_grow_a_large_tree(void)
{
	struct control_request back;
	uint8_t *message = malloc(CONTROL_REQUEST_MAX);

	memcpy(message, "\x0a\x01x", 3);
	for (size_t i = 3; i + 1 < CONTROL_REQUEST_MAX; i += 2) {
		message[i] = 0x12;
		message[i + 1] = 0;
	}
	CU_ASSERT_EQUAL(control_request_decode(message, CONTROL_REQUEST_MAX - 1, &back),
	                HA_E_SYNTAX);
	CU_ASSERT_EQUAL(control_request_decode(message, 3 + 2 * CONTROL_ARGUMENTS_MAX, &back),
	                HA_OK);
	control_request_free(&back);
	CU_ASSERT_EQUAL(control_request_decode(message, 5 + 2 * CONTROL_ARGUMENTS_MAX, &back),
	                HA_E_SYNTAX);
	free(message);
}

static void a_request_needs_a_verb(void)
{
	struct control_request back;

	CU_ASSERT_EQUAL(control_request_decode("", 0, &back), HA_E_SYNTAX);
	CU_ASSERT_EQUAL(control_request_decode("\x12\x01x", 3, &back), HA_E_SYNTAX);
	CU_ASSERT_EQUAL(control_request_decode("\xff\xff\xff\xff\xff", 5, &back), HA_E_SYNTAX);
}

/* ---- answers ---- */

/* What a sink heard, as text. */
struct heard {
	char text[8192];
	size_t records;
	unsigned ends;
};

static void hear(struct heard *heard, const struct control_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(heard->text);
		char *at = heard->text + length;
		size_t room = sizeof(heard->text) - length;

		switch (values[i].kind) {
		case CONTROL_NULL:
			snprintf(at, room, "%s=null ", values[i].name);
			break;
		case CONTROL_TEXT:
			snprintf(at, room, "%s='%s' ", values[i].name, values[i].text);
			break;
		case CONTROL_NUMBER:
			snprintf(at, room, "%s=%llu ", values[i].name,
			         (unsigned long long)values[i].number);
			break;
		case CONTROL_FLAG:
			snprintf(at, room, "%s=%s ", values[i].name,
			         values[i].number ? "yes" : "no");
			break;
		}
	}
	snprintf(heard->text + strlen(heard->text), sizeof(heard->text) - strlen(heard->text), ";");
}

static void on_record(void *context, const struct control_value *values, size_t count)
{
	struct heard *heard = context;

	heard->records++;
	if (heard->records < 100)
		hear(heard, values, count);
}

static void on_end(void *context, const struct control_end *end)
{
	struct heard *heard = context;

	heard->ends++;
	snprintf(heard->text + strlen(heard->text), 64, "end %d '%s' ", end->error, end->message);
	hear(heard, end->facts, end->fact_count);
}

static enum ha_error listen_to(const void *at, size_t size, struct heard *heard, bool *ended)
{
	struct control_sink sink = { .context = heard, .record = on_record, .end = on_end };

	memset(heard, 0, sizeof(*heard));
	return control_answer_decode(at, size, &sink, ended);
}

static enum ha_error listen_to_answer(struct answer *answer, struct heard *heard, bool *ended)
{
	size_t size;

	answer_seal(answer);
	CU_ASSERT_TRUE_FATAL(frame_header_decode(answer->frame.at, CONTROL_ANSWER_MAX, &size));
	CU_ASSERT_EQUAL_FATAL(size, answer->frame.size - CONTROL_HEADER_SIZE);
	return listen_to(answer->frame.at + CONTROL_HEADER_SIZE, size, heard, ended);
}

static void write_small(struct answer *answer)
{
	answer_begin(answer);
	answer_text(answer, "a", "%s %d", "x", 1);
	answer_number(answer, "b", UINT64_MAX);
	answer_flag(answer, "c", true);
	answer_null(answer, "d");
	answer_record(answer);
	answer_flag(answer, "c", false);
	answer_text(answer, "e", "%s", "");
	answer_record(answer);
}

static void an_answer_comes_back_in_order(void)
{
	static struct answer answer;
	static struct heard heard;
	bool ended;

	write_small(&answer);
	CU_ASSERT_EQUAL(answer.records, 2);
	CU_ASSERT_EQUAL(listen_to_answer(&answer, &heard, &ended), HA_OK);
	CU_ASSERT_FALSE(ended);
	CU_ASSERT_STRING_EQUAL(heard.text,
	                       "a='x 1' b=18446744073709551615 c=yes d=null ;c=no e='' ;");
	answer_number(&answer, "lag", 5);
	answer_end(&answer, HA_OK, NULL);
	CU_ASSERT_EQUAL(listen_to_answer(&answer, &heard, &ended), HA_OK);
	CU_ASSERT_TRUE(ended);
	CU_ASSERT_STRING_EQUAL(heard.text, "a='x 1' b=18446744073709551615 c=yes d=null ;"
	                                   "c=no e='' ;end 0 '' lag=5 ;");
	answer_free(&answer);
}

static void an_error_brings_its_text(void)
{
	static struct answer answer;
	static struct heard heard;
	char expected[128];
	bool ended;

	answer_begin(&answer);
	answer_end(&answer, HA_E_BUSY, NULL);
	CU_ASSERT_EQUAL(listen_to_answer(&answer, &heard, &ended), HA_OK);
	snprintf(expected, sizeof(expected), "end %d '%s' ;", HA_E_BUSY, ha_strerror(HA_E_BUSY));
	CU_ASSERT_STRING_EQUAL(heard.text, expected);
	answer_free(&answer);
}

static void an_answer_never_outgrows_a_frame(void)
{
	static struct answer answer;
	static struct heard heard;
	bool ended;

	answer_begin(&answer);
	for (unsigned i = 0; i < 400; i++) {
		answer_text(&answer, "long", "%04000u", i);
		answer_record(&answer);
		CU_ASSERT(answer.frame.size <= CONTROL_HEADER_SIZE + CONTROL_ANSWER_MAX);
	}
	CU_ASSERT_EQUAL(answer.error, HA_E_NOSPACE);
	answer_end(&answer, HA_OK, NULL);
	CU_ASSERT_EQUAL(listen_to_answer(&answer, &heard, &ended), HA_OK);
	CU_ASSERT_TRUE(ended);
	CU_ASSERT_EQUAL(heard.records, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(heard.text, ha_strerror(HA_E_NOSPACE)));
	answer_free(&answer);
}

static void values_beyond_a_record_are_an_error(void)
{
	static struct answer answer;

	answer_begin(&answer);
	for (unsigned i = 0; i < CONTROL_VALUES_MAX; i++)
		answer_text(&answer, "v", "%0200u", i); /* more text than fits: cut */
	CU_ASSERT_EQUAL(answer.error, HA_OK);
	answer_null(&answer, "one more");
	CU_ASSERT_EQUAL(answer.error, HA_E_NOSPACE);
	answer_free(&answer);
}

static void a_full_page_can_be_read_back(void)
{
	static struct answer answer;
	static struct heard heard;
	bool ended;

	answer_begin(&answer);
	while (answer.error == HA_OK && answer.records < 40000) {
		answer_number(&answer, "n", answer.records);
		answer_null(&answer, "z");
		answer_record(&answer);
	}
	CU_ASSERT_EQUAL(answer.error, HA_OK);
	CU_ASSERT_EQUAL(listen_to_answer(&answer, &heard, &ended), HA_OK);
	CU_ASSERT_EQUAL(heard.records, 40000);
	answer_free(&answer);
}

static void every_prefix_of_an_answer_is_survived(void)
{
	static struct answer answer;
	static struct heard heard;
	size_t size;
	bool ended;

	write_small(&answer);
	answer_end(&answer, HA_E_LIMIT, "words");
	size = answer.frame.size - CONTROL_HEADER_SIZE;
	for (size_t length = 0; length < size; length++) {
		uint8_t *exact = malloc(length ? length : 1);

		memcpy(exact, answer.frame.at + CONTROL_HEADER_SIZE, length);
		if (listen_to(exact, length, &heard, &ended) == HA_OK)
			CU_ASSERT_EQUAL(heard.ends, 0);
		free(exact);
	}
	CU_ASSERT_EQUAL(listen_to(answer.frame.at + CONTROL_HEADER_SIZE, size, &heard, &ended),
	                HA_OK);
	CU_ASSERT_EQUAL(heard.ends, 1);
	answer_free(&answer);
}

/* ---- verbs ---- */

static enum verb_id find(const char *first, const char *second, size_t *used)
{
	char *given[] = { (char *)first, (char *)second };

	return verb_of_words(given, second ? 2 : first ? 1 : 0, used);
}

static void verbs_are_found_by_one_word_or_two(void)
{
	size_t used;

	for (unsigned id = 0; id < VERB_COUNT; id++)
		CU_ASSERT_EQUAL(verb_find(verb_infos[id].name), id);
	CU_ASSERT_EQUAL(find("status", NULL, &used), VERB_status);
	CU_ASSERT_EQUAL(used, 1);
	CU_ASSERT_EQUAL(find("bindings", "10.0.0.1", &used), VERB_bindings);
	CU_ASSERT_EQUAL(used, 1);
	CU_ASSERT_EQUAL(find("config", "set", &used), VERB_config_set);
	CU_ASSERT_EQUAL(used, 2);
	CU_ASSERT_EQUAL(find("config", NULL, &used), VERB_config_list);
	CU_ASSERT_EQUAL(used, 1);
	CU_ASSERT_EQUAL(find("config", "lits", &used), VERB_COUNT);
	CU_ASSERT_EQUAL(find("nonsense", NULL, &used), VERB_COUNT);
	CU_ASSERT_EQUAL(find(NULL, NULL, &used), VERB_COUNT);
	CU_ASSERT_EQUAL(find("", "", &used), VERB_COUNT);
}

static CU_TestInfo tests[] = {
	{ "a length is in network order and bounded", a_length_is_in_network_order_and_bounded },
	{ "octets grow, drop and end", octets_grow_drop_and_end },
	{ "a request comes back", a_request_comes_back },
	{ "every prefix of a request is survived", every_prefix_of_a_request_is_survived },
	{ "limits of a request are kept on both sides",
	  limits_of_a_request_are_kept_on_both_sides },
	{ "a small message cannot grow a large tree", a_small_message_cannot_grow_a_large_tree },
	{ "a request needs a verb", a_request_needs_a_verb },
	{ "an answer comes back in order", an_answer_comes_back_in_order },
	{ "an error brings its text", an_error_brings_its_text },
	{ "an answer never outgrows a frame", an_answer_never_outgrows_a_frame },
	{ "values beyond a record are an error", values_beyond_a_record_are_an_error },
	{ "a full page can be read back", a_full_page_can_be_read_back },
	{ "every prefix of an answer is survived", every_prefix_of_an_answer_is_survived },
	{ "verbs are found by one word or two", verbs_are_found_by_one_word_or_two },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("control_codec", tests);
}

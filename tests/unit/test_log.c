/* test_log.c - what a line looks like in each form, and how many get through. */
#include "agentd/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite.h"

#define SECOND_NS 1000000000ull

static char written[16384];

/* What `log` writes to standard error. */
static const char *capture(void (*log)(const char *text), const char *text)
{
	int pipes[2], kept = dup(STDERR_FILENO);
	ssize_t size;

	CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	log(text);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(pipes[1]);
	size = read(pipes[0], written, sizeof(written) - 1);
	close(pipes[0]);
	written[size > 0 ? size : 0] = '\0';
	return written;
}

static void log_one(const char *text)
{
	log_error("%s", text);
}

static void log_each_level(const char *text)
{
	log_error("%s", text);
	log_warning("%s", text);
	log_notice("%s", text);
	log_info("%s", text);
	log_debug("%s", text);
}

static void log_with_a_subject(const char *text)
{
	const char *before = log_set_subject("group 3");

	log_error("%s", text);
	CU_ASSERT_STRING_EQUAL(log_set_subject(before), "group 3");
	log_error("%s", text);
}

/* Until it is taken back. */
static void a_subject_stands_before_the_words(void)
{
	log_configure(LOG_LEVEL_NOTICE, LOG_FORMAT_JOURNAL);
	CU_ASSERT_STRING_EQUAL(capture(log_with_a_subject, "denied"),
	                       "<3>group 3: denied\n<3>denied\n");
}

static void text_has_time_level_and_words(void)
{
	const char *line;

	log_configure(LOG_LEVEL_NOTICE, LOG_FORMAT_TEXT);
	line = capture(log_one, "10.0.0.1: denied");
	CU_ASSERT_EQUAL(strlen(line), strlen("2026-01-02T03:04:05.678Z error 10.0.0.1: denied\n"));
	CU_ASSERT_EQUAL(line[4], '-');
	CU_ASSERT_EQUAL(line[10], 'T');
	CU_ASSERT_EQUAL(line[19], '.');
	CU_ASSERT_STRING_EQUAL(line + 23, "Z error 10.0.0.1: denied\n");
}

static void the_journal_gets_a_priority(void)
{
	log_configure(LOG_LEVEL_DEBUG, LOG_FORMAT_JOURNAL);
	CU_ASSERT_STRING_EQUAL(capture(log_each_level, "x"), "<3>x\n<4>x\n<5>x\n<6>x\n<7>x\n");
}

static void lower_levels_are_left_out(void)
{
	log_configure(LOG_LEVEL_WARNING, LOG_FORMAT_JOURNAL);
	CU_ASSERT_STRING_EQUAL(capture(log_each_level, "x"), "<3>x\n<4>x\n");
	CU_ASSERT_TRUE(log_enabled(LOG_LEVEL_WARNING));
	CU_ASSERT_FALSE(log_enabled(LOG_LEVEL_NOTICE));
}

static void text_cannot_forge_a_line_or_a_terminal_command(void)
{
	static const struct {
		const char *text, *line;
	} rows[] = {
		{ "a\nb", "<3>a\\x0ab\n" },
		{ "\x1b[31m", "<3>\\x1b[31m\n" },
		{ "\x7f", "<3>\\x7f\n" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8f\xa0",
		  "<3>\xc3\xa4\xe2\x82\xac\xf0\x9f\x8f\xa0\n" },
		{ "\xc2\x9b", "<3>\\xc2\\x9b\n" },          /* a control character in two octets */
		{ "\xc0\xaf", "<3>\\xc0\\xaf\n" },          /* overlong */
		{ "\xed\xa0\x80", "<3>\\xed\\xa0\\x80\n" }, /* half of a pair */
		{ "\xf4\x90\x80\x80", "<3>\\xf4\\x90\\x80\\x80\n" }, /* above the last one */
		{ "\xe2\x82", "<3>\\xe2\\x82\n" },                   /* cut off */
		{ "\xff", "<3>\\xff\n" },
		{ "\"\\", "<3>\"\\\n" },
	};

	log_configure(LOG_LEVEL_NOTICE, LOG_FORMAT_JOURNAL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_STRING_EQUAL(capture(log_one, rows[i].text), rows[i].line);
}

static void json_is_one_object_in_a_line(void)
{
	const char *line;

	log_configure(LOG_LEVEL_NOTICE, LOG_FORMAT_JSON);
	line = capture(log_one, "a \"quoted\" \\ \n\t\x01 \xc3\xa4 \xff");
	CU_ASSERT_EQUAL(strncmp(line, "{\"time\":\"2", 10), 0);
	CU_ASSERT_STRING_EQUAL(strstr(line, "\"level\""),
	                       "\"level\":\"error\",\"text\":\"a \\\"quoted\\\" \\\\ "
	                       "\\u000a\\u0009\\u0001 \xc3\xa4 \\ufffd\"}\n");
}

static void long_lines_are_cut_and_say_so(void)
{
	static char text[4000];
	const char *line;

	memset(text, 1, sizeof(text) - 1);
	log_configure(LOG_LEVEL_NOTICE, LOG_FORMAT_JSON);
	line = capture(log_one, text);
	CU_ASSERT_STRING_EQUAL(line + strlen(line) - 12, "\\u0001...\"}\n");
	CU_ASSERT_EQUAL(strlen(strstr(line, "\\u")), 1020 * 6 + strlen("...\"}\n"));
}

static void a_limit_counts_what_it_holds_back(void)
{
	struct log_limit limit = { .per_second = 2 };
	uint64_t held_back = 99;

	CU_ASSERT_TRUE(log_limit_pass(&limit, 5 * SECOND_NS, &held_back));
	CU_ASSERT_EQUAL(held_back, 0);
	CU_ASSERT_TRUE(log_limit_pass(&limit, 5 * SECOND_NS + 1, &held_back));
	for (int i = 0; i < 7; i++)
		CU_ASSERT_FALSE(log_limit_pass(&limit, 6 * SECOND_NS - 1, &held_back));
	CU_ASSERT_TRUE(log_limit_pass(&limit, 6 * SECOND_NS, &held_back));
	CU_ASSERT_EQUAL(held_back, 7);
	CU_ASSERT_TRUE(log_limit_pass(&limit, 6 * SECOND_NS, &held_back));
	CU_ASSERT_EQUAL(held_back, 0);
	CU_ASSERT_FALSE(log_limit_pass(&limit, 6 * SECOND_NS, &held_back));
}

static void a_clock_that_goes_back_opens_no_gate(void)
{
	struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;

	CU_ASSERT_TRUE(log_limit_pass(&limit, 9 * SECOND_NS, &held_back));
	CU_ASSERT_FALSE(log_limit_pass(&limit, 8 * SECOND_NS, &held_back));
	CU_ASSERT_FALSE(log_limit_pass(&limit, 9 * SECOND_NS, &held_back));
	CU_ASSERT_TRUE(log_limit_pass(&limit, 10 * SECOND_NS, &held_back));
	CU_ASSERT_EQUAL(held_back, 2);
}

static CU_TestInfo tests[] = {
	{ "a subject stands before the words", a_subject_stands_before_the_words },
	{ "text has time, level and words", text_has_time_level_and_words },
	{ "the journal gets a priority", the_journal_gets_a_priority },
	{ "lower levels are left out", lower_levels_are_left_out },
	{ "text cannot forge a line or a terminal command",
	  text_cannot_forge_a_line_or_a_terminal_command },
	{ "JSON is one object in a line", json_is_one_object_in_a_line },
	{ "long lines are cut and say so", long_lines_are_cut_and_say_so },
	{ "a limit counts what it holds back", a_limit_counts_what_it_holds_back },
	{ "a clock that goes back opens no gate", a_clock_that_goes_back_opens_no_gate },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("log", tests);
}

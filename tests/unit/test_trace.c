/* test_trace.c - rings of traces: whose events come to whom, what a full one loses,
 * who is woken when; and that threads that write, read, open and close at once
 * neither lose count nor race. */
#include "agentd/flow/trace.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define HOME 0x0a000001u

static struct traces traces;
static struct trace_entry entry;

static struct in_addr address(uint32_t number)
{
	return (struct in_addr){ htonl(number) };
}

static struct name_digest name(const char *text)
{
	return name_digest_of(0, (struct span){ (const uint8_t *)text, strlen(text) });
}

static struct trace_subject of_home(uint32_t home)
{
	return (struct trace_subject){ .homes = { address(home) } };
}

static struct trace_event event(const void *octets, size_t size)
{
	return (struct trace_event){
		.kind = TRACE_REQUEST,
		.peer = address(0xc6336407),
		.peer_port = 434,
		.octets = { octets, size },
		.reason = "",
	};
}

static void pass(uint32_t home, uint32_t number)
{
	const struct trace_subject subject = of_home(home);
	const struct trace_event made = event(&number, sizeof(number));

	trace_event(&traces, trace_mark(&traces, &subject), &made);
}

static unsigned open_home(uint32_t home)
{
	unsigned number = TRACES_MAX;

	CU_ASSERT_EQUAL_FATAL(trace_open(&traces, 0, address(home), NULL, &number), HA_OK);
	return number;
}

static void events_come_to_whom_they_concern(void)
{
	const struct name_digest ann = name("ann"), bob = name("bob");
	struct trace_subject subject = { .homes = { { 0 }, address(HOME) }, .names = { bob, ann } };
	const struct trace_event made = event("abc", 3);
	unsigned by_home, by_name;

	traces_init(&traces);
	CU_ASSERT_FALSE(traces_are_on(&traces));
	by_home = open_home(HOME);
	CU_ASSERT_EQUAL_FATAL(trace_open(&traces, 0, address(0), &ann, &by_name), HA_OK);
	CU_ASSERT_TRUE(traces_are_on(&traces));
	trace_event(&traces, trace_mark(&traces, &subject), &made);
	CU_ASSERT_TRUE_FATAL(trace_take(&traces, by_home, &entry));
	CU_ASSERT_EQUAL(entry.size, 3);
	CU_ASSERT_EQUAL(memcmp(entry.octets, "abc", 3), 0);
	CU_ASSERT_EQUAL(entry.peer_port, 434);
	CU_ASSERT_TRUE(trace_take(&traces, by_name, &entry));
	CU_ASSERT_FALSE(trace_take(&traces, by_name, &entry));
	subject.realm = 1;
	CU_ASSERT_EQUAL(trace_mark(&traces, &subject), 0);
	subject = of_home(HOME + 1);
	CU_ASSERT_EQUAL(trace_mark(&traces, &subject), 0);
	subject = of_home(0);
	CU_ASSERT_EQUAL(trace_mark(&traces, &subject), 0);
	trace_close(&traces, by_home);
	trace_close(&traces, by_name);
	CU_ASSERT_FALSE(traces_are_on(&traces));
	traces_destroy(&traces);
}

static void there_are_only_so_many(void)
{
	unsigned numbers[TRACES_MAX], one_more;

	traces_init(&traces);
	for (unsigned i = 0; i < TRACES_MAX; i++)
		numbers[i] = open_home(HOME);
	CU_ASSERT_EQUAL(trace_open(&traces, 0, address(HOME), NULL, &one_more), HA_E_BUSY);
	trace_close(&traces, numbers[2]);
	CU_ASSERT_EQUAL(open_home(HOME), numbers[2]);
	traces_destroy(&traces);
}

static void a_full_ring_loses_and_says_so(void)
{
	unsigned number;

	traces_init(&traces);
	number = open_home(HOME);
	for (uint32_t i = 0; i < TRACE_ENTRIES + 7; i++)
		pass(HOME, i);
	CU_ASSERT_EQUAL(trace_missed(&traces, number), 7);
	for (uint32_t i = 0; i < TRACE_ENTRIES; i++) {
		CU_ASSERT_TRUE_FATAL(trace_take(&traces, number, &entry));
		CU_ASSERT_EQUAL(memcmp(entry.octets, &i, sizeof(i)), 0);
		CU_ASSERT_EQUAL(entry.missed, i == TRACE_ENTRIES - 1 ? 7 : 0);
	}
	CU_ASSERT_FALSE(trace_take(&traces, number, &entry));
	pass(HOME, 1000);
	CU_ASSERT_TRUE_FATAL(trace_take(&traces, number, &entry));
	CU_ASSERT_EQUAL(entry.missed, 0);
	traces_destroy(&traces);
}

static void a_message_too_long_is_cut(void)
{
	static const uint8_t octets[TRACE_OCTETS_MAX + 1];
	const struct trace_subject subject = of_home(HOME);
	const struct trace_event made = event(octets, sizeof(octets));
	unsigned number;

	traces_init(&traces);
	number = open_home(HOME);
	trace_event(&traces, trace_mark(&traces, &subject), &made);
	CU_ASSERT_TRUE(trace_take(&traces, number, &entry));
	CU_ASSERT_EQUAL(entry.size, TRACE_OCTETS_MAX);
	traces_destroy(&traces);
}

/* What follows late from a request does not come to who watches now. */
static void a_mark_is_of_its_time(void)
{
	const struct trace_subject subject = of_home(HOME);
	const struct trace_event made = event("x", 1);
	unsigned number;
	uint64_t mark;

	traces_init(&traces);
	number = open_home(HOME);
	mark = trace_mark(&traces, &subject);
	trace_close(&traces, number);
	trace_event(&traces, mark, &made);
	CU_ASSERT_EQUAL(open_home(HOME), number);
	trace_event(&traces, mark, &made);
	CU_ASSERT_FALSE(trace_take(&traces, number, &entry));
	traces_destroy(&traces);
}

static void count_up(void *context)
{
	(*(unsigned *)context)++;
}

static void who_waits_is_woken_once(void)
{
	unsigned number, woken = 0;

	traces_init(&traces);
	number = open_home(HOME);
	CU_ASSERT_FALSE(trace_wait(&traces, number, count_up, &woken));
	pass(HOME + 1, 0);
	CU_ASSERT_EQUAL(woken, 0);
	pass(HOME, 0);
	pass(HOME, 1);
	CU_ASSERT_EQUAL(woken, 1);
	CU_ASSERT_FALSE(trace_cancel(&traces, number));
	CU_ASSERT_TRUE(trace_wait(&traces, number, count_up, &woken));
	while (trace_take(&traces, number, &entry))
		;
	CU_ASSERT_FALSE(trace_wait(&traces, number, count_up, &woken));
	CU_ASSERT_TRUE(trace_cancel(&traces, number));
	pass(HOME, 2);
	CU_ASSERT_EQUAL(woken, 1);
	traces_destroy(&traces);
}

/* ---- threads ---- */

#define WRITERS 3u
#define EVENTS 20000u

static _Atomic unsigned writing;

static void *write_events(void *argument)
{
	(void)argument;
	for (uint32_t i = 0; i < EVENTS; i++)
		if (traces_are_on(&traces))
			pass(HOME, i);
	writing--;
	return NULL;
}

/* Open and closed again and again meanwhile. */
static void *come_and_go(void *argument)
{
	unsigned number, woken = 0;

	(void)argument;
	while (writing) {
		struct trace_entry taken;

		if (trace_open(&traces, 0, address(HOME), NULL, &number) != HA_OK)
			continue;
		if (!trace_wait(&traces, number, count_up, &woken))
			trace_cancel(&traces, number);
		trace_take(&traces, number, &taken);
		trace_close(&traces, number);
	}
	return NULL;
}

static void threads_lose_nothing_uncounted(void)
{
	pthread_t writers[WRITERS], guest;
	uint64_t taken = 0, missed = 0;
	unsigned number;

	traces_init(&traces);
	number = open_home(HOME);
	writing = WRITERS;
	for (unsigned i = 0; i < WRITERS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&writers[i], NULL, write_events, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&guest, NULL, come_and_go, NULL), 0);
	while (writing || taken + trace_missed(&traces, number) < WRITERS * EVENTS)
		while (trace_take(&traces, number, &entry)) {
			taken++;
			missed += entry.missed;
		}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	pthread_join(guest, NULL);
	CU_ASSERT_EQUAL(taken + trace_missed(&traces, number), WRITERS * EVENTS);
	CU_ASSERT_EQUAL(missed, trace_missed(&traces, number));
	trace_close(&traces, number);
	CU_ASSERT_FALSE(traces_are_on(&traces));
	traces_destroy(&traces);
}

static CU_TestInfo tests[] = {
	{ "events come to whom they concern", events_come_to_whom_they_concern },
	{ "there are only so many", there_are_only_so_many },
	{ "a full ring loses and says so", a_full_ring_loses_and_says_so },
	{ "a message too long is cut", a_message_too_long_is_cut },
	{ "a mark is of its time", a_mark_is_of_its_time },
	{ "who waits is woken once", who_waits_is_woken_once },
	{ "threads lose nothing uncounted", threads_lose_nothing_uncounted },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("trace", tests);
}

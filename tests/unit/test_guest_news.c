/* test_guest_news.c - what a foreign agent learns of the list that members share: each change once,
 * all of them anew when there were too many, and what became of its own. */
#include <stdlib.h>

#include "agentd/flow/guest_internal.h"
#include "agentd/visitors/command.h"
#include "tests/unit/suite.h"

static struct guest *guest;
static struct replication_machine machine;
static uint64_t last;
static unsigned failures;

static void note_failure(void *context, enum ha_error why, const char *what)
{
	(void)context, (void)why, (void)what;
	failures++;
}

static void begin(uint32_t capacity)
{
	last = 0;
	failures = 0;
	guest = calloc(1, sizeof(*guest));
	CU_ASSERT_PTR_NOT_NULL_FATAL(guest);
	guest->options.failed = note_failure;
	guest->face.ready = -1;
	pthread_mutex_init(&guest->lock, NULL);
	pthread_mutex_init(&guest->answer_lock, NULL);
	pthread_mutex_init(&guest->clock_lock, NULL);
	guest_face(guest);
	guest_machine(guest, &machine);
	CU_ASSERT_EQUAL_FATAL(visitors_create(capacity, 1, &guest->visitors), HA_OK);
}

static void end(void)
{
	visitors_free(guest->visitors);
	free(guest);
}

static struct visitor_command command(enum visitor_command_kind kind, uint32_t home,
                                      uint64_t ends_ms)
{
	return (struct visitor_command){
		.kind = kind,
		.visitor = { .home.s_addr = htonl(home),
		             .home_agent.s_addr = htonl(9),
		             .expires_ms = ends_ms },
	};
}

/* The log says so. */
static void apply(enum visitor_command_kind kind, uint32_t home, uint64_t ends_ms, uint64_t ticket)
{
	const struct visitor_command one = command(kind, home, ends_ms);
	uint8_t octets[VISITOR_COMMAND_MAX];
	const struct replication_entry entry = {
		.index = last + 1,
		.term = 3,
		.group = CONFIG_GROUP_VISITORS,
		.ticket = ticket,
		.command = octets,
		.size = visitor_command_write(&one, 1001 + last, octets),
	};

	last++;
	machine.apply(machine.context, &entry, 1);
}

static enum visitors_news news(uint32_t *home)
{
	struct foreign_visitor visitor = { .home.s_addr = 0 };
	enum visitors_news found = guest->face.news(guest, &visitor);

	*home = ntohl(visitor.home.s_addr);
	return found;
}

static void each_change_is_told_as_it_is_by_now(void)
{
	uint32_t home;

	begin(10);
	CU_ASSERT_EQUAL(news(&home), VISITORS_ANEW); /* the first time */
	CU_ASSERT_EQUAL(news(&home), VISITORS_NONE);
	apply(VISITOR_PUT, 1, 50, 0);
	apply(VISITOR_PUT, 2, 60, 0);
	apply(VISITOR_GONE, 1, 0, 0);
	CU_ASSERT_EQUAL(news(&home), VISITORS_WENT);
	CU_ASSERT_EQUAL(home, 1);
	CU_ASSERT_EQUAL(news(&home), VISITORS_CHANGED);
	CU_ASSERT_EQUAL(home, 2);
	CU_ASSERT_EQUAL(news(&home), VISITORS_WENT);
	CU_ASSERT_EQUAL(news(&home), VISITORS_NONE);
	CU_ASSERT_EQUAL(guest->applied, 3);
	CU_ASSERT_EQUAL(guest->term, 3);
	CU_ASSERT_EQUAL(guest->time_ms, 1003);
	end();
}

static void after_too_many_all_are_told(void)
{
	bool told[GUEST_CHANGES + 2] = { false };
	uint32_t home, count = 0;

	begin(GUEST_CHANGES + 1);
	CU_ASSERT_EQUAL(news(&home), VISITORS_ANEW);
	for (uint32_t i = 1; i <= GUEST_CHANGES + 1; i++)
		apply(VISITOR_PUT, i, 50, 0);
	CU_ASSERT_EQUAL(news(&home), VISITORS_ANEW);
	CU_ASSERT_EQUAL(news(&home), VISITORS_CHANGED);
	told[home] = true;
	count++;
	apply(VISITOR_GONE, 1, 0, 0); /* in the midst of it: that is told, too */
	while (news(&home) == VISITORS_CHANGED) {
		CU_ASSERT_FALSE(told[home]);
		told[home] = true;
		count++;
	}
	CU_ASSERT_EQUAL(home, 1);
	CU_ASSERT_EQUAL(count + !told[1], GUEST_CHANGES + 1);
	CU_ASSERT_EQUAL(news(&home), VISITORS_NONE);
	guest->face.again(guest);
	CU_ASSERT_EQUAL(news(&home), VISITORS_ANEW);
	end();
}

static void what_became_of_ones_own_is_told_once(void)
{
	const uint64_t lost[] = { 900, VISITORS_TICKET_NOBODY };
	struct visitors_outcome outcome;

	begin(1);
	apply(VISITOR_PUT, 1, 50, 700);
	apply(VISITOR_PUT, 2, 50, 800);
	apply(VISITOR_OVER, 1, 49, VISITORS_TICKET_NOBODY);
	apply(VISITOR_PUT, 1, 51, 0); /* of another member */
	machine.lost(machine.context, lost, 2);
	CU_ASSERT_TRUE(guest->face.outcome(guest, &outcome));
	CU_ASSERT_EQUAL(outcome.ticket, 700);
	CU_ASSERT_EQUAL(outcome.error, HA_OK);
	CU_ASSERT_TRUE(guest->face.outcome(guest, &outcome));
	CU_ASSERT_EQUAL(outcome.ticket, 800);
	CU_ASSERT_EQUAL(outcome.error, HA_E_CAPACITY);
	CU_ASSERT_TRUE(guest->face.outcome(guest, &outcome));
	CU_ASSERT_EQUAL(outcome.ticket, 900);
	CU_ASSERT_EQUAL(outcome.error, HA_E_NOTLEADER);
	CU_ASSERT_FALSE(guest->face.outcome(guest, &outcome));
	CU_ASSERT_EQUAL(visitors_count(guest->visitors), 1);
	end();
}

static void who_does_not_lead_is_asked_nothing(void)
{
	const struct visitor_command one = command(VISITOR_PUT, 1, 50);

	begin(1);
	CU_ASSERT_EQUAL(guest->face.submit(guest, &one, 700), HA_E_NOTLEADER);
	CU_ASSERT_EQUAL(guest->face.until_ns(guest), 0);
	end();
}

static void an_entry_that_is_none_ends_it(void)
{
	const struct replication_entry entries[] = {
		{ .index = 1, .term = 1, .command = "\xff\xff", .size = 2 },
		{ .index = 2, .term = 1, .command = "", .size = 0 },
	};

	begin(1);
	machine.apply(machine.context, entries, 2);
	CU_ASSERT_EQUAL(failures, 1);
	CU_ASSERT_EQUAL(guest->applied, 0);
	end();
}

static uint32_t ended[8], ended_count;

static enum ha_error note_end(void *context, const struct visitor_command *one, uint64_t ticket)
{
	(void)context;
	CU_ASSERT_EQUAL(one->kind, VISITOR_OVER);
	CU_ASSERT_EQUAL(ticket, VISITORS_TICKET_NOBODY);
	CU_ASSERT_TRUE_FATAL(ended_count < sizeof(ended) / sizeof(ended[0]));
	ended[ended_count++] = ntohl(one->visitor.home.s_addr);
	return HA_OK;
}

static void who_leads_ends_each_lifetime_once(void)
{
	begin(10);
	cluster_clock_start(&guest->clock, 1000, 1000, clock_monotonic_ns());
	guest->face.submit = note_end;
	apply(VISITOR_PUT, 1, 50, 0);
	apply(VISITOR_PUT, 2, UINT64_MAX - 1, 0);
	apply(VISITOR_PUT, 3, 60, 0);
	apply(VISITOR_PUT, 4, 70, 0);
	ended_count = 0;
	machine.tick(machine.context);
	CU_ASSERT_EQUAL(ended_count, 0); /* it does not lead */
	guest->led = true;
	machine.tick(machine.context);
	CU_ASSERT_EQUAL(ended_count, 3);
	CU_ASSERT_EQUAL(ended[0], 1);
	CU_ASSERT_EQUAL(ended[1], 3);
	CU_ASSERT_EQUAL(ended[2], 4);
	end();
}

static CU_TestInfo tests[] = {
	{ "who leads ends each lifetime once", who_leads_ends_each_lifetime_once },
	{ "each change is told as it is by now", each_change_is_told_as_it_is_by_now },
	{ "after too many all are told", after_too_many_all_are_told },
	{ "what became of one's own is told once", what_became_of_ones_own_is_told_once },
	{ "who does not lead is asked nothing", who_does_not_lead_is_asked_nothing },
	{ "an entry that is none ends it", an_entry_that_is_none_ends_it },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("guest_news", tests);
}

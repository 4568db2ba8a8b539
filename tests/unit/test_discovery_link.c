/* test_discovery_link.c - an agent and a mobile node on one link, through octets, with one
 * seed: messages are lost, but never three in a row; the agent boots, or is taken over by
 * another member; many solicit. The node must not lose contact, and must see a restart when
 * and only when it can. */
#include "agentd/discovery/move.h"

#include "tests/unit/advertise_world.h"
#include "tests/unit/dice.h"

#define SEEDS 200u
#define STEPS 400u
#define LINK 3u
#define LOST_IN_A_ROW_MAX 2u

struct link {
	struct dice dice;
	uint64_t now_ms;
	struct advertise_settings settings;
	struct advertise_interface interface;
	struct advertise_total total;
	struct in_addr agent, node;
	bool booted; /* since the node has heard it */
	unsigned lost, restarts, heard, misjudged;
	struct heard_agents agents;
};

static uint32_t random_of(struct link *link)
{
	return (uint32_t)dice_next(&link->dice);
}

/* As the agent writes it, and as the node reads it. */
static struct advertisement carried(const struct advertise_verdict *verdict)
{
	struct advertisement message = { .flags = AGENT_FOREIGN, .care_of_count = 1 }, read;
	uint8_t room[ADVERTISEMENT_MAX];
	struct writer out = writer_over(room, sizeof(room));

	message.care_of[0] = address4(198, 51, 100, 2);
	advertise_fill(&message, verdict, false);
	advertisement_write(&out, &message);
	CU_ASSERT_EQUAL_FATAL(advertisement_read(writer_span(&out), &read), DISCOVERY_SOUND);
	return read;
}

static enum heard_event expected_event(const struct link *link, uint16_t sequence)
{
	const struct heard_agent *before = heard_find(&link->agents, link->agent, LINK);

	if (!before)
		return HEARD_NEW;
	return link->booted && sequence < before->sequence ? HEARD_RESTARTED : HEARD_AGAIN;
}

static void deliver(struct link *link, const struct advertise_verdict *verdict)
{
	struct advertisement message = carried(verdict);
	enum heard_event expected = expected_event(link, message.sequence), event;

	if (link->lost < LOST_IN_A_ROW_MAX && dice_chance(&link->dice, 2)) {
		link->lost++;
		return;
	}
	link->lost = 0;
	if (heard_in_use(&link->agents) &&
	    move_by_lifetime(&link->agents, link->now_ms).move != MOVE_STAY)
		link->misjudged++;
	event = heard_take(&link->agents, &message, link->agent, LINK, link->now_ms);
	if (event != expected)
		link->misjudged++;
	heard_use(&link->agents, link->agent, LINK);
	link->restarts += event == HEARD_RESTARTED;
	link->heard++;
	link->booted = false;
}

/* The agent of before is gone without a word, and one begins. Nobody can tell that it had
 * booted who has heard nothing of it until the next one took over. */
static void begin(struct link *link, enum advertise_origin origin)
{
	advertise_init(&link->interface, origin);
	advertise_begin(&link->interface, &link->settings, link->now_ms, random_of(link));
	link->booted = origin == ADVERTISE_BOOTED;
}

static void solicit(struct link *link)
{
	struct advertise_verdict verdict = advertise_solicited(&link->interface, &link->settings,
	                                                       &link->total, link->node,
	                                                       link->now_ms, random_of(link));

	if (advertise_fate_sends(verdict.fate))
		deliver(link, &verdict);
}

static void step(struct link *link)
{
	struct advertise_verdict verdict;

	switch (dice_below(&link->dice, 30)) {
	case 0:
		begin(link, ADVERTISE_BOOTED);
		break;
	case 1:
		begin(link, ADVERTISE_TAKEN_OVER);
		break;
	case 2:
		for (unsigned i = 0; i < 50; i++)
			solicit(link);
		break;
	default:
		break;
	}
	link->now_ms = link->interface.due_ms;
	verdict = advertise_tick(&link->interface, &link->settings, link->now_ms, random_of(link));
	CU_ASSERT_TRUE(advertise_fate_sends(verdict.fate));
	deliver(link, &verdict);
}

/* The agent that was there before all this is about to roll over. */
static struct link link_of(uint64_t seed)
{
	struct link link = { .dice = { seed }, .settings = plain(), .total = in_all() };

	link.agent = address4(198, 51, 100, 1);
	link.node = address4(192, 0, 2, 7);
	link.settings.max_interval_ms = 4000 + 1000 * dice_below(&link.dice, 30);
	link.settings.min_interval_ms = advertise_min_interval_default_ms(
		link.settings.max_interval_ms);
	link.settings.lifetime_s = advertise_lifetime_default_s(link.settings.max_interval_ms);
	CU_ASSERT_EQUAL(advertise_settings_check(&link.settings), HA_OK);
	begin(&link, ADVERTISE_TAKEN_OVER);
	link.interface.sequence = (uint16_t)(UINT16_MAX - dice_below(&link.dice, 20));
	return link;
}

static void contact_is_kept_and_restarts_are_seen(void)
{
	unsigned restarts = 0, heard = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct link link = link_of(seed);

		for (unsigned i = 0; i < STEPS; i++)
			step(&link);
		if (link.misjudged > 0)
			fprintf(stderr, "seed %u\n", (unsigned)seed);
		CU_ASSERT_EQUAL(link.misjudged, 0);
		restarts += link.restarts;
		heard += link.heard;
	}
	CU_ASSERT_TRUE(restarts > SEEDS);
	CU_ASSERT_TRUE(heard > SEEDS * STEPS / 2);
}

static CU_TestInfo tests[] = {
	{ "contact is kept, and restarts are seen", contact_is_kept_and_restarts_are_seen },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("discovery_link", tests);
}

/* test_home_arp.c - which messages of ARP are answered, and what is remembered. */
#include "agentd/dataplane/home_arp_away.h"
#include "agentd/dataplane/home_arp_decide.h"

#include "tests/unit/suite.h"

#define S UINT64_C(1000000000)
#define NOW (1000 * S)

#define HOST(n)                                                                                    \
	{                                                                                          \
		0x02, 0, 0, 0, 0, n                                                                \
	}
#define OURS                                                                                       \
	{                                                                                          \
		0x02, 0xaa, 0, 0, 0, 1                                                             \
	}
#define VIRTUAL                                                                                    \
	{                                                                                          \
		0x00, 0x00, 0x5e, 0x00, 0x01, 0x0a                                                 \
	}
#define GROUP                                                                                      \
	{                                                                                          \
		0x01, 0x00, 0x5e, 0, 0, 1                                                          \
	}
#define ALL                                                                                        \
	{                                                                                          \
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff                                                 \
	}

/* 192.0.2.0/24 is on link 0, of group 0; its upper half, of another realm, on link 1
 * of group 1, with a virtual MAC; 192.0.2.64/26 is within the first, of group 1. */
static const struct home_arp_net nets[] = {
	{ .prefix = { .length = 24 }, .ours = { OURS } },
	{ .prefix = { .length = 25 },
	  .realm = 7,
	  .group = 1,
	  .link = 1,
	  .fixed = true,
	  .ours = { VIRTUAL } },
	{ .prefix = { .length = 26 }, .group = 1, .ours = { OURS } },
};

static struct home_arp_net placed[3];
static struct home_arp_view view;
static struct home_arp_notes *notes;
static uint64_t until[2];
static unsigned looks;

static struct in_addr at(uint8_t host)
{
	return (struct in_addr){ host ? htonl(0xc0000200u + host) : 0 };
}

/* Odd addresses are away: in realm 0 those below 200, in realm 7 those above. */
static bool bound(void *context, unsigned net, struct in_addr home)
{
	uint32_t host = address_host(home) & 0xff;

	(void)context;
	looks++;
	return (host & 1u) && (nets[net].realm == 7) == (host > 200);
}

static uint64_t until_of(void *context, uint8_t group)
{
	(void)context;
	return until[group];
}

static const struct home_arp_callbacks ask = { .bound = bound, .until = until_of };

static void begin(void)
{
	static const uint8_t firsts[] = { 0, 128, 64 };

	for (size_t i = 0; i < 3; i++) {
		placed[i] = nets[i];
		placed[i].prefix.network.s_addr = htonl(0xc0000200u + firsts[i]);
	}
	notes = home_arp_notes_new(64);
	CU_ASSERT_PTR_NOT_NULL_FATAL(notes);
	view = (struct home_arp_view){ .nets = placed, .count = 3, .ask = &ask, .notes = notes };
	until[0] = until[1] = NOW + 1;
	looks = 0;
}

static void end(void)
{
	home_arp_notes_free(notes);
}

struct row {
	const char *what;
	struct arp arp; /* addresses are set from the two below */
	uint8_t sender, target;
	unsigned link;
	int net;
	enum home_arp_verdict verdict;
};

/* The sender is 192.0.2.20 unless it says otherwise. */
#define FRAME(operation_, from_, sender_mac_, to_)                                                 \
	{                                                                                          \
		.operation = operation_, .from = { from_ }, .sender_mac = { sender_mac_ },         \
		.to = { to_ }                                                                      \
	}

static const struct row rows[] = {
	{ "a request for an absent node", FRAME(1, HOST(2), HOST(2), ALL), 20, 5, 0, 0,
	  HOME_ARP_IS_ANSWER },
	{ "the same, to the home agent alone", FRAME(1, HOST(2), HOST(2), OURS), 20, 5, 0, 0,
	  HOME_ARP_IS_ANSWER },
	{ "from a host of another network", FRAME(1, HOST(2), HOST(2), ALL), 250, 5, 0, 0,
	  HOME_ARP_IS_ANSWER },
	{ "with a MAC that another frame brings", FRAME(1, HOST(3), HOST(2), ALL), 20, 5, 0, 0,
	  HOME_ARP_IS_ANSWER },
	{ "for a node that is at home", FRAME(1, HOST(2), HOST(2), ALL), 20, 6, 0, 0,
	  HOME_ARP_IS_UNBOUND },
	{ "for an absent node, to another host", FRAME(1, HOST(2), HOST(2), HOST(9)), 20, 5, 0, 0,
	  HOME_ARP_IS_ELSEWHERE },
	{ "to a group of hosts", FRAME(1, HOST(2), HOST(2), GROUP), 20, 5, 0, 0,
	  HOME_ARP_IS_ANSWER },
	{ "of the longest prefix", FRAME(1, HOST(2), HOST(2), ALL), 20, 65, 0, 2,
	  HOME_ARP_IS_ANSWER },
	{ "on another link, of another realm", FRAME(1, HOST(2), HOST(2), ALL), 20, 201, 1, 1,
	  HOME_ARP_IS_ANSWER },
	{ "of that realm, on the wrong link", FRAME(1, HOST(2), HOST(2), ALL), 20, 201, 0, 0,
	  HOME_ARP_IS_UNBOUND },
	{ "outside of the link's network", FRAME(1, HOST(2), HOST(2), ALL), 20, 5, 1, -1,
	  HOME_ARP_IS_OUTSIDE },
	{ "for no network at all", FRAME(1, HOST(2), HOST(2), ALL), 20, 0, 0, -1,
	  HOME_ARP_IS_OUTSIDE },
	{ "an announcement, as a request", FRAME(1, HOST(2), HOST(2), ALL), 5, 5, 0, 0,
	  HOME_ARP_IS_GRATUITOUS },
	{ "an announcement, as an answer", FRAME(2, HOST(2), HOST(2), ALL), 5, 5, 0, 0,
	  HOME_ARP_IS_GRATUITOUS },
	{ "an answer to our question", FRAME(2, HOST(2), HOST(2), OURS), 5, 0, 0, 0,
	  HOME_ARP_IS_REPLY },
	{ "an answer of another network", FRAME(2, HOST(2), HOST(2), OURS), 5, 9, 1, -1,
	  HOME_ARP_IS_OUTSIDE },
	{ "a probe", FRAME(1, HOST(2), HOST(2), ALL), 0, 5, 0, 0, HOME_ARP_IS_PROBE },
	{ "under our own MAC", FRAME(1, OURS, OURS, ALL), 20, 5, 0, 0, HOME_ARP_IS_OWN },
	{ "naming our own MAC", FRAME(1, HOST(2), OURS, ALL), 20, 5, 0, 0, HOME_ARP_IS_OWN },
	{ "in a frame of ours", FRAME(1, OURS, HOST(2), ALL), 20, 5, 0, 0, HOME_ARP_IS_OWN },
	{ "an announcement of ours", FRAME(2, OURS, OURS, ALL), 5, 5, 0, 0, HOME_ARP_IS_OWN },
	{ "under the virtual MAC", FRAME(1, VIRTUAL, VIRTUAL, ALL), 20, 201, 1, 1,
	  HOME_ARP_IS_OWN },
	{ "of nobody", FRAME(1, HOST(2), { 0 }, ALL), 20, 5, 0, -1, HOME_ARP_IS_MALFORMED },
	{ "of everybody", FRAME(1, HOST(2), ALL, ALL), 20, 5, 0, -1, HOME_ARP_IS_MALFORMED },
	{ "of another kind", FRAME(8, HOST(2), HOST(2), ALL), 20, 5, 0, -1, HOME_ARP_IS_MALFORMED },
	{ "of no kind", FRAME(0, HOST(2), HOST(2), ALL), 20, 5, 0, -1, HOME_ARP_IS_MALFORMED },
};

static struct arp arp_of(const struct row *row)
{
	struct arp arp = row->arp;

	arp.sender = at(row->sender);
	arp.target = at(row->target);
	return arp;
}

static enum home_arp_verdict decide(const struct row *row, int *net)
{
	struct arp arp = arp_of(row);

	return home_arp_decide(&view, row->link, &arp, NOW, NOW - 30 * S, net);
}

static void each_message_has_its_verdict(void)
{
	begin();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int net;
		enum home_arp_verdict verdict = decide(&rows[i], &net);

		if (verdict != rows[i].verdict || net != rows[i].net)
			printf("%s: verdict %d, network %d\n", rows[i].what, (int)verdict, net);
		CU_ASSERT_EQUAL(verdict, rows[i].verdict);
		CU_ASSERT_EQUAL(net, rows[i].net);
	}
	end();
}

/* The table is not even asked. */
static void nobody_is_answered_past_the_deadline(void)
{
	begin();
	until[0] = NOW;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int net;
		enum home_arp_verdict verdict = decide(&rows[i], &net);

		if (net != 0)
			continue;
		CU_ASSERT_TRUE(verdict == HOME_ARP_IS_FENCED || verdict == HOME_ARP_IS_OWN);
	}
	end();
}

static void each_group_has_its_own_deadline(void)
{
	const struct row of_two = { .arp = rows[0].arp, .sender = 20, .target = 65 };
	int net;

	begin();
	until[0] = 0;
	CU_ASSERT_EQUAL(decide(&of_two, &net), HOME_ARP_IS_ANSWER);
	until[1] = NOW;
	CU_ASSERT_EQUAL(decide(&of_two, &net), HOME_ARP_IS_FENCED);
	CU_ASSERT_EQUAL(looks, 1);
	end();
}

/* For as long as the note is fresh, and only when it is the node that asks. */
static void node_that_came_back_is_not_answered(void)
{
	static const struct mac node = { HOST(2) }, another = { HOST(3) };
	int net;

	begin();
	home_arp_notes_put(notes, 0, at(5), another, NOW - S);
	CU_ASSERT_EQUAL(decide(&rows[0], &net), HOME_ARP_IS_ANSWER);
	home_arp_notes_put(notes, 0, at(5), node, NOW - S);
	CU_ASSERT_EQUAL(decide(&rows[0], &net), HOME_ARP_IS_OWN);
	home_arp_notes_put(notes, 0, at(5), node, NOW - 31 * S);
	CU_ASSERT_EQUAL(decide(&rows[0], &net), HOME_ARP_IS_ANSWER);
	home_arp_notes_put(notes, 2, at(5), node, NOW - S); /* of another network */
	CU_ASSERT_EQUAL(decide(&rows[0], &net), HOME_ARP_IS_ANSWER);
	end();
}

static void senders_are_believed_where_they_speak_of_themselves(void)
{
	CU_ASSERT_TRUE(home_arp_tells_sender(HOME_ARP_IS_GRATUITOUS));
	CU_ASSERT_TRUE(home_arp_tells_sender(HOME_ARP_IS_REPLY));
	CU_ASSERT_TRUE(home_arp_tells_sender(HOME_ARP_IS_ANSWER));
	CU_ASSERT_FALSE(home_arp_tells_sender(HOME_ARP_IS_PROBE));
	CU_ASSERT_FALSE(home_arp_tells_sender(HOME_ARP_IS_OWN));
	CU_ASSERT_FALSE(home_arp_tells_sender(HOME_ARP_IS_FENCED)); /* another member, perhaps */
	CU_ASSERT_FALSE(home_arp_tells_sender(HOME_ARP_IS_MALFORMED));
}

static void home_is_found_by_realm(void)
{
	begin();
	CU_ASSERT_EQUAL(home_arp_net_of_home(&view, 0, at(5)), 0);
	CU_ASSERT_EQUAL(home_arp_net_of_home(&view, 0, at(70)), 2);
	CU_ASSERT_EQUAL(home_arp_net_of_home(&view, 7, at(201)), 1);
	CU_ASSERT_EQUAL(home_arp_net_of_home(&view, 7, at(5)), -1);
	CU_ASSERT_EQUAL(home_arp_net_of_home(&view, 1, at(5)), -1);
	end();
}

/* ---- who is away ---- */

static void bits_are_of_one_address_each(void)
{
	static const uint8_t lengths[] = { 8, 23, 24, 26, 27, 31, 32 };

	for (size_t i = 0; i < sizeof(lengths); i++) {
		const struct address_prefix prefix = { .network = { htonl(0x0a000000u) },
			                               .length = lengths[i] };
		const uint32_t last = UINT32_MAX >> (lengths[i] - 1) >> 1;
		const uint32_t some[] = { 0, last / 2, last };
		struct home_arp_away away;

		CU_ASSERT_TRUE_FATAL(home_arp_away_open(&away, &prefix));
		for (size_t j = 0; j < 3; j++) {
			struct in_addr home = { htonl(0x0a000000u + some[j]) };
			struct in_addr next = { htonl(0x0a000000u + (some[j] ^ 1u)) };

			CU_ASSERT_FALSE(home_arp_away_has(&away, &prefix, home));
			home_arp_away_put(&away, &prefix, home, true);
			CU_ASSERT_TRUE(home_arp_away_has(&away, &prefix, home));
			if (lengths[i] < 32)
				CU_ASSERT_FALSE(home_arp_away_has(&away, &prefix, next));
			home_arp_away_put(&away, &prefix, home, false);
			CU_ASSERT_FALSE(home_arp_away_has(&away, &prefix, home));
		}
		home_arp_away_close(&away);
	}
}

static void largest_networks_have_no_bits(void)
{
	const struct address_prefix prefix = { .length = HOME_ARP_AWAY_LENGTH - 1 };
	struct home_arp_away away;

	CU_ASSERT_TRUE(home_arp_away_open(&away, &prefix));
	CU_ASSERT_PTR_NULL(away.bits);
	home_arp_away_close(&away);
}

/* ---- notes ---- */

static void notes_are_bounded_and_the_oldest_go(void)
{
	static const struct mac mac = { HOST(2) };
	unsigned kept = 0, old = 0;

	begin();
	for (uint32_t i = 0; i < 100000; i++)
		home_arp_notes_put(notes, 0, (struct in_addr){ htonl(i) }, mac, i + 1);
	for (uint32_t i = 0; i < 100000; i++)
		if (home_arp_notes_find(notes, 0, (struct in_addr){ htonl(i) }, 0)) {
			kept++;
			old += i < 99000;
		}
	CU_ASSERT_EQUAL(kept, 64);
	CU_ASSERT_EQUAL(old, 0);
	home_arp_notes_forget(notes);
	CU_ASSERT_PTR_NULL(home_arp_notes_find(notes, 0, (struct in_addr){ htonl(99999) }, 0));
	end();
}

static void newer_note_replaces_the_older(void)
{
	static const struct mac one = { HOST(2) }, two = { HOST(3) };
	const struct home_arp_note *note;

	begin();
	home_arp_notes_put(notes, 0, at(5), one, 10);
	home_arp_notes_put(notes, 0, at(5), two, 20);
	note = home_arp_notes_find(notes, 0, at(5), 20);
	CU_ASSERT_PTR_NOT_NULL_FATAL(note);
	CU_ASSERT_TRUE(mac_equal(note->mac, two));
	CU_ASSERT_PTR_NULL(home_arp_notes_find(notes, 0, at(5), 21));
	CU_ASSERT_PTR_NULL(home_arp_notes_find(notes, 1, at(5), 0));
	end();
}

static CU_TestInfo tests[] = {
	{ "each message has its verdict", each_message_has_its_verdict },
	{ "nobody is answered past the deadline", nobody_is_answered_past_the_deadline },
	{ "each group has its own deadline", each_group_has_its_own_deadline },
	{ "a node that came back is not answered", node_that_came_back_is_not_answered },
	{ "senders are believed where they speak of themselves",
	  senders_are_believed_where_they_speak_of_themselves },
	{ "a home is found by its realm", home_is_found_by_realm },
	{ "bits are of one address each", bits_are_of_one_address_each },
	{ "the largest networks have no bits", largest_networks_have_no_bits },
	{ "notes are bounded, and the oldest go", notes_are_bounded_and_the_oldest_go },
	{ "a newer note replaces the older", newer_note_replaces_the_older },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("home_arp", tests);
}

/* test_forward.c - the cases of tests/dataplane/packets/ through user space, and what
 * cases cannot say: counters, trials, explanations. Every reason that there is comes up
 * in some case. */
#include "agentd/dataplane/forward.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "proto/tunnel.h"
#include "tests/unit/packet_case.h"
#include "tests/unit/suite.h"

#define DIRECTORY "dataplane/packets"
#define CASES_MIN 80u

static struct forward_buffers buffers;

/* One case being run. */
struct running {
	const struct packet_case *c;
	const struct case_step *step;
	struct tunnels *tunnels;
	struct soft *soft;
	size_t outputs;
	bool wrong; /* an output that was not expected */
	unsigned notes;
	uint64_t told; /* FORWARD_BIT of the reasons whose sentences were */
	bool trial;
	bool silent; /* what comes out is not looked at */
};

static bool may_forward(void *context, uint8_t group)
{
	const struct running *running = context;

	return group >= 64 || !(running->step->fenced >> group & 1);
}

static bool may_attract(void *context, uint8_t group)
{
	const struct running *running = context;

	return group >= 64 || !(running->step->elsewhere >> group & 1);
}

static void print_octets(const char *what, struct span octets)
{
	printf("    %s %zu: ", what, octets.size);
	for (size_t i = 0; i < octets.size && i < 120; i++)
		printf("%02x", octets.at[i]);
	printf("\n");
}

static bool is_expected(const struct case_output *expected, const struct forward_output *output)
{
	if (expected->kind != output->kind || expected->on_link != output->on_link ||
	    (output->network != NULL) != output->on_link)
		return false;
	if (output->kind == FORWARD_PORT)
		return address_equal(expected->home, output->home) &&
		       address_equal(expected->endpoint, output->endpoint) &&
		       expected->port == output->port;
	return case_octets_match(&expected->packet, output->packet);
}

static void take_output(void *context, const struct forward_output *output)
{
	struct running *running = context;
	size_t at = running->outputs++;
	const struct case_output *expected = at < running->step->output_count
	                                             ? &running->step->outputs[at]
	                                             : NULL;
	struct ip4 ip;

	if (output->kind != FORWARD_PORT)
		CU_ASSERT_EQUAL(ip4_read(output->packet, &ip), HA_OK);
	if (running->trial || running->silent) /* identifications are 0; nothing is expected */
		return;
	if (expected && is_expected(expected, output))
		return;
	running->wrong = true;
	printf("    output %zu of kind %u is not as expected\n", at, (unsigned)output->kind);
	print_octets("seen", output->packet);
	if (expected)
		print_octets("expected",
		             (struct span){ expected->packet.at, expected->packet.size });
}

static void take_note(void *context, const char *sentence)
{
	struct running *running = context;
	static const char subject[] = "the packet ";

	running->notes++;
	CU_ASSERT_TRUE(strlen(sentence) > 0 && sentence[strlen(sentence) - 1] != '.');
	for (unsigned i = 0; i < FORWARD_REASON_COUNT; i++)
		if (strncmp(sentence, subject, strlen(subject)) == 0 &&
		    strcmp(sentence + strlen(subject), forward_reason_info(i)->sentence) == 0)
			running->told |= FORWARD_BIT(i);
}

static const struct forward_network *network_of_step(const struct packet_case *c,
                                                     const struct case_step *step)
{
	for (size_t i = 0; i < c->settings.network_count; i++)
		if (address_equal(c->networks[i].prefix.network, step->broadcast.network) &&
		    c->networks[i].prefix.length == step->broadcast.length)
			return &c->networks[i];
	printf("    the case has no such network\n");
	abort();
}

/* What a socket would have said about it. */
static struct forward_verdict run_datagram(const struct forward_context *context,
                                           struct span packet)
{
	struct ip4 ip;
	struct reader in;
	uint16_t source, destination;

	CU_ASSERT_EQUAL_FATAL(ip4_read(packet, &ip), HA_OK);
	ip.id = 0;
	ip.df = false;
	in = reader_over(packet.at, packet.size);
	reader_take(&in, ip.header_size);
	source = get_u16(&in);
	destination = get_u16(&in);
	get_u32(&in);
	return forward_datagram(context, &ip, source, destination,
	                        (struct span){ in.at, reader_left(&in) });
}

static struct forward_verdict run_packet(struct running *running)
{
	const struct case_step *step = running->step;
	struct span packet = { step->packet.at, step->packet.size };
	struct forward_context context = {
		.settings = &running->c->settings,
		.tunnels = running->tunnels,
		.soft = running->soft,
		.buffers = &buffers,
		.now_ns = step->now_ns,
		.context = running,
		.may_forward = may_forward,
		.may_attract = may_attract,
		.emit = take_output,
		.note = take_note,
		.trial = running->trial,
	};

	switch (step->entry) {
	case CASE_HOME:
		return forward_home(&context, step->realm, packet, step->arrival);
	case CASE_TUNNEL:
		return forward_tunnel(&context, packet);
	case CASE_DATAGRAM:
		return run_datagram(&context, packet);
	case CASE_ICMP:
		return forward_icmp(&context, packet);
	default:
		return forward_broadcast(&context, network_of_step(running->c, step), packet);
	}
}

static bool has_happened(uint64_t happened, uint64_t expected)
{
	for (unsigned i = 0; i < FORWARD_REASON_COUNT; i++)
		if ((happened ^ expected) & FORWARD_BIT(i))
			printf("    %s %s\n", forward_reason_info(i)->name,
			       happened & FORWARD_BIT(i) ? "happened" : "did not happen");
	return happened == expected;
}

static uint64_t run_step(struct running *running)
{
	const struct case_step *step = running->step;
	uint64_t expected = step->also | FORWARD_BIT(step->verdict);
	struct forward_verdict verdict;
	bool well;

	running->outputs = running->notes = 0;
	running->told = 0;
	running->wrong = false;
	verdict = run_packet(running);
	well = has_happened(verdict.happened, expected) && verdict.reason == step->verdict &&
	       !running->wrong && running->outputs == step->output_count;
	if (!well)
		printf("    case \"%s\", packet %td: verdict %s, outputs %zu of %zu\n",
		       running->c->name, step - running->c->steps,
		       forward_reason_info(verdict.reason)->name, running->outputs,
		       step->output_count);
	CU_ASSERT_TRUE(well);
	CU_ASSERT_EQUAL(verdict.outputs, running->outputs);
	CU_ASSERT_TRUE(running->notes > 0);
	CU_ASSERT_EQUAL(running->told, verdict.happened);
	return verdict.happened;
}

static uint64_t counted(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < FORWARD_REASON_COUNT; i++)
		sum += counter_read(&forward_counters, i);
	return sum;
}

/* A trial says what the packet would find, and leaves nothing behind: what comes after
 * it is as if it had not been. */
static void try_step(struct running *running)
{
	const struct case_step *step = running->step;
	uint64_t limited = FORWARD_BIT(FORWARD_ERROR_LIMITED), before = counted();
	struct forward_verdict verdict;

	running->trial = true;
	running->outputs = 0;
	verdict = run_packet(running);
	running->trial = false;
	CU_ASSERT_EQUAL(verdict.reason, step->verdict);
	CU_ASSERT_EQUAL(counted(), before);
	if (step->also & limited) /* which depends on what others caused */
		return;
	CU_ASSERT_TRUE(has_happened(verdict.happened, step->also | FORWARD_BIT(step->verdict)));
	CU_ASSERT_EQUAL(verdict.outputs, step->output_count);
}

static void begin(struct running *running, const struct packet_case *c)
{
	*running = (struct running){ .c = c };
	running->tunnels = tunnels_new((struct tunnels_size){ CASE_HOMES_MAX, 64 }, NULL);
	running->soft = soft_new(c->soft);
	CU_ASSERT_PTR_NOT_NULL_FATAL(running->tunnels);
	CU_ASSERT_PTR_NOT_NULL_FATAL(running->soft);
	for (size_t i = 0; i < c->home_count; i++)
		CU_ASSERT_EQUAL(tunnels_put(running->tunnels, &c->homes[i]), HA_OK);
}

static void end_case(struct running *running)
{
	tunnels_free(running->tunnels);
	soft_free(running->soft);
}

static uint64_t run_case(const struct packet_case *c)
{
	struct running running;
	uint64_t happened = 0;

	begin(&running, c);
	for (size_t i = 0; i < c->step_count; i++) {
		running.step = &c->steps[i];
		try_step(&running);
		happened |= run_step(&running);
	}
	end_case(&running);
	return happened;
}

/* Calls `each` for every case of every file. */
static unsigned for_all_cases(void (*each)(const struct packet_case *c, void *context),
                              void *context)
{
	static struct packet_case c;
	DIR *directory = opendir(DIRECTORY);
	struct dirent *entry;
	unsigned cases = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
	while ((entry = readdir(directory))) {
		char path[512];
		struct case_file file;

		if (!strstr(entry->d_name, ".txt"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", DIRECTORY, entry->d_name);
		CU_ASSERT_TRUE_FATAL(case_file_open(&file, path));
		for (; packet_case_next(&file, path, &c); cases++) {
			each(&c, context);
			packet_case_release(&c);
		}
		case_file_close(&file);
	}
	closedir(directory);
	return cases;
}

static void run_and_collect(const struct packet_case *c, void *context)
{
	*(uint64_t *)context |= run_case(c);
}

static void cases_come_out_as_written(void)
{
	uint64_t happened = 0;
	unsigned cases = for_all_cases(run_and_collect, &happened);

	CU_ASSERT_TRUE(cases >= CASES_MIN);
	for (unsigned i = 0; i < FORWARD_REASON_COUNT; i++) {
		if (!(happened & FORWARD_BIT(i)))
			printf("    no case has %s\n", forward_reason_info(i)->name);
		CU_ASSERT_TRUE((happened & FORWARD_BIT(i)) != 0);
	}
}

/* A small world of one home address, for what cases do not say. */
static struct in_addr address_of(const char *text)
{
	struct in_addr address = { 0 };

	CU_ASSERT_TRUE_FATAL(address_parse(text, &address));
	return address;
}

static struct packet_case world;
static struct case_step coming;

static void build_world(uint8_t bindings)
{
	world = (struct packet_case){ .settings = forward_settings_default(),
		                      .soft = { 8, 8, 100, 100, 1 },
		                      .home_count = 1 };
	world.agents[0].address = world.own[0] = address_of("192.0.2.1");
	world.settings.agents = world.agents;
	world.settings.own = world.own;
	world.settings.agent_count = world.settings.own_count = 1;
	world.homes[0] = (struct tunnels_home){ .home = address_of("10.0.0.5"), .count = bindings };
	for (uint8_t i = 0; i < bindings; i++) {
		struct in_addr care_of = { htonl(0xc6336407u + i) };

		world.homes[0].bindings[i] = (struct tunnels_binding){ .care_of = care_of,
			                                               .endpoint = care_of };
	}
}

static void send_in(struct running *running, enum case_entry entry, struct span packet)
{
	struct forward_verdict verdict;

	coming = (struct case_step){ .entry = entry,
		                     .arrival = FORWARD_ROUTED,
		                     .now_ns = 1,
		                     .packet = { packet.size, (uint8_t *)packet.at, NULL } };
	running->step = &coming;
	running->outputs = 0;
	verdict = run_packet(running);
	CU_ASSERT_EQUAL(forward_reason_info(verdict.reason)->fate, PACKET_WENT_ON);
}

static struct span packet_of(uint8_t *room, const char *from, const char *to, size_t size)
{
	struct writer out = writer_over(room, 2000);
	struct ip4 ip = { .total = (uint16_t)size, .ttl = 9, .protocol = 253, .id = 3 };

	ip.source = address_of(from);
	ip.destination = address_of(to);
	ip4_write(&out, &ip);
	memset(out.at, 0, size - IP4_HEADER_MIN);
	return (struct span){ room, size };
}

static uint64_t row(const struct running *running, size_t binding, size_t which)
{
	struct tunnels_home home;
	const struct tunnels_counters *counters;

	CU_ASSERT_TRUE_FATAL(tunnels_find(running->tunnels, 0, address_of("10.0.0.5"), &home));
	counters = tunnels_counters_of(running->tunnels, home.bindings[binding].slot);
	CU_ASSERT_PTR_NOT_NULL_FATAL(counters);
	return tunnels_read(which == 0   ? &counters->in_packets
	                    : which == 1 ? &counters->in_octets
	                    : which == 2 ? &counters->out_packets
	                                 : &counters->out_octets);
}

static void bindings_count_what_is_inside(void)
{
	static uint8_t room[2000], outer[2100];
	struct tunnel_end end = { .local = address_of("198.51.100.8"),
		                  .remote = address_of("192.0.2.1") };
	struct writer out = writer_over(outer, sizeof(outer));
	struct running running;

	build_world(2);
	begin(&running, &world);
	running.silent = true;
	send_in(&running, CASE_HOME, packet_of(room, "203.0.113.9", "10.0.0.5", 100));
	send_in(&running, CASE_HOME, packet_of(room, "203.0.113.9", "10.0.0.5", 1600));
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(row(&running, i, 2), 2); /* fragments are one packet */
		CU_ASSERT_EQUAL(row(&running, i, 3), 1700);
		CU_ASSERT_EQUAL(row(&running, i, 0), 0);
	}
	CU_ASSERT_EQUAL(tunnel_wrap(&end, &(struct tunnel_outer){ .ttl = 9 },
	                            packet_of(room, "10.0.0.5", "203.0.113.9", 120), &out),
	                HA_OK);
	send_in(&running, CASE_TUNNEL, writer_span(&out));
	CU_ASSERT_EQUAL(row(&running, 1, 0), 1);
	CU_ASSERT_EQUAL(row(&running, 1, 1), 120);
	CU_ASSERT_EQUAL(row(&running, 0, 0), 0);
	end_case(&running);
}

/* Whatever is put into a tunnel again, or sent to a home link, is one packet. */
static void only_what_leaves_by_routes_may_be_several(void)
{
	static const struct {
		const char *to;
		bool whole;
	} rows[] = {
		{ "203.0.113.9", true }, { "192.0.2.1", true },  { "10.0.0.5", false },
		{ "10.0.1.7", false },   { "224.0.0.9", false }, { "255.255.255.255", false }
	};
	const struct forward_network network = { .prefix = { address_of("10.0.1.0"), 24 } };
	struct forward_context context;
	struct running running;

	build_world(1);
	world.settings.networks = &network;
	world.settings.network_count = 1;
	begin(&running, &world);
	context = (struct forward_context){ .settings = &world.settings,
		                            .tunnels = running.tunnels };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(forward_leaves_whole(&context, 0, address_of(rows[i].to)),
		                rows[i].whole);
	end_case(&running);
}

static void reasons_are_counters(void)
{
	for (unsigned i = 0; i < FORWARD_REASON_COUNT; i++) {
		const struct packet_reason_info *info = forward_reason_info(i);
		const struct counter_info *counter = &forward_counters.infos[i];

		CU_ASSERT_STRING_EQUAL(counter->name + strlen("forward-"), info->name);
		CU_ASSERT_TRUE(strlen(counter->help) > 0 && strlen(info->sentence) > 0);
		for (unsigned j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(forward_reason_info(j)->name, info->name);
	}
	CU_ASSERT_STRING_EQUAL(forward_category_name(FORWARD_CATEGORY_DHCP), "dhcp");
	CU_ASSERT_STRING_EQUAL(forward_category_name(FORWARD_CATEGORY_COUNT), "unknown");
}

static CU_TestInfo tests[] = {
	{ "cases come out as written", cases_come_out_as_written },
	{ "bindings count what is inside", bindings_count_what_is_inside },
	{ "only what leaves by routes may be several", only_what_leaves_by_routes_may_be_several },
	{ "reasons are counters", reasons_are_counters },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("forward", tests);
}

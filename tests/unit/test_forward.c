/* test_forward.c - the cases of tests/dataplane/packets/ through user space, and what
 * cases cannot say: counters, trials, explanations. Every reason that there is comes up
 * in some case. */
#include "agentd/dataplane/forward.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

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
	bool trial;
};

static bool may_forward(void *context, uint8_t group)
{
	const struct running *running = context;

	return group >= 64 || !(running->step->fenced >> group & 1);
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
	if (expected && is_expected(expected, output))
		return;
	running->wrong = true;
	printf("    output %zu of kind %u is not as expected\n", at, output->kind);
	print_octets("seen", output->packet);
	if (expected)
		print_octets("expected",
		             (struct span){ expected->packet.at, expected->packet.size });
}

static void take_note(void *context, const char *sentence)
{
	struct running *running = context;

	running->notes++;
	CU_ASSERT_TRUE(strlen(sentence) > 0 && sentence[strlen(sentence) - 1] != '.');
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
	return verdict.happened;
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

static void end(struct running *running)
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
		happened |= run_step(&running);
	}
	end(&running);
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

static CU_TestInfo tests[] = {
	{ "cases come out as written", cases_come_out_as_written },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("forward", tests);
}

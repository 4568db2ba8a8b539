/* test_tc_cases.c - the cases of tests/dataplane/packets/ through the BPF program. It
 * decides as the case says, octet by octet, or leaves the packet to user space as it
 * came; nothing else is allowed. */
#include <dirent.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/dataplane/tc_internal.h"
#include "tests/unit/packet_case.h"
#include "tests/unit/suite.h"
#include "tests/unit/tc_fixture.h"

#define DIRECTORY "dataplane/packets"
#define LINK_MTU 1500u
/* So many at least the program decides itself, of the cases that were there when it was
 * written; less would mean that it does nothing. */
#define TUNNELLED_MIN 15u
#define REVERSED_MIN 5u
#define FENCED_MIN 1u

static struct tc_fixture fixture;
static unsigned tunnelled, reversed, fenced, left;

/* ---- one case ---- */

static void set_own(const struct packet_case *c, bool there)
{
	static const uint8_t mark = 1;

	for (size_t i = 0; i < c->settings.own_count; i++) {
		uint32_t address = c->own[i].s_addr, bit = tc_own_bit(address);

		if (there)
			tc_map_put(&fixture.tc->object, TC_MAP_OWN, &address, &mark);
		else
			tc_map_remove(&fixture.tc->object, TC_MAP_OWN, &address);
		fixture.tc->own_filter[bit / 64] |= UINT64_C(1) << bit % 64;
	}
}

/* What the route to the exit would say. */
static void set_limits(const struct packet_case *c, uint32_t octets)
{
	for (size_t i = 0; i < c->home_count; i++)
		for (size_t j = 0; j < c->homes[i].count; j++)
			CU_ASSERT_EQUAL(
				tc_exit(fixture.tc, c->homes[i].bindings[j].endpoint, octets),
				HA_OK);
}

/* By its routes the host sends home networks to user space. */
static void route_networks(const struct packet_case *c, const char *verb)
{
	char command[128];

	for (size_t i = 0; i < c->settings.network_count; i++) {
		snprintf(command, sizeof(command), "ip route %s unreachable %s/%u 2>/dev/null",
		         verb, address_format(c->networks[i].prefix.network).text,
		         c->networks[i].prefix.length);
		CU_ASSERT_TRUE(system(command) >= 0);
	}
}

static void begin(const struct packet_case *c)
{
	route_networks(c, "add");
	for (size_t i = 0; i < c->settings.agent_count; i++)
		tc_agent(fixture.tc, c->agents[i].group, c->agents[i].address);
	for (size_t i = 0; i < c->home_count; i++)
		CU_ASSERT_EQUAL(tunnels_put(fixture.tunnels, &c->homes[i]), HA_OK);
	set_own(c, true);
	set_limits(c, c->settings.link_mtu == LINK_MTU ? UINT32_MAX : c->settings.link_mtu);
	fixture.tc->config->ttl = c->settings.ttl;
	fixture.tc->config->always_df = !c->settings.df_copied;
	fixture.tc->config->port = htons(c->settings.udp_port);
}

static void end(const struct packet_case *c)
{
	route_networks(c, "delete");
	set_limits(c, UINT32_MAX);
	set_own(c, false);
	for (size_t i = 0; i < c->home_count; i++) {
		struct tunnels_home gone = c->homes[i];

		gone.count = 0;
		CU_ASSERT_EQUAL(tunnels_put(fixture.tunnels, &gone), HA_OK);
	}
	for (size_t i = 0; i < c->settings.agent_count; i++)
		tc_agent(fixture.tc, c->agents[i].group, (struct in_addr){ 0 });
}

static void open_fences(const struct packet_case *c, const struct case_step *step)
{
	for (size_t i = 0; i < c->settings.agent_count; i++) {
		uint8_t group = c->agents[i].group;

		tc_fence(fixture.tc, group, step->fenced >> group & 1 ? 0 : UINT64_MAX, 0);
	}
}

/* ---- what came out ---- */

/* BPF sends no checksum of UDP. */
static void forget_checksum(struct case_octets *expected)
{
	struct ip4 ip;

	if (ip4_read_quoted((struct span){ expected->at, expected->size }, &ip) == HA_OK &&
	    ip.protocol == IP4_UDP && expected->size > 28)
		memset(expected->cares + 26, 0, 2);
}

static bool is_copy(struct case_step *step, size_t number, const struct fixture_result *result)
{
	struct case_output *output = &step->outputs[number];

	if (number >= step->output_count || output->kind != FORWARD_OUTER)
		return false;
	forget_checksum(&output->packet);
	return result->action == TC_ACT_REDIRECT &&
	       case_octets_match(&output->packet, fixture_inside(result));
}

/* The program has sent the packet on, so the hop is counted already. */
static bool is_unwrapped(struct case_step *step, const struct fixture_result *result)
{
	struct case_octets *expected = &step->outputs[0].packet;
	struct ip4 ip;

	return step->output_count == 1 && step->outputs[0].kind == FORWARD_INNER &&
	       !step->outputs[0].on_link &&
	       ip4_read((struct span){ expected->at, expected->size }, &ip) == HA_OK &&
	       ip4_decrement_ttl(expected->at, &ip) &&
	       case_octets_match(expected, fixture_inside(result));
}

static bool is_tunnelled(struct case_step *step, struct span packet,
                         const struct fixture_result *first)
{
	bool well = step->verdict == FORWARD_TUNNELLED && is_copy(step, 0, first);

	for (size_t i = 1; i < step->output_count && well; i++) {
		struct fixture_result copy = fixture_run(&fixture, fixture.home,
		                                         fixture_frame(&fixture, packet),
		                                         TC_COPY_MARK | (uint32_t)i);

		well = is_copy(step, i, &copy);
	}
	return well;
}

static bool is_untouched(struct span packet, const struct fixture_result *result)
{
	return (result->action == TC_ACT_UNSPEC || result->action == TC_ACT_REDIRECT) &&
	       fixture_inside(result).size == packet.size &&
	       memcmp(fixture_inside(result).at, packet.at, packet.size) == 0;
}

static bool judge(struct case_step *step, struct span packet, const struct fixture_result *result)
{
	if (is_untouched(packet, result)) {
		left++;
		return true;
	}
	if (result->action == TC_ACT_SHOT) {
		fenced++;
		return step->verdict == FORWARD_FENCED;
	}
	if (step->entry == CASE_HOME) {
		tunnelled++;
		return is_tunnelled(step, packet, result);
	}
	reversed++;
	return step->verdict == FORWARD_REVERSE && is_unwrapped(step, result);
}

/* As it comes in; what was on the home link for everybody goes to every MAC. */
static struct span frame_of(const struct case_step *step, struct span packet)
{
	static uint8_t everybody[5000];
	struct span frame = fixture_frame(&fixture, packet);

	if (step->entry != CASE_BROADCAST)
		return frame;
	memcpy(everybody, frame.at, frame.size);
	memset(everybody, 0xff, 6);
	return (struct span){ everybody, frame.size };
}

static void run_step(const struct packet_case *c, struct case_step *step)
{
	struct span packet = { step->packet.at, step->packet.size };
	struct fixture_result result;
	bool well;

	/* What the host has routed or made itself does not come in by an interface, and the
	 * kernel runs no program over less than a header. */
	if (packet.size < IP4_HEADER_MIN || packet.size > 4000 ||
	    (step->entry == CASE_HOME && step->arrival != FORWARD_FROM_WIRE))
		return;
	if (step->entry == CASE_ICMP) /* what is learnt from it is told to the program */
		set_limits(c, 0);
	open_fences(c, step);
	fixture.tc->links[fixture.home].realm = step->realm;
	result = fixture_run(&fixture, fixture.home, frame_of(step, packet), 0);
	well = judge(step, packet, &result);
	if (!well)
		printf("    case \"%s\", packet %td: action %d, %zu octets\n", c->name,
		       step - c->steps, result.action, result.frame.size);
	CU_ASSERT_TRUE(well);
}

static void run_file(const char *path)
{
	static struct packet_case c;
	struct case_file file;

	CU_ASSERT_TRUE_FATAL(case_file_open(&file, path));
	while (packet_case_next(&file, path, &c)) {
		begin(&c);
		for (size_t i = 0; i < c.step_count; i++)
			run_step(&c, &c.steps[i]);
		end(&c);
		packet_case_release(&c);
	}
	case_file_close(&file);
}

static void cases_come_out_as_written_or_are_left(void)
{
	DIR *directory = opendir(DIRECTORY);
	const struct dirent *entry;

	CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
	fixture.hashed = true; /* home networks of every case */
	fixture_begin(&fixture);
	while ((entry = readdir(directory))) {
		char path[512];

		if (!strstr(entry->d_name, ".txt"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", DIRECTORY, entry->d_name);
		run_file(path);
	}
	closedir(directory);
	fixture_close(&fixture);
	printf("    %u tunnelled, %u out of a tunnel, %u fenced, %u left to user space\n",
	       tunnelled, reversed, fenced, left);
	CU_ASSERT_TRUE(tunnelled >= TUNNELLED_MIN);
	CU_ASSERT_TRUE(reversed >= REVERSED_MIN);
	CU_ASSERT_TRUE(fenced >= FENCED_MIN);
}

static CU_TestInfo tests[] = {
	{ "cases come out as written or are left", cases_come_out_as_written_or_are_left },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc_cases", tests);
}

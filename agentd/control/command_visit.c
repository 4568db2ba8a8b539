/* command_visit.c - the foreign agent of the process, and what is advertised. */
#include <stdio.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "agentd/base/counters.h"
#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/visit/view.h"
#include "proto/advertisement.h"
#include "proto/arp.h"

/* Milliseconds as whole seconds; nothing for never. */
static void add_seconds(struct answer *answer, const char *name, uint64_t ms)
{
	if (ms == UINT64_MAX)
		answer_null(answer, name);
	else
		answer_number(answer, name, ms / 1000);
}

static void add_advertised(struct answer *answer, const struct visit_advertised *link)
{
	answer_text(answer, "interface", "%s", link->interface);
	answer_flag(answer, "present", link->present);
	answer_flag(answer, "advertises", link->advertises);
	if (link->present)
		answer_text(answer, "address", "%s", address_format(link->address).text);
	else
		answer_null(answer, "address");
	answer_text(answer, "flags", "%s", agent_flags_format(link->flags).text);
	answer_number(answer, "sequence", link->sequence);
	answer_number(answer, "lifetime_s", link->lifetime_s);
	answer_number(answer, "sent", link->sent);
	add_seconds(answer, "sent_ago_s", link->sent_ago_ms);
	add_seconds(answer, "due_in_s", link->due_in_ms);
	answer_record(answer);
}

enum call_progress call_advertisements(struct call *call)
{
	struct visit_advertised link;

	if (call->options.word_count)
		return call_usage(call);
	for (size_t i = 0; visit_advertised_at(call->groups->visit, i, &link); i++)
		add_advertised(&call->answer, &link);
	return CALL_DONE;
}

/* ---- visitors, and who is to be one ---- */

#define PAGE 64u

static void add_link(struct answer *answer, const char *interface, const uint8_t *link)
{
	struct mac mac;

	memcpy(mac.octets, link, sizeof(mac.octets));
	answer_text_or_null(answer, "interface", interface);
	answer_text(answer, "link_address", "%s", mac_format(mac).text);
}

static void add_asked(struct answer *answer, const struct foreign_registration *asked)
{
	if (asked->nai_size)
		answer_text(answer, "nai", "%.*s", asked->nai_size, (const char *)asked->nai);
	else
		answer_null(answer, "nai");
	answer_text(answer, "care_of", "%s", address_format(asked->care_of).text);
	answer_text(answer, "flags", "%s", flags_format(asked->flags).text);
}

static void add_features(struct answer *answer, unsigned features)
{
	static const struct {
		unsigned bit;
		const char *name;
	} rows[] = {
		{ FOREIGN_HAS_DELIVERY, "encapsulating-delivery" },
		{ FOREIGN_HAS_REVOCATION, "revocable" },
		{ FOREIGN_HAS_INFORM, "revocation-inform" },
	};
	char text[64] = "";
	size_t length = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (features & rows[i].bit && length < sizeof(text))
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
			                           length ? "," : "", rows[i].name);
	answer_text(answer, "features", "%s", text);
}

/* From it, and to it; nothing where this agent carries nothing. */
static void add_traffic(struct answer *answer, const struct visitor_seen *seen)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "packets_in", seen->traffic.in_packets },
		{ "octets_in", seen->traffic.in_octets },
		{ "packets_out", seen->traffic.out_packets },
		{ "octets_out", seen->traffic.out_octets },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (seen->carried)
			answer_number(answer, rows[i].name, rows[i].value);
		else
			answer_null(answer, rows[i].name);
	}
}

static void add_visitor(struct answer *answer, const struct visitor_seen *seen)
{
	const struct foreign_visitor *visitor = &seen->visitor;

	answer_text(answer, "home", "%s", address_format(visitor->home).text);
	answer_text(answer, "home_agent", "%s", address_format(visitor->home_agent).text);
	add_asked(answer, &visitor->asked);
	add_link(answer, seen->interface, visitor->asked.link);
	answer_text(answer, "encapsulation", "%s%s",
	            visitor->features & FOREIGN_HAS_UDP ? "udp/" : "",
	            encapsulation_name(visitor->encapsulation));
	add_features(answer, visitor->features);
	answer_number(answer, "granted_s", visitor->granted_s);
	add_seconds(answer, "since_s", seen->since_ms);
	add_seconds(answer, "remaining_s", seen->left_ms);
	add_traffic(answer, seen);
	answer_record(answer);
}

/* Where a listing goes on is kept in `given`. */
enum call_progress call_visitors(struct call *call)
{
	struct visitor_seen seen[PAGE];
	uint32_t place = (uint32_t)call->given;
	size_t count;

	if (call->options.word_count)
		return call_usage(call);
	count = visit_seen_from(call->groups->visit, &place, seen, PAGE);
	for (size_t i = 0; i < count; i++)
		add_visitor(&call->answer, &seen[i]);
	call->given = place;
	return count == PAGE ? CALL_MORE : CALL_DONE;
}

/* A node of which home agents have bindings here is served for each. */
enum call_progress call_visitors_remove(struct call *call)
{
	const struct call_options *options = &call->options;
	struct in_addr home, home_agent = { 0 };
	struct visit_figures figures;
	uint32_t count;

	if (options->word_count < 1 || options->word_count > 2)
		return call_usage(call);
	if (!address_parse(options->words[0], &home) || !home.s_addr)
		return call_wrong(call, "'%.60s' is no home address", options->words[0]);
	if (options->word_count == 2 &&
	    (!address_parse(options->words[1], &home_agent) || !home_agent.s_addr))
		return call_wrong(call, "'%.60s' is no address of a home agent", options->words[1]);
	if (visit_figures(call->groups->visit, &figures) && !figures.serves)
		return call_refuse(call, HA_E_NOTLEADER,
		                   "this member is not the foreign agent, that is member %u",
		                   figures.leader);
	count = visit_remove(call->groups->visit, home, home_agent);
	if (count == 0)
		return call_refuse(call, HA_E_NOTFOUND, "no visitor has the home address %s%s",
		                   options->words[0],
		                   options->word_count == 2 ? " of that home agent" : "");
	answer_text(&call->answer, "home", "%s", address_format(home).text);
	answer_number(&call->answer, "removed", count);
	answer_record(&call->answer);
	return CALL_DONE;
}

static void add_waiting(struct answer *answer, const struct visit_waiting *waiting)
{
	const struct foreign_registration *asked = &waiting->asked;

	answer_text(answer, "home", "%s", address_format(asked->home).text);
	answer_text(answer, "home_agent", "%s", address_format(asked->relayed_to).text);
	add_asked(answer, asked);
	add_link(answer, waiting->interface, asked->link);
	answer_number(answer, "lifetime_s", asked->lifetime_s);
	answer_number(answer, "since_ms", waiting->since_ms);
	answer_record(answer);
}

enum call_progress call_pending(struct call *call)
{
	struct visit_waiting waiting[PAGE];
	uint32_t place = (uint32_t)call->given;
	size_t count;

	if (call->options.word_count)
		return call_usage(call);
	count = visit_waiting_from(call->groups->visit, &place, waiting, PAGE);
	for (size_t i = 0; i < count; i++)
		add_waiting(&call->answer, &waiting[i]);
	call->given = place;
	return count == PAGE ? CALL_MORE : CALL_DONE;
}

/* Of a foreign agent that members of a cluster share. */
static void add_standing(struct answer *answer, const struct visit_figures *figures)
{
	if (!figures->shared)
		return;
	answer_text(answer, "foreign_agent", "%s", figures->serves ? "leader" : "standby");
	if (figures->leader)
		answer_number(answer, "foreign_agent_leader", figures->leader);
	else
		answer_null(answer, "foreign_agent_leader");
	answer_flag(answer, "visitors_store_failing", figures->failing);
}

void visit_facts(struct call *call)
{
	struct visit_figures figures;

	if (!visit_figures(call->groups->visit, &figures))
		return;
	add_standing(&call->answer, &figures);
	answer_number(&call->answer, "visitors", figures.visitors);
	answer_number(&call->answer, "visitors_capacity", figures.visitors_max);
	answer_number(&call->answer, "visitors_pending", figures.pending);
	answer_flag(&call->answer, "busy", figures.busy);
	answer_flag(&call->answer, "visitors_carried", figures.carries);
	answer_text_or_null(&call->answer, "visitors_trouble", figures.doubt);
}

/* ---- a process without a home agent ---- */

void visit_status(struct call *call)
{
	uint64_t now_ms = clock_wall_ms(), started_ms = counters_since_ms();

	answer_text(&call->answer, "version", "%s", HEARTH_VERSION);
	answer_text(&call->answer, "role", "foreign agent");
	answer_text(&call->answer, "started", "%s", time_format(started_ms).text);
	answer_number(&call->answer, "uptime_s",
	              now_ms > started_ms ? (now_ms - started_ms) / 1000 : 0);
	alarms_facts(&call->answer);
	visit_facts(call);
	answer_record(&call->answer);
}

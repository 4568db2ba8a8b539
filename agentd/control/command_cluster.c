/* command_cluster.c - the cluster: how its members are, who is to lead, and who may
 * come back. */
#include <stdio.h>

#include "agentd/base/log.h"
#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/flow/cluster_view.h"

static enum call_progress refuse_alone(struct call *call)
{
	return call_refuse(call, HA_E_UNSUPPORTED,
	                   "this node is alone, and of no cluster: cluster.node is 0");
}

/* false: there is no cluster, or there are words; refused. */
static bool look(struct call *call, struct replication_status *out)
{
	struct guest_status visitors;
	struct agent_status status;

	if (call->guest) {
		guest_status(call->guest, &visitors);
		*out = visitors.replication;
	} else {
		agent_status(call->agent, &status);
		*out = status.replication;
	}
	if (out->member_count == 0)
		refuse_alone(call);
	return out->member_count > 0;
}

/* ---- cluster status ---- */

static void add_lag(struct answer *answer, const struct cluster_lag lag)
{
	if (lag.known)
		answer_number(answer, "lag_entries", lag.entries);
	else
		answer_null(answer, "lag_entries");
	if (lag.age_known)
		answer_number(answer, "lag_ms", lag.age_ms);
	else
		answer_null(answer, "lag_ms");
}

static void add_link(struct answer *answer, const struct replication_peer *peer)
{
	if (peer->self || peer->round_trip_us == 0) {
		answer_null(answer, "round_trip_us");
		answer_null(answer, "clock_offset_us");
	} else {
		answer_number(answer, "round_trip_us", peer->round_trip_us);
		answer_text(answer, "clock_offset_us", "%+lld", (long long)peer->clock_offset_us);
	}
	if (peer->self || peer->silent_ms == UINT32_MAX)
		answer_null(answer, "silent_ms");
	else
		answer_number(answer, "silent_ms", peer->silent_ms);
}

static void add_member(struct answer *answer, const struct replication_status *status,
                       const struct replication_peer *peer)
{
	answer_number(answer, "member", peer->number);
	answer_text(answer, "kind", "%s", peer->witness ? "witness" : "data");
	answer_text(answer, "address", "%s:%u", peer->address, peer->port);
	answer_flag(answer, "self", peer->self);
	answer_text(answer, "role", "%s", cluster_role_name(cluster_peer_role(status, peer)));
	answer_text(answer, "state", "%s",
	            cluster_condition_name(cluster_peer_condition(status, peer)));
	answer_flag(answer, "connected", peer->self || peer->connected);
	add_lag(answer, cluster_peer_lag(status, peer));
	add_link(answer, peer);
	answer_record(answer);
}

void cluster_facts(struct answer *answer, const struct replication_status *status)
{
	struct cluster_view view;

	cluster_view_of(status, &view);
	if (cluster_leader(status))
		answer_number(answer, "leader", cluster_leader(status));
	else
		answer_null(answer, "leader");
	answer_number(answer, "lease_ms", status->lease_ms);
	answer_number(answer, "election_ms", status->election_ms);
	answer_number(answer, "reachable", view.reachable);
	answer_number(answer, "majority", view.majority);
	if (status->role == REPLICATION_LEADER)
		answer_number(answer, "redundancy", view.holding);
	else
		answer_null(answer, "redundancy");
}

void cluster_warnings_text(const struct replication_status *status, char *out, size_t size)
{
	const char *warnings[CLUSTER_WARNINGS_MAX];
	size_t count = cluster_warnings(status, warnings), length = 0;

	*out = '\0';
	for (size_t i = 0; i < count && length < size; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%s", i ? "; " : "",
		                           warnings[i]);
}

enum call_progress call_cluster_status(struct call *call)
{
	struct answer *answer = &call->answer;
	struct replication_status status;
	char warnings[CLUSTER_WARNINGS_TEXT];

	if (call->options.word_count)
		return call_usage(call);
	if (!look(call, &status))
		return CALL_DONE;
	for (size_t i = 0; i < status.member_count; i++)
		add_member(answer, &status, &status.members[i]);
	answer_number(answer, "term", status.term);
	cluster_facts(answer, &status);
	cluster_warnings_text(&status, warnings, sizeof(warnings));
	if (warnings[0])
		answer_text(answer, "warning:", "%s", warnings);
	return CALL_DONE;
}

/* ---- orders ---- */

static enum ha_error transfer(const struct call *call, uint8_t member)
{
	return call->guest ? guest_transfer(call->guest, member)
	                   : agent_transfer(call->agent, member);
}

static enum ha_error set_drained(const struct call *call, bool drained)
{
	return call->guest ? guest_drain(call->guest, drained) : agent_drain(call->agent, drained);
}

static enum ha_error admit(const struct call *call, uint8_t member)
{
	return call->guest ? guest_admit(call->guest, member) : agent_admit(call->agent, member);
}

static bool take_member(struct call *call, const char *word, uint8_t *out)
{
	uint32_t number;

	if (!number_parse(word, &number) || number == 0 || number > REPLICATION_MEMBERS_MAX) {
		call_wrong(call, "'%.60s' is not the number of a member", word);
		return false;
	}
	*out = (uint8_t)number;
	return true;
}

static void log_order(const struct call *call)
{
	log_notice("%s by %s", verb_infos[call->verb].name, call->who);
}

static enum call_progress done(struct call *call, const char *result, uint8_t member)
{
	log_order(call);
	answer_text(&call->answer, "result", "%s", result);
	if (member)
		answer_number(&call->answer, "member", member);
	else
		answer_null(&call->answer, "member");
	answer_record(&call->answer);
	return CALL_DONE;
}

static const char *transfer_trouble(enum ha_error why)
{
	switch (why) {
	case HA_E_NOTFOUND:
		return "there is no such other data member within reach that would lead";
	case HA_E_UNSUPPORTED:
		return "that member would not lead: it is drained, holds nothing yet, or has a "
		       "clock that is off";
	case HA_E_BUSY:
		return "it is being handed over already";
	default:
		return ha_strerror(why);
	}
}

enum call_progress call_cluster_transfer(struct call *call)
{
	struct replication_status status;
	uint8_t member = 0;
	enum ha_error why;

	if (call->options.word_count > 1)
		return call_usage(call);
	if (!look(call, &status))
		return CALL_DONE;
	if (call->options.word_count == 1 && !take_member(call, call->options.words[0], &member))
		return CALL_DONE;
	why = transfer(call, member);
	if (why != HA_OK)
		return call_refuse(call, why, "leadership was not handed over: %s",
		                   transfer_trouble(why));
	return done(call, "begun", member);
}

static enum call_progress drain(struct call *call, bool drained)
{
	struct replication_status status;
	enum ha_error why;

	if (call->options.word_count)
		return call_usage(call);
	if (!look(call, &status))
		return CALL_DONE;
	if (drained && cluster_peer(&status, status.self)->witness)
		return call_refuse(call, HA_E_UNSUPPORTED,
		                   "this member is a witness: it answers no mobile nodes anyway");
	why = set_drained(call, drained);
	if (why == HA_E_NOTFOUND)
		return call_refuse(call, why,
		                   "nothing was changed: this node leads, and no other data member "
		                   "within reach would take over");
	if (why != HA_OK)
		return call_refuse(call, why, "nothing was changed: %s", ha_strerror(why));
	return done(call, drained ? "drained" : "may lead again", status.self);
}

enum call_progress call_cluster_drain(struct call *call)
{
	return drain(call, true);
}

enum call_progress call_cluster_undrain(struct call *call)
{
	return drain(call, false);
}

enum call_progress call_cluster_admit(struct call *call)
{
	struct replication_status status;
	uint8_t member;
	enum ha_error why;

	if (call->options.word_count != 1)
		return call_usage(call);
	if (!look(call, &status) || !take_member(call, call->options.words[0], &member))
		return CALL_DONE;
	why = admit(call, member);
	if (why == HA_E_NOTFOUND)
		return call_refuse(call, why,
		                   "member %u is not refused for another data directory: there is "
		                   "nothing to admit",
		                   member);
	if (why != HA_OK)
		return call_refuse(call, why, "nothing was changed: %s", ha_strerror(why));
	return done(call, "admitted", member);
}

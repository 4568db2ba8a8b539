/* refuse.c - who is not asked for a while, longer each time, until it has accepted something. Names
 * are made up easily: who was heard is told apart from who has served. */
#include <string.h>

#include "agentd/base/log.h"
#include "agentd/mobile/internal.h"

#define REFUSED_MIN_MS 60000u /* an agent that denied, or did not answer */
#define REFUSED_MAX_MS 1800000u
#define SILENT_TRIES 3u  /* of a request, after the first */
#define STRANGERS_MAX 3u /* of those that never accepted: then they all rest */

static void refuse(struct mobile_refusal *refusal, uint64_t now_ms)
{
	refusal->spell_ms = refusal->spell_ms ? 2 * refusal->spell_ms : REFUSED_MIN_MS;
	if (refusal->spell_ms > REFUSED_MAX_MS)
		refusal->spell_ms = REFUSED_MAX_MS;
	refusal->until_ms = now_ms + refusal->spell_ms;
}

static struct mobile_refusal *refusal_of(struct mobile *mobile, struct in_addr agent)
{
	for (size_t i = 0; i < MOBILE_REFUSED_MAX; i++)
		if (address_equal(mobile->refused[i].agent, agent))
			return &mobile->refused[i];
	return NULL;
}

static struct mobile_refusal *refusal_make(struct mobile *mobile, struct in_addr agent)
{
	struct mobile_refusal *refusal = &mobile->refused[mobile->refused_next];

	mobile->refused_next = (uint8_t)((mobile->refused_next + 1) % MOBILE_REFUSED_MAX);
	*refusal = (struct mobile_refusal){ .agent = agent };
	return refusal;
}

static bool has_served(const struct mobile *mobile, struct in_addr agent)
{
	for (size_t i = 0; i < MOBILE_SERVED_MAX; i++)
		if (address_equal(mobile->served[i], agent))
			return true;
	return false;
}

bool mobile_is_refused(const struct mobile *mobile, struct in_addr agent, uint64_t now_ms)
{
	for (size_t i = 0; i < MOBILE_REFUSED_MAX; i++)
		if (address_equal(mobile->refused[i].agent, agent))
			return now_ms < mobile->refused[i].until_ms;
	return false;
}

bool mobile_rests(const struct mobile *mobile, struct in_addr agent, uint64_t now_ms)
{
	return mobile_is_refused(mobile, agent, now_ms) ||
	       (now_ms < mobile->strangers.until_ms && !has_served(mobile, agent));
}

void mobile_refuse_agent(struct mobile *mobile, struct in_addr agent, uint64_t now_ms)
{
	struct mobile_refusal *refusal = refusal_of(mobile, agent);
	bool strange = !has_served(mobile, agent);

	if (!refusal) {
		refusal = refusal_make(mobile, agent);
		if (strange && mobile->strange < STRANGERS_MAX)
			mobile->strange++;
	}
	refuse(refusal, now_ms);
	if (strange && mobile->strange == STRANGERS_MAX)
		refuse(&mobile->strangers, now_ms);
}

void mobile_trust_agent(struct mobile *mobile, struct in_addr agent)
{
	if (agent.s_addr == 0)
		return;
	for (size_t i = 0; i < MOBILE_REFUSED_MAX; i++)
		if (address_equal(mobile->refused[i].agent, agent))
			mobile->refused[i] = (struct mobile_refusal){ 0 };
	if (has_served(mobile, agent))
		return;
	mobile->served[mobile->served_next] = agent;
	mobile->served_next = (uint8_t)((mobile->served_next + 1) % MOBILE_SERVED_MAX);
}

/* ---- home, by what is advertised: one thing, whoever says it ---- */

bool mobile_is_home_refused(const struct mobile *mobile, uint64_t now_ms)
{
	return now_ms < mobile->home_refused.until_ms;
}

void mobile_refuse_home(struct mobile *mobile, uint64_t now_ms)
{
	refuse(&mobile->home_refused, now_ms);
}

void mobile_trust_home(struct mobile *mobile)
{
	mobile->home_refused = (struct mobile_refusal){ 0 };
}

/* ---- what is said of them ---- */

void mobile_note_silence(struct mobile *mobile, uint64_t now_ms)
{
	struct in_addr agent = mobile->at.agent;

	if (!mobile->pending || now_ms < mobile->retry.due_ms || mobile->unanswered < SILENT_TRIES)
		return;
	if (mobile->at.by_agent && !mobile_is_refused(mobile, agent, now_ms)) {
		log_info("agent %s does not answer", address_format(agent).text);
		mobile_refuse_agent(mobile, agent, now_ms);
	}
	if (mobile->at.way == MOBILE_AT_HOME && mobile_home_is_heard(mobile, now_ms) &&
	    !mobile_is_home_refused(mobile, now_ms)) {
		log_info("nobody answers at what is said to be home");
		mobile_refuse_home(mobile, now_ms);
	}
}

/* Another link may be home; how often that was said in vain is not forgotten. */
void mobile_refuse_nobody(struct mobile *mobile)
{
	memset(mobile->refused, 0, sizeof(mobile->refused));
	memset(mobile->served, 0, sizeof(mobile->served));
	mobile->strangers = (struct mobile_refusal){ 0 };
	mobile->strange = 0;
	mobile->home_refused.until_ms = 0;
}

/* guest_apply.c - the state machine behind the group of visitors. On the engine's thread, which
 * must not be held up; reads no clock while applying. */
#include "agentd/flow/guest_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "agentd/base/log.h"
#include "agentd/visitors/command.h"

#define EXPIRE_EVERY_MS 500u
#define EXPIRE_BATCH 128u

/* ---- time ---- */

static uint64_t wall_ms(struct guest *guest, uint64_t now_ns)
{
	return clock_agreement_ms(&guest->wall, now_ns);
}

uint64_t guest_time_ms(struct guest *guest)
{
	uint64_t time_ms, now_ns;

	pthread_mutex_lock(&guest->clock_lock);
	now_ns = clock_monotonic_ns();
	time_ms = cluster_clock_read(&guest->clock, wall_ms(guest, now_ns), now_ns);
	pthread_mutex_unlock(&guest->clock_lock);
	return time_ms;
}

static void follow_time(struct guest *guest, uint64_t time_ms)
{
	pthread_mutex_lock(&guest->clock_lock);
	cluster_clock_follow(&guest->clock, time_ms, clock_monotonic_ns());
	pthread_mutex_unlock(&guest->clock_lock);
}

static void lead_time(struct guest *guest)
{
	uint64_t now_ns = clock_monotonic_ns(), floor_ms;

	pthread_mutex_lock(&guest->lock);
	floor_ms = guest->time_ms;
	pthread_mutex_unlock(&guest->lock);
	pthread_mutex_lock(&guest->clock_lock);
	cluster_clock_lead(&guest->clock, floor_ms, wall_ms(guest, now_ns), now_ns);
	pthread_mutex_unlock(&guest->clock_lock);
}

/* ---- what is applied ---- */

static void fail(struct guest *guest, uint64_t index, enum ha_error why)
{
	char what[128];

	snprintf(what, sizeof(what), "entry %" PRIu64 " of the log cannot be applied to visitors",
	         index);
	guest->options.failed(guest->options.context, why, what);
}

/* It was agreed that there is room: the list of this member is not that of the others any more. */
static void tell_misfits(struct guest *guest)
{
	static struct log_limit limit = { .per_second = 1 };
	uint64_t held_back;

	if (guest->misfits && log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_error("%u visitors of the cluster have no place here: is "
		          "foreign-agent.max-visitors, %u, the same on all members?",
		          guest->misfits, guest->config.visitors_max);
	guest->misfits = 0;
}

/* With the lock. */
static enum ha_error apply_one(struct guest *guest, const struct replication_entry *entry)
{
	struct visitor_command command;
	uint64_t time_ms;
	enum ha_error why = visitor_command_read((struct span){ entry->command, entry->size },
	                                         &command, &time_ms);

	if (why != HA_OK)
		return why;
	if (time_ms > guest->time_ms)
		guest->time_ms = time_ms;
	why = visitors_apply(guest->visitors, &command);
	if (why == HA_OK) {
		changes_add(&guest->to_tell, &command.visitor);
		changes_add(&guest->to_store, &command.visitor);
	}
	guest->misfits += why == HA_E_CAPACITY && !guest->witness;
	guest_settle(guest, entry->ticket, why);
	guest->applied = entry->index;
	guest->term = entry->term;
	return HA_OK;
}

static void apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct guest *guest = context;
	enum ha_error why = HA_OK;
	uint64_t time_ms;

	pthread_mutex_lock(&guest->lock);
	for (size_t i = 0; i < count && why == HA_OK; i++) {
		why = apply_one(guest, &entries[i]);
		if (why != HA_OK)
			fail(guest, entries[i].index, why);
	}
	time_ms = guest->time_ms;
	pthread_mutex_unlock(&guest->lock);
	if (!guest->led)
		follow_time(guest, time_ms);
	tell_misfits(guest);
	guest_poke(guest);
}

/* ---- lifetimes: whoever leads ends them ---- */

static size_t find_expired(struct guest *guest, uint64_t now_ms,
                           struct visitor_command out[EXPIRE_BATCH])
{
	const struct foreign_visitor *found;
	uint32_t place = 0;
	size_t count = 0;

	pthread_mutex_lock(&guest->lock);
	for (; count < EXPIRE_BATCH; count++, place++) {
		found = visitors_expired(guest->visitors, now_ms, &place);
		if (!found)
			break;
		out[count] = (struct visitor_command){
			.kind = VISITOR_OVER,
			.visitor = { .home = found->home,
			             .home_agent = found->home_agent,
			             .expires_ms = now_ms },
		};
	}
	pthread_mutex_unlock(&guest->lock);
	return count;
}

static void tick(void *context)
{
	struct guest *guest = context;
	struct visitor_command expired[EXPIRE_BATCH];
	uint64_t now_ms = clock_monotonic_ms();
	size_t count;

	if (!guest->led || now_ms < guest->expired_ms + EXPIRE_EVERY_MS)
		return;
	guest->expired_ms = now_ms;
	count = find_expired(guest, guest_time_ms(guest), expired);
	for (size_t i = 0; i < count; i++)
		if (guest->face.submit(guest, &expired[i], VISITORS_TICKET_NOBODY) != HA_OK)
			return;
}

/* ---- leadership ---- */

/* Asked by those who have the addresses, too. */
uint64_t guest_until_ns(void *context)
{
	struct guest *guest = context;
	uint64_t until_ns = 0;

	pthread_mutex_lock(&guest->answer_lock);
	if (guest->answering)
		until_ns = replication_may_answer_until(guest->replication);
	pthread_mutex_unlock(&guest->answer_lock);
	return until_ns;
}

static void moment(void *context)
{
	struct guest *guest = context;
	uint64_t until_ns = guest_until_ns(guest);

	for (size_t i = 0; i < guest->shared_count; i++)
		ownership_set(guest->ownerships[i], until_ns);
	guest_poke(guest);
}

void guest_answer(struct guest *guest, bool answering)
{
	pthread_mutex_lock(&guest->answer_lock);
	guest->answering = answering;
	pthread_mutex_unlock(&guest->answer_lock);
	moment(guest);
}

static void change_role(void *context, enum replication_role role, uint64_t term)
{
	struct guest *guest = context;
	bool leads = role == REPLICATION_LEADER;

	if (leads) {
		lead_time(guest);
		log_notice("this member is the cluster's foreign agent, in term %" PRIu64, term);
	} else if (guest->led) {
		log_notice("this member is not the cluster's foreign agent any more");
	}
	guest->led = leads;
	guest_answer(guest, leads);
}

static void lost(void *context, const uint64_t *tickets, size_t count)
{
	struct guest *guest = context;

	pthread_mutex_lock(&guest->lock);
	for (size_t i = 0; i < count; i++)
		guest_settle(guest, tickets[i], HA_E_NOTLEADER);
	pthread_mutex_unlock(&guest->lock);
	guest_poke(guest);
}

static void outrun(void *context, uint8_t from)
{
	struct guest *guest = context;

	pthread_mutex_lock(&guest->lock);
	guest->from = from;
	pthread_cond_signal(&guest->wake);
	pthread_mutex_unlock(&guest->lock);
}

static void failed(void *context, enum ha_error why, const char *what)
{
	struct guest *guest = context;

	guest->options.failed(guest->options.context, why, what);
}

void guest_machine(struct guest *guest, struct replication_machine *out)
{
	*out = (struct replication_machine){
		.context = guest,
		.apply = apply,
		.tick = tick,
		.failed = failed,
		.lost = lost,
		.role = guest->witness ? NULL : change_role,
		.answers = guest->witness ? NULL : moment,
		.moment = guest->witness ? NULL : moment,
		.outrun = outrun,
	};
}

/* home_arp_work.c - what the thread hears and says. */
#include "agentd/dataplane/home_arp_internal.h"

#include "agentd/base/clock.h"

#define NOTE_MS 30000u /* that a node was heard before it is announced */
#define WORK_MAX 64u   /* jobs, or nodes of a walk, before the links are heard again */
#define LIMIT_MS 1u    /* of deafness when the link asks too much */

/* hear_link() counts a verdict as the counter of the same number. */
_Static_assert((int)HOME_ARP_IS_UNBOUND == (int)HOME_ARP_UNBOUND,
               "verdicts are the first of the counters, in order");

static uint64_t ago(uint64_t now_ns, uint64_t ms)
{
	return now_ns > ms * MS ? now_ns - ms * MS : 0;
}

/* ---- saying ---- */

/* The deadline is looked at once more, since who was stopped meanwhile must not say
 * what he had prepared. How many were sent. */
static size_t flush(struct home_arp *arp)
{
	struct home_arp_outgoing *out = &arp->out;
	size_t count = home_arp_batch_count(out->batch), sent;

	if (count == 0)
		return 0;
	if (clock_monotonic_ns() >= out->until_ns) {
		home_arp_batch_clear(out->batch);
		home_arp_count(HOME_ARP_FENCED, count);
		return 0;
	}
	sent = home_arp_batch_send(out->batch, arp->links[out->link].fd);
	home_arp_count(HOME_ARP_FAILURES, count - sent);
	return sent;
}

static void say(struct home_arp *arp, const struct home_arp_net *net, const struct arp *what)
{
	struct home_arp_outgoing *out = &arp->out;
	uint64_t until_ns = arp->ask.until(arp->ask.context, net->group);

	if (home_arp_batch_count(out->batch) == HOME_ARP_BATCH || out->link != net->link)
		(void)flush(arp);
	if (home_arp_batch_count(out->batch) == 0 || until_ns < out->until_ns)
		out->until_ns = until_ns;
	out->link = net->link;
	home_arp_batch_add(out->batch, what);
}

static void announce(struct home_arp *arp, const struct home_arp_net *net, struct in_addr home,
                     struct mac mac)
{
	static const enum arp_operation forms[] = { ARP_REQUEST, ARP_REPLY };

	for (size_t i = 0; i < 2; i++) {
		struct arp message = arp_announcement(mac, home, forms[i]);

		message.from = net->ours; /* switches learn from it where we are, not the node */
		say(arp, net, &message);
	}
}

/* Where is the node? Without a sender, so that nobody learns anything by it. */
static void ask_for(struct home_arp *arp, const struct home_arp_net *net, struct in_addr home)
{
	struct arp question = arp_announcement(net->ours, home, ARP_REQUEST);

	question.sender.s_addr = 0;
	say(arp, net, &question);
	home_arp_count(HOME_ARP_ASKED, 1);
}

/* ---- hearing ---- */

static enum home_arp_verdict hear_one(struct home_arp *arp, unsigned link, size_t i,
                                      uint64_t now_ns)
{
	enum home_arp_verdict verdict = HOME_ARP_IS_MALFORMED;
	struct arp heard;
	int net = -1;

	if (home_arp_batch_read(arp->heard, i, &heard) == HA_OK)
		verdict = home_arp_decide(&arp->view, link, &heard, now_ns, ago(now_ns, NOTE_MS),
		                          &net);
	if (home_arp_tells_sender(verdict) &&
	    address_in_prefix(heard.sender, &arp->nets[net].prefix))
		home_arp_notes_put(arp->notes, (uint8_t)net, heard.sender, heard.sender_mac,
		                   now_ns);
	if (verdict == HOME_ARP_IS_ANSWER) {
		const struct arp answer = arp_answer(&heard, arp->nets[net].ours);

		say(arp, &arp->nets[net], &answer);
	}
	return verdict;
}

/* One batch of one link. true: there may be more. */
static bool hear_link(struct home_arp *arp, unsigned link, size_t max, uint64_t now_ns)
{
	uint64_t counts[HOME_ARP_COUNTER_COUNT] = { 0 };
	size_t count = home_arp_batch_receive(arp->heard, arp->links[link].fd, max);

	for (size_t i = 0; i < count; i++)
		counts[hear_one(arp, link, i, now_ns)]++;
	counts[HOME_ARP_ANSWER] = flush(arp);
	for (size_t i = 0; i < HOME_ARP_COUNTER_COUNT && count; i++)
		if (counts[i])
			home_arp_count((enum home_arp_counter)i, counts[i]);
	home_arp_bucket_spend(&arp->hearing, now_ns, count);
	return count > 0 && count == (max < HOME_ARP_BATCH ? max : HOME_ARP_BATCH);
}

bool home_arp_hear(struct home_arp *arp, uint64_t *next_ns)
{
	bool more = false;

	for (unsigned link = 0; link < arp->link_count; link++) {
		uint64_t now_ns = clock_monotonic_ns();
		uint64_t may = home_arp_bucket_look(&arp->hearing, now_ns);

		if (may == 0) {
			home_arp_count(HOME_ARP_LIMITED, 1);
			if (now_ns + LIMIT_MS * MS < *next_ns)
				*next_ns = now_ns + LIMIT_MS * MS;
			return false;
		}
		more = hear_link(arp, link, (size_t)may, now_ns) || more;
	}
	return more;
}

/* ---- who left, who came home ---- */

/* Both: was anything said? Whoever does not lead keeps what is due later: he may lead
 * by then. */
static bool do_left(struct home_arp *arp, const struct home_arp_job *job, bool leads)
{
	const struct home_arp_net *net = &arp->nets[job->net];

	if (leads) {
		announce(arp, net, job->home, net->ours);
		home_arp_count(HOME_ARP_LEFT, 1);
	}
	return leads;
}

static bool do_came(struct home_arp *arp, const struct home_arp_job *job, bool leads)
{
	const struct home_arp_net *net = &arp->nets[job->net];
	const struct home_arp_note *note;
	bool asks = job->turn == HOME_ARP_TURN_NOW || job->turn == HOME_ARP_TURN_AGAIN;

	if (!leads)
		return false;
	note = home_arp_notes_find(arp->notes, job->net, job->home, ago(job->began_ns, NOTE_MS));
	if (note) {
		announce(arp, net, job->home, note->mac);
		home_arp_count(HOME_ARP_RETURNED, 1);
	} else if (job->turn == HOME_ARP_TURN_LAST) {
		home_arp_count(HOME_ARP_UNKNOWN, 1);
	}
	asks = asks && !(note && note->heard_ns >= job->began_ns);
	if (asks)
		ask_for(arp, net, job->home);
	return asks || note;
}

static bool take(struct home_arp *arp, uint64_t now_ns, struct home_arp_job *job)
{
	bool taken;

	pthread_mutex_lock(&arp->mutex);
	taken = home_arp_plan_take(arp->plan, now_ns, job);
	pthread_mutex_unlock(&arp->mutex);
	return taken;
}

static void put_back(struct home_arp *arp, const struct home_arp_job *job, bool paid,
                     uint64_t now_ns)
{
	pthread_mutex_lock(&arp->mutex);
	if (paid)
		home_arp_plan_pay(arp->plan, now_ns);
	home_arp_plan_again(arp->plan, job, now_ns);
	pthread_mutex_unlock(&arp->mutex);
}

/* A job whose node has gone the other way meanwhile ends. */
static bool do_job(struct home_arp *arp, uint64_t now_ns)
{
	struct home_arp_job job;
	const struct home_arp_net *net;
	bool leads, sent;

	if (!take(arp, now_ns, &job))
		return false;
	net = &arp->nets[job.net];
	if (arp->ask.bound(arp->ask.context, job.net, job.home) !=
	    (job.event == HOME_ARP_LEFT_HOME))
		return true;
	leads = home_arp_may_speak(&arp->view, net, now_ns);
	sent = job.event == HOME_ARP_LEFT_HOME ? do_left(arp, &job, leads)
	                                       : do_came(arp, &job, leads);
	put_back(arp, &job, sent, now_ns);
	return true;
}

/* ---- all of them ---- */

static uint64_t groups_we_lead(const struct home_arp *arp, uint64_t now_ns)
{
	uint64_t groups = 0;

	for (size_t i = 0; i < arp->net_count; i++)
		if (home_arp_may_speak(&arp->view, &arp->nets[i], now_ns))
			groups |= UINT64_C(1) << arp->nets[i].group;
	return groups;
}

/* The walk begins anew when another group is to be announced, and ends when its groups
 * are led by others. */
static bool is_walking(struct home_arp *arp, uint64_t now_ns)
{
	struct home_arp_walk *walk = &arp->walk;
	uint64_t more = atomic_exchange(&arp->walk_groups, 0);

	if (more) {
		walk->groups |= more;
		walk->cursor = 0;
		walk->passes = 0;
		walk->count = walk->at = 0;
		atomic_store(&arp->announced, 0);
	}
	if (walk->groups)
		walk->groups &= groups_we_lead(arp, now_ns);
	atomic_store(&arp->announcing, walk->groups != 0);
	return walk->groups != 0;
}

static bool next_home(struct home_arp *arp, struct home_arp_home *home)
{
	struct home_arp_walk *walk = &arp->walk;

	if (walk->at == walk->count) {
		walk->at = 0;
		walk->count = arp->ask.walk(arp->ask.context, &walk->cursor, walk->homes,
		                            HOME_ARP_BATCH);
	}
	if (walk->count == 0)
		return false;
	*home = walk->homes[walk->at++];
	return true;
}

static bool may_pay(struct home_arp *arp, uint64_t now_ns)
{
	bool may;

	pthread_mutex_lock(&arp->mutex);
	may = home_arp_plan_can_pay(arp->plan, now_ns);
	pthread_mutex_unlock(&arp->mutex);
	return may;
}

static void announce_again(struct home_arp *arp, const struct home_arp_home *home, uint64_t now_ns)
{
	int at = home_arp_net_of_home(&arp->view, home->realm, home->address);
	const struct home_arp_net *net;

	if (at < 0)
		return;
	net = &arp->nets[at];
	if (!(arp->walk.groups >> net->group & 1u) ||
	    !home_arp_may_speak(&arp->view, net, now_ns) ||
	    !arp->ask.bound(arp->ask.context, (unsigned)at, home->address))
		return;
	announce(arp, net, home->address, net->ours);
	home_arp_count(HOME_ARP_AGAIN, 1);
	atomic_fetch_add(&arp->announced, 1);
	pthread_mutex_lock(&arp->mutex);
	home_arp_plan_pay(arp->plan, now_ns);
	pthread_mutex_unlock(&arp->mutex);
}

/* A few steps of it. */
static void walk_on(struct home_arp *arp, uint64_t now_ns)
{
	struct home_arp_walk *walk = &arp->walk;
	struct home_arp_home home;

	for (unsigned i = 0; i < WORK_MAX && may_pay(arp, now_ns); i++) {
		if (next_home(arp, &home)) {
			announce_again(arp, &home, now_ns);
			continue;
		}
		walk->cursor = 0;
		if (++walk->passes < HOME_ARP_PASSES)
			break;
		walk->groups = 0;
		atomic_store(&arp->announcing, false);
		break;
	}
}

bool home_arp_announce(struct home_arp *arp, uint64_t *next_ns)
{
	uint64_t now_ns = clock_monotonic_ns(), due_ns;
	unsigned done = 0;

	while (done < WORK_MAX && do_job(arp, now_ns))
		done++;
	if (is_walking(arp, now_ns))
		walk_on(arp, now_ns);
	(void)flush(arp);
	pthread_mutex_lock(&arp->mutex);
	due_ns = home_arp_plan_next(arp->plan, now_ns, arp->walk.groups != 0);
	pthread_mutex_unlock(&arp->mutex);
	if (due_ns < *next_ns)
		*next_ns = due_ns;
	return due_ns <= now_ns;
}

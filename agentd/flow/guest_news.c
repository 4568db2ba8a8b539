/* guest_news.c - what a foreign agent learns of the list that the members share. */
#include "agentd/flow/guest_internal.h"

#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/visitors/command.h"

void changes_add(struct guest_changes *changes, const struct foreign_visitor *visitor)
{
	uint32_t at = (changes->first + changes->count) % GUEST_CHANGES;

	if (changes->all)
		return;
	if (changes->count == GUEST_CHANGES) {
		changes->all = true;
		changes->count = 0;
		return;
	}
	changes->of[at] = (struct guest_key){ visitor->home, visitor->home_agent };
	changes->count++;
}

bool changes_take(struct guest_changes *changes, struct guest_key *out)
{
	if (changes->count == 0)
		return false;
	*out = changes->of[changes->first];
	changes->first = (changes->first + 1) % GUEST_CHANGES;
	changes->count--;
	return true;
}

/* There is room: no more are on their way than the visitors' thread waits for. */
void guest_settle(struct guest *guest, uint64_t ticket, enum ha_error error)
{
	if (ticket <= VISITORS_TICKET_NOBODY || guest->outcome_count == GUEST_OUTCOMES)
		return;
	guest->outcomes[(guest->outcome_first + guest->outcome_count++) % GUEST_OUTCOMES] =
		(struct visitors_outcome){ ticket, error };
}

void guest_poke(struct guest *guest)
{
	const uint64_t one = 1;

	(void)!write(guest->face.ready, &one, sizeof(one));
}

/* ---- the face ---- */

static uint64_t time_now(void *context)
{
	return guest_time_ms(context);
}

static enum ha_error submit(void *context, const struct visitor_command *command, uint64_t ticket)
{
	struct guest *guest = context;
	uint8_t octets[VISITOR_COMMAND_MAX];
	const struct replication_command one = {
		.group = CONFIG_GROUP_VISITORS,
		.ticket = ticket,
		.command = octets,
		.size = visitor_command_write(command, guest_time_ms(guest), octets),
	};
	enum ha_error why = HA_E_NOTLEADER;

	pthread_mutex_lock(&guest->answer_lock);
	if (guest->answering)
		why = replication_submit(guest->replication, &one, 1);
	pthread_mutex_unlock(&guest->answer_lock);
	return why;
}

static bool next_outcome(void *context, struct visitors_outcome *out)
{
	struct guest *guest = context;
	bool any;

	pthread_mutex_lock(&guest->lock);
	any = guest->outcome_count > 0;
	if (any) {
		*out = guest->outcomes[guest->outcome_first];
		guest->outcome_first = (guest->outcome_first + 1) % GUEST_OUTCOMES;
		guest->outcome_count--;
	}
	pthread_mutex_unlock(&guest->lock);
	return any;
}

/* The next of all; who changes meanwhile is told once more. */
static enum visitors_news walk(struct guest *guest, struct foreign_visitor *out)
{
	const struct foreign_visitor *found = visitors_next(guest->visitors, &guest->place);

	guest->walking = found != NULL;
	if (!found)
		return VISITORS_NONE;
	*out = *found;
	guest->place++;
	return VISITORS_CHANGED;
}

static enum visitors_news next_change(struct guest *guest, struct foreign_visitor *out)
{
	const struct foreign_visitor *found;
	struct guest_key key;

	if (!changes_take(&guest->to_tell, &key))
		return VISITORS_NONE;
	found = visitors_find(guest->visitors, key.home, key.home_agent);
	if (found)
		*out = *found;
	else
		*out = (struct foreign_visitor){ .home = key.home, .home_agent = key.home_agent };
	return found ? VISITORS_CHANGED : VISITORS_WENT;
}

static enum visitors_news next_news(void *context, struct foreign_visitor *out)
{
	struct guest *guest = context;
	enum visitors_news news = VISITORS_NONE;

	pthread_mutex_lock(&guest->lock);
	if (guest->to_tell.all) {
		guest->to_tell = (struct guest_changes){ .all = false };
		guest->walking = true;
		guest->place = 0;
		news = VISITORS_ANEW;
	} else if (guest->visitors) {
		if (guest->walking)
			news = walk(guest, out);
		if (news == VISITORS_NONE)
			news = next_change(guest, out);
	}
	pthread_mutex_unlock(&guest->lock);
	return news;
}

static void again(void *context)
{
	struct guest *guest = context;

	pthread_mutex_lock(&guest->lock);
	guest->to_tell.all = true;
	pthread_mutex_unlock(&guest->lock);
}

static void standing(void *context, struct visitors_standing *out)
{
	struct guest_status status;

	guest_status(context, &status);
	*out = (struct visitors_standing){
		.leader = status.replication.leader,
		.failing = status.failing,
	};
}

void guest_face(struct guest *guest)
{
	guest->face.context = guest;
	guest->face.until_ns = guest_until_ns;
	guest->face.time_ms = time_now;
	guest->face.submit = submit;
	guest->face.outcome = next_outcome;
	guest->face.news = next_news;
	guest->face.standing = standing;
	guest->face.again = again;
	guest->to_tell.all = true;
}

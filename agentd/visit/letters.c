/* letters.c - places that are looked through; there are none in them most of the time. */
#include "agentd/visit/letters.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/revocable.h"

#define AGE_MS (LETTER_PACE_MS << LETTER_SENDS)

enum ha_error letters_create(struct letters **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? HA_OK : HA_E_NOMEM;
}

/* LETTERS_MAX: there is none. */
static uint32_t find(const struct letters *letters, struct in_addr home, struct in_addr home_agent)
{
	uint32_t i = letters->count ? 0 : LETTERS_MAX;

	while (i < LETTERS_MAX &&
	       (!letters->at[i].give_up_ms || !address_equal(letters->at[i].home, home) ||
	        !address_equal(letters->at[i].home_agent, home_agent)))
		i++;
	return i;
}

static uint32_t find_free(const struct letters *letters)
{
	uint32_t i = 0;

	while (i < LETTERS_MAX && letters->at[i].give_up_ms)
		i++;
	return i;
}

static void discard(struct letters *letters, uint32_t i)
{
	letters->at[i] = (struct letter){ 0 };
	letters->count--;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t letters_deadline(const struct foreign_visitor *visitor, uint64_t now_ms)
{
	return lesser(visitor->expires_ms, now_ms + AGE_MS);
}

bool letters_add(struct letters *letters, const struct foreign_visitor *visitor, uint64_t now_ms)
{
	const struct foreign_registration *asked = &visitor->asked;
	uint64_t asked_ms = asked->since_ms + LETTER_PACE_MS;
	struct letter letter = {
		.home = visitor->home,
		.home_agent = visitor->home_agent,
		.care_of = asked->care_of,
		.interface = asked->interface,
		.inform = visitor->features & FOREIGN_HAS_INFORM,
		.stamp = asked->revocation_stamp,
		.since_ms = now_ms,
		.due_ms = asked_ms > now_ms ? asked_ms : now_ms,
		.give_up_ms = letters_deadline(visitor, now_ms),
	};
	uint32_t i = find(letters, visitor->home, visitor->home_agent);

	memcpy(letter.link, asked->link, sizeof(letter.link));
	if (i < LETTERS_MAX)
		discard(letters, i);
	else
		i = find_free(letters);
	if (i == LETTERS_MAX)
		return false;
	letters->at[i] = letter;
	letters->count++;
	return true;
}

bool letters_keep(struct letters *letters, const struct foreign_visitor *visitor, uint64_t now_ms)
{
	return find(letters, visitor->home, visitor->home_agent) < LETTERS_MAX ||
	       letters_add(letters, visitor, now_ms);
}

void letters_drop(struct letters *letters, struct in_addr home, struct in_addr home_agent)
{
	uint32_t i = find(letters, home, home_agent);

	if (i < LETTERS_MAX)
		discard(letters, i);
}

void letters_drop_all(struct letters *letters)
{
	if (letters->count)
		memset(letters, 0, sizeof(*letters));
}

void letters_hold_all(struct letters *letters, uint64_t until_ms)
{
	for (uint32_t i = 0; i < LETTERS_MAX && letters->count; i++)
		if (letters->at[i].give_up_ms && letters->at[i].due_ms < until_ms)
			letters->at[i].due_ms = until_ms;
}

void letters_hold(struct letters *letters, struct in_addr home, struct in_addr home_agent,
                  uint64_t until_ms)
{
	uint32_t i = find(letters, home, home_agent);

	if (i < LETTERS_MAX && letters->at[i].due_ms < until_ms)
		letters->at[i].due_ms = until_ms;
}

void letters_cancel(struct letters *letters, const struct foreign_visitor *visitor)
{
	uint32_t i = find(letters, visitor->home, visitor->home_agent);

	if (i < LETTERS_MAX && letters->at[i].since_ms <= visitor->granted_ms)
		discard(letters, i);
}

static bool is_late(const struct letter *letter, uint64_t now_ms)
{
	return now_ms >= letter->give_up_ms ||
	       (letter->sends == LETTER_SENDS && now_ms >= letter->due_ms);
}

struct letter *letters_due(struct letters *letters, uint64_t now_ms, uint32_t *place)
{
	uint32_t i = letters->count ? *place : LETTERS_MAX;

	while (i < LETTERS_MAX && (!letters->at[i].give_up_ms || letters->at[i].due_ms > now_ms ||
	                           is_late(&letters->at[i], now_ms)))
		i++;
	*place = i;
	return i < LETTERS_MAX ? &letters->at[i] : NULL;
}

uint32_t letter_send(struct letter *letter, uint32_t stamp, uint64_t now_ms)
{
	uint32_t last = letter->sends ? letter->identifiers[letter->sends - 1] : letter->stamp;
	uint32_t identifier = stamp_is_later(stamp, last) ? stamp : last + 1;

	letter->due_ms = now_ms + ((uint64_t)LETTER_PACE_MS << letter->sends);
	letter->identifiers[letter->sends++] = identifier;
	return identifier;
}

uint32_t letters_give_up(struct letters *letters, uint64_t now_ms)
{
	uint32_t before = letters->count;

	for (uint32_t i = 0; i < LETTERS_MAX && letters->count; i++)
		if (letters->at[i].give_up_ms && is_late(&letters->at[i], now_ms))
			discard(letters, i);
	return before - letters->count;
}

bool letters_acknowledge(struct letters *letters, struct in_addr home_agent, struct in_addr home,
                         uint32_t identifier, struct letter *out)
{
	uint32_t i = find(letters, home, home_agent);
	unsigned n = 0;

	if (i == LETTERS_MAX)
		return false;
	while (n < letters->at[i].sends && letters->at[i].identifiers[n] != identifier)
		n++;
	if (n == letters->at[i].sends)
		return false;
	*out = letters->at[i];
	discard(letters, i);
	return true;
}

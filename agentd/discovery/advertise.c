/* advertise.c - the timer of an interface, and solicitations. */
#include "agentd/discovery/advertise.h"

#include "agentd/base/address.h"
#include "agentd/discovery/spread.h"

#define ALL_SYSTEMS 0xe0000001u /* 224.0.0.1 */
#define MS_PER_S 1000u

static const struct {
	const char *word;
	bool sends;
} fates[ADVERTISE_FATE_COUNT] = {
#define X(symbol, sends, word) [symbol] = { word, sends },
	ADVERTISE_FATES(X)
#undef X
};

const char *advertise_fate_word(enum advertise_fate fate)
{
	return (unsigned)fate < ADVERTISE_FATE_COUNT ? fates[fate].word : "unknown";
}

bool advertise_fate_sends(enum advertise_fate fate)
{
	return (unsigned)fate < ADVERTISE_FATE_COUNT && fates[fate].sends;
}

/* Settings */

uint32_t advertise_min_interval_default_ms(uint32_t max_interval_ms)
{
	return max_interval_ms - max_interval_ms / 4;
}

uint16_t advertise_lifetime_default_s(uint32_t max_interval_ms)
{
	uint32_t lifetime_s = (uint32_t)((uint64_t)max_interval_ms * 3 / MS_PER_S);

	return (uint16_t)(lifetime_s < ADVERTISE_LIFETIME_MOST_S ? lifetime_s
	                                                         : ADVERTISE_LIFETIME_MOST_S);
}

enum ha_error advertise_settings_check(const struct advertise_settings *settings)
{
	uint32_t everybody = address_host(settings->everybody);

	if (everybody != ALL_SYSTEMS && everybody != INADDR_BROADCAST)
		return HA_E_MALFORMED;
	if (settings->max_interval_ms < ADVERTISE_MAX_INTERVAL_LEAST_MS ||
	    settings->max_interval_ms > ADVERTISE_INTERVAL_MOST_MS ||
	    settings->min_interval_ms < ADVERTISE_INTERVAL_LEAST_MS ||
	    settings->min_interval_ms > settings->max_interval_ms)
		return HA_E_RANGE;
	if (settings->lifetime_s > ADVERTISE_LIFETIME_MOST_S ||
	    settings->lifetime_s * MS_PER_S < settings->max_interval_ms)
		return HA_E_RANGE;
	return HA_OK;
}

bool advertise_lifetime_is_ample(const struct advertise_settings *settings)
{
	return (uint64_t)settings->max_interval_ms * 3 <= (uint64_t)settings->lifetime_s * MS_PER_S;
}

/* Time */

/* RFC 1256 section 4.3: the interval behind each of the first few is cut short. */
static uint32_t interval_ms(const struct advertise_interface *interface,
                            const struct advertise_settings *settings, uint32_t random)
{
	uint32_t interval = settings->min_interval_ms +
	                    spread_ms(settings->max_interval_ms - settings->min_interval_ms,
	                              random);

	if (interface->initial <= ADVERTISE_INITIAL_COUNT &&
	    interval > ADVERTISE_INITIAL_INTERVAL_MS)
		interval = ADVERTISE_INITIAL_INTERVAL_MS;
	return interval;
}

/* Not so soon after the last one to everybody. */
static uint64_t with_gap(const struct advertise_interface *interface, uint64_t at_ms)
{
	uint64_t allowed_ms = interface->multicast_ms + ADVERTISE_GAP_MS;

	return interface->multicast_sent && allowed_ms > at_ms ? allowed_ms : at_ms;
}

void advertise_init(struct advertise_interface *interface, enum advertise_origin origin)
{
	*interface = (struct advertise_interface){ .due_ms = ADVERTISE_NEVER };
	if (origin == ADVERTISE_TAKEN_OVER)
		interface->sequence = ADVERTISE_SEQUENCE_AFTER_ROLLOVER;
}

void advertise_begin(struct advertise_interface *interface,
                     const struct advertise_settings *settings, uint64_t now_ms, uint32_t random)
{
	if (interface->on)
		return;
	interface->on = true;
	interface->told = false;
	interface->answers = false;
	interface->initial = 0;
	interface->fresh_ms = now_ms;
	interface->due_ms = ADVERTISE_NEVER;
	if (!settings->solicited_only)
		interface->due_ms = with_gap(
			interface, now_ms + spread_ms(ADVERTISE_RESPONSE_DELAY_MS, random));
}

void advertise_changed(struct advertise_interface *interface,
                       const struct advertise_settings *settings, uint64_t now_ms, uint32_t random)
{
	uint64_t due_ms = ADVERTISE_NEVER;

	if (!interface->on)
		return;
	if (!settings->solicited_only)
		due_ms = with_gap(interface, now_ms + interval_ms(interface, settings, random));
	if (due_ms < interface->due_ms || (settings->solicited_only && !interface->answers))
		interface->due_ms = due_ms;
	if (interface->fresh_ms > now_ms + settings->max_interval_ms)
		interface->fresh_ms = now_ms + settings->max_interval_ms;
}

/* Sending */

static uint16_t take_sequence(struct advertise_interface *interface)
{
	uint16_t sequence = interface->sequence;

	interface->sequence = sequence == UINT16_MAX ? ADVERTISE_SEQUENCE_AFTER_ROLLOVER
	                                             : (uint16_t)(sequence + 1);
	return sequence;
}

static struct advertise_verdict to_everybody(struct advertise_interface *interface,
                                             const struct advertise_settings *settings,
                                             enum advertise_fate fate, uint64_t now_ms)
{
	interface->told = true;
	interface->multicast_sent = true;
	interface->multicast_ms = now_ms;
	return (struct advertise_verdict){
		.fate = fate,
		.challenge = fate == ADVERTISE_PERIODIC ? ADVERTISE_CHALLENGE_FRESH
		                                        : ADVERTISE_CHALLENGE_NEWEST,
		.destination = settings->everybody,
		.sequence = take_sequence(interface),
		.lifetime_s = fate == ADVERTISE_FAREWELL ? 0 : settings->lifetime_s,
	};
}

struct advertise_verdict advertise_end(struct advertise_interface *interface,
                                       const struct advertise_settings *settings, uint64_t now_ms)
{
	bool told = interface->on && interface->told;

	interface->on = false;
	interface->due_ms = ADVERTISE_NEVER;
	if (!told)
		return (struct advertise_verdict){ .fate = ADVERTISE_SILENT };
	return to_everybody(interface, settings, ADVERTISE_FAREWELL, now_ms);
}

/* An answer to everybody puts the timer off, so under a flood no other would ever be due.
 * One that comes when the longest interval is over is what would have come anyway. */
static enum advertise_fate fate_of_due(const struct advertise_interface *interface,
                                       const struct advertise_settings *settings, uint64_t now_ms)
{
	if (interface->answers && (settings->solicited_only || now_ms < interface->fresh_ms))
		return ADVERTISE_ANSWER_ALL;
	return ADVERTISE_PERIODIC;
}

struct advertise_verdict advertise_tick(struct advertise_interface *interface,
                                        const struct advertise_settings *settings, uint64_t now_ms,
                                        uint32_t random)
{
	enum advertise_fate fate;

	if (!interface->on)
		return (struct advertise_verdict){ .fate = ADVERTISE_SILENT };
	if (now_ms < interface->due_ms)
		return (struct advertise_verdict){ .fate = ADVERTISE_WAIT };
	fate = fate_of_due(interface, settings, now_ms);
	interface->answers = false;
	if (interface->initial <= ADVERTISE_INITIAL_COUNT)
		interface->initial++;
	interface->due_ms = settings->solicited_only
	                            ? ADVERTISE_NEVER
	                            : now_ms + interval_ms(interface, settings, random);
	if (fate == ADVERTISE_PERIODIC)
		interface->fresh_ms = now_ms + settings->max_interval_ms;
	return to_everybody(interface, settings, fate, now_ms);
}

/* Solicitations */

static struct advertise_verdict postpone(struct advertise_interface *interface, uint64_t now_ms,
                                         uint32_t random)
{
	uint64_t answer_ms = with_gap(interface,
	                              now_ms + spread_ms(ADVERTISE_RESPONSE_DELAY_MS, random));

	if (answer_ms < interface->due_ms) {
		interface->due_ms = answer_ms;
		interface->answers = true;
	}
	return (struct advertise_verdict){ .fate = ADVERTISE_POSTPONED };
}

/* Both buckets have one, or neither loses one. */
static bool may_answer(struct advertise_interface *interface,
                       const struct advertise_settings *settings, struct advertise_total *total,
                       uint64_t now_ms)
{
	return rate_has(&interface->answered, &settings->answers, now_ms) &&
	       rate_take(&total->answered, &total->answers, now_ms) &&
	       rate_take(&interface->answered, &settings->answers, now_ms);
}

struct advertise_verdict advertise_solicited(struct advertise_interface *interface,
                                             const struct advertise_settings *settings,
                                             struct advertise_total *total, struct in_addr source,
                                             uint64_t now_ms, uint32_t random)
{
	bool has_address = source.s_addr != INADDR_ANY;

	if (!interface->on)
		return (struct advertise_verdict){ .fate = ADVERTISE_SILENT };
	if (has_address && !address_is_unicast(source))
		return (struct advertise_verdict){ .fate = ADVERTISE_BAD_SOURCE };
	if (!has_address || !may_answer(interface, settings, total, now_ms))
		return postpone(interface, now_ms, random);
	interface->told = true;
	return (struct advertise_verdict){
		.fate = ADVERTISE_ANSWER_ONE,
		.challenge = ADVERTISE_CHALLENGE_OF_NODE,
		.destination = source,
		.sequence = take_sequence(interface),
		.lifetime_s = settings->lifetime_s,
	};
}

void advertise_fill(struct advertisement *message, const struct advertise_verdict *verdict,
                    bool busy)
{
	message->sequence = verdict->sequence;
	message->lifetime_s = verdict->lifetime_s;
	message->flags &= (uint16_t)~AGENT_BUSY;
	if (busy && (message->flags & AGENT_FOREIGN))
		message->flags |= AGENT_BUSY;
}

/* discard.c - replies that are not believed: what they count as, and who is to blame. */
#include <string.h>

#include "agentd/base/log.h"
#include "agentd/mobile/internal.h"

/* What a check that discards counts as, beside all others. */
static void count(struct mobile *mobile, const struct mobile_verdict *verdict)
{
	struct mobile_counts *counts = &mobile->counts;
	const struct {
		const char *check;
		uint64_t *count;
	} rows[] = {
		{ "extensions-known", &counts->bad_extension },
		{ "well-formed", &counts->bad_extension },
		{ "sender", mobile->plan.by_agent ? &counts->bad_agent : &counts->bad_home_agent },
		{ "home-agent", &counts->bad_home_agent },
		{ "home", &counts->bad_home },
		{ "identification", &counts->bad_identification },
		{ "mobile-foreign", &counts->unsigned_agent },
		{ "mobile-home", &counts->unsigned_home_agent },
	};

	counts->discarded++;
	counts->violations += verdict->violation != VIOLATION_NONE;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(verdict->check, rows[i].check) == 0)
			++*rows[i].count;
}

/* Behind a foreign agent that was asked, what a home agent should have signed is the matter of the
 * one that the reply names; the rest is the matter of whoever sent it. */
static bool is_of_home(const struct mobile *mobile, const struct mobile_verdict *verdict)
{
	return mobile->plan.by_agent && (strcmp(verdict->check, "mobile-home") == 0 ||
	                                 strcmp(verdict->check, "home-agent") == 0);
}

/* RFC 2006, mipSecRecentViolationSPI. */
static uint32_t spi_of(const struct mip_extensions *e, const struct mobile_verdict *verdict)
{
	bool of_foreign = strcmp(verdict->check, "mobile-foreign") == 0;

	if (verdict->violation != VIOLATION_BAD_AUTHENTICATOR &&
	    verdict->violation != VIOLATION_BAD_IDENTIFIER)
		return 0;
	if (of_foreign)
		return e->mobile_foreign_count ? e->mobile_foreign.spi : 0;
	return e->mobile_home_count ? e->mobile_home.spi : 0;
}

void mobile_discard(struct mobile *mobile, const struct mobile_reply *reply,
                    const struct mobile_verdict *verdict, uint64_t now_ms)
{
	const struct violation seen = {
		.address = is_of_home(mobile, verdict) ? reply->fixed.home_agent : reply->source,
		.spi = spi_of(&reply->extensions, verdict),
		.reason = (uint8_t)verdict->violation,
		.identification = reply->fixed.identification,
		.last_ms = now_ms,
	};

	count(mobile, verdict);
	if (verdict->violation != VIOLATION_NONE)
		mobile->ops->violated(mobile->ops->context, &seen);
	log_debug("a reply from %s is discarded: %s", address_format(reply->source).text,
	          verdict->reason);
}

/* violate.c - who failed authentication or identification at this foreign agent: mobile nodes by the
 * home address that they claimed, home agents by the address that a reply came from. */
#include "agentd/base/clock.h"
#include "agentd/visit/counters.h"
#include "agentd/visit/internal.h"

static void note(struct visit *visit, struct violation *seen)
{
	seen->last_ms = clock_monotonic_ms();
	visiting_count(VISITING_VIOLATIONS);
	if (violations_note(&visit->violations, seen))
		visiting_count(VISITING_VIOLATORS_FORGOTTEN);
}

/* Of the first that is there: RFC 2006, mipSecRecentViolationSPI. */
static uint32_t spi_of(const struct mip_authentication *first, unsigned count,
                       const struct mip_authentication *second, unsigned second_count)
{
	if (count)
		return first->spi;
	return second_count ? second->spi : 0;
}

void violate_by_request(struct visit *visit, const struct foreign_request *request,
                        const struct foreign_verdict *verdict)
{
	const struct mip_extensions *e = &request->extensions;
	struct violation seen = {
		.address = request->fixed.home,
		.reason = (uint8_t)verdict->violation,
		.identification = request->fixed.identification,
	};

	if (verdict->violation == VIOLATION_NONE)
		return;
	if (verdict->violation == VIOLATION_BAD_AUTHENTICATOR)
		seen.spi = spi_of(&e->mobile_foreign, e->mobile_foreign_count, &e->mobile_aaa,
		                  e->mobile_aaa_count);
	note(visit, &seen);
}

void violate_by_reply(struct visit *visit, const struct foreign_reply *reply,
                      const struct foreign_reply_verdict *verdict)
{
	const struct mip_extensions *e = &reply->extensions;
	struct violation seen = {
		.address = reply->source,
		.reason = (uint8_t)verdict->violation,
		.identification = reply->fixed.identification,
	};

	if (verdict->violation == VIOLATION_NONE)
		return;
	if (verdict->violation == VIOLATION_BAD_AUTHENTICATOR)
		seen.spi = e->foreign_home_count ? e->foreign_home.spi : 0;
	if (verdict->violation == VIOLATION_BAD_IDENTIFIER)
		seen.spi = e->mobile_home_count ? e->mobile_home.spi : 0;
	note(visit, &seen);
}

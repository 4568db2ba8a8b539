/* describe.c - fields and extensions as rows. An extension is a row of a table:
 * its name, and what of its data is worth telling. Data that is not in the
 * table, keys and authenticators are told by their size only. */
#include "agentd/flow/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"

static void tell(const struct teller *teller, struct explain_row *row, const char *meaning)
{
	row->part = teller->part;
	snprintf(row->meaning, sizeof(row->meaning), "%s", meaning ? meaning : "");
	teller->visit(teller->context, row);
}

void tell_text(const struct teller *teller, const char *name, const char *meaning,
               const char *format, ...)
{
	struct explain_row row = { .name = name };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(row.value, sizeof(row.value), format, arguments);
	va_end(arguments);
	tell(teller, &row, meaning);
}

void tell_number(const struct teller *teller, const char *name, const char *meaning,
                 uint64_t number)
{
	struct explain_row row = { .name = name, .is_number = true, .number = number };

	tell(teller, &row, meaning);
}

/* ---- fixed part ---- */

static void tell_flags(const struct teller *teller, uint8_t flags)
{
	static const char letters[] = "SBDMGrTx"; /* from the highest bit down */
	char text[sizeof(letters)];
	size_t length = 0;

	for (unsigned bit = 0; bit < 8; bit++)
		if (flags & 0x80u >> bit)
			text[length++] = letters[bit];
	text[length] = '\0';
	tell_text(teller, "flags", NULL, "%s", length ? text : "-");
}

/* As a time it is one only for nodes that send times. */
static void tell_identification(const struct teller *teller, uint64_t identification,
                                uint64_t near_ms)
{
	uint64_t unix_ms = clock_ms_of_ntp(identification, near_ms);
	time_t seconds = (time_t)(unix_ms / 1000);
	char text[64];
	struct tm utc;

	if (!gmtime_r(&seconds, &utc) ||
	    strftime(text, sizeof(text), "as a time %Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		text[0] = '\0';
	tell_text(teller, "identification", text, "%016llx", (unsigned long long)identification);
}

void describe_fixed(const struct teller *teller, const struct registration_request *request,
                    uint64_t near_ms)
{
	const struct mip_request *fixed = &request->fixed;

	tell_flags(teller, fixed->flags);
	tell_number(teller, "lifetime",
	            fixed->lifetime_s == 0        ? "a deregistration"
	            : fixed->lifetime_s == 0xffff ? "infinity"
	                                          : "seconds",
	            fixed->lifetime_s);
	tell_text(teller, "home", fixed->home.s_addr ? NULL : "by name, or from a pool", "%s",
	          address_format(fixed->home).text);
	tell_text(teller, "home-agent", NULL, "%s", address_format(fixed->home_agent).text);
	tell_text(teller, "care-of", NULL, "%s", address_format(fixed->care_of).text);
	tell_identification(teller, fixed->identification, near_ms);
}

/* ---- extensions ---- */

struct telling {
	const struct teller *teller;
	const char *name;
	const struct mip_extension *extension;
	const char *meaning; /* of an authentication */
};

typedef void extension_telling(const struct telling *telling);

static void tell_size(const struct telling *telling)
{
	tell_text(telling->teller, telling->name, telling->meaning, "type %u, %zu octets",
	          telling->extension->type, telling->extension->data.size);
}

static void tell_spi(const struct telling *telling)
{
	struct reader in = reader_over(telling->extension->data.at, telling->extension->data.size);
	uint32_t spi = get_u32(&in);

	if (in.error != HA_OK)
		tell_size(telling);
	else
		tell_text(telling->teller, telling->name, telling->meaning,
		          "type %u, SPI %u, %zu octets of authenticator", telling->extension->type,
		          spi, reader_left(&in));
}

static void tell_name(const struct telling *telling)
{
	struct span nai = telling->extension->data;

	if (mip_nai_is_valid(nai))
		tell_text(telling->teller, telling->name, NULL, "%.*s", (int)nai.size,
		          (const char *)nai.at);
	else
		tell_size(telling);
}

static void tell_address(const struct telling *telling)
{
	struct reader in = reader_over(telling->extension->data.at, telling->extension->data.size);
	struct in_addr address = get_address(&in);

	if (reader_finish(&in) != HA_OK)
		tell_size(telling);
	else
		tell_text(telling->teller, telling->name, NULL, "%s", address_format(address).text);
}

static const struct {
	uint8_t type;
	const char *name;
	extension_telling *tell;
} rows[] = {
	{ MIP_EXTENSION_MOBILE_HOME, "mobile-home", tell_spi },
	{ MIP_EXTENSION_MOBILE_FOREIGN, "mobile-foreign", tell_spi },
	{ MIP_EXTENSION_FOREIGN_HOME, "foreign-home", tell_spi },
	{ MIP_EXTENSION_GENERALIZED, "mn-aaa", tell_spi },
	{ MIP_EXTENSION_CVSE_OLD, "vendor-critical", tell_size },
	{ MIP_EXTENSION_CVSE, "vendor-critical", tell_size },
	{ MIP_EXTENSION_GFA, "gateway-agent", tell_address },
	{ MIP_EXTENSION_NAI, "nai", tell_name },
	{ MIP_EXTENSION_CHALLENGE, "challenge", tell_size },
	{ MIP_EXTENSION_NVSE_OLD, "vendor-normal", tell_size },
	{ MIP_EXTENSION_NVSE, "vendor-normal", tell_size },
	{ MIP_EXTENSION_CARRIED_NAI, "agent-nai", tell_size },
	{ MIP_EXTENSION_REVOCATION, "revocation-support", tell_size },
	{ MIP_EXTENSION_DYNAMIC_HA, "dynamic-home-agent", tell_address },
	{ MIP_EXTENSION_HIERARCHICAL, "hierarchical-agent", tell_address },
	{ MIP_EXTENSION_UDP_REQUEST, "udp-tunnel-request", tell_size },
	{ MIP_EXTENSION_MESSAGE, "message-string", tell_size },
};

static const char *authentication_text(enum authentication became)
{
	switch (became) {
	case AUTHENTICATION_VALID:
		return "valid";
	case AUTHENTICATION_WRONG:
		return "invalid";
	case AUTHENTICATION_NO_ASSOCIATION:
		return "there is no association under that SPI";
	case AUTHENTICATION_ABSENT:
		break;
	}
	return "not looked at";
}

static const char *meaning_of(const struct mip_extension *extension,
                              const struct described_authentication *became)
{
	switch (extension->type) {
	case MIP_EXTENSION_MOBILE_HOME:
		return authentication_text(became->mobile_home);
	case MIP_EXTENSION_FOREIGN_HOME:
		return authentication_text(became->foreign_home);
	case MIP_EXTENSION_GENERALIZED:
		return authentication_text(became->mobile_aaa);
	case MIP_EXTENSION_MOBILE_FOREIGN:
		return "between mobile node and foreign agent, not ours to verify";
	default:
		return NULL;
	}
}

static void describe_extension(const struct teller *teller, const struct mip_extension *extension,
                               const struct described_authentication *became)
{
	struct telling telling = { teller, "other", extension, meaning_of(extension, became) };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type != extension->type)
			continue;
		telling.name = rows[i].name;
		rows[i].tell(&telling);
		return;
	}
	telling.meaning = "passed over";
	tell_size(&telling);
}

void describe_extensions(const struct teller *teller, const struct registration_request *request,
                         struct span message, const struct described_authentication *became)
{
	struct reader in = reader_over(message.at, message.size);
	struct mip_extension extension;

	reader_take(&in, MIP_REQUEST_SIZE);
	while (mip_extension_next(&in, &extension))
		describe_extension(teller, &extension, became);
	if (request->fault != HA_OK)
		tell_text(teller, "fault", ha_strerror(request->fault), "broken chain");
}

/* value.c - from what agentd knows to what a manager is told. */
#include "mib/value.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

bool mib_integer(struct mib_value *out, int32_t value)
{
	out->type = MIB_INTEGER;
	out->is.integer = value;
	return true;
}

bool mib_truth(struct mib_value *out, bool value)
{
	return mib_integer(out, value ? MIB_TRUE : MIB_FALSE);
}

static bool set_number(struct mib_value *out, enum mib_type type, uint64_t value)
{
	out->type = type;
	out->is.number = value;
	return true;
}

bool mib_unsigned(struct mib_value *out, uint64_t value)
{
	return set_number(out, MIB_UNSIGNED, value < UINT32_MAX ? value : UINT32_MAX);
}

bool mib_counter(struct mib_value *out, uint64_t value)
{
	return set_number(out, MIB_COUNTER, value & UINT32_MAX);
}

bool mib_counter64(struct mib_value *out, uint64_t value)
{
	return set_number(out, MIB_COUNTER64, value);
}

bool mib_ticks(struct mib_value *out, uint64_t hundredths)
{
	return set_number(out, MIB_TICKS, hundredths & UINT32_MAX);
}

bool mib_address(struct mib_value *out, struct in_addr address)
{
	out->type = MIB_ADDRESS;
	out->is.address = address;
	return true;
}

bool mib_octets(struct mib_value *out, const void *at, size_t size)
{
	out->type = MIB_OCTETS;
	out->size = size < MIB_OCTETS_MAX ? size : MIB_OCTETS_MAX;
	if (out->size)
		memcpy(out->is.octets, at, out->size);
	return true;
}

bool mib_text(struct mib_value *out, const char *text)
{
	return mib_octets(out, text, strlen(text));
}

bool mib_bits(struct mib_value *out, uint16_t set, const uint16_t *bits, size_t count)
{
	uint8_t octet = 0;

	for (size_t i = 0; i < count; i++)
		if (set & bits[i])
			octet = (uint8_t)(octet | 0x80u >> i);
	return mib_octets(out, &octet, 1);
}

bool mib_inet_address(struct mib_value *out, struct in_addr address)
{
	return mib_octets(out, &address, address.s_addr ? sizeof(address) : 0);
}

bool mib_version(struct mib_value *out, uint64_t version)
{
	uint32_t halves[2] = { htonl((uint32_t)(version >> 32)), htonl((uint32_t)version) };

	return mib_octets(out, halves, sizeof(halves));
}

bool mib_date(struct mib_value *out, uint64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000u);
	struct tm utc;
	uint8_t octets[11];

	if (unix_ms == 0 || !gmtime_r(&seconds, &utc))
		return false;
	octets[0] = (uint8_t)((utc.tm_year + 1900) >> 8);
	octets[1] = (uint8_t)(utc.tm_year + 1900);
	octets[2] = (uint8_t)(utc.tm_mon + 1);
	octets[3] = (uint8_t)utc.tm_mday;
	octets[4] = (uint8_t)utc.tm_hour;
	octets[5] = (uint8_t)utc.tm_min;
	octets[6] = (uint8_t)utc.tm_sec;
	octets[7] = (uint8_t)(unix_ms / 100u % 10u);
	octets[8] = '+';
	octets[9] = 0;
	octets[10] = 0;
	return mib_octets(out, octets, sizeof(octets));
}

bool mib_date_or_none(struct mib_value *out, uint64_t unix_ms)
{
	static const uint8_t none[8];

	return mib_date(out, unix_ms) || mib_octets(out, none, sizeof(none));
}

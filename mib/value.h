/* value.h - the value of one object as it goes to a manager or comes from one: plain
 * data, copied by value, owns nothing.
 *
 * May include: agentd/base. */
#ifndef MIB_VALUE_H
#define MIB_VALUE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIB_OCTETS_MAX 255u

enum mib_type {
	MIB_NONE,      /* no value: of a varbind that is only a name */
	MIB_INTEGER,   /* Integer32, enumerations, TruthValue, RowStatus */
	MIB_UNSIGNED,  /* Gauge32, Unsigned32 */
	MIB_COUNTER,   /* Counter32: the low half of what was counted */
	MIB_COUNTER64, /* Counter64 */
	MIB_TICKS,     /* TimeStamp, in hundredths of a second of sysUpTime */
	MIB_ADDRESS,   /* IpAddress */
	MIB_OCTETS,    /* OCTET STRING, BITS, DateAndTime, InetAddress */
	MIB_OTHER,     /* what no object of ours has; only from a manager */
	MIB_BROKEN,    /* a number or address that its type cannot hold; only from a manager */
};

struct mib_value {
	enum mib_type type;
	size_t size; /* MIB_OCTETS; from a manager perhaps more than MIB_OCTETS_MAX, cut then */
	union {
		int32_t integer;
		uint64_t number; /* MIB_UNSIGNED, MIB_COUNTER, MIB_COUNTER64, MIB_TICKS */
		struct in_addr address;
		uint8_t octets[MIB_OCTETS_MAX];
	} is;
};

/* TruthValue. */
enum mib_truth {
	MIB_TRUE = 1,
	MIB_FALSE = 2,
};

/* RowStatus. */
enum mib_row_status {
	MIB_ROW_ACTIVE = 1,
	MIB_ROW_NOT_IN_SERVICE = 2,
	MIB_ROW_NOT_READY = 3,
	MIB_ROW_CREATE_AND_GO = 4,
	MIB_ROW_CREATE_AND_WAIT = 5,
	MIB_ROW_DESTROY = 6,
};

/* InetAddressType. */
enum mib_address_type {
	MIB_ADDRESS_UNKNOWN = 0,
	MIB_ADDRESS_IPV4 = 1,
};

/* The value of an object. Each returns true, as a column that has a value does. */
bool mib_integer(struct mib_value *out, int32_t value);
bool mib_truth(struct mib_value *out, bool value);
bool mib_unsigned(struct mib_value *out, uint64_t value); /* at most UINT32_MAX is told */
bool mib_counter(struct mib_value *out, uint64_t value);
bool mib_counter64(struct mib_value *out, uint64_t value);
bool mib_ticks(struct mib_value *out, uint64_t hundredths);
bool mib_address(struct mib_value *out, struct in_addr address);
bool mib_octets(struct mib_value *out, const void *at, size_t size); /* cut at the limit */
bool mib_text(struct mib_value *out, const char *text);
/* BITS of one octet: the first of `bits`, of those in `set`, is the most significant one. */
bool mib_bits(struct mib_value *out, uint16_t set, const uint16_t *bits, size_t count);
/* InetAddress: four octets, or none for 0. */
bool mib_inet_address(struct mib_value *out, struct in_addr address);
/* Eight octets, the first one the most significant. */
bool mib_version(struct mib_value *out, uint64_t version);
/* DateAndTime of eleven octets in UTC; false for 0, which is no time. */
bool mib_date(struct mib_value *out, uint64_t unix_ms);
/* The same, and eight octets of zero for 0: of columns in which a million rows in turn
 * may have no date, and would have to be passed over. */
bool mib_date_or_none(struct mib_value *out, uint64_t unix_ms);

#endif

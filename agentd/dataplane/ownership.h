/* ownership.h - the home agent's address belongs to whoever leads, and to
 * nobody else on the link. So do the addresses of a foreign agent that members share.
 *
 * The leader says until when it may answer; a thread of its own has the address
 * while that moment lies ahead, and gives it up when it comes. So a leader that
 * says nothing more has lost the address, and nobody has to tell it.
 *
 * The address is on the interface for about a second at a time: the kernel takes
 * it away from a process that is stopped or dead. With a virtual MAC it is on a
 * device of its own (macvlan) for which the kernel answers no ARP at all; this
 * thread does, and looks at the moment before each answer. Then a stopped process
 * is silent at once. A hook is a program that is called instead, for networks
 * where the address is moved in another way.
 *
 * Each realm's address has one of these. Forwarding for mobile nodes is fenced by
 * the same moment, but is not done here.
 *
 * May include: proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_OWNERSHIP_H
#define AGENTD_DATAPLANE_OWNERSHIP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "proto/arp.h"

#define OWNERSHIP_DEVICE_MAX 16u /* octets of an interface's name, as the kernel has it */

/* Borrowed for the open. */
struct ownership_options {
	struct in_addr address;
	const char *interface; /* of the home link; empty = none */
	const char *hook;      /* absolute path of a program; empty = none */
	bool virtual_mac;
	uint8_t virtual_router; /* last octet of the virtual MAC; 0 = that of the address */
	/* In sentences; static, NULL for the home agent's. */
	const char *subject; /* whose address it is */
	const char *option;  /* that names it and its interface */
	/* Asked when a moment comes: it may lie ahead again by then, and nobody need
	 * have said so. Own thread, must not wait. NULL: ownership_set is all. */
	uint64_t (*until)(void *context);
	void *context;
};

struct ownership_status {
	bool managed;      /* agentd takes and gives it; false = others see to it */
	bool owned;        /* the address is here, or the hook said so */
	uint64_t since_ms; /* Unix time at which that began or ended; 0 = not yet */
	struct mac mac;    /* under which the link knows the address; 0 = of the hook's making */
	char device[OWNERSHIP_DEVICE_MAX]; /* that has the address; empty = of the hook's making */
};

struct ownership;

/* What a process of ours left behind is cleaned away, the device is made, the
 * thread is started; the address is not taken. *out is NULL and HA_OK returned
 * where neither interface nor hook is named: then others see to the address.
 *
 * Before privileges are dropped. The thread keeps CAP_NET_ADMIN for as long as it
 * runs, since the kernel asks for it with each change of an address; with a hook
 * it keeps nothing. The caller may give up all it has.
 *
 * HA_E_NOTFOUND (no such interface or program), HA_E_PERMISSION, HA_E_EXISTS (the
 * address is there for good, so a standby would answer too), HA_E_UNSUPPORTED (no
 * virtual MAC on such an interface), or the errno's nearest; with a sentence. */
enum ha_error ownership_open(const struct ownership_options *options, struct ownership **out,
                             char *report, size_t size);

/* Have the address while clock_monotonic_ns() is below `until_ns`; 0 gives it up
 * at once. Any thread; never waits, and costs an atomic exchange where nothing
 * begins or ends by it. NULL is nobody's address. */
void ownership_set(struct ownership *ownership, uint64_t until_ns);

/* Any thread. All zero for NULL. */
struct ownership_status ownership_status(struct ownership *ownership);

/* The address is given up and the device taken away; waits for that, and for a
 * hook at most until its time is up. What may be asked by any thread may still be
 * asked; nothing else may be called but ownership_close. NULL is fine. */
void ownership_leave(struct ownership *ownership);

/* As ownership_leave, if that was not called; then no thread may ask any more. */
void ownership_close(struct ownership *ownership);

#endif

/* tun_device.h - the device by which packets for home addresses come to this process
 * and go back to the kernel. It is there while its descriptor is open.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_TUN_DEVICE_H
#define AGENTD_DATAPLANE_TUN_DEVICE_H

#include <stddef.h>

#include "agentd/base/error.h"

/* Descriptor of a device of this name, which does not block, or -1. It is down and has
 * no address; each read and write is a struct virtio_net_hdr and one whole IP packet. What
 * is read has nothing in the former and complete checksums; what is written may be several
 * packets, as the former says.
 * Needs CAP_NET_ADMIN, and /dev/net/tun to be open to this user.
 *
 * HA_E_PERMISSION, HA_E_NOTFOUND (the kernel has no TUN devices), HA_E_INUSE (another
 * process has the device), HA_E_EXISTS (a link of another kind has the name), or the
 * errno's nearest; with a sentence. */
int tun_device_open(const char *name, enum ha_error *why, char *report, size_t size);

/* Make the device of that descriptor again, which somebody has deleted. Errors as above. */
enum ha_error tun_device_again(int fd, const char *name, char *report, size_t size);

#endif

/* tun_device.c - opening a TUN device. */
#include "agentd/dataplane/tun_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CLONE "/dev/net/tun"

static enum ha_error refuse_clone(int number, char *report, size_t size)
{
	if (number == ENOENT || number == ENODEV || number == ENXIO)
		return ha_refuse(report, size, HA_E_NOTFOUND,
		                 CLONE ": %s: this kernel has no TUN devices, which user space "
		                       "needs to forward packets",
		                 strerror(number));
	return ha_refuse(report, size, ha_error_of_errno(number),
	                 CLONE ": %s: the user of this program must be able to open it, as with "
	                       "mode 0666, which is the usual one",
	                 strerror(number));
}

static enum ha_error refuse_device(const char *name, int number, char *report, size_t size)
{
	switch (number) {
	case EBUSY:
		return ha_refuse(report, size, HA_E_INUSE,
		                 "device %s: another process has this device", name);
	case EINVAL:
		return ha_refuse(report, size, HA_E_EXISTS,
		                 "device %s: there is a device of this name already, and it is "
		                 "not of the kind that is needed: set the option device to "
		                 "another name",
		                 name);
	case EPERM:
		return ha_refuse(report, size, HA_E_PERMISSION,
		                 "device %s: making it needs root or CAP_NET_ADMIN", name);
	default:
		return ha_refuse(report, size, ha_error_of_errno(number), "device %s: %s", name,
		                 strerror(number));
	}
}

enum ha_error tun_device_again(int fd, const char *name, char *report, size_t size)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &request) == 0)
		return HA_OK;
	return refuse_device(name, errno, report, size);
}

int tun_device_open(const char *name, enum ha_error *why, char *report, size_t size)
{
	int fd = open(CLONE, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	*why = HA_OK;
	if (fd < 0) {
		*why = refuse_clone(errno, report, size);
		return -1;
	}
	*why = tun_device_again(fd, name, report, size);
	if (*why == HA_OK)
		return fd;
	close(fd);
	return -1;
}

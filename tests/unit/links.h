/* links.h - links of a test's own network. */
#ifndef TESTS_UNIT_LINKS_H
#define TESTS_UNIT_LINKS_H

/* Shell: `up NAME...` sets links up and waits until they carry packets. What is sent before the
 * kernel has looked at a new link is dropped, and on a busy machine it looks later. Setting it up
 * once more waits for a look that is under way. */
#define LINKS_UP                                                                                   \
	"up() { for link; do ip link set $link up; done; "                                         \
	"for link; do for i in $(seq 1000); do "                                                   \
	"ip link show $link | grep -q 'state UP' && break; sleep 0.01; done; "                     \
	"ip link set $link up; done; }; "

#endif

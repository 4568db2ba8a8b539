/* test_netlink.c - requests of rtnetlink of which one went wrong before. */
#include "agentd/dataplane/netlink_internal.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/suite.h"

static struct netlink *netlink;

static void begin(void)
{
	enum ha_error why;

	netlink = netlink_open(&why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(netlink);
}

/* A request whose answer nobody waits for. */
static void ask_in_vain(uint16_t type, uint16_t flags)
{
	struct nlmsghdr *request = netlink_begin(netlink, type, flags);
	struct ifinfomsg *about = mnl_nlmsg_put_extra_header(request, sizeof(*about));

	about->ifi_family = AF_UNSPEC;
	if (!(flags & NLM_F_DUMP))
		about->ifi_index = 1;
	CU_ASSERT_TRUE(mnl_socket_sendto(netlink->socket, request, request->nlmsg_len) > 0);
}

/* When the kernel takes too long, its answer comes while the next one is awaited. */
static void late_answers_are_nobodys(void)
{
	struct netlink_link link;

	begin();
	for (unsigned i = 0; i < 3; i++) {
		ask_in_vain(RTM_GETLINK, 0);
		ask_in_vain(RTM_GETADDR, 0); /* of which nothing but an error comes */
		CU_ASSERT_EQUAL(netlink_find(netlink, "lo", &link), HA_OK);
		CU_ASSERT_STRING_EQUAL(link.name, "lo");
	}
	CU_ASSERT_EQUAL(netlink_find(netlink, "no-such-link", &link), HA_E_NOTFOUND);
	netlink_close(netlink);
}

/* "No such process" is what the kernel says of a route that is not there. */
static void route_that_is_not_there_is_said_at_once(void)
{
	struct nlmsghdr *request;
	struct rtmsg *about;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		fprintf(stderr, "skipped in part: no network namespace: %s\n", strerror(errno));
		return;
	}
	begin();
	request = netlink_begin(netlink, RTM_DELROUTE, 0);
	about = mnl_nlmsg_put_extra_header(request, sizeof(*about));
	about->rtm_family = AF_INET;
	about->rtm_dst_len = 32;
	about->rtm_table = RT_TABLE_MAIN;
	about->rtm_scope = RT_SCOPE_NOWHERE;
	mnl_attr_put_u32(request, RTA_DST, htonl(0x0a000001));
	CU_ASSERT_NOT_EQUAL(netlink_tell(netlink, request), HA_OK);
	CU_ASSERT_EQUAL(netlink->trouble, ESRCH);
	netlink_close(netlink);
}

static CU_TestInfo tests[] = {
	{ "late answers are nobody's", late_answers_are_nobodys },
	{ "a route that is not there is said at once", route_that_is_not_there_is_said_at_once },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("netlink", tests);
}

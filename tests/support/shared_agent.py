"""A foreign agent that the members of a cluster share, on two links: that of the cluster and of a home agent of its visitors, and that of
visitors, where the host `client` has an interface without an address.

    with SharedAgent(directory, "data", "data", "witness", associations=rows) as world:
        member = world.await_serving()
"""

import os
import subprocess

from agent import Agent, association_line
from cluster import Cluster
from namespaces import ip
from waiting import wait_for

HOME_AGENT = "192.0.2.200"  # of the visitors, beside the cluster
HOME_NETWORK = "10.0.0.0/24"
CARE_OF, HERE = "192.0.2.9", "198.51.100.1"
VISITED = "eth1"
AGENTS = {"spi": 700, "algorithm": "hmac-sha256", "key": bytes(range(48, 64)).hex()}  # that the home agent and the members share
FORWARDING = {"net.ipv4.ip_forward": 1, "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0}


class SharedAgent:
    """`associations`: of the home agent; `at_cluster`: of the one that the members are."""

    def __init__(self, directory, *roles, associations, at_cluster=()):
        keys = os.path.join(directory, "visitors.keys")
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(association_line({"kind": "home-agent", "address": HOME_AGENT, **AGENTS}))
        self.cluster = Cluster(str(directory), *roles, configuration={
            "foreign-agent": {"care-of": CARE_OF, "max-lifetime": 600, "shared": f"{CARE_OF}@eth0, {HERE}@{VISITED}",
                              "associations": keys},
            "advertisement": {"link-1": f"{VISITED} foreign every 3-4"},
        }, associations=at_cluster).unstarted()
        self.switch = self.cluster.switch
        os.makedirs(directory / "home")
        self.home_agent = Agent(str(directory / "home"), {
            "home-agent": {"address": HOME_AGENT, "port": 434}, "registration": {"reverse-tunnel": True},
            "home-networks": {"network-1": f"{HOME_NETWORK} virtual"}, "dataplane": {"path": "user"},
        }, [*associations, {"kind": "foreign-agent", "address": CARE_OF, **AGENTS}])

    def __enter__(self):
        self.cluster.__enter__()
        try:
            self.begin()
        except BaseException as why:
            self.__exit__(type(why), why, why.__traceback__)
            raise
        return self

    def begin(self):
        ip("-n", self.switch.name, "link", "add", "visited", "type", "bridge", "forward_delay", "0")
        ip("-n", self.switch.name, "link", "set", "visited", "up")
        self.switch.plug("home", f"{HOME_AGENT}/24")
        self.forwards("home")
        for member in self.cluster.members.values():
            self.forwards(member.host)
            self.visit(member.host)
        self.visit("client")
        self.home_agent.start(prefix=self.switch.inside("home"))
        self.cluster.start()

    def __exit__(self, *exception):
        if self.home_agent.process:
            self.home_agent.kill()
        self.cluster.__exit__(*exception)

    def forwards(self, host):
        settings = [f"{name}={value}" for name, value in FORWARDING.items()]
        subprocess.run([*self.switch.inside(host), "sysctl", "-w", *settings], check=True, capture_output=True)

    def visit(self, host):
        """One more interface of a host: on the visited link."""
        ip("link", "add", VISITED, "netns", self.switch.namespace(host), "type", "veth", "peer", "name", f"v-{host}", "netns",
           self.switch.name)
        ip("-n", self.switch.name, "link", "set", f"v-{host}", "master", "visited", "up")
        ip("-n", self.switch.namespace(host), "link", "set", VISITED, "up")

    def serving(self, other_than=None):
        """The member that says that it is the foreign agent and advertises, or None."""
        for member in self.cluster.data():
            status = member is not other_than and member.ask("status")
            rows = status and status["foreign_agent"] == "leader" and member.ask("advertisements")
            if rows and rows[0]["advertises"] and rows[0]["address"] == HERE:
                return member
        return None

    def await_serving(self, other_than=None):
        return wait_for(lambda: self.serving(other_than), "a member is the foreign agent")

    @staticmethod
    def visitors(member):
        rows = member.ask("visitors")
        return rows is not None and {row["home"]: row for row in rows}

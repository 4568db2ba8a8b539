"""Hosts on one switch: a network namespace for each, and one for the switch, where links are cut, slowed and unplugged.

    with Switch() as switch:
        switch.plug("one", "192.0.2.11/24")
        subprocess.run([*switch.inside("one"), "ip", "address"])
        switch.cut([("one", "two"), ("two", "one")])   # directions in which nothing passes; all others do
        switch.cut([])
        switch.unplug("one")                           # as a power cut: what the host still sends goes nowhere

Ports of the switch have the names of their hosts.
"""

import subprocess
import uuid

from namespaces import ip, socket_in
from waiting import wait_for

TABLE = "bridge hearth"
HOST_LINK = "eth0"


class Switch:
    """`hosts`: addresses of those that are plugged in from the start, by name."""

    def __init__(self, hosts=None):
        self.hosts = hosts or {}
        self.tag = uuid.uuid4().hex[:8]
        self.name = f"hearth-{self.tag}"
        self.addresses = {}  # of the hosts that are plugged in

    def __enter__(self):
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "add", "switch", "type", "bridge", "forward_delay", "0")
        ip("-n", self.name, "link", "set", "switch", "up")
        self.filter(f"table {TABLE} {{\n chain forward {{\n type filter hook forward priority 0\n }}\n}}\n")
        try:
            for host, address in self.hosts.items():
                self.plug(host, address)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception):
        for name in [*self.addresses]:
            self.remove(name)
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)

    def namespace(self, host):
        return f"{self.name}-{host}"

    def inside(self, host=None):
        """What runs a command on a host, or where the ports are."""
        return ("nsenter", f"--net=/run/netns/{self.namespace(host) if host else self.name}")

    def filter(self, rules):
        subprocess.run([*self.inside(), "nft", "-f", "-"], input=rules, check=True, capture_output=True, text=True)

    # ---- hosts ----

    def plug(self, host, address):
        """A new host with an address (and its prefix length). Its link-layer address follows from that, as hardware's does."""
        hardware = "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("/")[0].split("."))
        name = self.namespace(host)
        self.addresses[host] = address
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", HOST_LINK, "address", hardware, "netns", name, "type", "veth", "peer", "name", host, "netns", self.name)
        ip("-n", self.name, "link", "set", host, "master", "switch", "up")
        ip("-n", name, "address", "add", address, "broadcast", "+", "dev", HOST_LINK)
        ip("-n", name, "link", "set", HOST_LINK, "up")
        self.await_port(host)

    def remove(self, host):
        """The host with everything that its kernel still had to say."""
        subprocess.run(["ip", "netns", "delete", self.namespace(host)], check=False, capture_output=True)
        # The kernel takes the link away later; by hand, so that the name is free.
        subprocess.run(["ip", "-n", self.name, "link", "delete", host], check=False, capture_output=True)
        self.addresses.pop(host, None)

    def replug(self, host):
        """The host as it is after a restart: with no connection of before."""
        address = self.addresses[host]
        self.remove(host)
        self.plug(host, address)

    def unplug(self, host):
        ip("-n", self.name, "link", "set", host, "down")

    def plug_back(self, host):
        ip("-n", self.name, "link", "set", host, "up")
        self.await_port(host)

    def await_port(self, host):
        """The switch notices a little later, and what is sent before that is lost."""
        wait_for(lambda: self.forwards(host), f"the port of {host} is open")

    def forwards(self, host):
        shown = subprocess.run([*self.inside(), "bridge", "link", "show", "dev", host], check=True, capture_output=True, text=True)
        return " state forwarding " in shown.stdout

    def socket(self, host, **options):
        """A socket of a host, of UDP unless the options of socket_in say otherwise."""
        return socket_in(self.namespace(host), **options)

    # ---- links ----

    def cut(self, directions):
        """Nothing passes in these directions, pairs of hosts; everything passes in all others."""
        rules = "".join(f"add rule {TABLE} forward iifname \"{source}\" oifname \"{sink}\" drop\n"
                        for source, sink in directions)
        self.filter(f"flush chain {TABLE} forward\n{rules}")

    def slow(self, host, kilobits):
        """What goes to a host passes at so many kilobits a second, behind a queue of half a second; 0: as before."""
        queue = ["ip", "netns", "exec", self.name, "tc", "qdisc"]
        if kilobits:
            subprocess.run([*queue, "replace", "dev", host, "root", "tbf", "rate", f"{kilobits}kbit", "burst", "4kb",
                            "latency", "500ms"], check=True, capture_output=True)
        else:
            subprocess.run([*queue, "delete", "dev", host, "root"], check=False, capture_output=True)


def pairs(*groups):
    """Both directions between any two hosts of different groups."""
    return [(one, other) for group in groups for one in group for rest in groups if rest is not group for other in rest]

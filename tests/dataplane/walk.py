"""A world to walk in: links that a mobile node is plugged into, one after the other, with its one interface.

    correspondent 203.0.113.9 -- router -- 198.18.1.0/24 -- agent 198.18.1.1 -- home 172.16.1.0/24 -- neighbour
                                   |------ foreign 198.51.100.0/24
                                   `------ other 198.51.101.0/24

Each link is a bridge in a namespace of its own, as a switch is. The mobile node's side is the real mobiled.
"""

import json
import os
import subprocess
import uuid

import yaml
from agent import BUILD
from namespaces import ip
from waiting import wait_for
from world import Hosts, KEY, SPI

AGENT, ROUTER, CORRESPONDENT = "198.18.1.1", "198.18.1.254", "203.0.113.9"
HOME, HOME_NETWORK, HOME_ROUTER = "172.16.1.77", "172.16.1.0/24", "172.16.1.1"
LINKS = {
    "outside": {"router": "203.0.113.1/24", "correspondent": f"{CORRESPONDENT}/24"},
    "core": {"router": f"{ROUTER}/24", "agent": f"{AGENT}/24"},
    "home": {"agent": f"{HOME_ROUTER}/24", "neighbour": "172.16.1.9/24"},
    "foreign": {"router": "198.51.100.1/24"},
    "other": {"router": "198.51.101.1/24"},
}
HOSTS = ("router", "correspondent", "agent", "neighbour", "mobile")
ROUTES = {"correspondent": "203.0.113.1", "agent": ROUTER, "neighbour": HOME_ROUTER}
FORWARDING = ("router", "agent")
INTERFACE = "eth0"


class Walk(Hosts):
    hosts, networks, routes, forwarding = HOSTS, LINKS, ROUTES, FORWARDING
    ways = ((HOME_NETWORK, AGENT),)  # of the router: network, and who leads there

    def __init__(self):
        tag = uuid.uuid4().hex[:8]
        super().__init__(lambda host: f"hearth-{tag}-{host}")

    def __enter__(self):
        for host in (*self.hosts, "links"):
            ip("netns", "add", self.namespace(host))
            ip("-n", self.namespace(host), "link", "set", "lo", "up")
            for name in ("all", "default"):
                self.set(host, f"net.ipv4.conf.{name}.rp_filter", 0)
                self.set(host, f"net.ipv6.conf.{name}.disable_ipv6", 1)
            self.set(host, "net.ipv4.ip_forward", int(host in self.forwarding))
        for link, members in self.networks.items():
            self.links("add", link, "type", "bridge", "forward_delay", "0")
            self.links("set", link, "up")
            for host, address in members.items():
                self.plug(host, link, link)
                ip("-n", self.namespace(host), "address", "add", address, "broadcast", "+", "dev", link)
        self.run("correspondent", "ethtool", "-K", "outside", "tx", "off")
        self.plug("mobile", "foreign", INTERFACE)
        for host, router in self.routes.items():
            ip("-n", self.namespace(host), "route", "add", "default", "via", router)
        for network, router in self.ways:
            ip("-n", self.namespace("router"), "route", "add", network, "via", router)
        return self

    def __exit__(self, *exception):
        self.end()
        for host in (*self.hosts, "links"):
            subprocess.run(["ip", "netns", "delete", self.namespace(host)], check=False, capture_output=True)

    def links(self, *words):
        ip("-n", self.namespace("links"), "link", *words)

    def plug(self, host, link, interface):
        port = f"{host[:4]}-{interface}"
        ip("link", "add", interface, "netns", self.namespace(host), "type", "veth", "peer", "name", port,
           "netns", self.namespace("links"))
        self.links("set", port, "master", link, "up")
        ip("-n", self.namespace(host), "link", "set", interface, "up")

    def go(self, link, address=None, router=None):
        """The mobile node is plugged in there, and what stands for its DHCP client has that address."""
        mobile = self.namespace("mobile")
        self.links("set", f"mobi-{INTERFACE}", "down")
        for taken in self.addresses():
            if taken != f"{HOME}/24":
                ip("-n", mobile, "address", "delete", taken, "dev", INTERFACE)
        self.links("set", f"mobi-{INTERFACE}", "master", link, "up")
        if address:
            ip("-n", mobile, "address", "add", address, "broadcast", "+", "dev", INTERFACE)
        if router:
            wait_for(lambda: self.run("mobile", "ip", "route", "replace", "default", "via", router, "dev", INTERFACE, check=False).returncode == 0,
                     "the mobile node has a router")

    def addresses(self, link=INTERFACE):
        shown = json.loads(self.run("mobile", "ip", "-j", "-4", "address", "show", "dev", link).stdout)
        return [f"{one['local']}/{one['prefixlen']}" for row in shown for one in row.get("addr_info", [])]

    def is_up(self):
        """The mobile node's kernel has told everybody that there is a carrier; it does so a little later."""
        return json.loads(self.run("mobile", "ip", "-j", "link", "show", "dev", INTERFACE).stdout)[0]["operstate"] == "UP"

    def mac(self, host, link):
        return json.loads(self.run(host, "ip", "-j", "link", "show", "dev", link).stdout)[0]["address"]

    def neighbour(self, host, address):
        """The link address that a host knows of another one, or None."""
        shown = json.loads(self.run(host, "ip", "-j", "neighbour", "show", "to", address).stdout or "[]")
        return next((row["lladdr"] for row in shown if "lladdr" in row), None)


FIRST, SECOND = "198.18.0.1", "198.18.0.2"  # the foreign agents' care-of addresses
TRANSLATED = "198.18.1.253"


class Visits(Walk):
    """The same with a host for the foreign agent of each foreign link, and a third link, where there is none.

        router -- between 198.18.0.0/24 -- first 198.18.0.1 -- foreign 198.51.100.0/24
           |                           `-- second 198.18.0.2 -- other 198.51.101.0/24
           `-- third 198.51.102.0/24
    """

    hosts = (*HOSTS, "first", "second")
    forwarding = (*FORWARDING, "first", "second")
    networks = {
        **LINKS,
        "between": {"router": "198.18.0.254/24", "first": f"{FIRST}/24", "second": f"{SECOND}/24"},
        "foreign": {"first": "198.51.100.1/24"},
        "other": {"second": "198.51.101.1/24"},
        "third": {"router": "198.51.102.1/24"},
    }
    routes = {**ROUTES, "first": "198.18.0.254", "second": "198.18.0.254"}
    ways = (*Walk.ways, ("198.51.100.0/24", FIRST), ("198.51.101.0/24", SECOND))

    def translate(self):
        """The router is a NAT for care-of addresses of every kind: the foreign agents have one address behind it, hosts of the
        third link another."""
        ip("-n", self.namespace("router"), "address", "add", f"{TRANSLATED}/24", "dev", "core")
        self.run("router", "nft", "add table ip nat; add chain ip nat out { type nat hook postrouting priority srcnat; }; "
                 f'add rule ip nat out oifname "core" ip saddr 198.18.0.0/24 snat to {ROUTER}; '
                 f'add rule ip nat out oifname "core" ip saddr 198.51.102.0/24 snat to {TRANSLATED}')


class Mobiled:
    """mobiled on the mobile node."""

    def __init__(self, walk, directory, options=None, keys=f"home {SPI} hmac-md5 {KEY}\n"):
        self.walk = walk
        self.path = os.path.join(directory, "mobiled.yaml")
        self.log_path = os.path.join(directory, "mobiled.log")
        key_path = os.path.join(directory, "mobiled.keys")
        with open(os.open(key_path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(keys)
        configuration = {
            "mobile-node": {"interface": INTERFACE, "keys": key_path, "home-address": HOME, "home-network": HOME_NETWORK,
                            "home-router": HOME_ROUTER, "home-agent": AGENT},
            "registration": {"lifetime": 300, "reverse-tunnel": "required"},
            "process": {"user": "root", "status-socket": os.path.join(directory, "mobiled.sock"), "log-level": "debug"},
        }
        for section, values in (options or {}).items():
            configuration.setdefault(section, {}).update(values)
        with open(self.path, "w", encoding="ascii") as file:
            yaml.safe_dump(configuration, file)
        self.process = None

    def command(self, *words):
        return [os.path.join(BUILD, "agentd/programs/mobiled"), *words, "--config", self.path]

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = self.walk.start("mobile", *self.command(), stderr=log)
        return self

    def rights(self):
        """(its user, numbers of the capabilities that it has)."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            rows = dict(line.split(":", 1) for line in file)
        have = int(rows["CapEff"], 16)
        return int(rows["Uid"].split()[1]), {number for number in range(64) if have >> number & 1}

    def once(self):
        """(exit code, what it printed)."""
        done = self.walk.run("mobile", *self.command("--once"), check=False)
        return done.returncode, json.loads(done.stdout)

    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def status(self):
        """None: it does not answer."""
        done = self.walk.run("mobile", *self.command("--status"), check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def is_(self, state, **members):
        """Await that it is so."""
        def matches():
            assert self.process.poll() is None, self.log()
            status = self.status()
            return status and status["state"] == state and all(status[name] == value for name, value in members.items()) and status
        return wait_for(matches, f"mobiled is {state} {members}")

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        return self.process.returncode

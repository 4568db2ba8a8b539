"""snmpd beside us: its own largest table, answered by itself and through a second snmpd as a subagent.

Tables of snmpd are as large as what they tell of. Of those that it serves itself, the neighbours of a network
(ipNetToPhysicalTable) carry the most rows: it loads fifty thousand in a second, where as many routes take it half a minute. They are made in a network namespace, together with the programs that tell of them. What a host has the most rows
of without that, its packages (hrSWInstalledTable), is a few hundred.
"""

import os
import subprocess
import uuid

from measuring import Invalid
from namespaces import ip
from snmp import Snmpd, Subagent

NEIGHBOURS = "1.3.6.1.2.1.4.35.1"
PACKAGES = "1.3.6.1.2.1.25.6.3.1"
HARDWARE_ADDRESS, PACKAGE_NAME = f"{NEIGHBOURS}.4", f"{PACKAGES}.2"  # the columns that are walked
MODULES = ["inetNetToMediaTable"]
PREFIX = "10.0.0.1/8"


class Neighbours:
    """A network namespace with so many permanent neighbours."""

    def __init__(self, count):
        self.name = f"hearth-{uuid.uuid4().hex[:8]}"
        self.count = count

    def __enter__(self):
        ip("netns", "add", self.name)
        ip("-n", self.name, "link", "set", "lo", "up")
        ip("-n", self.name, "link", "add", "one", "type", "veth", "peer", "name", "other")
        for link in ("one", "other"):
            ip("-n", self.name, "link", "set", link, "up")
        ip("-n", self.name, "address", "add", PREFIX, "dev", "one")
        lines = "".join(f"neighbour replace 10.{1 + (i >> 16)}.{i >> 8 & 255}.{i & 255} lladdr 02:00:00:{i >> 16:02x}:"
                        f"{i >> 8 & 255:02x}:{i & 255:02x} dev one nud permanent\n" for i in range(self.count))
        subprocess.run(["ip", "-n", self.name, "-batch", "-"], input=lines, text=True, check=True, capture_output=True)
        return self

    def __exit__(self, *exception):
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)

    def inside(self):
        return ("nsenter", f"--net=/run/netns/{self.name}")


class Beside:
    """Both of them: `alone` answers for its own tables; `master` has none of the neighbours, which `subagent` tells it."""

    def __init__(self, directory, neighbours):
        place, inside = (lambda name: os.path.join(directory, name)), neighbours.inside()
        self.neighbours = neighbours
        self.alone = Snmpd(place("alone"), agentx=None, prefix=inside)
        self.master = Snmpd(place("master"), prefix=inside, options=["-I", ",".join(f"-{name}" for name in MODULES)])
        self.subagent = Subagent(place("subagent"), self.master, MODULES, NEIGHBOURS)

    def __enter__(self):
        for daemon in (self.alone, self.master, self.subagent):
            daemon.start()
        return self

    def __exit__(self, *exception):
        for daemon in (self.subagent, self.master, self.alone):
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.kill()

    def processes(self):
        return [daemon.process.pid for daemon in (self.alone, self.master, self.subagent)]

    def check(self, walked):
        """A walk of a column of the neighbours found all of them."""
        if walked["varbinds"] != self.neighbours.count:
            raise Invalid(f"snmpd tells of {walked['varbinds']} of {self.neighbours.count} neighbours")

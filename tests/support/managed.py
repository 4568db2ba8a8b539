"""An agentd that managers ask by SNMP, in either of the ways that there are.

    with Managed(directory, mode) as managed:        # mode: one of MODES
        managed.agent                                # the Agent
        managed.reader().walk("1.3.6.1.2.1.44")      # as of Snmpd, whichever answers
        managed.snmpd                                # None when agentd itself answers

A cluster has one Way for each member, whose section() goes into the member's configuration: managed_cluster().
"""

import contextlib
import os

from agent import Agent, free_port
from cluster import Cluster, load_associations
from snmp import EVERYBODY, MASTER, QUIET, READER, WRITER, NoAnswer, Snmpd
from snmp_tools import Manager
from waiting import wait_for

MODES = ("agentx", "embedded")
ENABLED = "1.3.6.1.2.1.44.1.1.1.0"  # mipEntities: it is there when agentd answers, whatever its roles are
# Behind a master branch after branch is registered, these last: hearthNotifyEnabled of the first kind, of every agent, and
# hearthSettingValue of registration.burst, of a home agent.
NOTIFIES = "1.3.6.1.4.1.32473.1.1.10.1.1.2.1"
SETS = "1.3.6.1.4.1.32473.1.1.11.1.1.3.0." + ".".join(map(str, b"registration.burst"))


class Way:
    """How managers reach one agentd: through a snmpd of its own, or embedded. `lines` are of the configuration of whoever answers,
    such as receivers of notifications. `prefix`: what runs a command on the agentd's host."""

    last = NOTIFIES  # object that is there once all are

    def __init__(self, directory, mode, lines=(), who=EVERYBODY, context="", prefix=()):
        self.directory = directory
        self.mode = mode
        self.context = context
        self.prefix = prefix
        os.makedirs(directory, exist_ok=True)
        self.snmpd = None
        if mode == "agentx":
            self.snmpd = Snmpd(os.path.join(directory, "snmpd"), lines, who=who, prefix=prefix)
            self.target = self.snmpd.target
        else:
            self.target = f"127.0.0.1:{free_port('127.0.0.1')}"
            self.configuration_path = os.path.join(directory, "snmp.conf")
            self.configure([*QUIET, MASTER[-1], *(line for one in who for line in one.lines()), *lines])

    def configure(self, lines):
        """The file of the embedded agent, from its next start on."""
        with open(os.open(self.configuration_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def section(self):
        """What agentd is told: section snmp of its configuration."""
        if self.snmpd:
            return {"mode": "agentx", "master": self.snmpd.agentx, "context": self.context}
        return {"mode": "embedded", "listen": f"udp:{self.target}", "configuration": self.configuration_path,
                "context": self.context}

    def manager(self, who, **options):
        return Manager(self.target, who, **{"prefix": self.prefix, **options})

    def reader(self, **options):
        return self.manager(READER, **options)

    def writer(self, **options):
        return self.manager(WRITER, **options)

    def answers(self):
        """Are agentd's objects there?"""
        try:
            return None not in [varbind.value for varbind in self.reader(timeout=0.5).get(ENABLED, self.last)]
        except NoAnswer:
            return False

    def await_objects(self):
        wait_for(self.answers, "agentd's objects are there")

    def start(self):
        if self.snmpd:
            self.snmpd.start()

    def stop(self):
        if self.snmpd and self.snmpd.process:
            self.snmpd.stop()


class Managed(Way):
    """One agentd with its way. `configuration` and `associations` as of Agent."""

    last = SETS

    def __init__(self, directory, mode, lines=(), who=EVERYBODY, configuration=None, associations=None):
        super().__init__(os.path.join(directory, "way"), mode, lines, who)
        sections = dict(configuration or {})
        sections["snmp"] = {**self.section(), **sections.get("snmp", {})}
        self.agent = Agent(directory, sections, associations)

    def __enter__(self):
        self.start()
        self.agent.start()
        self.await_objects()
        return self

    def __exit__(self, kind, value, traceback):
        try:
            if self.agent.process:
                self.agent.stop()
        finally:
            self.stop()

@contextlib.contextmanager
def managed_cluster(directory, mode, nodes):
    """Two members and a witness that forward packets and have `nodes` associations; each with a Way of its own on its host, `member.way`."""
    made = Cluster(directory, "data", "data", "witness", associations=list(load_associations(nodes)), configuration={
        "home-networks": {"network-1": "10.0.0.0/8 virtual"}, "dataplane": {"path": "user"}})
    for member in made.members.values():
        member.way = Way(os.path.join(directory, f"way-{member.number}"), mode, prefix=made.switch.inside(member.host))
        member.configuration["snmp"] = member.way.section()
        member.write_configuration()
    with made:
        try:
            for member in made.members.values():
                member.way.start()
            yield made
        finally:
            for member in made.members.values():
                member.way.stop()

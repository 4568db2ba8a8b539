"""A cluster of real agentd processes for tests: each member in a network namespace of its own, on one switch with a client.

    with Cluster(directory, "data", "data", "witness") as cluster:
        leader = cluster.await_leader()
        cluster.run_load("register")          # agentload, from the client to the home agent address
        leader.power_off()                    # or kill(), freeze(), stop(), cluster.isolate(leader)
        cluster.await_leader(other_than=leader)

On a busy host the lead may move at any time: it is awaited, and what holds of one leader is judged by in_one_reign.

The leader owns ADDRESS, which no member has at the start; members are 192.0.2.11, .12 and so on. Needs root.
"""

import json
import os
import shutil
import signal
import subprocess

from agent import Agent, Refused, program
from processes import die_with_parent, stop_running
from switched import HOST_LINK, Switch, pairs
from waiting import wait_for

ADDRESS = "192.0.2.1"  # of the home agent
CLIENT = "client"
CLIENT_ADDRESS = "192.0.2.77"
PREFIX = "/24"
PORT = 434
CLUSTER_PORT = 4340
ROLES = ("data", "witness")
REIGNS = 20  # at most, that are judged until one lasted long enough


def make_key(path):
    """A key file of a member; its public half."""
    done = subprocess.run([program("agentctl"), "cluster", "key", "make", path], check=True, capture_output=True, text=True)
    return done.stdout.split()[-1]


def load_associations(nodes, bindings=1, *arguments):
    """Of agentload's mobile nodes, as rows of tests/support/agent.py."""
    done = subprocess.run([program("agentload"), "associations", "--nodes", str(nodes), "--bindings", str(bindings), *arguments],
                          check=True, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        kind, *fields = line.split()
        yield {"kind": kind, **dict(field.split("=", 1) for field in fields)}


class Member(Agent):
    """One agentd of a cluster."""

    def __init__(self, cluster, number, role, configuration, associations):
        self.cluster = cluster
        self.number = number
        self.role = role
        self.host = f"m{number}"
        self.cluster_address = f"192.0.2.{10 + number}"
        self.key_path = os.path.join(cluster.directory, f"node-{number}.key")
        self.public_key = make_key(self.key_path)
        self.frozen = False
        self.unplugged = False
        self.environment = None
        directory = os.path.join(cluster.directory, str(number))
        os.makedirs(directory, exist_ok=True)
        super().__init__(directory, configuration, associations)

    def line(self, public_key=None):
        """How the configuration names it."""
        return f"{self.cluster_address}:{CLUSTER_PORT} {self.role} {public_key or self.public_key}"

    def join(self, members):
        """Write the configuration that names all members; takes effect with the next start."""
        section = self.configuration.setdefault("cluster", {})
        section.update({"node": self.number, "key": self.key_path})
        section.update({f"member-{member.number}": member.line() for member in members})
        self.write_configuration()

    # ---- its process ----

    def spawn(self, prefix=()):
        assert self.process is None, "it runs already"
        with open(self.log_path, "ab") as log:
            self.spawned_at = log.tell()
            self.process = subprocess.Popen(
                [*self.cluster.switch.inside(self.host), *prefix, program("agentd"), "--config", self.configuration_path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, preexec_fn=die_with_parent)

    def came_up(self):
        """Has the process that runs now said that it is ready?"""
        with open(self.log_path, "rb") as log:
            log.seek(self.spawned_at)
            return b", ready after " in log.read()

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def bury(self):
        """Forget a process that ended by itself; its status."""
        status, self.process = self.process.wait(timeout=60), None
        return status

    def freeze(self):
        stop_running(self.process)
        self.frozen = True

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        self.frozen = False

    def end(self, number):
        if self.frozen and number != signal.SIGKILL:
            self.thaw()
        self.frozen = False
        return super().end(number)

    def power_off(self):
        """The host is gone at once: nobody is told by a connection that is closed. The disk is as after a kill."""
        self.cluster.switch.unplug(self.host)
        self.unplugged = True
        self.kill()

    def power_on(self):
        """The host comes back and remembers no connection."""
        self.cluster.switch.replug(self.host)
        self.unplugged = False
        self.cluster.apply_network()
        self.spawn()

    def wipe(self):
        """An empty disk, but for the key under which secrets are sealed."""
        shutil.rmtree(self.data_directory)
        os.mkdir(self.data_directory, mode=0o700)

    # ---- what it says ----

    def view(self, group=0):
        """What it says of itself (agentctl status), None when it does not answer."""
        return self.ask("--group", str(group), "status")

    def peers(self, group=0):
        """What it says of all members (agentctl cluster status), by number; None when it does not answer."""
        rows = self.ask("--group", str(group), "cluster", "status")
        return rows and {row["member"]: row for row in rows}

    def ask(self, *words):
        if not self.runs() or self.frozen:
            return None
        try:
            return self.ctl("--timeout", "2", *words)
        except (Refused, json.JSONDecodeError):
            return None

    def leads(self, group=0):
        view = self.view(group)
        return view is not None and view["role"] == "leader"

    def listing(self, group=0):
        """Lines that agentload verify reads."""
        rows = self.ctl("--group", str(group), "bindings")
        return "".join(f"{row['home']} {row['care_of']} 0x{row['identification']}\n" for row in rows)

    def state_of(self, other):
        """The state in which it sees another member, or itself; None when it does not say."""
        return (self.peers() or {}).get(other.number, {}).get("state")

    def counter(self, name):
        return next(row["value"] for row in self.ctl("counters") if row["name"] == name)


class Cluster:
    """Members by number in `members`; `switch` is their network."""

    def __init__(self, directory, *roles, configuration=None, associations=None):
        assert roles and set(roles) <= set(ROLES)
        self.directory = directory
        self.switch = Switch()
        self.cuts = []
        self.slowed = set()
        self.starts = True
        wanted = {
            "home-agent": {"address": ADDRESS, "port": PORT, "interface": HOST_LINK},
            "storage": {"cluster-key": os.path.join(directory, "cluster.key")},
        }
        for section, options in (configuration or {}).items():
            wanted.setdefault(section, {}).update(options)
        if not os.path.exists(wanted["storage"]["cluster-key"]):
            subprocess.run([program("agentctl"), "key", "new", wanted["storage"]["cluster-key"]], check=True, capture_output=True)
        self.members = {number: Member(self, number, role, wanted, associations) for number, role in enumerate(roles, 1)}
        for member in self.members.values():
            member.join(self.members.values())

    def __enter__(self):
        self.switch.__enter__()
        try:
            self.switch.plug(CLIENT, CLIENT_ADDRESS + PREFIX)
            for member in self.members.values():
                self.switch.plug(member.host, member.cluster_address + PREFIX)
            if self.starts:
                self.start()
        except BaseException as why:
            self.__exit__(type(why), why, why.__traceback__)
            raise
        return self

    def unstarted(self):
        """For `with`: no member is started yet."""
        self.starts = False
        return self

    def __exit__(self, kind, value, traceback):
        ended = [member for member in self.members.values() if member.process is not None and not member.runs()]
        try:
            if kind is not None or ended:
                for member in self.members.values():
                    print(f"---- log of member {member.number}\n{member.log()[-8000:] if os.path.exists(member.log_path) else ''}")
        finally:
            self.end()
        if kind is None:
            assert not ended, f"members ended by themselves: {[member.number for member in ended]}"

    def end(self):
        """Nothing is left running, however it went."""
        for member in self.members.values():
            if member.process is not None:
                member.process.kill()
                member.process.wait()
                member.process = None
        self.switch.__exit__()

    # ---- who ----

    def data(self):
        return [member for member in self.members.values() if member.role == "data"]

    def witnesses(self):
        return [member for member in self.members.values() if member.role == "witness"]

    def running(self):
        return [member for member in self.members.values() if member.runs() and not member.frozen]

    def others(self, *members):
        return [member for member in self.members.values() if member not in members]

    # ---- life ----

    def start(self, *members):
        """Start members, all unless named, and await that they answer agentctl."""
        members = members or self.members.values()
        for member in members:
            if member.process is None:
                member.spawn()
        for member in members:
            wait_for(member.answers, f"member {member.number} answers agentctl")

    def stop(self):
        for member in self.members.values():
            if member.process is not None:
                assert member.stop() == 0, f"member {member.number} ended badly:\n{member.log()[-8000:]}"

    def reign(self, other_than=None, group=0):
        """(who leads and can answer, the latest term of which a member knows): the leader is None while there is none. A witness
        that was elected answers nobody, and hands on."""
        views = {member: member.view(group) for member in self.running() if member is not other_than and not member.unplugged}
        leaders = [member for member, view in views.items() if view and view["role"] == "leader"]
        leader = max(leaders, key=lambda member: views[member]["term"], default=None)
        term = max((view["term"] for view in views.values() if view), default=None)
        return (leader if leader in self.data() else None), term

    def leader(self, other_than=None, group=0):
        """The member that leads and can answer, None when there is none now."""
        return self.reign(other_than, group)[0]

    def await_leader(self, other_than=None, seconds=30, group=0):
        return wait_for(lambda: self.leader(other_than, group), f"a member leads group {group}", seconds=seconds, interval=0.005)

    def standby(self, leader):
        """The other data member of two."""
        return next(member for member in self.data() if member is not leader)

    def in_one_reign(self, judge):
        """What judge(leader) returns. What it finds wrong counts only if one reign saw all of it; else it judges the next one."""
        for _ in range(REIGNS):
            wait_for(lambda: self.reign()[0], "a member leads")
            before = self.reign()
            if before[0] is None:
                continue
            try:
                return judge(before[0])
            except (AssertionError, Refused):
                if self.reign() == before:
                    raise
        raise AssertionError(f"in {REIGNS} reigns none lasted long enough to be judged")

    def admit(self, member):
        """Let in a member that is refused for its new disk, as an operator does. A leader may be lost before that is settled, so
        the next one is asked again if it still refuses."""
        answers = []

        def is_in():
            leader = self.leader()
            state = leader and leader.state_of(member)
            if state == "refused":
                try:
                    answers.append(leader.ctl("cluster", "admit", str(member.number)))
                except Refused as why:
                    answers.append(why.text)
            return state in ("well", "lags", "fetches the store")

        wait_for(is_in, f"member {member.number} is let in")
        assert {"result": "admitted", "member": member.number} in answers, answers

    def is_whole(self):
        """One member leads and counts on all others, who may lag a little: the load may go on."""
        leader = self.leader()
        peers = leader.peers() if leader and len(self.running()) == len(self.members) else None
        return bool(peers) and all(row["state"] == "well" and row["connected"] for row in peers.values())

    def await_whole(self, seconds=120):
        wait_for(self.is_whole, "the leader counts on all members", seconds=seconds)

    def is_level(self, group=0):
        """One member leads, all follow it and hold everything, and their stores do too."""
        views = {member: member.view(group) for member in self.members.values()}
        leaders = [member for member, view in views.items() if view and view["role"] == "leader"]
        if not all(views.values()) or len(leaders) != 1:
            return False
        if len({(view["term"], view["leader"]) for view in views.values()}) != 1:
            return False
        peers = leaders[0].peers(group)
        if not peers or any(peers[member.number]["lag_entries"] != 0 for member in self.others(*leaders)):
            return False
        indexes = {(views[member]["applied_index"], views[member]["store_index"]) for member in self.data()}
        return len(indexes) == 1 and len(set(indexes.pop())) == 1

    def await_level(self, seconds=60, group=0):
        wait_for(lambda: self.is_level(group), f"all members hold everything of group {group}", seconds=seconds)

    # ---- network ----

    def apply_network(self):
        self.switch.cut(self.cuts)

    def cut(self, directions):
        """Directions, pairs of hosts or members, in which nothing passes from now on; everything does in all others."""
        self.cuts = [tuple(getattr(end, "host", end) for end in direction) for direction in directions]
        self.apply_network()

    def split(self, *groups):
        """Groups of members (and CLIENT) that do not hear one another; who is in no group hears all."""
        self.cut(pairs(*groups))

    def isolate(self, *members, client_too=True):
        """Members that hear nobody."""
        rest = self.others(*members) + ([CLIENT] if client_too else [])
        self.split(*([member] for member in members), rest)

    def heal(self):
        self.cut([])
        for member in list(self.slowed):
            self.slow(member, 0)

    def slow(self, member, kilobits):
        self.switch.slow(member.host, kilobits)
        (self.slowed.add if kilobits else self.slowed.discard)(member)

    # ---- clients ----

    def inside(self):
        """What runs a command as the client."""
        return self.switch.inside(CLIENT)

    def load_command(self, *arguments, address=ADDRESS):
        return [*self.inside(), program("agentload"), "--target", f"{address}:{PORT}", *map(str, arguments)]

    def run_load(self, *arguments, address=ADDRESS, **options):
        """agentload to its end; its result."""
        done = subprocess.run(self.load_command(*arguments, address=address), capture_output=True, text=True, timeout=300, **options)
        assert done.stdout, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def start_load(self, *arguments, address=ADDRESS):
        return subprocess.Popen(self.load_command(*arguments, address=address), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)

    @staticmethod
    def end_load(process):
        """Stop a load that start_load began, if it still runs; its result."""
        if process.poll() is None:
            process.terminate()
        output, errors = process.communicate(timeout=60)
        assert output, errors
        return json.loads(output.splitlines()[-1])

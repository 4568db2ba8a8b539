"""Real SNMP daemons for tests: snmpd, the master agent, and snmptrapd, who hears notifications. Each has a directory, a port and
a configuration of its own; the host's have no say.

    with Snmpd(directory) as snmpd:
        snmpd.agentx                      # where subagents connect
        snmpd.reader().walk("1.3.6.1.2.1.1")
        snmpd.writer().set(("1.3.6.1.2.1.1.6.0", "s", "cellar"))

    with Receiver(directory) as receiver:
        receiver.await_notification("1.3.6.1.4.1.32473.1.0.4")["values"]

They are awaited by asking them, never by waiting a while.
"""

import os
import re
import signal
import socket
import subprocess
import tempfile

from agent import free_port
from processes import die_with_parent, stop_running
from snmp_tools import (  # noqa: F401
    Community, Manager, NoAnswer, Refused, User, Varbind, dotted, environment, numbers, program, read_varbinds,
)
from waiting import wait_for

UP_TIME = "1.3.6.1.2.1.1.3.0"
TRAP = numbers("1.3.6.1.6.3.1.1.4.1.0")  # which notification it is, its second object

READER, WRITER = Community("reading"), Community("writing", writes=True)
READING_USER, WRITING_USER = User("monitor"), User("operator", writes=True)
EVERYBODY = (READER, WRITER, READING_USER, WRITING_USER)

# Of the master, as the manual advises: a request is never sent to a subagent twice.
MASTER = ("master agentx", "agentXTimeout 5", "agentXRetries 0", "maxGetbulkResponses 1000")
QUIET = ("dontLogTCPWrappersConnects yes", "view everything included .1")


def free_tcp_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


class Daemon:
    """What both have in common: a directory, a process, its log."""

    name = None

    def __init__(self, directory, lines, prefix=()):
        self.directory = directory
        self.prefix = prefix
        self.process = None
        self.frozen = False
        os.makedirs(directory, exist_ok=True)
        self.log_path = os.path.join(directory, f"{self.name}.log")
        self.configuration_path = os.path.join(directory, f"{self.name}.conf")
        self.configure(lines)

    def configure(self, lines):
        """Another configuration, from the next start on."""
        with open(self.configuration_path, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    def arguments(self):
        raise NotImplementedError

    def answers(self):
        raise NotImplementedError

    def spawn(self):
        """Start without awaiting anything."""
        assert self.process is None, "it runs already"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, program(self.name), "-f", "-Lf", self.log_path, *self.arguments()], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=environment(self.directory), preexec_fn=die_with_parent)

    def start(self):
        """Start and await that it answers."""
        self.spawn()
        wait_for(self.is_ready, f"{self.name} answers")
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode} while starting:\n{self.log()}"
        return self.answers()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        """SIGTERM; what is to survive is written."""
        self.thaw()
        return self.end(signal.SIGTERM)

    def kill(self):
        return self.end(signal.SIGKILL)

    def end(self, number):
        process, self.process, self.frozen = self.process, None, False
        process.send_signal(number)
        try:
            return process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{self.name} did not end after signal {number}:\n{self.log()}") from None

    def restart(self):
        self.stop()
        return self.start()

    def freeze(self):
        """It is there and does nothing (SIGSTOP)."""
        stop_running(self.process)
        self.frozen = True

    def thaw(self):
        if self.frozen:
            self.process.send_signal(signal.SIGCONT)
            self.frozen = False

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, kind, value, traceback):
        running = self.process is not None and self.process.poll() is None
        ended = self.process is not None and not running
        if kind is not None or ended:
            print(f"---- log of {self.name}\n{self.log()[-20000:]}")
        if running:
            self.kill()
        assert kind is not None or not ended, f"{self.name} ended by itself with {self.process.returncode}"


class Snmpd(Daemon):
    """The master agent. `lines` are of snmpd.conf, beside who may ask and what makes it a master. `agentx`: how subagents reach it,
    "unix", "tcp", or None for not at all; then as the attribute of that name, as they are told it. `options`: of the program."""

    name = "snmpd"

    def __init__(self, directory, lines=(), agentx="unix", address="127.0.0.1", who=EVERYBODY, prefix=(), options=()):
        self.target = f"{address}:{free_port(address)}"
        self.place = tempfile.TemporaryDirectory(prefix="snmpd-")  # a socket's path is 107 octets at most
        self.agentx = {
            "unix": f"unix:{self.place.name}/agentx.sock",
            "tcp": f"tcp:{address}:{free_tcp_port(address)}",
            None: None,
        }[agentx]
        self.who = who
        self.options = options
        super().__init__(directory, [], prefix)
        self.configure(lines)

    def configure(self, lines):
        master = MASTER if self.agentx else ()
        super().configure([*QUIET, *master, *(line for who in self.who for line in who.lines()), *lines])

    def arguments(self):
        place = ("-x", self.agentx) if self.agentx else ()
        return (*self.options, *place, f"udp:{self.target}")

    def answers(self):
        try:
            return bool(self.reader(timeout=0.2).get(UP_TIME))
        except NoAnswer:
            return False

    def manager(self, who, **options):
        return Manager(self.target, who, prefix=self.prefix, **options)

    def reader(self, **options):
        return self.manager(READER, **options)

    def writer(self, **options):
        return self.manager(WRITER, **options)


class Subagent(Daemon):
    """Another snmpd as a subagent of the first, with some of its modules (names of its option -I); `root`: an object that it then
    serves there."""

    name = "snmpd"

    def __init__(self, directory, master, modules, root):
        self.master = master
        self.modules = modules
        self.root = root
        super().__init__(directory, [], master.prefix)

    def arguments(self):
        return ("-X", "-x", self.master.agentx, "-I", ",".join(self.modules))

    def answers(self):
        try:
            return bool(self.master.reader().below(self.root, self.master.reader().getnext(self.root)))
        except Refused:
            return False  # what it tells of is not loaded yet


RECORD = re.compile(r"^notification (TRAP2?|INFORM), SNMP v(\S+), (community|user) ([^\n]*?)(?:, context ([^\n]*))?\n"
                    r"from ([^\n]*)\n(.*?)^end\n", re.MULTILINE | re.DOTALL)


def read_notifications(log):
    """All that are whole in the log of snmptrapd."""
    for kind, version, by, who, context, source, objects in RECORD.findall(log):
        varbinds = read_varbinds(objects)
        values = {varbind.oid: varbind for varbind in varbinds}
        yield {
            "kind": "inform" if kind == "INFORM" else "trap", "version": version, by: who, "context": context, "from": source,
            "notification": values[TRAP].value, "uptime": varbinds[0].value, "objects": varbinds[2:],
            "values": {varbind.oid: varbind.value for varbind in varbinds[2:]},
        }


class Receiver(Daemon):
    """snmptrapd: takes every notification of v2c, and those of v3 from `users`. It acknowledges informs. A trap of v3 is of its
    sender's engine, so `engines` names those (hexadecimal digits); an inform is of the receiver's own, `own_engine` if it is to be a
    certain one."""

    name = "snmptrapd"

    def __init__(self, directory, users=(), engines=(), address="127.0.0.1", prefix=(), own_engine=None):
        self.port = free_port(address)
        self.target = f"{address}:{self.port}"
        self.taken = 0
        lines = ["disableAuthorization yes", r"format2 notification %P\nfrom %b\n%V\n%v\nend\n"]
        lines += [f"exactEngineID 0x{own_engine}"] if own_engine else []
        lines += [user.creation(engine) for user in users for engine in (None, *engines)]
        super().__init__(directory, lines, prefix)

    def arguments(self):
        return ("-On", "-Oxe", f"udp:{self.target}")

    def answers(self):
        """It reads its configuration before it has its port; from then on datagrams wait for it."""
        with open(f"/proc/{self.process.pid}/net/udp", encoding="ascii") as file:
            return any(line.split()[1].endswith(f":{self.port:04X}") for line in file.readlines()[1:])

    def notifications(self):
        """All that came since the start of the test, the oldest first. Each is a dictionary: kind (trap or inform), version,
        community or user, context, from, notification (its oid), uptime, objects (Varbind in order), values by oid."""
        return list(read_notifications(self.log()))

    def await_notification(self, oid=None, where=lambda notification: True, seconds=60):
        """The first one that was not yet awaited, of this kind and for which `where` holds. Those before it are passed over."""
        def next_one():
            for number, notification in enumerate(self.notifications()[self.taken:], self.taken + 1):
                if (oid is None or notification["notification"] == numbers(oid)) and where(notification):
                    self.taken = number
                    return notification
            return None
        return wait_for(next_one, f"a notification {oid and dotted(oid)} came", seconds=seconds)

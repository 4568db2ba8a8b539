"""The manager's side of SNMP for tests: Net-SNMP's command line tools, with what they print read back as values.

    manager = Manager("127.0.0.1:16161", WRITER)
    manager.get("1.3.6.1.2.1.1.3.0")[0].value       # 4711
    manager.set(("1.3.6.1.2.1.1.6.0", "s", "cellar"))

Everything is by number: no MIB module is loaded, and the host's own configuration of SNMP has no say.
"""

import os
import re
import shutil
import subprocess
import tempfile
from typing import NamedTuple

SECURITY = ("-l", "authPriv", "-a", "SHA", "-x", "AES")
TIMEOUT = 10  # seconds that an answer may take; a test of what is not answered says less


class Varbind(NamedTuple):
    """`type` as the standards write it; `value` is an int, octets, a tuple of numbers, or a text for what is none of these. It is
    None where the type is noSuchObject, noSuchInstance or endOfMibView."""

    oid: tuple
    type: str
    value: object


class Refused(Exception):
    """The agent answered with an error: `status` by its name, such as notWritable, and `failed`, the object that it is about. What
    SNMPv3 refuses by a report has the sentence of the tool as its status."""

    def __init__(self, status, failed, text):
        super().__init__(text.strip())
        self.status = status
        self.failed = failed


class NoAnswer(Exception):
    """Nothing came back in time."""


class Community:
    """Who asks, by v2c."""

    def __init__(self, name, writes=False):
        self.name = name
        self.writes = writes
        self.arguments = ("-v2c", "-c", name)

    def lines(self):
        """Of snmpd.conf, that let it in."""
        return [f"{'rw' if self.writes else 'ro'}community {self.name}"]


class User:
    """Who asks, by v3 with SHA and AES, in any context. `privacy`: another secret, for AES."""

    def __init__(self, name, writes=False, secret=None, privacy=None):
        self.name = name
        self.writes = writes
        self.secret = secret or f"{name}-secret"
        self.privacy = privacy or self.secret
        self.arguments = ("-v3", "-u", name, *SECURITY, "-A", self.secret, "-X", self.privacy)

    def creation(self, engine=None):
        """The line that makes the user, for notifications of another engine where one is named."""
        owner = f"-e 0x{engine} " if engine else ""
        return f"createUser {owner}{self.name} SHA {self.secret} AES {self.privacy}"

    def lines(self):
        return [self.creation(), f"{'rw' if self.writes else 'ro'}user {self.name} priv -V everything *"]


def program(name):
    """Path of a program of Debian's packages snmp, snmpd and snmptrapd; daemons may not be on the user's path."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    assert path, f"{name} is not installed; deploy/install-dependencies does it"
    return path


def environment(directory):
    """For a program of Net-SNMP that must know nothing but this directory. It finds again what it has stored only if that place
    is on its path, too."""
    modules, persistent = (os.path.join(directory, name) for name in ("modules", "persistent"))
    for place in (modules, persistent):
        os.makedirs(place, exist_ok=True)
    return {**os.environ, "MIBS": "", "MIBDIRS": modules, "SNMPCONFPATH": f"{directory}:{persistent}",
            "SNMP_PERSISTENT_DIR": persistent, "LC_ALL": "C"}


# ---- what the tools print, with -On -Ox -Oe ----

EXCEPTIONS = {
    "No Such Object": "noSuchObject",
    "No Such Instance": "noSuchInstance",
    "No more variables": "endOfMibView",
}


def numbers(oid):
    """An object identifier as a tuple, from that or from text."""
    return tuple(int(number) for number in oid.strip(".").split(".")) if isinstance(oid, str) else tuple(oid)


def dotted(oid):
    return oid if isinstance(oid, str) else ".".join(map(str, oid))


def whole(text):
    return int(text.split()[0])


def between_brackets(text):
    return int(text[text.index("(") + 1:text.index(")")])


# what a tool calls a type: what the standards call it, and how its value is read
TYPES = {
    "INTEGER": ("INTEGER", whole),
    "Gauge32": ("Gauge32", whole),
    "Counter32": ("Counter32", whole),
    "Counter64": ("Counter64", whole),
    "Timeticks": ("TimeTicks", between_brackets),
    "IpAddress": ("IpAddress", str),
    "OID": ("OBJECT IDENTIFIER", numbers),
    "Hex-STRING": ("OCTET STRING", bytes.fromhex),
    "BITS": ("OCTET STRING", bytes.fromhex),
    "Opaque": ("Opaque", str),
    "NULL": ("NULL", str),
}

BEGINNING = re.compile(r"^(\.\d+(?:\.\d+)*) = ", re.MULTILINE)


def read_varbind(oid, text):
    for beginning, name in EXCEPTIONS.items():
        if text.startswith(beginning):
            return Varbind(oid, name, None)
    if text.strip() == '""':
        return Varbind(oid, "OCTET STRING", b"")
    kind, _, rest = text.partition(":")
    name, read = TYPES[kind.strip()]
    return Varbind(oid, name, read(rest.strip()))


def read_varbinds(text):
    """All of an output. A value may go on in the next line; only an object begins with a dot."""
    parts = BEGINNING.split(text)
    assert not parts[0].strip(), f"not an object and its value: {parts[0]}"
    return [read_varbind(numbers(oid), value) for oid, value in zip(parts[1::2], parts[2::2])]


REASON = re.compile(r"^Reason: \(?(\w+)", re.MULTILINE)
FAILED = re.compile(r"^Failed object: (\.[.\d]+)", re.MULTILINE)
SENTENCE = re.compile(r"^snmp\w+: (.*)", re.MULTILINE)


def raise_error_of(text):
    """The exception that a tool's complaint stands for; nothing when there is none."""
    reason, failed, sentence = REASON.search(text), FAILED.search(text), SENTENCE.search(text)
    if "No Response from" in text or "Timeout" in text:
        raise NoAnswer(text.strip())
    if reason or sentence:
        raise Refused(reason[1] if reason else sentence[1].strip(), numbers(failed[1]) if failed else None, text)


def with_type(oid, kind, value):
    """The words of snmpset for one object; octets are given as x."""
    return dotted(oid), kind, value.hex() if isinstance(value, bytes) else dotted(value) if kind == "o" else str(value)


class Manager:
    """Asks one agent as one community or user. `target` as Net-SNMP writes it: [udp:]ADDRESS:PORT. `prefix`: a command that runs
    the tools, such as ip netns exec. Requests are sent once unless `tries` says otherwise."""

    def __init__(self, target, who, context="", timeout=TIMEOUT, tries=1, prefix=()):
        self.target = target
        self.who = who
        self.prefix = prefix
        self.options = ["-On", "-Ox", "-Oe", "-t", str(timeout), "-r", str(tries - 1), *who.arguments]
        if context:
            self.options += ["-n", context]
        self.directory = tempfile.TemporaryDirectory(prefix="hearth-snmp-")

    def run(self, tool, *arguments, own=()):
        """The finished process of a tool; `own`: options of it before the agent is named."""
        command = [*self.prefix, program(tool), *self.options, *own, self.target, *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              env=environment(self.directory.name), timeout=600)

    def ask(self, tool, *arguments, own=()):
        done = self.run(tool, *arguments, own=own)
        raise_error_of(done.stderr)
        assert done.returncode == 0, f"{tool} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return read_varbinds(done.stdout)

    def get(self, *oids):
        return self.ask("snmpget", *map(dotted, oids), own=["-Cf"])

    def getnext(self, *oids):
        return self.ask("snmpgetnext", *map(dotted, oids), own=["-Cf"])

    def bulkget(self, *oids, repetitions=10, non_repeaters=0):
        return self.ask("snmpbulkget", *map(dotted, oids), own=[f"-Cn{non_repeaters}", f"-Cr{repetitions}"])

    def walk(self, oid):
        """Everything below, by GETNEXT."""
        return self.below(oid, self.ask("snmpwalk", dotted(oid), own=["-CI"]))

    def bulkwalk(self, oid, repetitions=50):
        """Everything below, by GETBULK."""
        return self.below(oid, self.ask("snmpbulkwalk", dotted(oid), own=[f"-Cr{repetitions}"]))

    @staticmethod
    def below(oid, varbinds):
        """Without what the tools say where nothing is."""
        root = numbers(oid)
        return [varbind for varbind in varbinds if varbind.value is not None and varbind.oid[:len(root)] == root]

    def set(self, *objects):
        """One request. Each object is (oid, type as snmpset has it, value); what the agent answered."""
        return self.ask("snmpset", *(word for row in objects for word in with_type(*row)))

    def value(self, oid):
        """The value of one object, None when it is not there."""
        return self.get(oid)[0].value

"""Hosts of their own for many mobiled at a time, each with one link whose other end we are. Needs root.

    with Laboratory(directory) as laboratory:
        for (variant, case, fault), result in laboratory.run(jobs): ...    # (`pass`, `fail` or `n/a`, and why)
"""

import hashlib
import os
import queue
import select
import socket
import subprocess
import sys
import threading
import uuid

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = os.path.join(HERE, "..")
sys.path.insert(0, os.path.join(SUITE, "../support"))

import profiles  # noqa: E402
from agent import program  # noqa: E402
from engine import Trouble  # noqa: E402
from mobile import engine, links, peers  # noqa: E402
from mobile.keys import KEYS  # noqa: E402
from mobile.variants import HOME, HOME_AGENT, HOME_NETWORK, ROUTER, VARIANTS  # noqa: E402
from namespaces import socket_in  # noqa: E402
from processes import die_with_parent  # noqa: E402

PROFILE = os.path.join(SUITE, "hearth-mobile.profile")
START_S = 30.0
BEGIN = """cd /proc/sys/net/ipv4/conf/eth0 && echo 0 >arp_ignore && echo 0 >arp_announce && exec "$0" --config "$1"
"""  # who was killed has left these as they were
HOSTS = 16  # at a time: they wait most of the time


def profile_of(variant):
    base = profiles.read(PROFILE, KEYS)
    given = {name: value for name, value in base.given.items() if name not in VARIANTS[variant].get("without", ())}
    return profiles.Profile(given, keys=KEYS).overlaid(VARIANTS[variant]["profile"])


def secret_lines(profile):
    """The associations of a node: lines for the suite."""
    kinds = [("home", profile["algorithm"])]
    kinds += [("foreign", "hmac-md5")] if profile["foreign-key"] else []
    kinds += [("aaa", "hmac-md5")] if profile["aaa-key"] else []
    for number, (kind, algorithm) in enumerate(kinds):
        key = hashlib.sha256(f"hearth/{kind}".encode()).hexdigest()[:32]
        yield f"{kind} spi={300 + number} algorithm={algorithm} key={key}\n"


def write_secret(path, lines):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.writelines(lines)


class Network:
    """The node's host, and our end of its link."""

    NODE, OURS = "eth0", "link0"

    def __init__(self):
        tag = uuid.uuid4().hex[:8]
        self.names = [f"hearth-{tag}-{who}" for who in ("node", "ours")]

    def __enter__(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "add", name], check=True)
        node, ours = self.names
        self.ip(None, f"link add {self.NODE} netns {node} type veth peer name {self.OURS} netns {ours}")
        settings = [f"net.ipv4.conf.{name}.rp_filter=0" for name in ("all", "default", self.NODE)]
        settings += ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"]
        for name, end in ((ours, self.OURS), (node, self.NODE)):
            quiet = settings if name == node else settings[-2:]
            subprocess.run([*self.inside(name), "sysctl", "-qw", *quiet], check=True, stdin=subprocess.DEVNULL)
            self.ip(name, "link set lo up", f"link set {end} up")
        return self

    def __exit__(self, *exception):
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    @staticmethod
    def inside(name):
        return ("nsenter", f"--net=/run/netns/{name}")

    @staticmethod
    def ip(name, *lines):
        where = ["-n", name] if name else []
        subprocess.run(["ip", *where, "-batch", "-"], input="\n".join(lines), check=True, text=True, capture_output=True)

    def live_at(self, address):
        """The node's host has that address alone, by what stands for its DHCP client."""
        lines = [f"address flush dev {self.NODE}"]
        if address:
            lines += [f"address add {address}/24 dev {self.NODE}", f"route add default via {ROUTER} dev {self.NODE}"]
        self.ip(self.names[0], *lines)

    def link(self):
        """Ours, for this process."""
        return links.Link(self.OURS, lambda family, kind, protocol: socket_in(self.names[1], kind, family, protocol))


class Host:
    """One mobiled after another, with the settings of `variant` and the fault `fault`."""

    def __init__(self, directory, binary=None):
        self.directory, self.binary = directory, binary or program("mobiled")
        os.makedirs(directory, exist_ok=True)
        self.network = Network()
        self.process = self.variant = self.fault = self.link = self.lives_at = None
        self.ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ready_path = os.path.join(directory, "ready")
        self.ready.bind(self.ready_path)
        self.ready.settimeout(START_S)

    def path(self, name):
        return os.path.join(self.directory, name)

    def become(self, variant, fault=None):
        """What the next begin() is about."""
        self.fault = fault
        if variant == self.variant:
            return
        self.variant, profile = variant, profile_of(variant)
        self.write_configuration(variant)
        rows = peers.parse(secret_lines(profile))
        nonces = " nonces" if profile["replay"] == "nonce" else ""
        write_secret(self.path("keys"), (
            f"{kind} {one.spi} {one.algorithm} {one.key.hex()}{nonces if kind == 'home' else ''}\n" for kind, one in rows.items()
        ))
        if self.lives_at != (profile["address"],):
            self.network.live_at(profile["address"])
            self.lives_at = (profile["address"],)

    def write_configuration(self, variant):
        configuration = {
            "mobile-node": {"interface": Network.NODE, "keys": self.path("keys"), "home-address": HOME, "home-network": HOME_NETWORK,
                            "home-agent": HOME_AGENT, "home-router": HOME_AGENT},
            "registration": {"care-of": "agent"},
            "process": {"user": "root", "status-socket": self.path("status"), "log-level": "debug"},
        }
        for section, options in VARIANTS[variant]["configuration"].items():
            configuration[section].update(options)
        with open(self.path("mobiled.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(configuration, file)

    # ---- what the session wants

    def begin(self):
        environment = {**os.environ, "NOTIFY_SOCKET": self.ready_path, "HEARTH_MUTANT": self.fault or ""}
        with open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(
                [*self.network.inside(self.network.names[0]), "sh", "-c", BEGIN, self.binary, self.path("mobiled.yaml")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, preexec_fn=die_with_parent,
            )
        try:
            while b"READY=1" not in self.ready.recv(4096):
                pass
        except TimeoutError:
            raise Trouble(f"mobiled does not begin: {self.log()}") from None

    def log(self):
        with open(self.path("log"), encoding="utf-8") as file:
            return file.read()

    def end(self):
        self.process.terminate()

    def over(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        self.link.drain()

    def receive(self, seconds):
        select.select([self.link.socket], [], [], seconds)
        return self.link.receive()

    def __enter__(self):
        self.network.__enter__()
        self.link = self.network.link()
        return self

    def __exit__(self, *exception):
        if self.process:
            self.over()
        self.link.close()
        self.ready.close()
        self.network.__exit__()


class Laboratory:
    """Many hosts, which take cases one after another."""

    def __init__(self, directory, hosts=HOSTS, binary=None):
        self.hosts = [Host(os.path.join(directory, f"host-{number}"), binary) for number in range(hosts)]
        self.heard = []  # octets of all requests

    def run(self, jobs, patience=lambda fault: 20.0):
        """`jobs`: (variant, case, fault), fault None for mobiled as it is. Yields (job, (result, why)) as they end."""
        waiting, done = queue.SimpleQueue(), queue.SimpleQueue()
        for job in jobs:
            waiting.put(job)
        threads = [threading.Thread(target=self.work, args=(host, waiting, done, patience), daemon=True) for host in self.hosts[: len(jobs)]]
        for thread in threads:
            thread.start()
        for _ in jobs:
            job, result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield job, result
        for thread in threads:
            thread.join()

    def work(self, host, waiting, done, patience):
        job = None
        try:
            with host:
                while True:
                    job = waiting.get_nowait()
                    done.put((job, self.run_one(host, job, patience)))
        except queue.Empty:
            pass
        except BaseException as error:  # whoever waits for results must be told
            done.put((job, error))

    def run_one(self, host, job, patience):
        variant, case, fault = job
        host.become(variant, fault)
        profile = profile_of(variant)
        session = engine.Session(host, peers.parse(secret_lines(profile)), profile, patience(fault))
        result = session.run(case)
        self.heard += session.heard
        return result

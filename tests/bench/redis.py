"""Redis beside us: a master and a replica on two hosts of a switch, and values that are on both before they count.

Each server's log of commands is flushed once a second (appendfsync everysec), its default and what its users run; ours is
flushed before every answer.
"""

import json
import os
import shutil
import subprocess

from measuring import Invalid, die_with_parent, support, tell, wait_for

PORT = 6379
CONNECTIONS = 64


def install():
    """Its server, from Debian, when it is not here."""
    if shutil.which("redis-server"):
        return
    tell("installing redis-server")
    subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "redis-server"], check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"})  # not started


class Redis:
    """A pair; `hosts` and `addresses` of the switch, master first."""

    def __init__(self, switch, hosts, addresses, directory):
        self.switch = switch
        self.addresses = addresses
        self.servers = []
        for host, address in zip(hosts, addresses):
            self.servers.append(self.start(host, address, os.path.join(directory, f"redis-{host}")))
        for host, address in zip(hosts, addresses):
            wait_for(lambda h=host, a=address: self.ask(h, a, "ping") == "PONG", "redis answers")
        wait_for(lambda: "master_link_status:up" in self.ask(hosts[1], addresses[1], "info", "replication"),
                 "the replica follows", seconds=120)

    def start(self, host, address, directory):
        os.mkdir(directory)
        command = ["redis-server", "--bind", address, "--port", PORT, "--protected-mode", "no", "--dir", directory,
                   "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--logfile", "log"]
        if address != self.addresses[0]:
            command += ["--replicaof", self.addresses[0], PORT]
        return subprocess.Popen([*self.switch.inside(host), *map(str, command)], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def ask(self, host, address, *words):
        done = subprocess.run([*self.switch.inside(host), "redis-cli", "-h", address, "-p", str(PORT), *words],
                              capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    def measure(self, client, seconds, keys):
        """Values a second that master and replica have, asked for by a host."""
        done = subprocess.run([*self.switch.inside(client), os.path.join(support.BUILD, "tests/bench/bench_redis_wait"),
                               self.addresses[0], str(PORT), str(CONNECTIONS), str(seconds), str(keys)],
                              capture_output=True, text=True, timeout=seconds + 60)
        if done.returncode != 0:
            raise Invalid(f"redis: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def end(self):
        for server in self.servers:
            server.kill()
            server.wait()

"""keepalived beside us: how long an address is away when its holder loses power, on two hosts of a switch.

It keeps no state, so this is the least that any pair of its kind can do. Once with its default of one advertisement a second,
and once with ten.
"""

import os
import shutil
import subprocess

from measuring import die_with_parent, support, wait_for
from outage import Watch, now_ns

ADDRESS = "192.0.2.9"
PORT = 4343
INTERVALS_S = (1, 0.1)

CONFIGURATION = """
global_defs {{
    router_id {host}
    vrrp_version 3
}}
vrrp_instance hearth {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int {interval}
    virtual_ipaddress {{
        {address}/32 dev eth0
    }}
}}
"""


def is_installed():
    return shutil.which("keepalived") is not None


class Pair:
    """Two hosts that are plugged in; the first one is master."""

    def __init__(self, switch, hosts, directory, interval):
        self.switch = switch
        self.hosts = hosts
        self.processes = []
        for host, priority in zip(hosts, (150, 100)):
            self.start(host, priority, os.path.join(directory, f"keepalived-{host}"), interval)

    def start(self, host, priority, base, interval):
        with open(base + ".conf", "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(host=host, priority=priority, interval=interval, address=ADDRESS))
        echo = os.path.join(support.BUILD, "tests/bench/bench_echo")
        for command in ([echo, str(PORT), ADDRESS],
                        ["keepalived", "--dont-fork", "--vrrp", "--use-file", base + ".conf", "--pid", base + ".pid",
                         "--vrrp_pid", base + ".vrrp.pid"]):
            self.processes.append(subprocess.Popen([*self.switch.inside(host), *command], stdin=subprocess.DEVNULL,
                                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                                   preexec_fn=die_with_parent))

    def holds(self, host):
        done = subprocess.run([*self.switch.inside(host), "ip", "-brief", "address", "show", "dev", "eth0"],
                              capture_output=True, text=True)
        return ADDRESS in done.stdout

    def end(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        for host in self.hosts:
            wait_for(lambda h=host: not self.holds(h), "the address is let go")


def one_outage(switch, client, hosts, directory, interval):
    """Milliseconds from the power cut of the holder to the first answer of the other one."""
    pair = Pair(switch, hosts, directory, interval)
    watch = None
    try:
        wait_for(lambda: pair.holds(hosts[0]) and not pair.holds(hosts[1]), "the first host has the address")
        watch = Watch([*switch.inside(client), support.program("agentload"), "--target", f"{ADDRESS}:{PORT}", "--echo"])
        watch.await_smooth()
        switch.unplug(hosts[0])
        event_ns = now_ns()
        return watch.outage_ms(event_ns)
    finally:
        if watch:
            watch.end()
        switch.plug_back(hosts[0])
        pair.end()


def outages(switch, client, hosts, directory, runs):
    """By advertisement interval."""
    return {interval: [one_outage(switch, client, hosts, directory, interval) for _ in range(runs)]
            for interval in INTERVALS_S}

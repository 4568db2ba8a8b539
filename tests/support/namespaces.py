"""Network namespaces for tests: two hosts on one link, made and taken away by the test.

    with Link("192.0.2.1/24", "192.0.2.77/24") as link:
        agent.start(prefix=link.inside(0))
        socket = link.socket(1)
"""

import ctypes
import json
import os
import socket
import subprocess
import uuid

from waiting import wait_for

CLONE_NEWNET = 0x40000000


def ip(*words):
    subprocess.run(["ip", *words], check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def socket_in(name, kind=socket.SOCK_DGRAM, family=socket.AF_INET, protocol=0):
    """A socket that belongs to a namespace; this thread is there only while it is made."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as here, open(f"/run/netns/{name}", "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        try:
            return socket.socket(family, kind, protocol)
        finally:
            if libc.setns(here.fileno(), CLONE_NEWNET) != 0:
                raise SystemExit("this thread cannot go back to its own network namespace")


def await_link(name, link):
    """Until it carries packets: what is sent before the kernel has looked at a new link is dropped, and a change that it tells later
    is one more. To set it up again waits for a look that is under way."""
    def is_up():
        shown = subprocess.run(["ip", "-j", "-n", name, "link", "show", "dev", link], check=True, capture_output=True, text=True)
        return json.loads(shown.stdout)[0]["operstate"] == "UP"
    wait_for(is_up, f"{link} is up")
    ip("-n", name, "link", "set", link, "up")


class Link:
    """Two namespaces with a virtual Ethernet link between them; `addresses` with their prefix lengths."""

    def __init__(self, *addresses):
        assert len(addresses) == 2
        self.addresses = addresses
        tag = uuid.uuid4().hex[:8]
        self.names = [f"hearth-{tag}-{i}" for i in range(2)]
        self.ends = [f"hv{tag}{i}" for i in range(2)]

    def __enter__(self):
        for name in self.names:
            ip("netns", "add", name)
        ip("link", "add", self.ends[0], "netns", self.names[0], "type", "veth", "peer", "name", self.ends[1],
           "netns", self.names[1])
        for name, end, address in zip(self.names, self.ends, self.addresses):
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "address", "add", address, "broadcast", "+", "dev", end)
            ip("-n", name, "link", "set", end, "up")
        for name, end in zip(self.names, self.ends):
            await_link(name, end)
        return self

    def __exit__(self, *exception):
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    def inside(self, which):
        """What runs a command in one of them."""
        return ("ip", "netns", "exec", self.names[which])

    def socket(self, which, kind=socket.SOCK_DGRAM):
        return socket_in(self.names[which], kind)

"""A node that begins and ends by commands of whoever runs the suite."""

import select
import subprocess

from engine import NotApplicable, Trouble
from mobile import links


class Host:
    def __init__(self, interface, begin, end):
        self.link = links.Link(interface)
        self.begins, self.ends = begin, end

    def begin(self):
        self.link.drain()
        done = subprocess.run(self.begins, shell=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise Trouble(f"{self.begins}: exit status {done.returncode}: {done.stderr.strip()}")

    def end(self):
        if not self.ends:
            raise NotApplicable("needs --end")
        subprocess.run(self.ends, shell=True, stdin=subprocess.DEVNULL, check=True)

    def over(self):
        """The next begin() ends it."""

    def receive(self, seconds):
        select.select([self.link.socket], [], [], seconds)
        return self.link.receive()

    def close(self):
        self.link.close()

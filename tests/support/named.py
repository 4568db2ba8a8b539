"""A mobile node that says its name (RFC 2794) in every request and keeps the home address that it is given."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../independent"))

from scapy_client import Association, Mobile  # noqa: E402

KEY = "00112233445566778899aabbccddeeff"


def nai_extension(name):
    return bytes([131, len(name)]) + name.encode()


class Named(Mobile):
    def __init__(self, agent, name, association=None, home="0.0.0.0"):
        super().__init__(home, association or Association(256, KEY), (agent.address, agent.port))
        self.name = name

    def request(self, care_of, **details):
        return super().request(care_of, extensions=nai_extension(self.name) + details.pop("extensions", b""), **details)

    def register(self, care_of="198.51.100.7", **details):
        reply = super().register(care_of, **details)
        if reply is not None and reply.code in (0, 1):
            self.home = reply.home
        return reply

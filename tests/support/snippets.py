"""The snippets of configuration in deploy/snmp, filled in as an operator would.

    Managed(directory, "agentx", snippet("snmpd.conf"))
    managed.manager(MONITOR).walk(...)               # one of the users that they make
"""

import os
import re

from snmp_tools import User

DIRECTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy/snmp")


def snippet(name):
    """Its lines, with words where an operator puts his own."""
    with open(os.path.join(DIRECTORY, name), encoding="utf-8") as file:
        text = file.read()
    text = text.replace("<manager>", "127.0.0.1").replace("<engine of manager>", "8000000001020304").replace(" root hearth", " root root")
    return re.sub(r"<([^>]*)>", lambda match: match[1].replace(" ", "-"), text).splitlines()


def without_receiver(lines):
    """Nobody is there to take notifications, which a start would wait for."""
    return [line for line in lines if not line.startswith("trapsess")]


MONITOR, OPERATOR, SECURITY = (User(name, secret=f"password-of-{name}", privacy="another-one")
                               for name in ("monitor", "operator", "security"))

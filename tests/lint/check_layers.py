#!/usr/bin/env python3
"""Arrows between folders point down only, and each foreign library stays in its corner.

A folder may include what FOLDERS lists for it. A header in angle brackets is either of the C library and the kernel (it
comes from libc6-dev or linux-libc-dev and stands in no table), or stands in LIBRARIES with the only files that may
include it. `--self-test` proves that violations are found.
"""

import fnmatch
import os
import re
import subprocess
import sys

import sources

# folder: what its files may include beside themselves. Layers as in docs/architecture.md; generated headers of the
# schemas are "schema". Folders of one layer do not know each other, with the exceptions written here.
FOLDERS = {
    # layer 1
    "agentd/base": [],
    # layer 2
    "proto": ["agentd/base"],
    # layer 3
    "agentd/registration": ["proto", "agentd/base"],
    "agentd/discovery": ["proto", "agentd/base"],
    "agentd/routing": ["proto", "agentd/base"],
    "agentd/visitors": ["agentd/registration", "proto", "agentd/base", "schema"],
    "agentd/state": ["proto", "agentd/base", "schema"],
    "replication": ["agentd/base"],
    "agentd/dataplane": ["proto", "agentd/base"],
    "agentd/load": ["proto", "agentd/base"],
    # layer 4: control asks flow, never the other way round
    "agentd/flow": [
        "agentd/registration", "agentd/visitors", "agentd/discovery", "agentd/routing", "agentd/state", "replication",
        "agentd/dataplane", "proto", "agentd/base", "schema",
    ],
    "agentd/visit": [
        "agentd/registration", "agentd/visitors", "agentd/discovery", "agentd/state", "agentd/dataplane", "proto",
        "agentd/base",
    ],
    "agentd/mobile": ["agentd/registration", "agentd/discovery", "agentd/dataplane", "proto", "agentd/base"],
    "agentd/control": ["agentd/flow", "agentd/visit", "agentd/state", "replication", "proto", "agentd/base", "schema"],
    "mib": ["agentd/flow", "agentd/visit", "agentd/mobile", "agentd/state", "replication", "agentd/dataplane", "proto", "agentd/base"],
    # layer 5
    "agentd/programs": [
        "agentd/control", "agentd/mobile", "mib", "agentd/load", "agentd/flow", "agentd/visit", "agentd/visitors", "agentd/registration",
        "agentd/state", "replication",
        "agentd/dataplane", "proto", "agentd/base", "schema",
    ],
}

# header pattern: the only files that may include it.
LIBRARIES = {
    "lmdb.h": ["replication/store.c", "replication/store_*.c"],
    "raft.h": ["replication/consensus*.[ch]"],
    "zmq.h": ["replication/transport*.c", "replication/snapshot_socket.c"],
    "xxhash.h": [
        "replication/journal*.c", "replication/ballot*.c", "replication/backup.c", "replication/snapshot_format.c",
    ],
    "nettle/*": ["proto/authenticator.c", "proto/name.c"],
    "sodium.h": ["agentd/base/keyring.c", "agentd/base/node_key.c"],
    "yaml.h": ["agentd/base/config_file.c"],
    "uv.h": ["agentd/programs/agentd*.c", "agentd/control/loop*.[ch]", "agentd/control/server*.[ch]"],
    "jansson.h": ["agentd/programs/print_json.c"],
    "systemd/*": ["agentd/programs/notify.c"],
    "cap-ng.h": ["agentd/programs/privileges.c"],
    "libmnl/*": ["agentd/dataplane/netlink*.[ch]"],
    "bpf/*": [
        "agentd/dataplane/tc_object.c", "agentd/dataplane/tc_attach.c", "agentd/dataplane/tc_maps.c",
        "agentd/dataplane/bpf/*",
    ],
    "protobuf-c/*": ["agentd/control/purse.h"],
    "net-snmp/*": ["mib/snmp*.[ch]"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
FREE = "tests/"


def folder_of(path):
    """The row of FOLDERS that a path belongs to, or None."""
    if path.endswith(".pb-c.h"):
        return "schema"
    owners = [folder for folder in FOLDERS if path.startswith(folder + "/")]
    return max(owners, key=len) if owners else None


def own_include(name, header):
    """Why a file may not include one of our headers, or None."""
    mine, theirs = folder_of(name), folder_of(header)
    if mine is None:
        return f"the folder of {name} has no row in FOLDERS of check_layers.py"
    if theirs is None:
        return f'"{header}" is not named from the root, or its folder has no row in FOLDERS'
    if mine != theirs and theirs not in FOLDERS[mine]:
        return f"{mine} must not know {theirs} (\"{header}\")"
    return None


def foreign_include(name, header, is_system):
    """Why a file may not include a header in angle brackets, or None."""
    for pattern, allowed in LIBRARIES.items():
        if fnmatch.fnmatch(header, pattern):
            if any(fnmatch.fnmatch(name, place) for place in allowed):
                return None
            return f"<{header}> may be included only by {', '.join(allowed) or 'generated code'}"
    if is_system(header):
        return None
    return f"<{header}> is neither of the C library nor in LIBRARIES of check_layers.py"


def complaints_of(name, text, is_system):
    """All violations of one file, as printable lines."""
    if name.startswith(FREE):
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        if match[1] == "<":
            wrong = foreign_include(name, match[2], is_system)
        else:
            wrong = own_include(name, match[2])
        if wrong:
            yield f"{name}:{number}: {wrong}"


def system_headers():
    """Headers that the C library, the kernel and the compiler bring, as paths below an include directory."""
    packages = ["libc6-dev", "linux-libc-dev"]
    listed = subprocess.run(["dpkg", "-L"] + packages, check=True, capture_output=True, text=True).stdout
    found = set()
    for path in listed.split("\n"):
        found.add(re.sub(r"^/usr/include/([a-z0-9_]+-linux-gnu/)?", "", path))
    compiler = {"stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdalign.h", "stdnoreturn.h", "limits.h"}
    return found | compiler


def self_test():
    def is_system(header):
        return header in ("stdio.h", "sys/socket.h")

    cases = [
        # file, include line, must it be refused
        ("proto/a.c", '#include "agentd/base/error.h"', False),
        ("agentd/base/a.c", '#include "proto/cursor.h"', True),
        ("proto/a.c", '#include "agentd/flow/agent.h"', True),
        ("agentd/registration/a.c", '#include "agentd/state/change.h"', True),
        ("agentd/state/a.c", '#include "agentd/registration/registration.h"', True),
        ("agentd/flow/a.c", '#include "agentd/control/server.h"', True),
        ("agentd/control/a.c", '#include "agentd/flow/agent.h"', False),
        ("replication/a.c", '#include "proto/cluster.pb-c.h"', True),
        ("replication/a.c", '#include "proto/cursor.h"', True),
        ("agentd/flow/a.c", '#include "proto/cluster.pb-c.h"', False),
        ("agentd/flow/a.c", "#  include <lmdb.h>", True),
        ("replication/store.c", "#include <lmdb.h>", False),
        ("agentd/flow/a.c", "#include <stdio.h>", False),
        ("agentd/flow/a.c", "#include <zmq.h>", True),
        ("somewhere/a.c", '#include "agentd/base/error.h"', True),
        ("proto/a.c", '#include "cursor.h"', True),
        ("tests/unit/a.c", '#include "agentd/flow/agent.h"', False),
    ]
    wrong = [case for case in cases if bool(list(complaints_of(case[0], case[1], is_system))) != case[2]]
    for case in wrong:
        print(f"self-test: {case[0]}: {case[1]}: expected {'a complaint' if case[2] else 'none'}")
    print(f"check_layers self-test: {len(cases)} cases, {len(wrong)} wrong")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    known = system_headers()
    complaints, names = [], sources.files(".c", ".h")
    for name in names:
        complaints.extend(complaints_of(name, sources.text_of(name), known.__contains__))
    return sources.report("check_layers", complaints, len(names))


if __name__ == "__main__":
    os.chdir(sources.ROOT)
    sys.exit(main())

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
    "agentd/state": ["proto", "agentd/base", "schema"],
    "replication": ["agentd/base"],
    "agentd/dataplane": ["proto", "agentd/base"],
    "agentd/load": ["proto", "agentd/base"],
    # layer 4: control asks flow, never the other way round
    "agentd/flow": [
        "agentd/registration", "agentd/discovery", "agentd/routing", "agentd/state", "replication",
        "agentd/dataplane", "proto", "agentd/base", "schema",
    ],
    "agentd/control": ["agentd/flow", "agentd/state", "replication", "proto", "agentd/base", "schema"],
    "mib": ["agentd/flow", "agentd/state", "replication", "proto", "agentd/base"],
    # layer 5
    "agentd/programs": [
        "agentd/control", "mib", "agentd/load", "agentd/flow", "agentd/registration", "agentd/state", "replication",
        "agentd/dataplane", "proto", "agentd/base", "schema",
    ],
}

# header pattern: the only files that may include it.
LIBRARIES = {
    "lmdb.h": ["replication/store.c", "replication/store_*.c"],
    "raft.h": ["replication/consensus*.[ch]"],
    "zmq.h": ["replication/transport*.c", "replication/snapshot*.c"],

#!/usr/bin/env python3
"""Write the seeds of fuzz_message from the golden vectors: one file per registration or revocation message and one per chain
of extensions."""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
CHOICE = {1: b"\0", 3: b"\1", 7: b"\3", 15: b"\4"}
FIXED = {1: 24, 3: 20, 7: 20, 15: 12}
FILES = ["vectors.json", "extensions.json"]


def main():
    out = HERE / "message"
    out.mkdir(exist_ok=True)
    golden = HERE.parent.parent / "golden"
    for vector in [v for name in FILES for v in json.loads((golden / name).read_text())["vectors"]]:
        octets = bytes.fromhex(vector["hex"])
        if vector["layer"] != "udp_payload" or octets[0] not in CHOICE:
            continue
        (out / vector["id"]).write_bytes(CHOICE[octets[0]] + octets)
        (out / (vector["id"] + "-chain")).write_bytes(b"\2" + octets[FIXED[octets[0]] :])


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Write the seeds of fuzz_advertisement from the golden vectors: one file per ICMP message, with its checksum as it is."""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
FILES = ["vectors.json", "advertisements.json"]


def main():
    out = HERE / "advertisement"
    out.mkdir(exist_ok=True)
    golden = HERE.parent.parent / "golden"
    for vector in [v for name in FILES for v in json.loads((golden / name).read_text())["vectors"]]:
        if vector["layer"] == "icmp_message":
            (out / vector["id"]).write_bytes(b"\1" + bytes.fromhex(vector["hex"]))


if __name__ == "__main__":
    main()

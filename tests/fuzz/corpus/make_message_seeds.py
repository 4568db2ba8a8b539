#!/usr/bin/env python3
"""Write the seeds of fuzz_message from the golden vectors: one file per registration or revocation message and one per chain
of extensions; and one per kind of extension that stands in no vector."""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
CHOICE = {1: b"\0", 3: b"\1", 7: b"\3", 15: b"\4"}
FIXED = {1: 24, 3: 20, 7: 20, 15: 12}
# Extensions of a reply, in hexadecimal.
KINDS = {
    "cvse": "2600000700000a2b000109",
    "cvse-old": "2500000600000a2b0001",
    "dynamic-ha-short": "8b0502c0000201",
    "nvse": "8608000000000a2b0001",
    "carried-nai": "88040361402e",
    "udp-reply": "2c0600008000006e",
}


def main():
    out = HERE / "message"
    out.mkdir(exist_ok=True)
    vectors = json.loads((HERE.parent.parent / "golden" / "vectors.json").read_text())["vectors"]
    for vector in vectors:
        octets = bytes.fromhex(vector["hex"])
        if vector["layer"] != "udp_payload" or octets[0] not in CHOICE:
            continue
        (out / vector["id"]).write_bytes(CHOICE[octets[0]] + octets)
        (out / (vector["id"] + "-chain")).write_bytes(b"\2" + octets[FIXED[octets[0]] :])
    for name, extension in KINDS.items():
        (out / f"kind-{name}").write_bytes(b"\1\3" + bytes(19) + bytes.fromhex(extension))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Write the seeds of fuzz_tunnel from the packets of the golden vectors: each as what the target can take it for."""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
PACKET, DATAGRAM, QUOTE, MESSAGE, CAUSE, FRAGMENTS = range(6)
MEND = 0x80
HEADER = 20


def seeds(name, packet):
    """Of the packet itself and of errors about it."""
    yield f"{name}-packet", bytes([PACKET]) + packet
    yield f"{name}-mended", bytes([MEND | PACKET]) + packet
    yield f"{name}-quote", bytes([QUOTE]) + packet[: HEADER + 8]
    yield f"{name}-message", bytes([MEND | MESSAGE]) + bytes([3, 4, 0, 0, 0, 0, 5, 120]) + packet
    yield f"{name}-cause", bytes([CAUSE]) + packet
    yield f"{name}-fragments", bytes([FRAGMENTS, 0, 36]) + packet


def main():
    out = HERE / "tunnel"
    out.mkdir(exist_ok=True)
    vectors = json.loads((HERE.parent.parent / "golden" / "vectors.json").read_text())["vectors"]
    for vector in vectors:
        octets = bytes.fromhex(vector["hex"])
        if vector["layer"] == "ip_packet":
            for name, seed in seeds(vector["id"], octets):
                (out / name).write_bytes(seed)
        elif vector["id"] == "tunnel-data-ipip":
            (out / vector["id"]).write_bytes(bytes([DATAGRAM]) + octets)
            for name, seed in seeds(vector["id"], bytes.fromhex(vector["frame_hex"])):
                (out / name).write_bytes(seed)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Write the seeds of fuzz_visit: for each visitor what its home agent sends it, what it sends itself in both styles, and an
error about that. The numbers are those of the target's lists."""
import pathlib

OUT = pathlib.Path(__file__).resolve().parent / "visit"
CARE_OF, LINK_ADDRESS, CORRESPONDENT, VISITORS = 8, 9, 11, 6
LINK, ICMP, TUNNEL = 0, 1, 2
SETTINGS = 0


def kind(visitor):
    """Of its tunnel: how it is wrapped."""
    return next(order for order in range(8) if order % 3 == visitor % 3 and bool(order & 4) == (visitor in (2, 3)))


def packet(source, target, order=0, size=40):
    return bytes([order, source, target, 64]) + bytes(size)


def main():
    OUT.mkdir(exist_ok=True)
    for visitor in range(VISITORS):
        agent, entry = 6 + visitor % 2, visitor << 3
        inner, outer = packet(CORRESPONDENT, visitor), packet(visitor, CORRESPONDENT)
        seeds = {
            "to": bytes([SETTINGS, entry | TUNNEL, 1, kind(visitor), agent, CARE_OF]) + inner,
            "from": bytes([SETTINGS, entry | LINK, 0]) + outer,
            "large": bytes([5 << 3, entry | LINK, 0]) + packet(visitor, CORRESPONDENT, 2, 1480),
            "style": bytes([SETTINGS, entry | TUNNEL, 1, 0, visitor, LINK_ADDRESS]) + outer,
            "error": bytes([SETTINGS, entry | ICMP, 5, kind(visitor), CARE_OF, agent, 0, 4]) + outer,
        }
        for name, seed in seeds.items():
            (OUT / f"{name}-{visitor}").write_bytes(seed)


if __name__ == "__main__":
    main()

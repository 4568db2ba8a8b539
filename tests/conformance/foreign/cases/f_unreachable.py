"""ICMP errors in the place of a reply (RFC 5944 section 3.7.3)."""

CASES = [
    {
        "id": "foreign-network-unreachable",
        "title": "A home network that cannot be reached is told by code 80.",
        "requirements": ["5944-3.7.3-01"],
        "steps": [{"send": {}, "relayed": {}, "answer": {"icmp": [3, 0]}, "denied": {"code": 80}}],
    },
    {
        "id": "foreign-host-unreachable",
        "title": "A home agent that cannot be reached is told by code 81.",
        "requirements": ["5944-3.7.3-01"],
        "steps": [{"send": {}, "relayed": {}, "answer": {"icmp": [3, 1]}, "denied": {"code": 81}}],
    },
    {
        "id": "foreign-port-unreachable",
        "title": "A host that is no home agent is told by code 82.",
        "requirements": ["5944-3.7.3-01"],
        "steps": [{"send": {}, "relayed": {}, "answer": {"icmp": [3, 3]}, "denied": {"code": 82}}],
    },
    {
        "id": "foreign-protocol-unreachable",
        "title": "A home agent that cannot be spoken to for another reason is told by code 88.",
        "requirements": ["5944-3.7.3-01"],
        "steps": [{"send": {}, "relayed": {}, "answer": {"icmp": [3, 2]}, "denied": {"code": 88}}],
    },
    {
        "id": "foreign-network-unknown",
        "title": "An unknown network is one that cannot be reached.",
        "requirements": ["5944-3.7.3-01"],
        "steps": [{"send": {}, "relayed": {}, "answer": {"icmp": [3, 6]}, "denied": {"code": [80, 88]}}],
    },
    {
        "id": "foreign-host-unknown",
        "title": "An unknown host is one that cannot be reached.",
        "requirements": ["5944-3.7.3-01"],
        "steps": [{"send": {}, "relayed": {}, "answer": {"icmp": [3, 7]}, "denied": {"code": [81, 88]}}],
    },
    {
        "id": "foreign-time-exceeded",
        "title": "A request that ran out of hops is told by code 88.",
        "requirements": ["5944-3.7.3-01"],
        "steps": [{"send": {}, "relayed": {}, "answer": {"icmp": [11, 0]}, "denied": {"code": 88}}],
    },
    {
        "id": "foreign-unreachable-to-a-node-with-an-association",
        "title": "What an ICMP error brings is signed for a node with an association.",
        "requirements": ["5944-3.7.3-01", "5944-3.7.1-13"],
        "node": {"shares": "hmac-md5"},
        "steps": [{"send": {}, "relayed": {}, "answer": {"icmp": [3, 1]}, "denied": {"code": 81, "with": [33]}}],
    },
    {
        "id": "foreign-reachable-again",
        "title": "After an ICMP error the node may ask again.",
        "requirements": ["5944-3.7.3-01", "5944-3.7.2-01"],
        "steps": [
            {"send": {}, "relayed": {}, "answer": {"icmp": [3, 1]}, "denied": {"code": 81}},
            {"send": {}, "relayed": {}, "answer": {}, "reply": {}},
        ],
    },
]

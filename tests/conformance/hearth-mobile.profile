# mobiled with its preset settings, but for those of mobile/variants.py; docs/conformance.md explains the keys.
home: 10.64.0.7
home-network: 10.64.0.0/16
home-agent: 10.64.0.1
care-of: agent
lifetime: 1800
reverse-tunnel: yes
other-encapsulation: yes
udp-tunnel: behind-nat
deregisters: yes
repairs: 69 72 74 75 79 104 105 106 133 136 137 138 139 142 143
reply-source: checked
challenges: yes

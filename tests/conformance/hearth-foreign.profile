# agentd as a foreign agent with its preset settings, but for those of foreign/variants.py; docs/conformance.md explains the keys.
agent: 192.0.2.1
care-of: 198.51.100.1 198.51.100.2
algorithms: hmac-md5 keyed-md5 keyed-md5-rfc2002 hmac-sha1 hmac-sha256
max-lifetime: 1800
reverse-tunnel: yes
encapsulations: ipip minimal gre
udp-tunnel: yes
revocation: yes
revocation-inform: yes
fa-errors: yes
reply-source: checked
reserved-bits: ignored
nai: yes
critical-vendor: understood
tunnels: yes
pending-per-node: 5

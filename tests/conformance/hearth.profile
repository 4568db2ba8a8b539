# agentd with its preset settings, but for those of variants.py; docs/conformance.md explains the keys. The policies are
# the settings that laboratory.py gives it.
algorithms: hmac-md5 keyed-md5 keyed-md5-rfc2002 hmac-sha1 hmac-sha256
several-associations: yes
nonces: yes
nai: yes
pools: leased
aaa: hmac-md5 hmac-sha1 hmac-sha256 chap
max-lifetime: 1800
tolerance: 7
simultaneous: 2
retransmission: answered
broken-chain: 134
reserved-bits: ignored
second-authenticator: refused
absent-binding: accepted
reverse-tunnel: no
encapsulations: ipip minimal gre
unsupported-encapsulation: denied
udp-tunnel: yes
udp-tunnel-forced: yes
udp-encapsulations: 4 47 55
udp-reserved3: 134
nat-keepalive: 110
dynamic-home-agent: yes
challenge: yes
critical-vendor: understood
gfa: yes
zero-care-of: 145
revocation: yes
malformed-address: 129 134

policy.reverse.reverse-tunnel: yes

policy.demanding.reverse-tunnel: required
policy.demanding.encapsulations: ipip
policy.demanding.udp-encapsulations: 4

policy.simple.encapsulations: ipip
policy.simple.udp-encapsulations: 4

policy.reverse-simple.reverse-tunnel: yes
policy.reverse-simple.encapsulations: ipip
policy.reverse-simple.udp-encapsulations: 4

policy.unforced.reverse-tunnel: yes
policy.unforced.udp-tunnel-forced: no

policy.without-udp.reverse-tunnel: yes
policy.without-udp.udp-tunnel: no
policy.without-udp.udp-tunnel-refusal: yes

policy.forever.max-lifetime: 65535
policy.forever.infinite-lifetime: granted

policy.fenced.forbidden-origin: 100.64.0.0/16

policy.paced.burst: 2

"""The suite for mobile nodes, beside the one for home agents: foreign agents, home agent and routers are all played here, on the one
link that the node is attached to.
"""

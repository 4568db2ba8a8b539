"""The suite for foreign agents, beside the one for home agents: mobile nodes on the visited link and home agents behind the
agent are both played here.
"""

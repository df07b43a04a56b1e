"""A company in a box: Teams, Graph, WeCom and mail as servers of their own, obeying the real platforms' rules.

It imports nothing of the hub and nothing of the hub imports it: the two meet over HTTP and SMTP only, signed and
encrypted like the real thing. `python -m simulator --config world.json` starts it.
"""

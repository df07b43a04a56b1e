"""The doctor: looks whether a deployment is as it must be, one numbered check after the other.

T, W and M belong to the platforms (each connector's `checks`); D is the database, C the content, S safety.
"""

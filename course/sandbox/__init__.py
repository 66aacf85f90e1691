"""Runs a submission's code in a process of its own and speaks with it in plain data.

On the grader's side, `launcher` starts workers: `forked` from a `template` on Linux, `spawned`
elsewhere; a `supervisor` holds each. In the `worker`, a `host` holds the submission. Between them
lies the `wire`.
"""

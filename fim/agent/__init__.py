"""The agent: reports the file changes of one host to a node. It imports no Django.

    kernel --> reader --> journal, coalescer --> engine --> spool --> sender --> node
                        scans ----------------'

What is reported is the difference between what is there and the baseline, so a change that the
kernel reports, that a scan finds too, and that is met again after a crash, is still one log.
"""

VERSION = "0.1.0"

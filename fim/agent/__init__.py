"""The agent: reports the file changes of one host to a node. It imports no Django.

What it does not do yet. It has no baseline, so what changed while it was not running is not
reported. It has no spool, so logs that wait in memory are lost when it is killed. When the kernel
drops inotify events, watchdog says so in the log and watches again what it may have missed, but
the dropped changes are not looked for. Who made a change is not known to inotify.
"""

"""The systemd unit of the agent, for one configuration.

Each option that confines the agent has its reason beside it, and so does each that is left out
because the agent could not do its work with it.
"""

import os
from collections.abc import Sequence

from fim.agent.node.canary import CANARY_NAME

PRINTABLE = range(0x21, 0x7F)
TEMPLATE = """\
[Unit]
Description=Picket agent: reports this host's file changes
After=local-fs.target
# A watcher that stays away is what an intruder wants: start it again without end.
StartLimitIntervalSec=0

[Service]
# The agent says when it sees changes, and then every minute or two that its state can be written.
Type=notify
NotifyAccess=main
WatchdogSec=300
WorkingDirectory={directory}
Environment=PYTHONDONTWRITEBYTECODE=1
# Outside of the bounds below: the state's directory, and each canary, which the agent may then
# write but could not make.
ExecStartPre=+{program} install-service --config {config} --prepare
ExecStart={program} run --config {config}
Restart=always
RestartSec=2
TimeoutStopSec=30

# Root, because owners and modes say who may read; of root's rights only these:
# reading every file, and opening directories by fanotify's handles
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
# fanotify on whole filesystems: who changed a file
CapabilityBoundingSet=CAP_SYS_ADMIN
# the kernel's exit records: who changed a file and was gone at once
CapabilityBoundingSet=CAP_NET_ADMIN
# the executable of other users' processes, in /proc
CapabilityBoundingSet=CAP_SYS_PTRACE
# Nothing that is started may gain more.
NoNewPrivileges=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
UMask=0077

# Everything is read, nothing written but the state and the canaries.
ProtectSystem=strict
ProtectHome=read-only
{writable}
# PrivateTmp is not set: the agent would see an empty /tmp of its own, where web shells are dropped.
# PrivateDevices is not set: it would hide /dev/shm. Devices are closed by this instead:
DevicePolicy=closed
# ProtectKernelModules is not set: it would hide /usr/lib/modules. CAP_SYS_MODULE is not given.
# ProtectProc, ProcSubset, PrivatePIDs are not set: who changed a file is read in /proc.
# PrivateUsers is not set: its rights would not count outside of its own user namespace.
ProtectKernelTunables=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
# The node, the socket for reports, and netlink for exit records.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
# Of the privileged calls only those of fanotify.
SystemCallFilter=fanotify_init fanotify_mark open_by_handle_at
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute is not set: YARA rules are compiled to machine code.

# It shares the host with the work that it protects: it yields, but not so far that load starves it.
# Input and output of class idle would stop on a busy disk, so that load could hide an attack.
IOSchedulingClass=best-effort
IOSchedulingPriority=7
CPUWeight=30
# Usually 30 to 60 MB; the first scan's processes and YARA need more. Killed, it starts again.
MemoryHigh=384M
MemoryMax=512M
TasksMax=128
LimitNOFILE=65536
# When memory is short, others go first.
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
"""


def unit_for(
    *,
    program: Sequence[str],
    directory: str,
    config_path: str,
    state_dir: str,
    canary_roots: Sequence[str],
) -> str:
    """Write the unit: `program` is started in `directory`.

    Raises ValueError for a path that no unit can hold.
    """
    writable = [state_dir, *(f"-{os.path.join(root, CANARY_NAME)}" for root in canary_roots)]
    return TEMPLATE.format(
        program=" ".join(quoted(word, is_command=True) for word in program),
        config=quoted(config_path, is_command=True),
        directory=quoted(directory).strip('"'),
        writable="\n".join(f"ReadWritePaths={quoted(path)}" for path in writable),
    )


def quoted(path: str, *, is_command: bool = False) -> str:
    """Quote a path as systemd.syntax(7) has it: any byte but a line's end or a NUL can be written.

    `%` would begin a specifier, and in commands `$` a variable.
    """
    if "\n" in path or "\r" in path:
        raise ValueError(f"{path!a} holds a line's end; systemd cannot be given such a path.")
    text = "".join(
        chr(byte) if byte in PRINTABLE and byte not in b"\"'\\" else f"\\x{byte:02x}"
        for byte in os.fsencode(path)
    ).replace("%", "%%")
    if is_command:
        text = text.replace("$", "$$")
    return f'"{text}"' if "\\" in text else text

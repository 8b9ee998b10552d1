"""Processes that just ended: the kernel's taskstats, one record for each task that exits.

A `touch` or a shell's redirection is over before anyone can read its /proc entry. Its exit record
waits in a socket's buffer instead, with user, name and the executable's inode. Needs CAP_NET_ADMIN;
layouts are those of linux/taskstats.h and linux/genetlink.h.
"""

import os
import socket
import struct
import time

from fim.agent.kernel.processes import Process

NETLINK_GENERIC, GENL_ID_CTRL = 16, 0x10
CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 3, 1, 2
TASKSTATS_CMD_GET, REGISTER_CPUMASK = 1, 3
TYPE_AGGR_PID, TYPE_STATS, NLMSG_ERROR = 4, 3, 2
HEADER, GENERIC, ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BBH"), struct.Struct("=HH")
BODY = HEADER.size + GENERIC.size
REQUEST_ACK = 1 | 4
VERSION = struct.Struct("=H")
# Fields are only ever added at the end: these offsets hold from version 3 on, the second from 12.
NAME_AT, NAME_BYTES, UID_AT, PID_AT = 80, 32, 120, 128
UID = PID = struct.Struct("=I")
EXECUTABLE_SINCE, EXECUTABLE_AT, EXECUTABLE = 12, 384, struct.Struct("=QQ")
POSSIBLE_CPUS = "/sys/devices/system/cpu/possible"
BUFFER_BYTES = 1024 * 1024
# A name of 15 bytes may have been cut.
CUT_NAME_BYTES = 15
KEPT_SECONDS = 2.0
PROGRAM_DIRECTORIES = ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin")


class ProcessExits:
    """The exits of the last few seconds. Raises OSError where the kernel reports none."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            self._socket.settimeout(1.0)
            self._socket.bind((0, 0))
            self._register(self._family())
        except (OSError, struct.error) as exc:
            self._socket.close()
            raise OSError(f"taskstats cannot be read: {exc}") from exc
        self._socket.setblocking(False)
        self._recent: dict[int, bytes] = {}
        self._older: dict[int, bytes] = {}
        self._rotated_at = time.monotonic()

    def find(self, pid: int) -> Process | None:
        """Return what is known of a process that ended a moment ago."""
        self.drain()
        stats = self._recent.get(pid) or self._older.get(pid)
        return _process(pid, stats) if stats else None

    def drain(self) -> None:
        """Empty the socket's buffer. Call it every second: what overflows is lost."""
        if time.monotonic() - self._rotated_at > KEPT_SECONDS:
            self._older, self._recent = self._recent, {}
            self._rotated_at = time.monotonic()
        while True:
            try:
                message = self._socket.recv(65536)
            except BlockingIOError:
                return
            except OSError:  # ENOBUFS: some were lost, and stay unknown.
                continue
            if stats := _stats_of(message):
                self._recent[PID.unpack_from(stats, PID_AT)[0]] = stats

    def close(self) -> None:
        self._socket.close()

    def _family(self) -> int:
        name = _attribute(CTRL_ATTR_FAMILY_NAME, b"TASKSTATS\0")
        answer = self._ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, name)
        self._socket.recv(65536)  # the acknowledgement
        for kind, value in _attributes(answer, BODY, len(answer)):
            if kind == CTRL_ATTR_FAMILY_ID:
                return int(VERSION.unpack_from(value)[0])
        raise OSError("the kernel has no TASKSTATS family")

    def _register(self, family: int) -> None:
        with open(POSSIBLE_CPUS, "rb") as file:
            cpus = file.read().strip()
        self._ask(family, TASKSTATS_CMD_GET, _attribute(REGISTER_CPUMASK, cpus + b"\0"))

    def _ask(self, family: int, command: int, body: bytes) -> bytes:
        generic = GENERIC.pack(command, 1, 0) + body
        header = HEADER.pack(HEADER.size + len(generic), family, REQUEST_ACK, 1, 0)
        self._socket.send(header + generic)
        answer = self._socket.recv(65536)
        _, kind, *_ = HEADER.unpack_from(answer)
        if kind == NLMSG_ERROR and (code := struct.unpack_from("=i", answer, HEADER.size)[0]):
            raise OSError(-code, os.strerror(-code))
        return answer


def _stats_of(message: bytes) -> bytes:
    for kind, value in _attributes(message, BODY, len(message)):
        if kind == TYPE_AGGR_PID:
            for inner, stats in _attributes(value, 0, len(value)):
                if inner == TYPE_STATS:
                    return stats
    return b""


def _process(pid: int, stats: bytes) -> Process:
    name = stats[NAME_AT : NAME_AT + NAME_BYTES].partition(b"\0")[0]
    uid = UID.unpack_from(stats, UID_AT)[0]
    process = Process(pid, uid=uid, name=name.decode("utf-8", "backslashreplace"))
    if VERSION.unpack_from(stats)[0] >= EXECUTABLE_SINCE and len(name) < CUT_NAME_BYTES:
        process.executable = _program(process.name, *EXECUTABLE.unpack_from(stats, EXECUTABLE_AT))
    return process


def _program(name: str, device: int, inode: int) -> str:
    """Return the path of the program of that name, where one is this very inode; else nothing."""
    for directory in PROGRAM_DIRECTORIES:
        path = os.path.join(directory, name)
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            continue
        if (status.st_dev, status.st_ino) == (device, inode):
            return os.path.realpath(path)
    return ""


def _attribute(kind: int, value: bytes) -> bytes:
    length = ATTRIBUTE.size + len(value)
    return ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def _attributes(data: bytes, place: int, end: int) -> list[tuple[int, bytes]]:
    found = []
    while place + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(data, place)
        if length < ATTRIBUTE.size:
            break
        found.append((kind, data[place + ATTRIBUTE.size : place + length]))
        place += (length + 3) & ~3
    return found

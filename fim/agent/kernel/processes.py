"""What /proc says of a process."""

import os
from dataclasses import dataclass

MAX_BYTES = 4096
# (uid_t)-1: no login user was ever set, as for services.
UNSET_UID = 2**32 - 1


@dataclass(slots=True, eq=False)
class Process:
    """Facts of one process at one moment; empty or None what was not learned.

    `uid` is the real one: who runs a set-uid program. `name` is the kernel's, 15 bytes at most.
    """

    pid: int
    uid: int | None = None
    effective_uid: int | None = None
    login_uid: int | None = None
    name: str = ""
    executable: str = ""
    command_line: str = ""


def read_process(pid: int) -> Process | None:
    """Read the facts of a process; None where it is gone. A zombie still has uid and name."""
    directory = f"/proc/{pid}"
    try:
        status = _read(f"{directory}/status")
    except OSError:
        return None
    process = Process(pid)
    _add_status(process, status)
    try:
        process.executable = _text(os.fsencode(os.readlink(f"{directory}/exe")))
        process.command_line = _command_line(_read(f"{directory}/cmdline"))
        process.login_uid = _login_uid(_read(f"{directory}/loginuid"))
    except (OSError, ValueError):
        pass  # It ended meanwhile, is a zombie or a kernel thread: what was read is true.
    return process


def _add_status(process: Process, status: bytes) -> None:
    for line in status.split(b"\n"):
        word, _, value = line.partition(b":\t")
        if word == b"Name":
            process.name = _text(value)
        elif word == b"Uid":
            real, effective, *_ = value.split()
            process.uid, process.effective_uid = int(real), int(effective)
            return


def _command_line(content: bytes) -> str:
    """Join the arguments by spaces. Programs may write anything there (setproctitle)."""
    return _text(content.rstrip(b"\0").replace(b"\0", b" "))


def _login_uid(content: bytes) -> int | None:
    uid = int(content)
    return None if uid == UNSET_UID else uid


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, MAX_BYTES)
    finally:
        os.close(descriptor)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")

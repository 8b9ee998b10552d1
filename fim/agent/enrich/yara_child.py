"""The process that compiles YARA rules and scans with them, apart from the agent.

It holds the memory that compiled rules take (25 MB and more) and ends after a pause, it can be
killed where a file keeps it busy, and it scans with no rights of its own: files come as open
descriptors. It is run as a script and imports nothing of the agent, so that it starts in 50 ms.
"""

import json
import os
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

import yara_x

IDLE_SECONDS = 30.0
MAX_REQUEST_BYTES = 64 * 1024
NOBODY = 65534
# capset(2): version 3 and pid 0, then six empty masks.
CAPABILITIES_OF_THIS_PROCESS = struct.pack("=Ii", 0x20080522, 0)
NO_CAPABILITIES = bytes(24)
# What rules written for other scanners ask of a file; all texts.
GLOBALS = ("filename", "filepath", "extension", "filetype", "owner")


def compile_rules(paths: list[str], out: int) -> list[dict[str, Any]]:
    """Compile all files into one set, written to `out`; return what is wrong, by file and line."""
    compiler = yara_x.Compiler()
    for name in GLOBALS:
        compiler.define_global(name, "")
    errors: list[dict[str, Any]] = []
    for path in paths:
        try:
            # Two files may hold rules of one name.
            compiler.new_namespace(path)
            with open(path, encoding="utf-8") as file:
                compiler.add_source(file.read(), origin=path)
        except yara_x.CompileError:
            errors += [_error_of(error) for error in compiler.errors()[len(errors) :]]
        except (OSError, ValueError) as exc:
            errors.append({"path": path, "line": 1, "reason": f"cannot be read: {exc}"})
    if not errors:
        with os.fdopen(out, "wb") as file:
            compiler.build().serialize_into(file)
    return errors


def serve(requests: socket.socket, rules: int, timeout_seconds: int) -> None:
    """Answer one scan after another until the agent is gone or has asked nothing for a while."""
    with os.fdopen(rules, "rb") as file:
        file.seek(0)
        compiled = yara_x.Rules.deserialize_from(file)
    _give_up_rights()
    scanner = yara_x.Scanner(compiled)
    scanner.set_timeout(timeout_seconds)
    scanner.fast_scan(True)
    requests.settimeout(IDLE_SECONDS)
    with suppress(TimeoutError, ConnectionError):
        while True:
            message, descriptors, _, _ = socket.recv_fds(requests, MAX_REQUEST_BYTES, 1)
            if not message:
                return
            try:
                answer = _scan(scanner, descriptors[0], json.loads(message))
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            requests.send(json.dumps(answer).encode())


def _scan(scanner: yara_x.Scanner, descriptor: int, request: dict[str, Any]) -> dict[str, Any]:
    for name in GLOBALS:
        scanner.set_global(name, request.get(name, ""))
    try:
        content, size_bytes = _content_of(descriptor, request["max_bytes"])
        found = scanner.scan(content).matching_rules
    except yara_x.TimeoutError:
        return {"problem": "timeout"}
    except (OSError, yara_x.ScanError):
        return {"problem": "unread"}
    rules = sorted({rule.identifier for rule in found})
    return {"rules": rules, "scanned_bytes": len(content), "size_bytes": size_bytes}


def _content_of(descriptor: int, max_bytes: int) -> tuple[bytes, int]:
    """Read a file, of a larger one its two ends: padding alone must not hide what is in it."""
    size_bytes = os.fstat(descriptor).st_size
    if size_bytes <= max_bytes:
        return os.pread(descriptor, max_bytes, 0), size_bytes
    half = max_bytes // 2
    return os.pread(descriptor, half, 0) + os.pread(descriptor, half, size_bytes - half), size_bytes


def _error_of(error: dict[str, Any]) -> dict[str, Any]:
    labels = error.get("labels") or [{}]
    path = labels[0].get("code_origin") or ""
    reason = ": ".join(part for part in (error["title"], labels[0].get("text")) if part)
    return {"path": path, "line": error.get("line", 1), "reason": reason}


def _give_up_rights() -> None:
    """Become nobody where the agent is root; else, or where that is refused, drop capabilities.

    Files come as open descriptors, so no right of the agent's is needed any more.
    """
    if os.geteuid() == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            return
        except OSError:
            pass
    # Only here, for its 2 MB: a service without CAP_SETUID needs it.
    import ctypes

    ctypes.CDLL(None).capset(CAPABILITIES_OF_THIS_PROCESS, NO_CAPABILITIES)


def main(arguments: list[str]) -> None:
    if arguments[0] == "compile":
        json.dump(compile_rules(arguments[2:], int(arguments[1])), sys.stdout)
    else:
        requests = socket.socket(fileno=int(arguments[1]))
        serve(requests, int(arguments[2]), int(arguments[3]))


if __name__ == "__main__":
    main(sys.argv[1:])

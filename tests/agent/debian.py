"""Tiny real packages, installed by the real dpkg into a root of their own."""

import shutil
import subprocess
from pathlib import Path

from tests.patience import PATIENCE_SECONDS


class Debian:
    """A file system root with a dpkg database that only knows what is installed here."""

    def __init__(self, root: Path, packages: Path) -> None:
        self.root = root
        self._packages = packages
        for directory in ("info", "updates", "triggers"):
            (root / "var/lib/dpkg" / directory).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "var/log").mkdir()
        for top in ("bin", "lib"):
            (root / "usr" / top).mkdir(parents=True)
            (root / top).symlink_to(f"usr/{top}")

    def build(self, name, version, files, conffiles=(), has_sums=True):
        """Build a .deb of the files, given as path -> text; return its path."""
        tree = self._packages / f"{name}-{version}"
        control = tree / "DEBIAN"
        control.mkdir(parents=True)
        (control / "control").write_text(
            f"Package: {name}\nVersion: {version}\nArchitecture: all\n"
            f"Maintainer: Nobody <nobody@example.org>\nDescription: {name}\n"
        )
        for path, text in files.items():
            (tree / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            (tree / path.lstrip("/")).write_text(text)
        if conffiles:
            (control / "conffiles").write_text("".join(f"{path}\n" for path in conffiles))
        if has_sums:
            sums = [path.lstrip("/") for path in files if path not in conffiles]
            done = run("md5sum", *sums, cwd=tree) if sums else ""
            (control / "md5sums").write_text(done)
        deb = self._packages / f"{name}_{version}.deb"
        run("dpkg-deb", "--build", str(tree), str(deb))
        shutil.rmtree(tree)
        return deb

    def install(self, deb):
        self.dpkg("-i", str(deb))

    def dpkg(self, *arguments):
        return run(
            "dpkg",
            f"--root={self.root}",
            f"--log={self.root}/var/log/dpkg.log",
            "--force-not-root,script-chrootless,bad-path,confdef,confnew",
            *arguments,
        )


def run(*command, cwd=None):
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, cwd=cwd
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

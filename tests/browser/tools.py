"""What the browser tests need and a clean machine may lack: Chromium, and axe-core."""

from tests.node import ROOT
from tests.provided import one_process_at_a_time, provide, run

# Below the virtual environment: `make clean` takes it away too.
TOOLS_DIR = ROOT / ".venv" / "browser"
AXE_VERSION = "4.14.1"
AXE_PATH = TOOLS_DIR / AXE_VERSION / "node_modules" / "axe-core" / "axe.min.js"
# npm knows its own authorities alone; the machine's may be more.
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# A browser without a font shows boxes.
PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-liberation")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Its shared memory is small in containers.
    "--disable-dev-shm-usage",
)


def chromium() -> str:
    """Return the path of Chromium; install Debian's package where there is none."""
    return provide("chromium", *PACKAGES)


def axe_source() -> str:
    """Return the script of axe-core; fetch the npm package where it is absent."""
    with one_process_at_a_time():
        if not AXE_PATH.exists():
            _fetch_axe()
    return AXE_PATH.read_text()


def _fetch_axe() -> None:
    reason = (
        "The browser tests check accessibility with axe-core, which npm fetches. Install npm, on"
        " Debian by `apt-get install npm`, and run them again."
    )
    directory = AXE_PATH.parents[2]
    package = f"axe-core@{AXE_VERSION}"
    flags = ["--silent", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
    npm = ["env", f"NODE_EXTRA_CA_CERTS={AUTHORITIES}", "npm", "install", *flags]
    run([*npm, "--prefix", str(directory), package], reason)

"""What this process may ask the kernel."""

from fim.agent.kernel.fanotify import Listener
from fim.agent.kernel.process_exits import Exits


def may_listen(directory):
    """Say whether who changes files is told: anyone may have a listener, to mark takes rights."""
    try:
        listener = Listener()
        listener.mark_filesystem(directory)
        Exits().close()
    except OSError:
        return False
    listener.close()
    return True

"""What this process may ask the kernel."""

from fim.agent.exits import Exits
from fim.agent.fanotify import Listener


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

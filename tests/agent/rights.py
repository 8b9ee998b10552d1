"""What this process may ask the kernel."""

from fim.agent.kernel.fanotify import Fanotify
from fim.agent.kernel.process_exits import ProcessExits


def may_listen(directory):
    """Return whether this user may be told who changes files: to mark a directory takes rights."""
    try:
        listener = Fanotify()
        listener.mark_filesystem(directory)
        ProcessExits().close()
    except OSError:
        return False
    listener.close()
    return True

"""The words that agents have for a change, and the action that each stands for. Data.

Sources: the DHIMP agent's words; inotify(7) for the names of the events.
"""

import re

ACTIONS = ("created", "modified", "deleted", "moved", "attributes")

ACTION_WORDS = {word: word for word in ACTIONS} | {
    "ditambahkan": "created",
    "diubah": "modified",
    "dihapus": "deleted",
    "in_create": "created",
    "in_modify": "modified",
    "in_close_write": "modified",
    "in_delete": "deleted",
    "in_delete_self": "deleted",
    "in_moved_from": "moved",
    "in_moved_to": "moved",
    "in_move_self": "moved",
    "in_attrib": "attributes",
}


def read_action(text: str) -> str | None:
    """Return the action that a word stands for, or None.

    Of several inotify names, as in "IN_CREATE,IN_ISDIR", the first that is a change counts.
    """
    if action := ACTION_WORDS.get(text):
        return action
    for word in re.split(r"[,|]", text.lower()):
        if action := ACTION_WORDS.get(word.strip()):
            return action
    return None

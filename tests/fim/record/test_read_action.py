"""Words of agents: Picket's own, DHIMP's and inotify's."""

import pytest

from fim.record.fields import InvalidRecord
from tests.factories import new_log


@pytest.mark.parametrize("word", ["created", "modified", "deleted", "moved", "attributes"])
def test_takes_its_own_words_as_they_are(word):
    log = new_log(action=word)

    assert (log.action, log.attributes) == (word, {})


@pytest.mark.parametrize(
    ("sent", "action"),
    [
        ("DITAMBAHKAN", "created"),
        ("DIUBAH", "modified"),
        ("DIHAPUS", "deleted"),
        ("Diubah", "modified"),
        ("IN_CREATE", "created"),
        ("IN_MODIFY", "modified"),
        ("IN_CLOSE_WRITE", "modified"),
        ("IN_DELETE", "deleted"),
        ("IN_DELETE_SELF", "deleted"),
        ("IN_MOVED_FROM", "moved"),
        ("IN_MOVED_TO", "moved"),
        ("IN_MOVE_SELF", "moved"),
        ("IN_ATTRIB", "attributes"),
        ("IN_CREATE,IN_ISDIR", "created"),
        ("IN_ISDIR | IN_DELETE", "deleted"),
        ("MODIFIED", "modified"),
    ],
)
def test_reads_an_agents_word_and_keeps_it(sent, action):
    log = new_log(action=sent)

    assert (log.action, log.attributes) == (action, {"action_sent": sent})


def test_keeps_the_word_beside_the_attributes_sent():
    assert new_log(action="DIUBAH", attributes={"pid": 7}).attributes == {
        "pid": 7,
        "action_sent": "DIUBAH",
    }


@pytest.mark.parametrize("sent", ["IN_ISDIR", "IN_ACCESS", "renamed", ",", " ", "in create"])
def test_refuses_an_unknown_word_and_says_which_are_known(sent):
    with pytest.raises(InvalidRecord) as caught:
        new_log(action=sent)

    assert caught.value.fields["action"] == [
        "Is no known action; it takes one of created, modified, deleted, moved, attributes."
    ]


def test_refuses_a_long_list_of_words():
    with pytest.raises(InvalidRecord) as caught:
        new_log(action=",".join(["created"] * 9))

    assert caught.value.fields["action"] == ["Has 71 characters; at most 64 are accepted."]

"""Lines of keys, whatever TOML allows around them."""

import pytest

from fim.agent.config.toml_lines import Lines

TEXT = '''# a comment with [brackets] = and "quotes
first = """
three
lines"""
"quoted key" = 'a # no comment' # a comment
dotted.name = 1
list = [ # a comment, with a comma
  [1, 2],

  "x, ] y", { a = 1, b = 2 },
]
[table]
key = 1979-05-27T07:32:00Z
[[many]]
key = 1
[[many]]
key = 2
[many.below]
key = 3
'''


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (("first",), 2),
        (("quoted key",), 5),
        (("dotted", "name"), 6),
        (("list",), 7),
        (("list", 0), 8),
        (("list", 1), 10),
        (("list", 2), 10),
        (("list", 2, "b"), 10),
        (("table", "key"), 13),
        (("many", 0, "key"), 15),
        (("many", 1, "key"), 17),
        (("nowhere",), None),
    ],
)
def test_finds(where, line):
    assert Lines(TEXT).of(where) == line

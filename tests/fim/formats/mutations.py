"""Records as a hostile or broken sender makes them of good ones, and how to read fixtures."""

import copy
import json
from pathlib import Path

from hypothesis import strategies as st

FIXTURES = Path(__file__).parent / "fixtures"

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "\x00", "\ud800", "-1", "9" * 25, "2026-02-30T00:00:00Z", "1e999", "\\"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def fixture(name):
    return json.loads((FIXTURES / name).read_text())


def fixtures_of(format_name):
    """Return every JSON fixture of a format."""
    return [fixture(path.name) for path in sorted(FIXTURES.glob(f"{format_name}_*.json"))]


@st.composite
def mutated(draw, records):
    """One of the records with a few of its values dropped, replaced, moved up or wrapped."""
    record = copy.deepcopy(draw(st.sampled_from(records)))
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(record))
        if not places:
            break
        _mutate(draw, *draw(st.sampled_from(places)))
    return record


def _places(value):
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _mutate(draw, parent, key):
    how = draw(st.sampled_from(["drop", "replace", "wrap", "object"]))
    if how == "drop":
        del parent[key]
    elif how == "replace":
        parent[key] = draw(JSON)
    elif how == "wrap":
        parent[key] = [parent[key]]
    else:
        parent[key] = {draw(st.text(max_size=5)): parent[key]}

"""The table of `make mutants` speaks of the code as it is."""

import pytest

from tests.mutants.table import MUTANTS
from tests.node import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutants_text_is_there_once_and_its_tests_are_there(mutant):
    assert mutant.is_placed(ROOT)
    assert mutant.broken((ROOT / mutant.path).read_text())
    assert [name for name in mutant.tests if not (ROOT / name).is_file()] == []

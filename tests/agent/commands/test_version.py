import pytest

from fim.agent import VERSION
from fim.agent.__main__ import main


def test_agent_says_its_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])

    assert end.value.code == 0
    assert capsys.readouterr().out == f"picket-agent {VERSION}\n"

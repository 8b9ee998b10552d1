from tests.newest_python import newer_pythons


def install(directory, name, *, exits_with=0):
    directory.mkdir(exist_ok=True)
    program = directory / name
    program.write_text(f"#!/bin/sh\nexit {exits_with}\n")
    program.chmod(0o755)
    return program


def test_names_the_newer_ones_newest_first(tmp_path):
    install(tmp_path, "python3.11")
    older, newer = (install(tmp_path, f"python3.{minor}") for minor in (12, 14))

    assert newer_pythons([tmp_path], 11) == [newer, older]


def test_leaves_out_what_is_not_to_be_used_for_what_is(tmp_path):
    install(tmp_path / "shims", "python3.13", exits_with=127)
    install(tmp_path / "shims", "python3.15", exits_with=1)
    install(tmp_path / "shims", "python3.13-config")
    real = install(tmp_path / "real", "python3.13")

    assert newer_pythons([tmp_path / "shims", tmp_path / "absent", tmp_path / "real"], 11) == [real]

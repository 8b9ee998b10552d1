"""What the docs list is what the code has."""

import re
from pathlib import Path

import pytest
from rest_framework.exceptions import APIException

from config.api.errors import DomainError
from tests.urls import walk

ROOT = Path(__file__).resolve().parent.parent
READS_OF_ENVIRONMENT = re.compile(
    r"""(?:env\.\w+|_networks|_rate|_choice|os\.environ\.get|Env\(\)\.str)\(\s*["']([A-Z][A-Z_]+)["']"""
)
CODES_OF_BATCH_ITEMS = {"malformed"}


def doc(name):
    return (ROOT / "docs" / name).read_text()


def environment_variables_in_code():
    sources = [ROOT / "gunicorn.conf.py"]
    for package in ("config", "users", "threats", "fim"):
        sources += (ROOT / package).rglob("*.py")
    names = {name for path in sources for name in READS_OF_ENVIRONMENT.findall(path.read_text())}
    return names - {"DJANGO_SETTINGS_MODULE"}


def environment_variables_in_compose():
    return set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))


def all_subclasses(cls):
    return {cls} | {deep for sub in cls.__subclasses__() for deep in all_subclasses(sub)}


def test_configuration_lists_every_environment_variable_and_no_other():
    rows = re.findall(r"^\| (`.*?) \|", doc("configuration.md"), re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    compose_only = {"POSTGRES_PASSWORD", "POSTGRES_NODE_PORT"}

    assert documented == environment_variables_in_code()
    assert environment_variables_in_compose() <= documented | compose_only


def test_api_lists_every_path():
    text = doc("api.md")
    paths = {path for path, _ in walk(prefix="/") if path not in ("/", "/static/{id}")}

    missing = {path for path in paths if f"`{path.removeprefix('/dhimp/api/')}" not in text}
    assert not missing


def test_api_lists_every_error_code_of_the_product():
    codes = {error.code for error in all_subclasses(DomainError)} - {DomainError.code}

    missing = {code for code in codes if f"`{code}`" not in doc("api.md")}
    assert not missing


def test_api_lists_no_error_code_that_nothing_raises():
    sources = "".join(
        path.read_text()
        for package in ("config", "users", "threats", "fim")
        for path in (ROOT / package).rglob("*.py")
    )
    library = {str(error.default_code) for error in all_subclasses(APIException)}
    # Simple JWT gives this one to a raise, not to a class.
    library.add("bad_authorization_header")
    rows = re.findall(r"^\| \d{3} \| (.*?) \|", doc("api.md"), re.MULTILINE)
    documented = {code for row in rows for code in re.findall(r"`(\w+)`", row)}

    unknown = {code for code in documented - library if f'"{code}"' not in sources}
    assert not unknown


def test_operations_lists_every_command():
    apps = ("config", "users", "threats", "fim")
    files = [path for app in apps for path in (ROOT / app).rglob("management/commands/[a-z]*.py")]

    rows = re.findall(r"^\| `(\w+)", doc("operations.md"), re.MULTILINE)
    assert files
    assert {path.stem for path in files} <= set(rows)


@pytest.mark.parametrize(
    "name", ["README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_every_relative_link_leads_to_a_file(name):
    page = ROOT / name
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_readme_is_under_120_lines():
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


def paths_of_architecture():
    plan = doc("architecture.md").split("## The way the data goes")[0]
    cells = [line for line in plan.splitlines() if line.startswith("| ")]
    return re.findall(r"`((?:config|users|threats|fim)/[\w/.]*)`", "\n".join(cells))


@pytest.mark.parametrize("path", paths_of_architecture())
def test_architecture_names_what_is_there(path):
    assert (ROOT / path).exists()


def test_architecture_names_every_room():
    folders = {
        f"{path.parent.relative_to(ROOT)}/"
        for app in ("config", "users", "threats", "fim")
        for path in (ROOT / app).rglob("*.py")
        if path.name != "__init__.py" and not {"migrations", "management"} & set(path.parts)
    }

    # Rooms within a room are named by it.
    inner = ("config/formats/", "fim/console/overview/", "fim/protocols/", "fim/demo/")
    missing = {folder for folder in folders if f"`{folder}`" not in doc("architecture.md")}
    assert {folder for folder in missing if not folder.startswith(inner)} <= {"fim/"}

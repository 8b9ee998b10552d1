"""What a change looks like by its file's name alone. The content is not judged yet."""

import os.path
from dataclasses import dataclass
from fnmatch import fnmatchcase

SCRIPTS = ("php", "php[3-8]", "phtml", "phar", "asp", "aspx", "jsp", "jspx")
WEB_SHELL_STEMS = (
    "*shell*",
    "c99*",
    "r57*",
    "b374k*",
    "wso",
    "wso[-_.0-9]*",
    "alfa",
    "alfa[-_.0-9]*",
    "indoxploit*",
    "p0wny*",
    "weevely*",
    "china*chopper*",
)


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    category: str
    patterns: tuple[str, ...]


RULES = (
    Rule(
        name="web-shell-name",
        category="malware",
        patterns=tuple(f"{stem}.{script}" for stem in WEB_SHELL_STEMS for script in SCRIPTS),
    ),
)


def judge_paths(*paths: str) -> Rule | None:
    """Give the first rule that one of the paths' file names meets, in upper or lower case."""
    names = [os.path.basename(path).lower() for path in paths]
    for rule in RULES:
        if any(fnmatchcase(name, pattern) for name in names for pattern in rule.patterns):
            return rule
    return None

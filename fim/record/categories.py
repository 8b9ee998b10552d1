"""How bad a log looks, read from its severity text where the agent names no category. Data."""

from fim.record.parsed import as_number

# Tags of the DHIMP platform's agent, which a rule's name may follow.
SEVERITY_TAGS = {
    "[malware]": "malware",
    "[bahaya]": "danger",
    "[kegiatan mencurigakan]": "suspicious",
    "[normal]": "normal",
}

# Whole texts, in any case: Picket's own words, DHIMP's, and syslog-like levels.
SEVERITY_WORDS = {
    "malware": "malware",
    "danger": "danger",
    "bahaya": "danger",
    "critical": "danger",
    "high": "danger",
    "suspicious": "suspicious",
    "mencurigakan": "suspicious",
    "medium": "suspicious",
    "warning": "suspicious",
    "normal": "normal",
    "low": "normal",
    "info": "normal",
}

# Wazuh's rule.level from each number up: the category of a log, the severity of an event. The
# steps are those of the Wazuh dashboard's overview (low, medium, high, critical); 12 is the first
# "high importance event" of its rules classification.
WAZUH_LEVELS = (
    (15, "danger", "CRITICAL"),
    (12, "danger", "HIGH"),
    (7, "suspicious", "MEDIUM"),
    (0, "normal", "LOW"),
)

# Elastic's risk score (event.risk_score, or event.severity where there is none) from each number
# up: the category of a log, the severity of an event. The steps are the default severities of the
# risk score in Elastic Security's rules: low to 21, medium to 47, high to 73, then critical.
ELASTIC_RISKS = (
    (74, "danger", "CRITICAL"),
    (48, "danger", "HIGH"),
    (22, "suspicious", "MEDIUM"),
    (0, "normal", "LOW"),
)

# Priorities of Falco's rules (falco.org/docs/concepts/rules/basic-elements), in its own order of
# badness: what it calls an error or worse is danger, a warning is suspicious.
FALCO_PRIORITIES = {
    "emergency": "danger",
    "alert": "danger",
    "critical": "danger",
    "error": "danger",
    "warning": "suspicious",
    "notice": "normal",
    "informational": "normal",
    "info": "normal",
    "debug": "normal",
}

# Severities of Samhain's messages (its manual, "Severity levels"): as text, and as in XML. A file
# of a policy that changed or is new is CRIT by default; one that is missing is ERROR.
SAMHAIN_SEVERITIES = {
    "ALERT": "danger",
    "ALRT": "danger",
    "CRIT": "danger",
    "ERROR": "suspicious",
    "ERRO": "suspicious",
    "WARN": "normal",
    "NOTICE": "normal",
    "NOTE": "normal",
    "MARK": "normal",
    "INFO": "normal",
    "DEBUG": "normal",
    "DEBG": "normal",
}


def read_wazuh_level(level: object) -> tuple[str, str] | None:
    """Return the category and the severity of a Wazuh rule's level; None where it is no number."""
    number = as_number(level)
    if number is None:
        return None
    return next((category, severity) for low, category, severity in WAZUH_LEVELS if number >= low)


def read_severity(text: str) -> tuple[str, str]:
    """Return the category that a severity text stands for, and the rule that it names or "".

    A text that stands in neither table is `normal`: the text itself is kept and shown.
    """
    if not text:
        return "normal", ""
    text = text.strip()
    lowered = text.lower()
    for tag, category in SEVERITY_TAGS.items():
        if lowered.startswith(tag):
            return category, text[len(tag) :].strip()
    return SEVERITY_WORDS.get(lowered, "normal"), ""

"""How bad a log looks, read from its severity text where the agent names no category. Data."""

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


def read_severity(text: str) -> tuple[str, str]:
    """Return the category that a severity text stands for, and the rule that it names or "".

    A text that stands in neither table is `normal`: the text itself is kept and shown.
    """
    text = text.strip()
    lowered = text.lower()
    for tag, category in SEVERITY_TAGS.items():
        if lowered.startswith(tag):
            return category, text[len(tag) :].strip()
    return SEVERITY_WORDS.get(lowered, "normal"), ""

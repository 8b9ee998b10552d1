"""The DHIMP platform's words for Picket's logs and reports. Its dashboard knows no others."""

from typing import Any

from django.utils import timezone

from fim.logs.reports import DayReport
from fim.models import Category, FimLog

# DHIMP's name of each category, in its reports and in `?status=`.
CATEGORY_WORDS = {
    Category.MALWARE: "malware",
    Category.DANGER: "bahaya",
    Category.SUSPICIOUS: "mencurigakan",
    Category.NORMAL: "normal",
}
# The severity text of each category, shown where the agent sent none.
CATEGORY_TAGS = {
    Category.MALWARE: "[MALWARE]",
    Category.DANGER: "[BAHAYA]",
    Category.SUSPICIOUS: "[KEGIATAN MENCURIGAKAN]",
    Category.NORMAL: "Normal",
}


def translate_log(log: FimLog) -> dict[str, Any]:
    """Return a log in DHIMP's words; day and time are local to the node."""
    local = timezone.localtime(log.timestamp)
    sent = log.attributes.get("action_sent")
    comm, arrow, exe = (part.strip() for part in log.process.partition("->"))
    return {
        "id": log.pk,
        "tanggal": f"{local:%Y-%m-%d}",
        "jam": f"{local:%H:%M:%S}",
        "metode": sent if isinstance(sent, str) else log.action,
        "nama_file": log.file_name,
        "path_lengkap": log.path,
        "tag": log.severity or CATEGORY_TAGS[Category(log.category)],
        "user": log.user,
        "comm": comm,
        "exe": exe if arrow else log.executable,
        "full_log": log.full_log,
    }


def translate_counts(counts: dict[str, int]) -> dict[str, int]:
    return {word: counts[category] for category, word in CATEGORY_WORDS.items()}


def translate_report(report: DayReport) -> dict[str, Any]:
    return {
        "tanggal_analisis": report.date.isoformat(),
        "total_perubahan_hari_ini": report.total,
        "detail": translate_counts(report.counts),
    }


def translate_past_report(report: DayReport) -> dict[str, Any]:
    return {
        "tanggal": report.date.isoformat(),
        "total_perubahan": report.total,
        "detail": translate_counts(report.counts),
    }

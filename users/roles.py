"""Which of Django's permissions each role holds in the console. Data; roles need no groups."""

from users.models import Role

# Admins manage accounts and keys, work on alerts and delete evidence. Logs come from agents alone,
# and the audit list from what people do.
ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Role.ADMIN: frozenset(
        {
            "users.view_user",
            "users.add_user",
            "users.change_user",
            "users.delete_user",
            "users.view_key",
            "users.add_key",
            "users.change_key",
            "users.view_auditentry",
            "threats.view_event",
            "threats.add_event",
            "threats.change_event",
            "threats.delete_event",
            "threats.view_alert",
            "threats.change_alert",
            "threats.delete_alert",
            "threats.view_alertchange",
            "threats.delete_alertchange",
            "fim.view_fimlog",
            "fim.delete_fimlog",
            "fim.delete_host",
            "fim.view_daycount",
            "fim.view_host",
        }
    ),
    Role.ANALYST: frozenset(
        {
            "threats.view_event",
            "threats.add_event",
            "threats.change_event",
            "threats.view_alert",
            "threats.view_alertchange",
            "fim.view_fimlog",
            "fim.view_daycount",
            "fim.view_host",
        }
    ),
}

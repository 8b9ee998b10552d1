"""Accounts of people, and keys of machines."""

from datetime import datetime
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework_api_key.models import AbstractAPIKey, BaseAPIKeyManager


class Role(models.TextChoices):
    ADMIN = "admin", "Admin"
    ANALYST = "analyst", "Analyst"


class UserManager(DjangoUserManager["User"]):
    def create_superuser(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> "User":
        extra_fields |= {"is_superuser": True, "role": Role.ADMIN}
        return self._make(username, email, password, **extra_fields)

    def create_user(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> "User":
        extra_fields.setdefault("is_superuser", False)
        return self._make(username, email, password, **extra_fields)

    def _make(
        self, username: str, email: str | None, password: str | None, **extra_fields: Any
    ) -> "User":
        if not username:
            raise ValueError("An account needs a user name.")
        user = self.model(
            username=self.model.normalize_username(username),
            email=self.normalize_email(email),
            **extra_fields,
        )
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    """A person. What the person may do follows from `role`; see users/roles.py."""

    role = models.CharField(max_length=16, choices=Role, default=Role.ANALYST)

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known")
        ]

    is_person = True

    @property
    def is_admin(self) -> bool:
        return self.is_superuser or self.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:  # type: ignore[override]
        """Everyone with an account may open the console; what it shows follows from the role."""
        return True

    @property
    def effective_role(self) -> str:
        return Role.ADMIN if self.is_admin else Role.ANALYST


class Scope(models.TextChoices):
    """What a key may post."""

    POST_EVENTS = "post_events", "Post events"
    POST_LOGS = "post_logs", "Post logs"


class KeyQuerySet(models.QuerySet["Key"]):
    def usable(self) -> "KeyQuerySet":
        """Keys that are neither revoked nor expired."""
        return self.filter(revoked=False).filter(
            models.Q(expiry_date=None) | models.Q(expiry_date__gt=Now())
        )


class KeyManager(BaseAPIKeyManager.from_queryset(KeyQuerySet)):  # type: ignore[misc]
    def get_usable_keys(self) -> KeyQuerySet:
        return self.get_queryset().usable()


class Key(AbstractAPIKey):
    """A machine's key: stored hashed, shown once, limited to its scopes, revocable for good."""

    can_post_events = models.BooleanField("post events", default=False)
    can_post_logs = models.BooleanField("post logs", default=False)
    host = models.CharField(
        max_length=255,
        blank=True,
        help_text="Host of logs that name none themselves.",
    )
    created_by = models.CharField(max_length=150, blank=True, editable=False)

    objects: ClassVar[KeyManager] = KeyManager()

    class Meta(AbstractAPIKey.Meta):
        verbose_name = "key"
        verbose_name_plural = "keys"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(can_post_events=True) | models.Q(can_post_logs=True),
                name="key_has_a_scope",
                violation_error_message="A key needs at least one scope.",
            )
        ]

    created: datetime

    def clean(self) -> None:
        super().clean()
        if self._state.adding and self.expiry_date and self.expiry_date <= timezone.now():
            raise ValidationError({"expiry_date": "The key would have expired already."})

    @property
    def scopes(self) -> set[Scope]:
        granted = {Scope.POST_EVENTS: self.can_post_events, Scope.POST_LOGS: self.can_post_logs}
        return {scope for scope, has in granted.items() if has}


class Channel(models.TextChoices):
    """How a person's change reached the node."""

    CONSOLE = "console", "Console"
    API = "api", "API"
    COMMAND = "command", "Command"


class AuditAction(models.TextChoices):
    """What a person did."""

    ADDED = "added", "Added"
    CHANGED = "changed", "Changed"
    DELETED = "deleted", "Deleted"
    REVOKED = "revoked", "Revoked"
    PASSWORD = "password", "Set password"
    UNLOCKED = "unlocked", "Unlocked"
    SIGNED_IN = "signed_in", "Signed in"
    SIGNED_OUT = "signed_out", "Signed out"


class Kind(models.TextChoices):
    """What it was done to."""

    ALERT = "alert", "Alert"
    EVENT = "event", "Event"
    LOG = "log", "Log"
    HOST = "host", "Host"
    KEY = "key", "Key"
    USER = "user", "User"


class AppendOnly(TypeError):
    """Code tried to change the audit list."""

    def __init__(self) -> None:
        super().__init__("The audit list is added to and never changed.")


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class AuditEntry(models.Model):
    """What one person did to one thing: who, from where, what was before, what is after.

    Nobody edits it, superusers neither: this class refuses, and so do triggers in the database.
    """

    recorded_at = models.DateTimeField("when", default=timezone.now)
    # A name, not an account: the list outlives accounts, and other nodes' people have none here.
    person = models.CharField(max_length=150)
    address = models.CharField(max_length=45, blank=True)
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    action = models.CharField(max_length=10, choices=AuditAction)
    kind = models.CharField(max_length=20, choices=Kind)
    ref = models.CharField("id", max_length=150, blank=True)
    name = models.CharField(max_length=255, blank=True)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects: ClassVar[AuditEntryQuerySet] = AuditEntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        # Ids rise with time.
        ordering = ["-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit"
        indexes = [
            # What one person did.
            models.Index(fields=["person", "-id"], name="audit_person_newest"),
            # What was done to one thing.
            models.Index(fields=["kind", "ref", "-id"], name="audit_object_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_action_display().lower()} {self.kind} {self.ref}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly

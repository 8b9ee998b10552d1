"""JSON shapes of accounts and tokens."""

from typing import Any

from rest_framework import serializers

from users.models import User


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False)


class TokenPairSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Access token, for `Authorization: Bearer`.")
    refresh = serializers.CharField(help_text="Refresh token, good once.")


class TokenRefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(help_text="Refresh token; it ends with this request.")


class LogoutSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(required=False, help_text="Refresh token to revoke.")


class DetailSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()


class SignedInSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    role = serializers.ChoiceField(choices=["admin", "analyst"])
    csrf_token = serializers.CharField(
        help_text="For writes with the cookie: send it as `X-CSRFToken`."
    )


class MeSerializer(serializers.ModelSerializer[User]):
    role = serializers.CharField(source="effective_role")

    class Meta:
        model = User
        fields = ["username", "email", "first_name", "last_name", "role", "last_login"]

"""Sign-in, refresh, sign-out, and the account of the request."""

from typing import Any

from django.middleware.csrf import get_token
from drf_yasg.utils import swagger_auto_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from users import serializers
from users.sign_in.cookies import clear_token_cookie, set_token_cookie
from users.sign_in.services import refresh_tokens, revoke_refresh_token, sign_in
from users.sign_in.tokens import AccessToken, FleetUser, RefreshToken
from users.throttles import SignInThrottle


class PublicView(APIView):
    """A view that anyone may call: what it checks is in the body."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes = [SignInThrottle]


def _credentials(request: Request) -> dict[str, str]:
    serializer = serializers.CredentialsSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class TokenView(PublicView):
    @swagger_auto_schema(
        operation_summary="Exchange a password for an access and a refresh token",
        request_body=serializers.CredentialsSerializer,
        responses={200: serializers.TokenPairSerializer, 401: "", 429: ""},
    )
    def post(self, request: Request) -> Response:
        _, refresh = sign_in(request._request, **_credentials(request))
        return Response(_token_pair(refresh))


class TokenRefreshView(PublicView):
    @swagger_auto_schema(
        operation_summary="Exchange a refresh token for new tokens; the old one ends",
        request_body=serializers.TokenRefreshSerializer,
        responses={200: serializers.TokenPairSerializer, 401: ""},
    )
    def post(self, request: Request) -> Response:
        serializer = serializers.TokenRefreshSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(_token_pair(refresh_tokens(serializer.validated_data["refresh"])))


class LoginView(PublicView):
    """Cookie login for a dashboard; the token itself is never in the body."""

    @swagger_auto_schema(
        operation_summary="Sign in with a password; sets the HttpOnly cookie `token`",
        request_body=serializers.CredentialsSerializer,
        responses={200: serializers.SignedInSerializer, 401: "", 429: ""},
    )
    def post(self, request: Request) -> Response:
        user, refresh = sign_in(request._request, **_credentials(request))
        access = refresh.access_token
        response = Response(self.signed_in(request, user, access))
        set_token_cookie(response, access)
        return response

    def signed_in(self, request: Request, user: Any, access: AccessToken) -> dict[str, Any]:
        return _signed_in(request, user)


class LogoutView(PublicView):
    @swagger_auto_schema(
        operation_summary="Clear the cookie; revoke the refresh token where one is sent",
        request_body=serializers.LogoutSerializer,
        responses={200: serializers.DetailSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = serializers.LogoutSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if refresh := serializer.validated_data.get("refresh"):
            revoke_refresh_token(request._request, refresh)
        response = Response({"detail": "Signed out."})
        clear_token_cookie(response)
        return response


class CheckAuthView(APIView):
    @swagger_auto_schema(
        operation_summary="Say who is signed in",
        responses={200: serializers.SignedInSerializer},
    )
    def get(self, request: Request) -> Response:
        return Response(_signed_in(request, request.user))


class MeView(APIView):
    @swagger_auto_schema(
        operation_summary="Show the account of who is signed in",
        responses={200: serializers.MeSerializer},
    )
    def get(self, request: Request) -> Response:
        user: Any = request.user
        if isinstance(user, FleetUser):
            blank = {"email": "", "first_name": "", "last_name": "", "last_login": None}
            return Response({"username": user.username, "role": user.role} | blank)
        return Response(serializers.MeSerializer(user).data)


def _token_pair(refresh: RefreshToken) -> dict[str, str]:
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


def _signed_in(request: Request, user: Any) -> dict[str, Any]:
    return {
        "username": user.username,
        "role": user.effective_role,
        "csrf_token": get_token(request._request),
    }

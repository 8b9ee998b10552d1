"""Paths of sign-in and accounts, below /api/."""

from django.urls import path

from users import views
from users.audit.views import AuditView

urlpatterns = [
    path("token/", views.TokenView.as_view(), name="token"),
    path("token/refresh/", views.TokenRefreshView.as_view(), name="token-refresh"),
    path("login/", views.LoginView.as_view(), name="login"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("check-auth/", views.CheckAuthView.as_view(), name="check-auth"),
    path("audit/", AuditView.as_view(), name="audit"),
    path("users/me/", views.MeView.as_view(), name="me"),
]

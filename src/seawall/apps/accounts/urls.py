"""Addresses of the accounts room; allauth's views are mounted one by one, each with its mark."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from django.conf import settings
from django.db.transaction import atomic  # a change and its ledger entry are one
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_http_methods

from seawall.apps.accounts import console, token_pages
from seawall.apps.accounts.permissions import public, signed_in

app_name = "accounts"
urlpatterns = [
    path("users/", console.user_list, name="users"),
    path("users/roles/", console.role_matrix, name="roles"),
    path("users/new/", console.user_create, name="create"),
    path("users/<uuid:user_id>/", console.user_record, name="user"),
    path("users/<uuid:user_id>/roles/", console.user_assign, name="assign"),
    path("users/<uuid:user_id>/disable/", console.user_disable, name="disable"),
    path("users/<uuid:user_id>/enable/", console.user_enable, name="enable"),
    path("users/<uuid:user_id>/reset/", console.user_reset, name="reset"),
    path("users/assignments/<uuid:assignment_id>/end/", console.assignment_end, name="end"),
    path("settings/me/", console.own_settings, name="settings"),
    path("settings/me/sessions/end/", console.sessions_end, name="sessions_end"),
    path("settings/me/sessions/<int:session_id>/end/", console.session_end, name="session_end"),
    path("settings/me/tokens/new/", token_pages.token_make, name="token_make"),
    path("settings/me/tokens/<uuid:token_id>/revoke/", token_pages.token_revoke, name="token_revoke"),
    path("users/tokens/<uuid:token_id>/revoke/", token_pages.user_token_revoke, name="user_token_revoke"),
    path("setup/", console.setup, name="setup"),
]

# Signing in and second factors. Allauth's other pages (sign-up, mail addresses, reset by mail) do not exist here.
sign_in_patterns: list[URLPattern | URLResolver] = [
    path("sign-in/", public(account.login), name="account_login"),
    path("sign-in/code/", public(mfa.authenticate), name="mfa_authenticate"),
    path("sign-in/confirm/", signed_in(account.reauthenticate), name="account_reauthenticate"),
    path("sign-in/confirm/code/", signed_in(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("sign-in/disabled/", public(account.account_inactive), name="account_inactive"),
    path("sign-out/", public(require_http_methods(["GET", "POST"])(account.logout)), name="account_logout"),
    path("settings/me/password/", signed_in(atomic(account.password_change)), name="account_change_password"),
    path("settings/me/password/first/", signed_in(atomic(account.password_set)), name="account_set_password"),
    path("settings/me/factors/", signed_in(mfa.index), name="mfa_index"),
    path("settings/me/factors/app/", signed_in(totp.activate_totp), name="mfa_activate_totp"),
    path("settings/me/factors/app/remove/", signed_in(atomic(totp.deactivate_totp)), name="mfa_deactivate_totp"),
    path("settings/me/factors/codes/", signed_in(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "settings/me/factors/codes/new/",
        signed_in(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "settings/me/factors/codes/file/",
        signed_in(recovery.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
]
if settings.SEAWALL_OPTIONS.passkeys:
    from allauth.mfa.webauthn import views as passkeys

    sign_in_patterns += [
        path("sign-in/passkey/", public(passkeys.login_webauthn), name="mfa_login_webauthn"),
        path(
            "sign-in/confirm/passkey/", signed_in(passkeys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"
        ),
        path("settings/me/factors/passkeys/", signed_in(passkeys.list_webauthn), name="mfa_list_webauthn"),
        path("settings/me/factors/passkeys/add/", signed_in(atomic(passkeys.add_webauthn)), name="mfa_add_webauthn"),
        path(
            "settings/me/factors/passkeys/<int:pk>/remove/",
            signed_in(atomic(passkeys.remove_webauthn)),
            name="mfa_remove_webauthn",
        ),
        path("settings/me/factors/passkeys/<int:pk>/", signed_in(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    ]
if settings.SEAWALL_OPTIONS.oidc:
    from seawall.apps.accounts import sso

    sign_in_patterns += [
        path("sign-in/with/cancelled/", public(sso.not_signed_in), name="socialaccount_login_cancelled"),
        path("sign-in/with/failed/", public(sso.not_signed_in), name="socialaccount_login_error"),
        path("sign-in/with/<slug:provider_id>/", public(sso.sign_in_with), name="openid_connect_login"),
        path("sign-in/with/<slug:provider_id>/back/", public(sso.come_back), name="openid_connect_callback"),
    ]

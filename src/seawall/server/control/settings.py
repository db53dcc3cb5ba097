"""Django's settings of the control plane. What an operator may change stands in `options.py`; the rest is decided here.

Reading this module writes nothing: `prepare(home)` makes the files.
"""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from typing import Any

from seawall.console.catalog import compiled
from seawall.server.control.options import Options
from seawall.server.control.private import SECRET_KEY_FILE, existing_text
from seawall.server.home import Home, default_home

OPTIONS = Options()
HOME = Home(default_home().absolute())
LEDGER_FILE = HOME.ledger

DEBUG = False
SECRET_KEY = existing_text(HOME.folder / SECRET_KEY_FILE) or secrets.token_urlsafe(48)  # before prepare: for once
ALLOWED_HOSTS = OPTIONS.allowed_hosts
ROOT_URLCONF = "seawall.server.control.urls"
ASGI_APPLICATION = "seawall.server.control.asgi.application"

INSTALLED_APPS = [
    "seawall.console",
    "seawall.apps.accounts",
    "seawall.apps.audit",
    "seawall.apps.approvals",
    "seawall.apps.timers",
    "seawall.apps.outbox",
    "seawall.apps.policies",
    "seawall.apps.cases",
    "seawall.apps.decisions",
    "seawall.apps.limits",
    "seawall.apps.lists",
    "seawall.apps.response",
    "seawall.apps.challenges",
    "seawall.apps.jobs",
    "seawall.apps.situation",
    "seawall.apps.saved",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    *(["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"] if OPTIONS.oidc else []),
    "axes",
    "django.forms",
    "django_htmx",
    "simple_history",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "seawall.server.control.middleware.ContentSecurityPolicy",
    "seawall.server.control.middleware.RequestLog",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "seawall.apps.accounts.middleware.ApiTokens",
    "seawall.apps.accounts.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "seawall.console.middleware.FragmentRedirects",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "seawall.server.control.middleware.ServiceErrors",
    "seawall.apps.accounts.middleware.SessionLimits",
    "seawall.apps.accounts.middleware.SecondFactor",
    "seawall.apps.accounts.middleware.DefaultDeny",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "seawall.apps.accounts.context.sign_in_rules",
            ],
        },
    }
]

# --- records ----------------------------------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME.folder / "control.db",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }
}
FORM_RENDERER = "seawall.console.forms.Renderer"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = OPTIONS.zone
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- languages --------------------------------------------------------------------------------------------------------

USE_I18N = True
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "seawall_language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [compiled(HOME.cache / "locale")] if HOME.cache.is_dir() else []

# --- who it is --------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": OPTIONS.password_length}},
    {
        "NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name")},
    },
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "seawall.apps.accounts.adapter.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {  # passwords are axes' business, so it comes first; wrong codes are counted here
    "login": "30/m/ip",
    "login_failed": f"30/m/ip,{2 * OPTIONS.lockout_failures}/{OPTIONS.lockout_minutes * 60}s/key",
}

MFA_ADAPTER = "seawall.apps.accounts.adapter.SecondFactors"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", *(["webauthn"] if OPTIONS.passkeys else [])]
MFA_TOTP_ISSUER = "Seawall"
MFA_PASSKEY_LOGIN_ENABLED = OPTIONS.passkeys
USERSESSIONS_TRACK_ACTIVITY = False  # SessionLimits does it, once a minute

SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [one.app() for one in OPTIONS.oidc], "OAUTH_PKCE_ENABLED": True}}
SOCIALACCOUNT_ADAPTER = "seawall.apps.accounts.sso.People"
SOCIALACCOUNT_AUTO_SIGNUP = False  # a person is made here first; the provider only signs in
SOCIALACCOUNT_LOGIN_ON_GET = True  # sign_in_with takes POST only, with its CSRF token

AXES_FAILURE_LIMIT = OPTIONS.lockout_failures
AXES_COOLOFF_TIME = timedelta(minutes=OPTIONS.lockout_minutes)
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "seawall.apps.accounts.lockout.username"
AXES_LOCKOUT_CALLABLE = "seawall.apps.accounts.lockout.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False  # it would log names and addresses

# --- the browser ------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
SESSION_COOKIE_NAME = "seawall_session"
SESSION_COOKIE_AGE = OPTIONS.session_hours * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "seawall_csrf"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "seawall.console.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = OPTIONS.behind_tls
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if OPTIONS.behind_tls else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if OPTIONS.behind_tls else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LOGGING_CONFIG = None  # logs.py sets up structlog
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # an office shares one address; ACCOUNT_RATE_LIMITS counts it

# --- Seawall's own ----------------------------------------------------------------------------------------------------

SEAWALL_OPTIONS = OPTIONS
SEAWALL_ARCHIVE = "seawall.server.control.journal.archive"
SEAWALL_CHALLENGES = "seawall.server.control.challenges.steps_after"
SEAWALL_API_URL = os.environ.get("SEAWALL_API_URL", "")  # where `seawall up` has the decision API listen
SEAWALL_API_CERTIFICATE = os.environ.get("SEAWALL_API_CERTIFICATE", "")  # and the one certificate it shows there

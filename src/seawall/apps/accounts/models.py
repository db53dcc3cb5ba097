"""People and the roles they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from seawall.apps.accounts.roles import catalog, role_title
from seawall.apps.ids import uuid7

if TYPE_CHECKING:
    from seawall.apps.accounts.grants import Grant

LONGEST_NAME = 64


class UserManager(BaseUserManager["User"]):
    """Finds people by name without regard to case."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The person of that name. Raises User.DoesNotExist."""
        return self.get(username=(username or "").casefold())


class User(AbstractBaseUser):
    """A person of the platform's staff. Names are kept folded: no two differ only by case."""

    class Language(models.TextChoices):
        CHINESE = "zh-hans", "简体中文"
        ENGLISH = "en", "English"

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(
        _("username"), max_length=LONGEST_NAME, unique=True, validators=[UnicodeUsernameValidator()]
    )
    display_name = models.CharField(_("display name"), max_length=LONGEST_NAME, blank=True)
    language = models.CharField(  # "": not chosen yet, so the browser's
        _("language"), max_length=10, choices=Language.choices, blank=True, default=""
    )
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_login = models.DateTimeField(_("last sign-in"), blank=True, null=True)

    objects = UserManager()
    history = HistoricalRecords(excluded_fields=["password", "last_login"])
    token: Token | None = None  # the API token by which this request came; it narrows what the person may
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    EMAIL_FIELD = ""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(username=""), name="accounts_user_named"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        """As people are shown to others."""
        return str(self)

    def get_short_name(self) -> str:
        """The name they sign in with."""
        return self.username

    def clean(self) -> None:
        """Fold the name."""
        self.username = self.normalize_username(self.username).casefold()

    @property
    def grants(self) -> list[Grant]:
        """What this person's roles allow now; read once an instance, that is once a request."""
        from seawall.apps.accounts.grants import grants_of

        if "_grants" not in self.__dict__:
            held = grants_of(self)
            self.__dict__["_grants"] = held if self.token is None else [one.within(self.token.reach) for one in held]
        found: list[Grant] = self.__dict__["_grants"]
        return found

    def forget_grants(self) -> None:
        """Read the roles again at the next question: they have just changed."""
        self.__dict__.pop("_grants", None)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """As Django's templates and libraries ask it."""
        from seawall.apps.accounts.permissions import has_permission

        return has_permission(self, perm, obj)

    def has_perms(self, perms: list[str], obj: Any = None) -> bool:
        """Whether all are held."""
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether any permission of that area is held."""
        return any(perm.partition(".")[0] == app_label for grant in self.grants for perm in grant.permissions)


class Assignment(models.Model):
    """A role that a person holds from one instant until another, perhaps for a part of the work only.

    `scope` narrows what the role's permissions reach: {"queues": [...], "cases": [...], "from": date, "until": date};
    a key that is absent does not narrow. An ended assignment stays: the record of who could do what is complete.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=40)
    scope = models.JSONField(_("scope"), default=dict, blank=True)
    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("assigned by")
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("role assignment")
        verbose_name_plural = _("role assignments")
        indexes: ClassVar = [models.Index(fields=["user", "valid_until"], name="accounts_assignment_open")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="accounts_assignment_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"

    @property
    def title(self) -> str:
        """The role's title in the language of the moment."""
        return role_title(self.role)

    @property
    def scope_lines(self) -> list[str]:
        """The scope as short texts; none where nothing is narrowed."""
        return [f"{key}: {', '.join(value) if isinstance(value, list) else value}" for key, value in self.scope.items()]

    @property
    def open(self) -> bool:
        """Whether it holds now."""
        now = timezone.now()
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


class Token(models.Model):
    """A person's key to the console's REST API. Only a hash of its secret is kept; `scopes` are permissions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    key = models.CharField(max_length=12, unique=True, editable=False)  # the part of the text that names the token
    digest = models.CharField(max_length=64, editable=False)  # SHA-256 of the secret, hexadecimal
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="accounts_token_ends"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def live(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and timezone.now() < self.expires_at

    @property
    def scope_titles(self) -> list[str]:
        """What it may be used for, in words."""
        known = catalog().permissions
        return [str(known.get(one, one)) for one in self.scopes]

    @property
    def reach(self) -> frozenset[str]:
        """The permissions that a request with it may use, if its owner holds them."""
        return frozenset(self.scopes) - catalog().session_only

"""What an operator may set about the control plane: environment variables `SEAWALL_*`, then HOME/settings.toml."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from seawall.apps.outbox.options import Webhooks
from seawall.messaging import Mail, Sms
from seawall.server.challenge.options import Challenges
from seawall.server.home import default_home


class Provider(BaseModel):
    """An OpenID Connect provider. `url`: where `/.well-known/openid-configuration` hangs; over plain http only on this
    machine. `secret_file` keeps the secret out of the settings. `username_claim` names people as they are named here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    name: str = Field(min_length=1, max_length=64)
    url: str
    client_id: str = Field(min_length=1)
    secret: str = ""
    secret_file: Path | None = None
    username_claim: str = "preferred_username"

    @field_validator("url")
    @classmethod
    def _secure(cls, url: str) -> str:
        place = urlsplit(url)
        if place.scheme != "https" and not (place.scheme == "http" and place.hostname in ("localhost", "127.0.0.1")):
            raise ValueError(f"{url!r}: a provider is reached by https://")
        return url

    def app(self) -> dict[str, Any]:
        """As allauth's APPS list it. OSError where the secret's file cannot be read."""
        secret = self.secret_file.read_text("utf-8").strip() if self.secret_file else self.secret
        more = {"server_url": self.url, "username_claim": self.username_claim}
        return {
            "provider_id": self.id, "name": self.name, "client_id": self.client_id, "secret": secret, "settings": more,
        }  # fmt: skip


class Options(BaseSettings):
    """Settings of one home. A demo home may relax `require_mfa`; each page then says so."""

    model_config = SettingsConfigDict(env_prefix="SEAWALL_", env_nested_delimiter="__", extra="ignore", frozen=True)

    environment: Literal["production", "demo"] = "production"
    zone: str = "Asia/Shanghai"
    allowed_hosts: list[str] = ["localhost", "127.0.0.1", "[::1]"]
    behind_tls: bool = Field(False, description="the console is reached by https: cookies are marked Secure, HSTS sent")
    require_mfa: bool = True
    idle_minutes: int = Field(30, ge=1, le=24 * 60)
    session_hours: int = Field(12, ge=1, le=7 * 24)
    lockout_failures: int = Field(6, ge=2, le=10)
    lockout_minutes: int = Field(30, ge=1, le=24 * 60)
    password_length: int = Field(12, ge=8, le=64)
    passkeys: bool = False
    oidc: list[Provider] = Field([], max_length=10, description="OpenID Connect providers that may sign people in")
    webhooks: Webhooks = Webhooks()
    mail: Mail = Mail()
    sms: Sms = Sms()
    challenges: Challenges = Challenges()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is no time zone; write one like Asia/Shanghai")
        return zone

    @field_validator("oidc")
    @classmethod
    def _installed(cls, providers: list[Provider]) -> list[Provider]:
        missing = [name for name in ("requests", "jwt", "oauthlib") if find_spec(name) is None]
        if providers and missing:
            raise ValueError(f"oidc needs {', '.join(missing)}; install seawall[oidc]")
        if len({one.id for one in providers}) < len(providers):
            raise ValueError("two providers have the same id")
        return providers

    @model_validator(mode="after")
    def _only_a_demo_relaxes(self) -> Self:
        if not self.require_mfa and self.environment != "demo":
            raise ValueError("require_mfa may be off only where environment is demo")
        return self

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """What is given in code, then the environment, then the file; nothing else is read."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, default_home() / "settings.toml")

"""What an operator may set about the control plane: environment variables `SEAWALL_*`, then HOME/settings.toml."""

from __future__ import annotations

from typing import Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from seawall.server.home import default_home


class Options(BaseSettings):
    """Settings of one home. A demo home may relax `require_mfa`; each page then says so."""

    model_config = SettingsConfigDict(env_prefix="SEAWALL_", extra="ignore", frozen=True)

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
    oidc: list[dict[str, Any]] = Field([], description="OpenID Connect providers as allauth's APPS entries")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone!r} is no time zone; write one like Asia/Shanghai")
        return zone

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

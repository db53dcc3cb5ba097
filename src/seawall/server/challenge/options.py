"""What an operator may set: table `[challenges]` of HOME/settings.toml, with `[mail]` and `[sms]` beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from seawall.engine.errors import SeawallError
from seawall.messaging import Mail, Sms
from seawall.messaging.options import is_safe


class SettingsError(SeawallError):
    """HOME/settings.toml cannot be read, or holds what cannot be."""


class Face(BaseModel):
    """The face-match provider. `http` posts JSON; no real vendor was tried."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["", "sandbox", "http"] = ""
    url: str = ""
    token: SecretStr = SecretStr("")
    authority: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.provider == "http" and not is_safe(self.url):
            raise ValueError("challenges.face.url must be https, or http on this machine")
        return self


class Challenges(BaseModel):
    """`sandbox`: what has no provider goes to HOME/sandbox/messages.jsonl and to no person (default: in a demo home).
    `codes_a_day`: how many codes one subject, and one number or address, may be sent within 24 h."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sandbox: bool | None = None
    codes_a_day: int = Field(default=20, ge=1, le=1_000)
    issuer: str = Field(default="Seawall", min_length=1, max_length=64, pattern=r"^[^:\x00-\x1f]+$")
    face: Face = Face()


class ChallengeOptions(BaseSettings):
    """What the decision API reads of the home's settings: environment variables `SEAWALL_*`, then the file."""

    model_config = SettingsConfigDict(env_prefix="SEAWALL_", env_nested_delimiter="__", extra="ignore", frozen=True)

    environment: Literal["production", "demo"] = "production"
    mail: Mail = Mail()
    sms: Sms = Sms()
    challenges: Challenges = Challenges()

    @property
    def sandbox(self) -> bool:
        """Whether what has no provider goes to the sandbox."""
        return self.environment == "demo" if self.challenges.sandbox is None else self.challenges.sandbox

    def providers(self) -> dict[str, str]:
        """Who sends codes by sms and email, and who matches faces: http, smtp, sandbox or none."""
        fallback = "sandbox" if self.sandbox else "none"
        return {
            "sms": self.sms.provider or fallback,
            "email": "smtp" if self.mail.host else fallback,
            "face_match": self.challenges.face.provider or fallback,
        }


def load_options(folder: Path) -> ChallengeOptions:
    """The settings of a home. SettingsError says where and what."""
    path = folder / "settings.toml"

    class OfHome(ChallengeOptions):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)

    try:
        return OfHome()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "settings"
        raise SettingsError(f"{path}: {where}: {first['msg']}; correct it there") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: {error}; correct it there") from None

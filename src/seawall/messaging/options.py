"""What an operator may set about messages: tables `[mail]` and `[sms]` of HOME/settings.toml."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_safe(url: str) -> bool:
    """Whether a provider may be reached there: by https, or by http on this machine."""
    place = urlsplit(url)
    return place.scheme == "https" or (place.scheme == "http" and place.hostname in LOOPBACK)


class Mail(BaseModel):
    """The SMTP server. `tls`: `starttls` (usual, port 587), `tls` from the first byte (465), `none` only here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    authority: str = ""  # a PEM file; "" the system's authorities
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.host and "@" not in self.sender:
            raise ValueError("mail.sender must be an address like risk@example.com")
        if self.host and self.tls == "none" and self.host not in LOOPBACK:
            raise ValueError("mail.tls may be none only where mail.host is this machine")
        return self


class Sms(BaseModel):
    """Text messages. `sandbox` sends nothing and shows each message to the operator; `http` posts JSON to a
    provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["", "sandbox", "http"] = ""
    url: str = ""
    token: SecretStr = SecretStr("")  # sent as `Authorization: Bearer`
    authority: str = ""
    sender: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.provider == "http" and not is_safe(self.url):
            raise ValueError("sms.url must be https, or http on this machine")
        return self

"""What an operator may set about the ways out: tables `[webhooks]`, `[mail]` and `[sms]` of HOME/settings.toml."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Webhooks(BaseModel):
    """Receivers are on the internet, by https. `networks` (CIDR) may be reached though they are private; `loopback`
    allows receivers on this machine, by http too: for trials."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    networks: list[str] = []
    loopback: bool = False

    @field_validator("networks")
    @classmethod
    def _cidr(cls, networks: list[str]) -> list[str]:
        return [str(ip_network(one)) for one in networks]


class Mail(BaseModel):
    """The SMTP server. `tls`: `starttls` (usual, port 587), `tls` from the first byte (465), `none` only here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = ""
    port: int = Field(587, ge=1, le=65535)
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
    """Text messages. `sandbox` sends nothing and shows each message on its delivery's page; `http` posts JSON to a
    provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["", "sandbox", "http"] = ""
    url: str = ""
    token: SecretStr = SecretStr("")  # sent as `Authorization: Bearer`
    authority: str = ""
    sender: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.provider == "http":
            place = urlsplit(self.url)
            if place.scheme != "https" and not (place.scheme == "http" and place.hostname in LOOPBACK):
                raise ValueError("sms.url must be https, or http on this machine")
        return self

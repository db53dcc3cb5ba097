"""What an operator may set about webhooks: table `[webhooks]` of HOME/settings.toml."""

from __future__ import annotations

from ipaddress import ip_network

from pydantic import BaseModel, ConfigDict, field_validator


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

"""Settings, from the environment (`DIALER_…`) or a `.env` file. Every one has a default that is safe."""

from datetime import timedelta
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaigns.timing import Timing


class Settings(BaseSettings):
    """Durations are real seconds unless their name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="DIALER_", env_file=".env", extra="ignore")

    data_dir: Path = Field(default=Path("dialer-data"), description="where the embedded database and its key live")
    database_url: str = Field(default="", description="empty: SQLite in the data folder")
    tenant: str = Field(default="default", description="which company the command line speaks for")
    secret_key: SecretStr = Field(
        default=SecretStr(""), description="keys that seal secrets, newest first, separated by commas"
    )
    public_url: str = Field(default="", description="where the vendor reaches our webhooks, for example behind a proxy")
    zone: str = Field(default="Asia/Ho_Chi_Minh", description="the time zone of a new tenant")
    log_level: str = Field(default="INFO")
    log_format: str = Field(default="auto", description="`json`, `text`, or `auto`: text on a terminal")
    speed: float = Field(
        default=1.0, gt=0, le=1000, description="for a simulator that runs faster than life; loopback vendors only"
    )
    stop_grace: float = Field(default=20.0, ge=0, description="how long a stop waits for calls in flight")
    receipt_days: float = Field(default=30, gt=0, description="how long settled webhooks are kept as they came")
    hook_auth: str = Field(
        default="any", description="how hooks prove themselves: `bearer`, `x-api-key`, `path`, or `any` of them"
    )
    api_requests_a_minute: int = Field(default=1000, ge=1, description="requests that a client of the API may make")
    events_log: bool = Field(default=False, description="whether every event is written to the log, masked")
    kafka_servers: str = Field(default="", description="host:port, separated by commas; empty: no Kafka")
    kafka_topic: str = Field(default="dialer.events", description="where events go")
    kafka_security: str = Field(default="plaintext", description="`plaintext`, `ssl`, `sasl-plaintext` or `sasl-ssl`")
    kafka_ca_file: str = Field(default="", description="whom TLS trusts; empty: whom the system trusts")
    kafka_certificate_file: str = Field(default="", description="our own certificate, where the broker asks for one")
    kafka_key_file: str = Field(default="", description="its key; empty: it stands in the same file")
    kafka_mechanism: str = Field(default="SCRAM-SHA-512", description="of SASL; also `PLAIN` and `SCRAM-SHA-256`")
    kafka_username: str = Field(default="")
    kafka_password: SecretStr = Field(default=SecretStr(""))
    egress_allow: str = Field(
        default="", description="private networks to which webhooks may be posted, such as 10.1.0.0/16"
    )
    delivery_days: float = Field(default=7, gt=0, description="how long deliveries that ended are kept")
    trusted_proxies: str = Field(
        default="", description="networks, separated by commas, whose `X-Forwarded-*` and `Forwarded` are believed"
    )
    cors_origins: str = Field(
        default="", description="origins, separated by commas, whose pages may read the API's answers; empty: none"
    )
    tls_certificate: Path | None = Field(default=None, description="a PEM file with the certificate and its chain")
    tls_key: Path | None = Field(default=None, description="a PEM file with the certificate's private key")
    lease_seconds: float = Field(default=60, gt=1)
    first_check_seconds: float = Field(default=90, gt=0, description="silence of a call after which we ask")
    unsure_grace_seconds: float = Field(default=300, gt=0)
    patience_seconds: float = Field(default=3 * 3600, gt=0)
    unknown_recall_delay_seconds: float = Field(default=3600, ge=0)

    @field_validator("hook_auth")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ("any", "bearer", "x-api-key", "path"):
            raise ValueError("must be one of any, bearer, x-api-key, path")
        return value

    @field_validator("kafka_security")
    @classmethod
    def _secure(cls, value: str) -> str:
        if value not in ("plaintext", "ssl", "sasl-plaintext", "sasl-ssl"):
            raise ValueError("must be one of plaintext, ssl, sasl-plaintext, sasl-ssl")
        return value

    @field_validator("kafka_mechanism")
    @classmethod
    def _mechanism(cls, value: str) -> str:
        if value not in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
            raise ValueError("must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512")
        return value

    @field_validator("egress_allow")
    @classmethod
    def _networks(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            ip_network(one)
        return value

    @cached_property
    def egress(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Private networks to which webhooks may be posted."""
        return tuple(ip_network(one.strip()) for one in self.egress_allow.split(",") if one.strip())

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: str) -> str:
        for one in filter(None, map(str.strip, value.split(","))):
            try:
                ip_network(one, strict=False)
            except ValueError:
                raise ValueError("must be networks such as 10.0.0.0/8, separated by commas") from None
        return value

    @cached_property
    def url(self) -> str:
        """The database: PostgreSQL by `postgresql+asyncpg://…`, else the embedded one."""
        return self.database_url or f"sqlite:///{self.data_dir / 'dialer.db'}"

    @cached_property
    def timing(self) -> Timing:
        """All waits, at this world's speed."""
        real = Timing(
            lease=timedelta(seconds=self.lease_seconds),
            first_check=timedelta(seconds=self.first_check_seconds),
            unsure_grace=timedelta(seconds=self.unsure_grace_seconds),
            patience=timedelta(seconds=self.patience_seconds),
            unknown_recall_delay=timedelta(seconds=self.unknown_recall_delay_seconds),
        )
        return real.at_speed(self.speed)

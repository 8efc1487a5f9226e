"""Settings of the service, from PERF_API_* and the command line; validated once, at the start."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PERF_API_"


class SettingsError(ValueError):
    """Raised when a setting is wrong; the message names its variable, never its value."""


class Settings(BaseSettings):
    """Settings; times are seconds, sizes are bytes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, hide_input_in_errors=True)

    host: Annotated[str, Field(min_length=1, description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="port of the API; 0 takes a free one")] = 8000
    metrics_port: Annotated[int, Field(ge=0, le=65535, description="port of the metrics")] = 9000
    database: Annotated[str, Field(description="sqlite:///path, sqlite:///:memory: or mongodb://host/name")] = (
        "sqlite:///perf-api.db"
    )
    sqlite_synchronous: Annotated[
        Literal["full", "normal"],
        Field(description="full: writes survive a loss of power; normal: only that of the process, without waiting"),
    ] = "full"
    drain: Annotated[
        float, Field(ge=0, le=8, description="seconds after SIGTERM in which new requests are still served")
    ] = 3.0
    deadline: Annotated[float, Field(gt=0, le=60, description="seconds a request may take")] = 5.0
    max_concurrency: Annotated[int, Field(ge=1, description="requests served at once; more are answered 503")] = 1000
    max_body: Annotated[int, Field(ge=1024, description="bytes of a body")] = 1024**2
    max_bulk_body: Annotated[int, Field(ge=1024, description="bytes of a body of many items")] = 4 * 1024**2
    keep_alive: Annotated[float, Field(gt=0, description="seconds an idle connection is kept")] = 75.0
    enable_faults: Annotated[bool, Field(description="let a route be made slower, to prove that it is noticed")] = (
        False
    )
    carrier_latency: Annotated[
        float, Field(ge=0, le=10, description="seconds the simulated carrier behind a delivery quote takes")
    ] = 0.03
    network_latency: Annotated[
        float, Field(ge=0, le=10, description="seconds each request of /v1 takes longer, as if all were far away")
    ] = 0.0
    cache_entries: Annotated[int, Field(ge=1, description="items kept in the cache")] = 10_000
    cache_seconds: Annotated[float, Field(gt=0, description="seconds an item is kept in the cache")] = 5.0
    cache_negative_seconds: Annotated[
        float, Field(ge=0, description="seconds it is remembered that an item does not exist; 0 = not at all")
    ] = 1.0
    queue_seconds: Annotated[
        float, Field(ge=0.01, le=3600, description="seconds between readings of task queues while they are recorded")
    ] = 1.0
    docs: Annotated[bool, Field(description="serve /docs and /openapi.json")] = True
    cors_origins: Annotated[str, Field(description="origins allowed to call from browsers, separated by commas")] = ""
    access_log: Annotated[bool, Field(description="one line of JSON per request")] = True
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="least level that is logged")
    ] = "info"
    admin_token: Annotated[
        SecretStr | None, Field(min_length=8, description="token of the administrative routes")
    ] = None
    write_token: Annotated[SecretStr | None, Field(min_length=8, description="token of whatever changes data")] = None
    cursor_key: Annotated[SecretStr, Field(max_length=64, description="secret that signs cursors")] = SecretStr("")


def read_settings(**given: object) -> Settings:
    """Return the settings: what is given, else the environment, else the default.

    Raises:
        SettingsError: one is wrong.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        name = str(first["loc"][0])
        flag = name.replace("_", "-")
        raise SettingsError(f"{PREFIX}{name.upper()} (--{flag}) is wrong: {first['msg']}") from None


def is_secret(name: str) -> bool:
    """Say whether a setting must not be given on a command line, where everybody sees it."""
    return "SecretStr" in str(Settings.model_fields[name].annotation)

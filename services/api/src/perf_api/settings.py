"""Settings of the service, from PERF_API_* and the command line; validated once, at the start."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings; times are seconds."""

    model_config = SettingsConfigDict(env_prefix="PERF_API_")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    metrics_port: int = Field(9000, ge=0, le=65535)
    database: str = "sqlite:///perf-api.db"
    faults_enabled: bool = False
    carrier_latency: float = Field(0.03, ge=0, le=10)
    """What the simulated carrier behind a delivery quote takes."""
    cache_entries: int = Field(10_000, ge=1)
    cache_seconds: float = Field(5.0, gt=0)
    cache_negative_seconds: float = Field(1.0, ge=0)
    """How long it is remembered that something does not exist; 0 = not at all."""
    queue_seconds: float = Field(1.0, ge=0.01, le=3600)
    """Distance of two readings of the task queues while the metrics controller records."""

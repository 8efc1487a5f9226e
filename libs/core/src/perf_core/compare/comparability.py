"""Whether two runs may be compared: fields of the fingerprint that must agree, and those only warned about."""

from perf_core.model.run import RunInfo

MUST_AGREE = ("users", "shape", "load_model", "pacing", "data_hash", "locust_minor")
WARNED = ("locustfile_hash", "workers", "worker_limits", "locust_version", "plugin_version")


def differing(baseline: RunInfo, current: RunInfo, fields: tuple[str, ...]) -> list[str]:
    """Return ``field was 'a', is 'b'`` for the fields both runs know and that differ."""
    old, new = baseline.fingerprint, current.fingerprint
    known = [field for field in fields if field in old and field in new]
    return [f"{field} was '{old[field]}', is '{new[field]}'" for field in known if old[field] != new[field]]

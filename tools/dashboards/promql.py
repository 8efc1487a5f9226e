"""Pieces of queries that several panels share. Variables stand in label matchers only."""

HERE = 'namespace=~"$namespace",job=~"$job"'
_RUN = f'locust_run_info{{{HERE},run_id=~"$run"}}'


def of_here(metric: str, matchers: str = "") -> str:
    """Return a metric of the namespaces and jobs that were chosen."""
    return f"{metric}{{{HERE}{',' if matchers else ''}{matchers}}}"


def of_run(expr: str) -> str:
    """Return series of a master with the run they belong to, for the runs that were chosen."""
    return f"{expr} * on (namespace, job, instance) group_left (run_id) {_RUN}"


def rate(metric: str, matchers: str = "") -> str:
    """Return the increase per second of a counter."""
    return f"rate({of_here(metric, matchers)}[$__rate_interval])"


def run_rate(metric: str, matchers: str = "") -> str:
    """Return the increase per second of a counter, for the runs that were chosen."""
    return of_run(rate(metric, matchers))


def quantile(q: float, buckets: str, *by: str) -> str:
    """Return a quantile of a histogram's rates, by labels."""
    return f"histogram_quantile({q}, sum by ({', '.join((*by, 'le'))}) ({buckets}))"


def ratio(part: str, whole: str) -> str:
    """Return a share; nothing where the whole is nothing."""
    return f"{part} / ({whole} > 0)"

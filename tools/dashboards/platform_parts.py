"""The platform itself: who is scraped, what fires, what was sent, how full it is."""

from dashboard import Dashboard, Kind, Panel, Query, Row
from promql import of_here, rate, ratio

VOLUME = 'namespace=~"$namespace",persistentvolumeclaim=~".*(runs|reports).*"'

PLATFORM = Dashboard(
    "perf-platform",
    "Platform",
    "Health of perf-platform's own parts.",
    "up",
    (
        Row(
            "Prometheus",
            (
                Panel(
                    "Targets",
                    "1 when the last scrape came through.",
                    "none",
                    (Query(of_here("up"), "{{job}} {{instance}}"),),
                    Kind.STAT,
                    8,
                ),
                Panel(
                    "Alerts that fire",
                    "Their meaning is in docs/runbook.md.",
                    "none",
                    (Query('sum by (alertname, severity) (ALERTS{alertname=~"Perf.*",alertstate="firing"})'),),
                    Kind.TABLE,
                    16,
                ),
                Panel(
                    "Scrape duration",
                    "How long Prometheus waits for each part.",
                    "s",
                    (Query(of_here("scrape_duration_seconds"), "{{job}} {{instance}}"),),
                ),
                Panel(
                    "Samples of a scrape",
                    "Many thousands: endpoint names hold ids.",
                    "short",
                    (Query(of_here("scrape_samples_scraped"), "{{job}} {{instance}}"),),
                ),
            ),
        ),
        Row(
            "Parts",
            (
                Panel(
                    "CPU",
                    "Cores used.",
                    "short",
                    (Query(rate("process_cpu_seconds_total"), "{{job}} {{instance}}"),),
                    width=8,
                ),
                Panel(
                    "Memory",
                    "Resident set.",
                    "bytes",
                    (Query(of_here("process_resident_memory_bytes"), "{{job}} {{instance}}"),),
                    width=8,
                ),
                Panel(
                    "Uptime",
                    "Falls to 0 at a restart.",
                    "s",
                    (Query(f"time() - {of_here('process_start_time_seconds')}", "{{job}} {{instance}}"),),
                    width=8,
                ),
                Panel(
                    "Restarts (Kubernetes)",
                    "Of containers, in the last hour.",
                    "short",
                    (
                        Query(
                            'increase(kube_pod_container_status_restarts_total{namespace=~"$namespace"}[1h])',
                            "{{pod}} {{container}}",
                        ),
                    ),
                ),
                Panel(
                    "Runs volume (Kubernetes)",
                    "Share in use.",
                    "percentunit",
                    (
                        Query(
                            ratio(
                                f"kubelet_volume_stats_used_bytes{{{VOLUME}}}",
                                f"kubelet_volume_stats_capacity_bytes{{{VOLUME}}}",
                            ),
                            "{{persistentvolumeclaim}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "Notifications",
            (
                Panel(
                    "Mails and webhooks",
                    "Since the master's start, by what became of them.",
                    "short",
                    (
                        Query(
                            f"sum by (channel, outcome) ({of_here('perf_notifications_total')})",
                            "{{channel}} {{outcome}}",
                        ),
                    ),
                    Kind.STAT,
                    24,
                ),
            ),
        ),
    ),
)

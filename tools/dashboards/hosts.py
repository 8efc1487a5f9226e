"""The machines that make the load."""

from dashboard import Dashboard, Panel, Query, Row
from promql import of_here, rate

WHO = "{{node}} {{role}}"

HOSTS = Dashboard(
    "perf-hosts",
    "Hosts",
    "CPU, memory, network and disk of the hosts of workers and master, as the workers read them.",
    "locust_up",
    (
        Row(
            "Hosts",
            (
                Panel(
                    "CPU",
                    "Share of all cores; above 0.95 workers wait for CPU.",
                    "percentunit",
                    (Query(of_here("locust_host_cpu_ratio"), WHO),),
                ),
                Panel(
                    "Memory",
                    "In use, caches not counted.",
                    "bytes",
                    (Query(of_here("locust_host_memory_used_bytes"), WHO),),
                ),
                Panel(
                    "Network received",
                    "By host.",
                    "Bps",
                    (Query(rate("locust_host_network_bytes_total", 'direction="received"'), WHO),),
                ),
                Panel(
                    "Network sent",
                    "By host.",
                    "Bps",
                    (Query(rate("locust_host_network_bytes_total", 'direction="sent"'), WHO),),
                ),
                Panel(
                    "Disk read",
                    "By host.",
                    "Bps",
                    (Query(rate("locust_host_disk_bytes_total", 'direction="read"'), WHO),),
                ),
                Panel(
                    "Disk written",
                    "By host.",
                    "Bps",
                    (Query(rate("locust_host_disk_bytes_total", 'direction="written"'), WHO),),
                ),
            ),
        ),
    ),
)

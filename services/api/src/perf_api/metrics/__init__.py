"""What Prometheus reads of the service: requests, caches, database operations, and the metrics of a recording."""

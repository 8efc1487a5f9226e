"""From a Locust master to Prometheus; holds the name of the package, the exporter itself is still to be written."""

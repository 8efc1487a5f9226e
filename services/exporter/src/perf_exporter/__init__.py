"""From a Locust master to Prometheus: fetched at scrape time, true histograms and counters, nothing kept between."""

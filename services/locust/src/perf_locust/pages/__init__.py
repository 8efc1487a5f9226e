"""Pages for people under `/perf/ui/`, rendered on the master: usable before the first run, during one and after."""

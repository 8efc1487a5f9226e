"""What perf-platform knows about runs, without any framework: model, statistics, comparison, store, report."""

"""The metrics controller: custom metrics that are recorded only while somebody wants them, usually for a run."""

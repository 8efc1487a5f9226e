"""The service as HTTP shows it."""

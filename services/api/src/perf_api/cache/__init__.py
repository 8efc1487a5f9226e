"""Answers kept in memory: how often that helps is counted, and no value older than an invalidation stays."""

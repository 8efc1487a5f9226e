"""The reference service: an ordinary REST API to put under load. It knows nothing of the platform that loads it."""

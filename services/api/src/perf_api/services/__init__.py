"""What the service does with items and orders; no HTTP, no database of its own."""

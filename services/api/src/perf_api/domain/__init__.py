"""What the service is about - items, orders, sales - without HTTP and without a database."""

"""The service over HTTP: routes, what they accept and answer, and what stands before them."""

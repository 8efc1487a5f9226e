"""What requests carry and answers say, as pydantic models; the OpenAPI document is made of them."""

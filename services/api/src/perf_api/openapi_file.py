"""The OpenAPI document as the text that is kept in the repository."""

import json

from fastapi import FastAPI


def document_text(app: FastAPI) -> str:
    """Return the document, the same text for the same routes."""
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"

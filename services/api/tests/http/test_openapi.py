"""The OpenAPI document: complete, and the same as the file in the repository."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from perf_api.app import create_app
from perf_api.http.problems import KINDS, MEDIA_TYPE
from perf_api.openapi_file import document_text
from perf_api.settings import Settings

FILE = Path(__file__).parents[2] / "openapi.json"
DOCUMENT = create_app(Settings(database="sqlite:///:memory:")).openapi()
OPERATIONS = [
    pytest.param(operation, id=operation.get("operationId", f"{method} {path}"))
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_the_file_in_the_repository_is_what_the_service_serves(client: TestClient) -> None:
    renew = "renew it: perf-api openapi --output services/api/openapi.json"

    assert FILE.read_text(encoding="utf-8") == document_text(client.app), renew  # type: ignore[arg-type]
    assert client.get("/openapi.json").json() == DOCUMENT


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_described(operation: dict[str, Any]) -> None:
    assert operation["operationId"].replace("_", "").isalpha()
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}
    assert operation["description"].endswith((".", ")"))
    assert {"500", "503", "504"} <= set(operation["responses"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_has_a_body_with_an_example(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        media_type = "application/json" if status < "4" else MEDIA_TYPE
        if status in ("204", "304"):
            assert "content" not in answer
        else:
            assert list(answer["content"]) == [media_type]
            content = answer["content"][media_type]
            assert "example" in content or "example" in _schema(content["schema"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_body_has_an_example(operation: dict[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert "example" in _schema(content["schema"])


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]

    assert len(ids) == len(set(ids))


def test_every_problem_names_its_codes() -> None:
    assert DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == sorted(KINDS)


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("post", "/v1/items", {}),
        ("put", "/v1/items/{id}", {"If-Match": "*"}),
        ("patch", "/v1/items/{id}", {"If-Match": "*"}),
        ("post", "/v1/items:bulk", {}),
        ("post", "/v1/orders", {}),
        ("post", "/v1/orders/{id}/transitions", {}),
        ("post", "/v1/metrics-controller/transitions", {}),
    ],
)
def test_the_example_of_a_body_is_accepted(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    lamp = _schema({"$ref": "#/components/schemas/ItemIn"})["example"]
    item_id = client.post("/v1/items", json=lamp | {"sku": "OTHER"}).json()["id"]
    lines = [{"item_id": item_id, "quantity": 1}]
    order_id = client.post("/v1/orders", json={"customer_id": "ann", "lines": lines}).json()["id"]
    template = path.replace("/orders/{id}", "/orders/{order_id}").replace("{id}", "{item_id}")
    address = path.replace("/orders/{id}", f"/orders/{order_id}").replace("{id}", item_id)
    for media_type, content in DOCUMENT["paths"][template][method]["requestBody"]["content"].items():
        body = _schema(content["schema"])["example"]
        text = json.dumps(body | {"lines": lines} if "lines" in body else body)

        answer = client.request(method, address, content=text, headers=headers | {"Content-Type": media_type})

        assert answer.status_code in (200, 201, 207)


def _schema(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return DOCUMENT["components"]["schemas"][name] if name else schema

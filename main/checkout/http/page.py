"""The page that describes the API and lets one try it, made from the OpenAPI description."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from main.checkout.http.api import api


def api_page(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    context = {"operations": list(_operations()), "openapi": reverse("api-v1:openapi-json")}
    return render(request, "main/checkout/api.html", context)


def _operations() -> Iterator[dict[str, Any]]:
    """Each operation with its address, what it says of itself, the fields of its body, and an example of these."""
    description = api.get_openapi_schema()
    for address, methods in description["paths"].items():
        for method, operation in methods.items():
            fields = _fields(description, operation)
            yield {
                "id": operation["operationId"],
                "method": method.upper(),
                "address": address,
                "summary": gettext(operation["summary"]),
                "description": _translated(operation),
                "statuses": list(operation["responses"]),
                "fields": fields,
                "example": json.dumps(_example(fields), indent=2) if fields else "",
            }


def _fields(description: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    if "requestBody" not in operation:
        return []
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = description["components"]["schemas"][reference.rsplit("/", 1)[-1]]
    return [
        {"name": name, "required": name in schema["required"], **field, "description": _translated(field)}
        for name, field in schema["properties"].items()
    ]


def _translated(described: dict[str, Any]) -> str:
    english = described.get("description", "")
    return gettext(english) if english else ""


def _example(fields: list[dict[str, Any]]) -> dict[str, str]:
    return {field["name"]: field["examples"][0] for field in fields if "examples" in field}

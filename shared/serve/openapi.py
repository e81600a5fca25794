"""The service in OpenAPI 3.1, made from the contract: one property for each of the customer's columns."""

from typing import Any

import shared
from shared.serve.fields import Field, open_fields
from shared.serve.model import Model
from shared.serve.problems import TITLES
from shared.serve.questions import CSV, FORM, JSON, MOST_REASONS
from shared.serve.settings import ServeSettings

PROBLEM = "application/problem+json"
TEXT = {"type": "string"}
PHOTO = {
    "type": "object",
    "required": ["name", "base64"],
    "properties": {"name": TEXT, "base64": {"type": "string", "contentEncoding": "base64"}},
}
NUMBERS = {"type": "array", "items": {"type": "number"}}


def openapi_of(model: Model, settings: ServeSettings) -> dict[str, Any]:
    """The document that `/openapi.json` gives."""
    pipeline = model.pipeline
    rows = {"type": "array", "maxItems": settings.max_rows, "items": _row(model), "minItems": 1}
    question = {
        "type": "object",
        "required": ["rows"],
        "additionalProperties": False,
        "properties": {
            "rows": rows,
            "history": rows | {"minItems": 0, "description": "earlier rows in the same columns"},
            "reasons": {"type": "integer", "minimum": 0, "maximum": MOST_REASONS, "default": 0},
            "keep": {"type": "boolean", "default": True},
            "pictures": {"type": "boolean", "default": False},
            "lang": {"type": "string", "enum": ["en", "zh"]},
        },
        "example": {"rows": model.rows},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": pipeline.title["en"],
            "description": pipeline.task["en"],
            "version": shared.__version__,
        },
        "paths": {
            "/v1/predict": {"post": _predict(settings)},
            "/v1/model": {"get": _reading("What the bundle decides, and from what", "model")},
            "/healthz": {"get": _reading("Whether the process lives", "health", secured=False)},
            "/readyz": {"get": _reading("Whether it can answer", "ready", secured=False)},
        }
        | ({} if settings.store is None else {"/v1/events": {"post": _events()}}),
        "components": {
            "schemas": {"Question": question, "Answer": _answer(), "Problem": _problem()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _row(model: Model) -> dict[str, Any]:
    properties = {each.name: _cell(each) for each in model.fields}
    required = [each.name for each in model.fields if each.required]
    row = {"type": "object", "properties": properties, "required": required, "example": model.rows[0]}
    if not open_fields(model.pipeline):  # else columns whose names only a pattern tells
        row["additionalProperties"] = {"type": ["string", "number", "boolean", "null"]}
    return row


def _cell(field: Field) -> dict[str, Any]:
    described = ". ".join(text for text in (field.description.get("en", ""), _within(field)) if text)
    kinds: dict[str, Any] = {
        "number": {"type": ["number", "string"]},
        "time": {"type": ["string", "integer"]},
        "photo": {"anyOf": [PHOTO, TEXT]},
        "signal": {"anyOf": [NUMBERS, {"type": "array", "items": NUMBERS}]},
    }
    schema = kinds.get(field.kind, {"type": ["string", "number", "boolean"]})
    if field.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    if field.kind == "number":
        bounds = {"minimum": field.low, "maximum": field.high}
        schema = schema | {
            name: value for name, value in bounds.items() if value is not None and "type" in schema
        }
    known = {"x-known-values": field.choices} if field.choices else {}
    return schema | {"description": described, "examples": [field.example]} | known


def _within(field: Field) -> str:
    parts = [f"in {field.unit}"] if field.unit else []
    parts += [f"from {field.low:g}"] if field.low is not None else []
    parts += [f"up to {field.high:g}"] if field.high is not None else []
    return ", ".join(parts)


def _predict(settings: ServeSettings) -> dict[str, Any]:
    form = {
        "type": "object",
        "properties": {
            "rows": TEXT | {"description": "JSON, a list of rows"},
            "files": {
                "type": "array",
                "items": {"type": "string", "contentMediaType": "application/octet-stream"},
            },
        },
    }
    query = [
        {
            "name": "reasons",
            "in": "query",
            "schema": {"type": "integer", "minimum": 0, "maximum": MOST_REASONS},
        },
        {"name": "lang", "in": "query", "schema": {"type": "string", "enum": ["en", "zh"]}},
    ]
    limits = f"At most {settings.max_rows:,} rows and {settings.max_bytes:,} bytes, {settings.max_seconds:g} seconds."
    good = {
        "description": "An answer for each row, in their order",
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Answer"}}, CSV: {"schema": TEXT}},
    }
    return {
        "operationId": "predict",
        "summary": "Answers rows",
        "description": limits,
        "parameters": query,
        "security": [{"bearer": []}, {"header": []}, {}],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/Question"}},
                CSV: {"schema": TEXT},
                FORM: {"schema": form},
            },
        },
        "responses": {"200": good} | _problems(400, 401, 408, 413, 415, 422, 429, 500, 503),
    }


def _events() -> dict[str, Any]:
    return {
        "operationId": "events",
        "summary": "Keeps earlier rows",
        "security": [{"bearer": []}, {"header": []}, {}],
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Question"}}},
        },
        "responses": {"200": {"description": "Kept", "content": {JSON: {"schema": {"type": "object"}}}}}
        | _problems(400, 401, 404, 408, 413, 415, 422, 429, 500, 503),
    }


def _reading(summary: str, name: str, *, secured: bool = True) -> dict[str, Any]:
    good = {"description": summary, "content": {JSON: {"schema": {"type": "object"}}}}
    problems = _problems(401, 503) if secured else {"503": good | {"description": "Not yet, or no more"}}
    security = {"security": [{"bearer": []}, {"header": []}, {}]} if secured else {}
    return {"operationId": name, "summary": summary, "responses": {"200": good} | problems} | security


def _problems(*statuses: int) -> dict[str, Any]:
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(each): {"description": TITLES[each]["en"], "content": content} for each in statuses}


def _problem() -> dict[str, Any]:
    fault = {
        "type": "object",
        "required": ["column", "row", "text"],
        "properties": {
            "column": {"type": ["string", "null"]},
            "row": {"type": ["integer", "null"]},
            "text": TEXT,
        },
    }
    properties = {name: TEXT for name in ("type", "title", "detail", "request_id")}
    properties |= {"status": {"type": "integer"}, "faults": {"type": "array", "items": fault}}
    return {"type": "object", "required": list(properties), "properties": properties}


def _answer() -> dict[str, Any]:
    told = {"solution": TEXT, "version": TEXT, "saved_with": {"type": ["string", "null"]}, "runtime": TEXT}
    properties = {
        "request_id": TEXT,
        "model": {"type": "object", "required": list(told), "properties": told},
        "simulated": {"type": "boolean"},
        "answers": {"type": "array", "items": {"type": "object"}},
        "notes": {"type": "array", "items": TEXT},
    }
    return {"type": "object", "required": list(properties), "properties": properties}

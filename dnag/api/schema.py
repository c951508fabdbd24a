"""What requests and answers look like: JSON Schema and OpenAPI 3.1, made from the knobs and dataclasses themselves.

No range and no name is written here a second time. The same inputs that describe a request also check it.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dnag import __version__
from dnag.api.limits import Limits, Problem
from dnag.api.own_datasets import PATTERN, OwnDataset
from dnag.knobs import Knob, check, knobs

JSON = dict[str, Any]
VERSION = "3.1.0"
JSON_TYPE, BINARY = "application/json", "application/octet-stream"
CHECKPOINTS = {"checkpoint": "score", "predictor": "predictor"}  # setting -> kind of checkpoint that it names
PREDICTION = ("space", "dataset", "resolution", "width", "device", "predictor")
LEFT_OUT = ("features",)  # of a dataset of the user's own, which is named by its id
LONGEST = 1000  # characters of a setting
_KINDS: dict[type, str] = {list: "a list", dict: "an object", str: "a text"}
SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


# --- requests ---------------------------------------------------------------------------------------------------------


def run_inputs(limits: Limits) -> dict[str, Knob]:
    """Settings of a run: those of the command line, by the same names."""
    from dnag.run_settings import RunSettings

    names = [f.name for f in dataclasses.fields(RunSettings) if f.name not in LEFT_OUT]
    return _inputs(names, {"samples": limits.samples})


def prediction_inputs() -> dict[str, Knob]:
    """Settings of a prediction."""
    return _inputs(PREDICTION, {})


def _inputs(names: Iterable[str], most: Mapping[str, int]) -> dict[str, Knob]:
    from dnag.run_settings import RunSettings

    known = knobs(RunSettings)
    return {
        name: _checkpoints(name, known.get(name))
        if name in CHECKPOINTS
        else dataclasses.replace(known[name], admits=None, high=most.get(name, known[name].high))
        for name in names
    }


def _checkpoints(name: str, knob: Knob | None) -> Knob:
    """An installed checkpoint by its name: a client must not choose files of the server."""
    from dnag.checkpoint import installed_names

    kind = CHECKPOINTS[name]
    label = name.capitalize() if knob is None else knob.label
    return Knob(label, help=f"Instead of the shipped {kind} model.", choices=lambda: installed_names(kind))


def read_object(body: bytes) -> JSON:
    """The JSON object of a request; :class:`Problem` 400 for what is no JSON, 422 for what is no object."""
    try:
        data = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise Problem(422, f"the body is {_KINDS.get(type(data), repr(data)[:80])}; allowed: a JSON object")
    return data


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def read_settings(data: Mapping[str, Any], inputs: Mapping[str, Knob]) -> Any:
    """The settings that a request names; :class:`Problem` 422 for what is unknown, of a wrong type or not allowed."""
    from dnag.run_settings import RunSettings

    for name in data:
        if name not in inputs:
            raise Problem(422, f"unknown field {name[:80]!r}; allowed: {', '.join(inputs)}")
    try:
        return RunSettings(**{name: _value(name, inputs[name], value) for name, value in data.items()})
    except ValueError as error:
        raise Problem(422, str(error)) from None


def _value(name: str, knob: Knob, value: Any) -> Any:
    if isinstance(value, list | dict):
        raise ValueError(f"{name} is {_KINDS[type(value)]}; allowed: a single value")
    if isinstance(value, str) and len(value) > LONGEST:
        raise ValueError(f"{name} is a text of {len(value):,} characters; allowed: {LONGEST:,}")
    check(name, knob, value)
    if knob.low is None:
        return value
    return int(value) if knob.whole else float(value)


def inputs_schema(inputs: Mapping[str, Knob], defaults: Mapping[str, Any]) -> JSON:
    """JSON Schema of an object of settings, all of which may be left out."""
    fields = {name: _input_schema(knob, defaults[name]) for name, knob in inputs.items()}
    known, own = fields["dataset"], {"pattern": f"^{PATTERN}$", "description": "An id that `POST /datasets` gave."}
    fields["dataset"] = {name: known[name] for name in ("title", "description")} | {"type": "string"}
    fields["dataset"]["anyOf"] = [{"enum": known["enum"]}, own]
    return {"type": "object", "properties": fields, "additionalProperties": False}


def _input_schema(knob: Knob, default: Any) -> JSON:
    unit = f" In {knob.unit}." if knob.unit else ""
    found: JSON = {"title": knob.label, "description": f"{knob.help}{unit}".strip()}
    if knob.choices is not None:
        found |= {"type": "string", "enum": list(knob.choices())}
        if default in found["enum"]:
            found["default"] = default
    elif knob.text:
        found |= {"type": "string", "maxLength": LONGEST, "default": default}
    else:
        found |= {"type": "integer" if knob.whole else "number", "minimum": knob.low, "maximum": knob.high}
        if default is not None:
            found["default"] = default
    return found


# --- answers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class JobState:
    """A run: where it stands, and once it is done what it gave."""

    id: str
    state: Literal["queued", "running", "done", "cancelled", "failed"]
    step: int
    total: int
    ahead: int
    elapsed_s: float
    remaining_s: float | None
    error: str | None
    result: dict[str, Any] | None


@dataclass(frozen=True)
class Health:
    """Whether the server answers, and how long its queue is."""

    status: Literal["ok"]
    version: str
    running: int
    waiting: int


@dataclass(frozen=True)
class Refusal:
    """What came and what is allowed (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


def answer_schema(owner: Any) -> JSON:
    """JSON Schema of a dataclass, from its annotations."""
    hints = typing.get_type_hints(owner)
    fields = {f.name: _type_schema(hints[f.name]) for f in dataclasses.fields(owner)}
    doc = " ".join((owner.__doc__ or "").partition("\n\n")[0].split())
    return {"type": "object", "description": doc, "properties": fields, "required": list(fields)}


def _type_schema(hint: Any) -> JSON:
    if hint in SIMPLE:
        return {"type": SIMPLE[hint]}
    arguments = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_type_schema(argument) for argument in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _type_schema(arguments[0])}
    if origin is dict:
        return {"type": "object"}
    raise TypeError(f"no JSON Schema for {hint}")


def candidate_schema() -> JSON:
    """JSON Schema of a candidate's row: the fixed columns, and one of latency per device."""
    from dnag.costs import LATENCY
    from dnag.run_result import JSON_COLUMNS, Candidate

    whole = answer_schema(Candidate)
    columns = {name: whole["properties"][name] for name in JSON_COLUMNS}
    return {
        "type": "object",
        "description": "An architecture with all that is known of it.",
        "properties": columns,
        "required": list(columns),
        "patternProperties": {f"^{LATENCY}": {"type": "number"}},
        "additionalProperties": False,
    }


def _found_schema(description: str) -> JSON:
    rows = {"type": "array", "items": _reference("Candidate")}
    return {
        "type": "object",
        "description": description,
        "properties": {"candidates": rows},
        "required": ["candidates"],
    }


def schemas(limits: Limits) -> dict[str, JSON]:
    """Every named schema."""
    from dnag.run_settings import RunSettings

    defaults = {f.name: f.default for f in dataclasses.fields(RunSettings)}
    job = answer_schema(JobState)
    job["properties"]["result"]["anyOf"][0] = _reference("Result")
    prediction = inputs_schema(prediction_inputs(), defaults)
    prediction["properties"]["architectures"] = {
        "type": "array",
        "items": {"type": "string"},
        "minItems": 1,
        "maxItems": limits.architectures,
        "description": "One each, as text or JSON, in the forms that the command line reads.",
    }
    prediction["required"] = ["architectures"]
    named = {"type": "object", "additionalProperties": {"type": "object"}}
    return {
        "Settings": inputs_schema(run_inputs(limits), defaults),
        "Architectures": prediction,
        "Features": {"type": "string", "format": "binary", "description": "What `python -m dnag encode` writes."},
        "OwnDataset": answer_schema(OwnDataset),
        "Job": job,
        "Result": _found_schema("What `python -m dnag generate --format json` prints."),
        "Prediction": _found_schema("What `python -m dnag predict --format json` prints."),
        "Candidate": candidate_schema(),
        "Spaces": {**named, "description": "By name: label, size, datasets and sources of measured accuracies."},
        "Checkpoints": {**named, "description": "By name: kind, search space, file and model card."},
        "Health": answer_schema(Health),
        "Problem": answer_schema(Refusal),
        "OpenAPI": {"type": "object", "description": "This description."},
    }


# --- OpenAPI ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Endpoint:
    """One thing a client can ask for. ``body`` (of type ``media``) and ``answer`` name schemas; ``refusals`` are
    further HTTP statuses.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    summary: str
    answer: str
    status: int = 200
    body: str = ""
    media: str = JSON_TYPE
    streams: bool = False
    refusals: tuple[int, ...] = ()


def openapi(endpoints: Iterable[Endpoint], prefix: str, limits: Limits) -> JSON:
    """The OpenAPI 3.1 description of ``endpoints`` below ``prefix``."""
    paths: dict[str, JSON] = {}
    for endpoint in endpoints:
        paths.setdefault(f"{prefix}{endpoint.path}", {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": VERSION,
        "info": {
            "title": "DiffusionNAG Studio",
            "version": __version__,
            "summary": "Neural architectures from settings.",
        },
        "paths": paths,
        "security": [{}, {"token": []}],
        "components": {
            "schemas": schemas(limits),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _reference(name: str) -> JSON:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(endpoint: Endpoint) -> JSON:
    answer: JSON = {"application/json": {"schema": _reference(endpoint.answer)}}
    if endpoint.streams:
        answer["text/event-stream"] = {"schema": {"type": "string"}}
    refusal = {"application/problem+json": {"schema": _reference("Problem")}}
    found: JSON = {
        "operationId": endpoint.handler.__name__,
        "summary": endpoint.summary,
        "responses": {
            str(endpoint.status): {"description": "What was asked for.", "content": answer},
            **{str(status): {"description": "Refused.", "content": refusal} for status in endpoint.refusals},
            "default": {"description": "Refused.", "content": refusal},
        },
    }
    if "{id}" in endpoint.path:
        found["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    if endpoint.body:
        body = {endpoint.media: {"schema": _reference(endpoint.body)}}
        found["requestBody"] = {"required": True, "content": body}
    return found

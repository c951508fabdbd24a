"""The API as its clients meet it: over HTTP, on small real runs, against the page and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import safetensors.torch
import torch
from streamlit.testing.v1 import AppTest

from dnag.api import Guard, Limits, Rate, app
from dnag.api.app import Api
from dnag.api.limits import Problem
from dnag.api.own_datasets import OwnDatasets
from dnag.datasets.features import DEFAULT, FeatureSet, is_kept, keep
from dnag.knobs import knobs
from dnag.run_settings import RunSettings
from dnag.runs import run
from dnag.transfer import settings_for
from dnag.ui import loaders, state
from tests.api.conftest import PATIENCE, SMALL, Answer, Client, Gate, serving
from tests.commands import out_of

ROOT = Path(__file__).resolve().parents[2]
BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
METHODS = {"get", "post", "delete"}


def without_time(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "seconds"}


# ----------------------------------------------------------------------------------------------------------- one answer


@pytest.mark.parametrize(
    "settings",
    [
        SMALL | {"guidance_scale": 5, "seed": 3},
        SMALL | {"space": "mobilenetv3", "under": "macs_m=300"},
    ],
    ids=["nasbench201", "mobilenetv3"],
)
def test_page_command_line_and_api_give_the_same(client: Client, capsys, settings: dict[str, Any]) -> None:
    result = client.run(settings)["result"]
    options = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    printed = json.loads(out_of(capsys, "generate", *options, "--format", "json"))
    assert without_time(result) == without_time(printed)

    loaders.manager.clear()  # or the page would join the run that the API began
    at = AppTest.from_file(str(ROOT / "pages" / "generate.py"), default_timeout=120)
    for name, value in settings.items():
        at.query_params[name] = str(value)
    at.run()
    at.button(key="generate").click().run()
    job = loaders.manager().get(at.session_state[state.JOB])
    assert job is not None and job.finished.wait(60) and job.result is not None
    assert without_time(json.loads(job.result.to_json())) == without_time(result)

    again = client.post("/generate", settings).json  # and joins the page's
    assert again["id"].startswith(f"{job.id}-") and again["state"] == "done"


def test_predict_gives_what_is_known(client: Client, capsys, tmp_path: Path) -> None:
    answer = client.post("/predict", {"architectures": [BEST, BEST]})
    assert answer.status == 200
    (row,) = answer.json["candidates"]
    assert row["architecture"] == BEST
    assert row["predicted_accuracy_pct"] == pytest.approx(94.2, abs=0.5)
    assert row["measured_source"] == "independent re-training"
    (path := tmp_path / "cells.txt").write_text(BEST)
    assert answer.json == json.loads(out_of(capsys, "predict", "--architectures", str(path), "--format", "json"))


# ---------------------------------------------------------------------------------------------------------------- runs


def test_events_come_in_order(client: Client, gate: Gate) -> None:
    job = client.post("/generate", SMALL).json["id"]
    with contextlib.closing(client.open("GET", f"/jobs/{job}", accept="text/event-stream")) as connection:
        stream = connection.getresponse()
        seen: list[int] = []
        while seen[-1:] != [gate.steps - 1]:
            line = stream.readline().decode()
            if line.startswith("data: ") and (step := json.loads(line[6:])["step"]) not in seen:
                seen.append(step)
                gate.go.release()
        assert seen == sorted(seen)
        rest = stream.read().decode()
    assert re.findall(r"event: (\w+)", rest)[-1] == "done"
    assert client.events(job) == [("done", client.get(f"/jobs/{job}").json)]


def test_a_run_survives_its_stream_and_shares_with_others(client: Client, gate: Gate) -> None:
    one, other = (client.post("/generate", SMALL).json["id"] for _ in range(2))
    assert one != other and one.partition("-")[0] == other.partition("-")[0]
    with contextlib.closing(client.open("GET", f"/jobs/{one}", accept="text/event-stream")) as connection:
        connection.getresponse().readline()
    kept = client.ask("DELETE", f"/jobs/{one}")
    assert kept.status == 200 and kept.json["state"] in ("queued", "running")
    assert client.ask("DELETE", f"/jobs/{one}").json["state"] == "running", "once is enough"
    assert client.ask("DELETE", f"/jobs/{other}").json["state"] == "cancelled"
    assert [name for name, _ in client.events(other)] == ["cancelled"]
    assert gate.runs == 1


def test_a_run_goes_on_unwatched_and_for_the_page(client: Client, gate: Gate) -> None:
    manager = loaders.manager()
    job = client.post("/generate", SMALL).json["id"]
    found = manager.touch(job.partition("-")[0], viewer="a page")
    assert found is not None
    manager._clock = lambda: 1e9  # everybody who has to look has left by then
    manager.sweep()
    assert found.active and not found.stop.is_set()


def test_a_runs_own_id_reads_but_does_not_cancel(client: Client, gate: Gate) -> None:
    own = client.post("/generate", SMALL).json["id"].partition("-")[0]
    assert client.get(f"/jobs/{own}").json["id"] == own
    assert "allowed: the id that POST gave" in client.refused(client.ask("DELETE", f"/jobs/{own}"), 403)


def test_unknown_runs_and_other_jobs_are_not_found(client: Client) -> None:
    encoding = loaders.manager().submit("of another kind", lambda report, cancelled: None)
    for job in ("nothing", "nothing-1234", encoding.id):
        for method in ("GET", "DELETE"):
            assert f"no run {job!r}" in client.refused(client.ask(method, f"/jobs/{job}"), 404)


def test_a_failure_is_told(client: Client) -> None:
    job = client.post("/generate", SMALL | {"under": "macs_m=0.001"}).json["id"]
    ((name, told),) = client.events(job)[-1:]
    assert name == "failed" and told["result"] is None
    assert "macs_m" in told["error"]


# -------------------------------------------------------------------------------------------------------- own datasets

FILE = "application/octet-stream"


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def features_file(folder: Path, classes: int = 3, seed: int = 0, width: int = 1280, name: str = "class") -> bytes:
    """What ``dnag encode`` writes, of features that are noise."""
    values = torch.rand(classes, 4, width, generator=torch.Generator().manual_seed(seed))
    names = tuple(f"{name} {number}" for number in range(classes))
    FeatureSet("mine", names, values, DEFAULT, 224).save(folder / "features")
    return (folder / "features").read_bytes()


def test_a_dataset_of_ones_own_is_named_by_its_id(client: Client, tmp_path: Path, own_cache: None) -> None:
    body = features_file(tmp_path)
    answer = client.ask("POST", "/datasets", body, content_type=FILE)
    assert answer.status == 201
    found = answer.json
    assert found["classes"] == ["class 0", "class 1", "class 2"] and found["images_per_class"] == 4
    assert (found["name"], found["extractor"], found["forgotten_after_s"]) == ("mine", DEFAULT, 3600)
    assert client.ask("POST", "/datasets", body, content_type=FILE).json["id"] == found["id"]
    result = client.run(SMALL | {"dataset": found["id"], "guidance_scale": 5})["result"]
    made = FeatureSet.load(tmp_path / "features")
    settings = RunSettings(**SMALL, guidance_scale=5, **settings_for("nasbench201", made, loaders.store()))
    known = json.loads(run(settings, store=loaders.store(), compare=True).to_json())
    assert without_time(result) == without_time(known)
    judged = client.post("/predict", {"dataset": found["id"], "architectures": [BEST]}).json
    assert judged["dataset"] == "custom-3"
    assert judged["candidates"][0]["predicted_accuracy_pct"] is not None
    refusal = client.refused(client.post("/generate", {"space": "mobilenetv3", "dataset": found["id"]}), 422)
    assert "MobileNetV3 has no meta-predictor" in refusal


def test_files_that_are_no_features_are_refused(serve: Callable[..., Client], tmp_path: Path, own_cache: None) -> None:
    client = serve(limits=Limits(features_bytes=100_000, classes=4))

    def refused(body: bytes, status: int = 422, kind: str = FILE) -> str:
        return client.refused(client.ask("POST", "/datasets", body, content_type=kind), status)

    for body in (b"", b"PK\3\4 a zip", features_file(tmp_path)[:-100]):
        assert "the body is damaged or no safetensors file" in refused(body)
    other = safetensors.torch.save({"features": torch.zeros(2, 1, 1280)})
    assert "the body holds no features of format 1" in refused(other)
    assert r"damaged header: class_names is ['\ud800 0'" in refused(features_file(tmp_path, 2, name="\ud800"))
    assert "1 classes came; allowed: 2 to 4" in refused(features_file(tmp_path, 1))
    assert "allowed: 100,000 bytes" in refused(features_file(tmp_path, 9), 413)
    assert "allowed: application/octet-stream" in refused(b"{}", 415, "application/json")


@pytest.mark.parametrize(("path", "more"), [("/generate", SMALL), ("/predict", {"architectures": [BEST]})])
def test_features_that_no_model_reads_are_refused(
    client: Client, tmp_path: Path, own_cache: None, path: str, more: dict[str, Any]
) -> None:
    own = client.ask("POST", "/datasets", features_file(tmp_path, width=3), content_type=FILE).json["id"]
    refusal = client.refused(client.post(path, more | {"dataset": own}), 422)
    assert f"{own} has features of {DEFAULT}, 3 wide" in refusal and "reads: efficientnet_lite0, 1280 wide" in refusal


def test_datasets_are_forgotten(serve: Callable[..., Client], tmp_path: Path, own_cache: None) -> None:
    now = [0.0]
    kept = OwnDatasets(Limits(datasets=2, dataset_s=60), clock=lambda: now[0])
    first, second = (kept.add(features_file(tmp_path, seed=seed)).id for seed in (1, 2))
    kept.get(first)
    third = kept.add(features_file(tmp_path, seed=3)).id
    with pytest.raises(Problem, match=f"no dataset '{second}' here; one that nobody names for 1 minutes is forgotten"):
        kept.get(second)
    now[0] = 50.0
    kept.get(third)
    now[0] = 100.0
    assert kept.get(third).name == "mine"
    with pytest.raises(Problem, match="send it again"):
        kept.get(first)
    assert [is_kept(name.removeprefix("own-")) for name in (first, second, third)] == [False, False, True]
    kept.close()
    assert not is_kept(third.removeprefix("own-"))
    keep(FeatureSet.load(tmp_path / "features"))  # the page has the same
    kept.add(features_file(tmp_path, seed=3))
    kept.close()
    assert is_kept(third.removeprefix("own-"))
    unknown = {"dataset": f"own-{'0' * 16}"}
    client = serve()
    assert "no dataset 'own-0000" in client.refused(client.post("/generate", unknown), 422)
    assert "no dataset 'own-0000" in client.refused(client.post("/predict", unknown | {"architectures": [BEST]}), 422)


def test_a_waiting_run_keeps_its_dataset(
    serve: Callable[..., Client], gate: Gate, tmp_path: Path, own_cache: None
) -> None:
    client = serve(limits=Limits(datasets=2))

    def sent(seed: int) -> str:
        return client.ask("POST", "/datasets", features_file(tmp_path, seed=seed), content_type=FILE).json["id"]

    def there(*names: str) -> list[bool]:
        return [is_kept(name.removeprefix("own-")) for name in names]

    client.post("/generate", SMALL)
    own = sent(1)
    waiting = client.post("/generate", SMALL | {"dataset": own}).json
    assert waiting["state"] == "queued"
    others = [sent(seed) for seed in (2, 3, 4)]
    assert there(own, *others) == [True, False, True, True]
    client.ask("DELETE", f"/jobs/{waiting['id']}")
    sent(5)
    assert not any(there(own, *others[:2]))


def test_datasets_are_forgotten_also_if_nobody_asks(
    tmp_path: Path, own_cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "SWEEP_S", 0.0)
    now = [0.0]
    api = Api()
    api.datasets = OwnDatasets(Limits(dataset_s=60), clock=lambda: now[0])
    name = api.datasets.add(features_file(tmp_path)).id.removeprefix("own-")

    async def served() -> None:
        async with api.lifespan(None):
            await asyncio.sleep(0.01)
            assert is_kept(name)
            now[0] = 61.0
            async with asyncio.timeout(PATIENCE):
                while is_kept(name):
                    await asyncio.sleep(0)

    asyncio.run(served())


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        ("/generate", [], "the body is a list; allowed: a JSON object"),
        ("/generate", {"sample": 3}, "unknown field 'sample'; allowed: space, dataset, guidance_scale"),
        ("/generate", {"features": "x"}, "unknown field 'features'"),
        ("/generate", {"samples": "12"}, "samples is '12'; allowed: a whole number from 1 to 4,096"),
        ("/generate", {"samples": 4097}, "samples is 4097; allowed: a whole number from 1 to 4,096"),
        ("/generate", {"samples": 1.5}, "samples is 1.5"),
        ("/generate", {"samples": True}, "samples is True"),
        ("/generate", {"samples": [1]}, "samples is a list; allowed: a single value"),
        ("/generate", {"seed": 10**400}, "allowed: a whole number from 0 to 2,147,483,647"),
        ("/generate", {"guidance_scale": None}, "guidance scale is None"),
        ("/generate", {"space": "darts"}, "unknown space 'darts'; allowed: mobilenetv3, nasbench201"),
        ("/generate", {"dataset": "custom-10"}, "unknown dataset 'custom-10'"),
        ("/generate", {"dataset": "imagenet1k"}, "allowed: cifar10, cifar100, imagenet16-120"),
        ("/generate", {"checkpoint": "/etc/passwd"}, "allowed: mobilenetv3-score, nasbench201-score"),
        ("/generate", {"under": "x" * 1001}, "under is a text of 1,001 characters; allowed: 1,000"),
        ("/predict", {}, "architectures must be a list of texts"),
        ("/predict", {"architectures": [1]}, "architectures must be a list of texts"),
        ("/predict", {"architectures": []}, "0 architectures came; allowed: 1 to 1,000"),
        ("/predict", {"architectures": [BEST] * 1001}, "1,001 architectures came; allowed: 1 to 1,000"),
        ("/predict", {"architectures": [BEST, "|none|"]}, "architectures, line 2"),
        ("/predict", {"space": "mobilenetv3", "architectures": [BEST]}, "architectures, line 1"),
        ("/predict", {"architectures": [BEST], "samples": 3}, "unknown field 'samples'"),
    ],
)
def test_bad_requests_hear_what_is_allowed(client: Client, path: str, data: Any, said: str) -> None:
    assert said in client.refused(client.post(path, data), 422)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"seed": NaN}', b'{"a":' * 10_000])
def test_what_is_no_json_is_refused(client: Client, body: bytes) -> None:
    answer = client.ask("POST", "/generate", body, content_type="application/json")
    assert "the body is not JSON" in client.refused(answer, 400)


def test_other_content_types_are_refused(client: Client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert "allowed: application/json" in client.refused(
            client.ask("POST", "/generate", b"{}", content_type=kind), 415
        )
    assert (
        client.post("/predict", {"architectures": [BEST]}, content_type="Application/JSON; charset=utf-8").status == 200
    )


def test_a_huge_body_is_refused(serve: Callable[..., Client]) -> None:
    client = serve(limits=Limits(body_bytes=1000))
    assert client.post("/predict", {"architectures": [BEST]}).status == 200
    assert "allowed: 1,000 bytes" in client.refused(client.post("/predict", {"architectures": [BEST] * 20}), 413)


def test_other_paths_and_methods_are_refused(client: Client) -> None:
    assert "allowed: /checkpoints, /datasets, /generate" in client.refused(client.get("/run"), 404)
    assert "/jobs/{id}" in client.refused(client.get("/health/"), 404)
    answer = client.ask("PUT", "/jobs/x")
    assert client.refused(answer, 405) == "method is PUT; /jobs/x allows: DELETE, GET"
    assert answer.headers["allow"] == "DELETE, GET"


def test_a_full_queue_refuses(serve: Callable[..., Client], gate: Gate) -> None:
    client = serve(limits=Limits(waiting=1))
    first = client.post("/generate", SMALL).json["id"]
    while client.get(f"/jobs/{first}").json["state"] == "queued":
        pass
    assert client.post("/generate", SMALL | {"seed": 1}).json["ahead"] == 1
    assert client.post("/generate", SMALL | {"seed": 1}).status == 202, "joining costs nothing"
    answer = client.post("/generate", SMALL | {"seed": 2})
    assert client.refused(answer, 503) == "1 runs are waiting; allowed: 1. Try again shortly."
    assert int(answer.headers["retry-after"]) > 0
    assert client.get("/health").json | {"version": ""} == {"status": "ok", "version": "", "running": 1, "waiting": 1}


def test_too_many_streams_are_refused(serve: Callable[..., Client], gate: Gate) -> None:
    client = serve(limits=Limits(streams=1))
    job = client.post("/generate", SMALL).json["id"]
    with contextlib.closing(client.open("GET", f"/jobs/{job}", accept="text/event-stream")) as connection:
        connection.getresponse().readline()
        answer = client.get(f"/jobs/{job}", accept="text/event-stream")
        assert "1 streams are open; allowed: 1" in client.refused(answer, 503)


# -------------------------------------------------------------------------------------------------------------- access


def test_the_rate_is_held_and_health_is_free(serve: Callable[..., Client]) -> None:
    now = [0.0]
    client = serve(Guard(rate=Rate(burst=5, per_second=0.5, work_costs=4), clock=lambda: now[0]))
    assert client.post("/generate", []).status == 422
    assert client.get("/jobs/x").status == 404
    answer = client.get("/jobs/x")
    assert "allowed: 5 at once, then 0.5 a second" in client.refused(answer, 429)
    assert answer.headers["retry-after"] == "2"
    assert client.get("/health").status == 200
    now[0] = 2.0
    assert client.get("/jobs/x").status == 404
    assert client.get("/jobs/x").status == 429


def test_the_token_is_asked_for(serve: Callable[..., Client]) -> None:
    client = serve(Guard(token="secret"))
    for given in ({}, {"authorization": "Bearer other"}, {"authorization": "Basic secret"}):
        answer = client.get("/jobs/x", **given)
        assert "Authorization: Bearer" in client.refused(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert client.get("/jobs/x", authorization="Bearer secret").status == 404
    assert client.get("/health").status == 200


def test_other_sites_change_nothing(client: Client) -> None:
    own = f"http://127.0.0.1:{client.port}"
    for origin in ("https://evil.example", "null", "http://[", f"http://127.0.0.1:{client.port + 1}"):
        assert "pages of this server" in client.refused(client.post("/generate", SMALL, origin=origin), 403)
        assert client.refused(client.ask("DELETE", "/jobs/x-y", origin=origin), 403)
    assert client.post("/generate", [], origin=own).status == 422
    answer = client.get("/health", origin="https://evil.example")
    assert answer.status == 200 and "access-control-allow-origin" not in answer.headers
    assert client.ask("OPTIONS", "/generate", origin="https://evil.example").status == 403


def test_other_names_are_refused(serve: Callable[..., Client]) -> None:
    client = serve(Guard(hosts=lambda: frozenset({"127.0.0.1"})))
    assert client.get("/health").status == 200
    refusal = client.refused(client.get("/health", host=f"evil.example:{client.port}"), 403)
    assert refusal == "this server is not called 'evil.example'; allowed: 127.0.0.1"
    assert "not called '['" in client.refused(client.get("/health", host="["), 403)


# ------------------------------------------------------------------------------------------------------------- OpenAPI


@pytest.fixture(scope="module")
def described() -> Iterator[dict[str, Any]]:
    with serving(Api()) as client:
        yield client.get("/openapi.json").json


def schema_of(described: dict[str, Any], name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        {**described["components"]["schemas"][name], "components": described["components"]}
    )


def test_every_described_path_answers_and_no_other_method(client: Client, described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1.")
    for path, operations in described["paths"].items():
        place = path.removeprefix("/api/v1").replace("{id}", "x")
        for method in METHODS:
            answer = client.ask(method.upper(), place)
            assert (answer.status != 405) == (method in operations), (method, path)


def test_settings_are_described_by_their_knobs(described: dict[str, Any]) -> None:
    fields = described["components"]["schemas"]["Settings"]["properties"]
    assert set(fields) == {*knobs(RunSettings), "checkpoint", "predictor"}
    for name, knob in knobs(RunSettings).items():
        assert fields[name]["title"] == knob.label
        if name == "dataset":
            assert fields[name]["anyOf"][0]["enum"] == list(knob.choices()) if knob.choices else False
        elif knob.choices is not None:
            assert fields[name]["enum"] == list(knob.choices())
        elif knob.low is not None:
            assert fields[name]["minimum"] == knob.low
            assert fields[name]["maximum"] == (Limits().samples if name == "samples" else knob.high)
    settings = schema_of(described, "Settings")
    assert settings.is_valid(SMALL) and not settings.is_valid({"samples": 0}) and not settings.is_valid({"sample": 1})


def test_answers_are_as_described(client: Client, described: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(described["components"]["schemas"]["Job"])
    schema_of(described, "Job").validate(client.run(SMALL))
    schema_of(described, "Prediction").validate(client.post("/predict", {"architectures": [BEST]}).json)
    for path, name in (("/spaces", "Spaces"), ("/checkpoints", "Checkpoints"), ("/health", "Health")):
        schema_of(described, name).validate(client.get(path).json)
    schema_of(described, "Problem").validate(client.get("/nothing").json)
    assert client.get("/spaces").json["nasbench201"]["architectures"] == 15_625
    assert client.get("/checkpoints").json["nasbench201-score"]["kind"] == "score"


# ------------------------------------------------------------------------------------------------------- documentation


def curls() -> list[list[str]]:
    """Every curl command of the documentation, as its words."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    commands = re.findall(r"^curl .*?(?=^curl |\Z)", "\n".join(blocks), re.DOTALL | re.MULTILINE)
    return [shlex.split(command) for command in commands]


def replay(client: Client, words: list[str], job: str, file: bytes) -> tuple[str, Answer]:
    """Do what a curl command of the documentation does, with this ``file`` where it sends one; the path as it
    stands there, and the answer.
    """
    path = next(word for word in words if word.startswith("localhost")).removeprefix("localhost:8501/api/v1")
    options = ("-d", "-X", "-H", "--data-binary")
    given = {words[at]: words[at + 1] for at in range(len(words) - 1) if words[at] in options}
    name, _, value = given.get("-H", "").partition(": ")
    body = given["-d"].encode() if "-d" in given else file if "--data-binary" in given else None
    method = given.get("-X", "POST" if body else "GET")
    return path, client.ask(method, path.replace("ID", job), body, **({name: value} if name else {}))


def test_the_commands_of_the_documentation_work(
    client: Client, described: dict[str, Any], tmp_path: Path, own_cache: None
) -> None:
    job, asked = "", set()
    for words in curls():
        path, answer = replay(client, words, job, features_file(tmp_path))
        assert answer.status in (200, 201, 202), (words, answer.body)
        job = answer.json["id"] if answer.status == 202 else job
        asked.add(f"/api/v1{path.replace('ID', '{id}')}")
    assert job and asked == set(described["paths"])


def test_the_limits_of_the_documentation_are_those_held() -> None:
    text = " ".join((ROOT / "docs" / "api.md").read_text(encoding="utf-8").split())
    limits, rate = Limits(), Rate()
    for said in (
        f"| a request's body | {limits.body_bytes // 1024} KiB",
        f"| samples of a run | {limits.samples:,} |",
        f"| architectures of a prediction | {limits.architectures:,} |",
        f"| runs that wait when another comes | {limits.waiting} |",
        f"| streams at a time | {limits.streams} |",
        f"| a file of features | {limits.features_bytes // 2**20} MiB, 2 to {limits.classes:,} classes | 413, 422 |",
        f"| datasets of clients kept at a time | {limits.datasets}, each for {limits.dataset_s // 60} minutes |",
        f"{rate.burst:g} at once, then {rate.per_second:g} a second; a `POST` counts {rate.work_costs:g} times",
        f"The {loaders.manager()._keep} runs that ended",
    ):
        assert said in text

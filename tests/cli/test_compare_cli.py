"""``styleresearch compare`` from the config to the report, and again, and interrupted."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from styleresearch import __version__
from styleresearch.data.images import load_image, read_metadata
from styleresearch.data.triple import digest_of
from styleresearch.evaluation.suite import Suite
from styleresearch.store.rundir import RunDirectory

PAIRS = ("hill__ink", "hill__oil", "lake__ink", "lake__oil")
METHODS = ("noise", "identity", "style")


@pytest.fixture
def run(bench, cli) -> Callable:
    """Run the comparison in ``bench/run``."""
    return lambda *overrides: cli("compare", "--config=tiny.py", "--workdir=run", *overrides)


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Return file -> (digest, time of change) of everything below ``images/`` and ``curves/``."""
    return {
        path.relative_to(folder).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for group in ("images", "curves")
        for path in (folder / group).rglob("*")
        if path.is_file()
    }


def changed(before: dict, after: dict) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_whole_comparison(run, bench):
    done = run()
    assert done.status == 0
    assert done.err == ""
    assert f"Report: {bench / 'run' / 'report.html'}" in done.out
    folder = bench / "run"
    images = {f"images/{method}/{pair}.png" for method in METHODS for pair in PAIRS}
    curves = {f"curves/noise/{pair}.json" for pair in PAIRS}
    inputs = {"inputs/content/hill.png", "inputs/content/lake.png", "inputs/style/ink.png", "inputs/style/oil.png"}
    plain = {"config.json", "contracts.json", "outputs.jsonl", "records.jsonl", "report.html"}
    plain |= {"table.csv", "table.tex", "differences.tex"}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found - {".lock"} == images | curves | inputs | plain

    config = json.loads((folder / "config.json").read_text())
    assert config["name"] == "Tiny"
    assert list(config["methods"]) == list(METHODS)
    contracts = json.loads((folder / "contracts.json").read_text())
    assert list(contracts) == ["content_loss", "style_loss", "ssim", "color"]
    for contract in contracts.values():
        assert set(contract) == {"label", "better", "unit", "definition", "source", "contract"}

    records = read(folder / "records.jsonl")
    assert [(record["pair"], record["method"]) for record in records] == [(p, m) for p in PAIRS for m in METHODS]
    keys = set()
    for record in records:
        assert set(record) == {
            *("schema", "method", "label", "baseline", "pair", "content", "style", "seed", "size", "files"),
            *("metrics", "in_sample", "cost", "provenance", "inputs", "framing", "contracts"),
        }
        assert record["framing"] is None
        assert list(record["contracts"]) == list(contracts)
        for name, digest in record["inputs"].items():
            assert digest == digest_of(load_image(folder / record["files"][name]))
        assert record["schema"] == 1
        assert record["label"] == {"noise": "Gatys", "identity": "Content", "style": "style"}[record["method"]]
        assert record["baseline"] == (record["method"] != "noise")
        assert record["pair"] == f"{record['content']}__{record['style']}"
        assert record["seed"] == 0
        assert record["size"] == {"hill": [32, 40], "lake": [43, 32]}[record["content"]]
        for name in ("output", "content", "style"):
            assert load_image(folder / record["files"][name]).min() >= 0
        assert list(load_image(folder / record["files"]["output"]).shape[:2]) == record["size"]
        assert all(np.isfinite(value) for value in record["metrics"].values())
        assert list(record["metrics"]) == list(contracts)
        gatys = record["method"] == "noise"
        assert record["in_sample"] == (["content_loss", "style_loss"] if gatys else [])
        assert record["cost"]["evaluations"] == (4 if gatys else None)
        assert record["cost"]["seconds"] >= 0
        assert record["cost"]["compile_seconds"] >= 0
        facts = record["provenance"]
        assert set(facts) >= {"key", "config_hash", "time", "device", "precision", "packages", "encoder"}
        assert facts["packages"]["styleresearch"] == __version__
        assert facts["encoder"]["weights"] == "random"
        keys.add(facts["key"])
        metadata = read_metadata(folder / record["files"]["output"])
        assert metadata["key"] == facts["key"]
        assert json.loads(metadata["method"])["name"] == config["methods"][record["method"]]["name"]
    assert len(keys) == len(records)
    for pair in PAIRS:
        curve = json.loads((folder / f"curves/noise/{pair}.json").read_text())
        assert set(curve) == {"evaluations", "total", "content", "style"}
        assert curve["evaluations"] == [1, 2, 3, 4]
        assert curve["total"] == pytest.approx(np.add(curve["content"], curve["style"]), rel=1e-4)

    # The floors are exactly what they say: the files are measured, and files hold 8 bits.
    floor = {record["pair"]: record["metrics"] for record in records if record["method"] == "identity"}
    assert all(metrics["content_loss"] == 0.0 for metrics in floor.values())
    assert all(metrics["ssim"] == pytest.approx(1.0, abs=1e-6) for metrics in floor.values())
    same = np.array_equal(
        load_image(folder / "images/identity/hill__oil.png"), load_image(folder / "inputs/content/hill.png")
    )
    assert same
    with (folder / "table.csv").open() as file:
        assert len(list(csv.reader(file))) > len(METHODS)
    assert "Gatys" in (folder / "report.html").read_text()
    assert "compare --config=tiny.py --workdir=run" in (folder / "report.html").read_text()


def test_a_second_run_does_no_work_and_still_reports(run, bench, monkeypatch):
    assert run("--config.seeds=(3, 5)").status == 0
    folder = bench / "run"
    assert (folder / "images/noise/hill__oil__s5.png").is_file()
    first, second = (load_image(folder / f"images/noise/hill__oil__s{seed}.png") for seed in (3, 5))
    assert not np.array_equal(first, second), "the seeds make a difference"
    outputs, records, before = (folder / "outputs.jsonl").read_bytes(), read(folder / "records.jsonl"), state(folder)
    (folder / "report.html").unlink()

    def refuse(*_args, **_keywords):
        raise AssertionError("work was done twice")

    monkeypatch.setattr("styleresearch.tasks.cells.stylize", refuse)
    monkeypatch.setattr("styleresearch.evaluation.suite.Suite.__call__", refuse)
    done = run("--config.seeds=(3, 5)", "--figures")
    assert done.status == 0
    assert (folder / "outputs.jsonl").read_bytes() == outputs
    assert read(folder / "records.jsonl") == records
    assert state(folder) == before
    assert (folder / "report.html").is_file()
    figures = ["figure.pdf", "figure.svg", "tradeoff.pdf", "tradeoff.svg", "profiles.pdf", "profiles.svg"]
    assert all((folder / name).is_file() for name in figures)
    assert ", ".join(figures) in done.out


def test_what_is_missing_or_changed_is_made_again_and_nothing_else(run, bench):
    folder = bench / "run"
    assert run().status == 0
    before = state(folder)
    whole = {(r["method"], r["pair"]): r["metrics"] for r in read(folder / "records.jsonl")}

    # A deleted picture, a damaged one, a deleted curve.
    (folder / "images/noise/hill__oil.png").unlink()
    (folder / "images/identity/lake__oil.png").write_bytes(b"damaged")
    (folder / "curves/noise/lake__ink.json").unlink()
    assert run().status == 0
    after = state(folder)
    redone = {"noise/hill__oil.png", "identity/lake__oil.png", "noise/lake__ink.png"}
    assert changed(before, after) == {f"images/{name}" for name in redone} | {
        "curves/noise/hill__oil.json",
        "curves/noise/lake__ink.json",
    }
    assert {name: digest for name, (digest, _) in after.items()} == {
        name: digest for name, (digest, _) in before.items()
    }
    assert {(r["method"], r["pair"]): r["metrics"] for r in read(folder / "records.jsonl")} == whole

    # Another metric measures again and stylises nothing.
    text = (bench / "tiny.py").read_text()
    (bench / "tiny.py").write_text(text.replace('name="color_histogram"', 'name="color_histogram", bins=4'))
    assert run().status == 0
    assert state(folder) == after
    remeasured = {(r["method"], r["pair"]): r["metrics"] for r in read(folder / "records.jsonl")}
    assert all(remeasured[cell]["ssim"] == whole[cell]["ssim"] for cell in whole)
    assert any(remeasured[cell]["color"] != whole[cell]["color"] for cell in whole)

    # A method's new setting changes that method alone; a new label nothing.
    text = (bench / "tiny.py").read_text().replace('label="Content"', 'label="The photograph"')
    (bench / "tiny.py").write_text(text)
    assert run("--config.methods.noise.evaluations=5").status == 0
    assert changed(after, state(folder)) == {
        f"{group}/noise/{pair}.{ending}" for pair in PAIRS for group, ending in (("images", "png"), ("curves", "json"))
    }
    assert {r["label"] for r in read(folder / "records.jsonl")} == {"Gatys", "The photograph", "style"}

    # A further method only adds.
    after = state(folder)
    added = 'style=dict(name="style_image"),\n        color=dict(name="color_transfer", match="mean_std"),'
    (bench / "tiny.py").write_text(text.replace('style=dict(name="style_image"),', added))
    assert run("--config.methods.noise.evaluations=5").status == 0
    assert changed(after, state(folder)) == {f"images/color/{pair}.png" for pair in PAIRS}
    assert len(read(folder / "records.jsonl")) == 16

    # Without it again, its records are gone and its pictures still there.
    (bench / "tiny.py").write_text(text)
    assert run("--config.methods.noise.evaluations=5").status == 0
    assert len(read(folder / "records.jsonl")) == 12
    assert (folder / "images/color/hill__oil.png").is_file()


def test_methods_that_swap_names_keep_their_own_pictures(run, bench):
    assert run().status == 0
    text = (bench / "tiny.py").read_text()
    swapped = text.replace("identity=dict(", "STYLE=dict(").replace("style=dict(name", "identity=dict(name")
    (bench / "tiny.py").write_text(swapped.replace("STYLE=dict(", "style=dict("))
    assert run().status == 0
    for record in read(bench / "run/records.jsonl"):
        assert record["files"]["output"] == f"images/{record['method']}/{record['pair']}.png"
        if record["method"] == "style":  # it is the content now
            assert record["metrics"]["content_loss"] == 0.0
            assert record["metrics"]["ssim"] == pytest.approx(1.0, abs=1e-6)


def test_lines_of_another_hand_do_not_stop_a_run(run, bench):
    assert run().status == 0
    records = read(bench / "run/records.jsonl")
    for name in ("outputs", "records"):
        with (bench / f"run/{name}.jsonl").open("a") as file:
            file.write('{"note": "mine"}\n{"provenance": 3}\n{"torn')
    assert run().status == 0
    assert read(bench / "run/records.jsonl") == records


LONG = "--config.methods.noise.evaluations=120"


def test_a_killed_run_continues_and_ends_as_if_it_had_not_been(bench, cli, process):
    folder = bench / "run"
    started = process("compare", "--config=tiny.py", "--workdir=run", LONG, cwd=bench)
    deadline = time.monotonic() + 120
    while not (folder / "outputs.jsonl").is_file() or len(read_complete(folder / "outputs.jsonl")) < 2:
        assert time.monotonic() < deadline
        assert started.poll() is None, started.communicate()
        time.sleep(0.005)

    # While it works, nobody else writes its directory.
    second = cli("compare", "--config=tiny.py", "--workdir=run", LONG)
    assert second.status == 2
    assert "another process is writing the run directory run; wait until it has ended" in second.err

    started.send_signal(signal.SIGKILL)
    started.communicate()
    assert started.returncode == -signal.SIGKILL
    finished = {entry["file"] for entry in read_complete(folder / "outputs.jsonl")}
    assert 2 <= len(finished) < 12
    before = state(folder)

    # A process again: the same bits need the same compiler options.
    for name in ("run", "whole"):
        again = process("compare", "--config=tiny.py", f"--workdir={name}", LONG, cwd=bench)
        said = again.communicate()
        assert again.returncode == 0, said
    after = state(folder)
    assert finished <= before.keys()
    assert not changed(before, after) & finished
    assert len(read(folder / "records.jsonl")) == 12

    for record, other in zip(read(folder / "records.jsonl"), read(bench / "whole/records.jsonl"), strict=True):
        assert record["files"] == other["files"]
        output, wanted = (load_image(run / record["files"]["output"]) for run in (folder, bench / "whole"))
        np.testing.assert_array_equal(output, wanted)
        assert record["metrics"] == pytest.approx(other["metrics"], rel=1e-5)


def read_complete(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def test_one_process_at_a_time_in_a_directory(run, bench):
    with RunDirectory.create(bench / "run").alone():
        done = run()
        assert done.status == 2
        assert "another process is writing the run directory run" in done.err
        assert not (bench / "run/config.json").exists()
    assert run().status == 0


OWN = '''
from dataclasses import dataclass
from typing import ClassVar
import jax.numpy as jnp
from styleresearch.losses.base import LOSSES, Loss
from styleresearch.methods.base import METHODS, Method

@LOSSES.register("own_nan")
@dataclass(frozen=True)
class Nan(Loss):
    """Not a number."""
    layers: tuple[str, ...] = ("relu1_1",)
    target: ClassVar = "none"
    def summarise(self, features):
        return features[self.layers[0]]
    def compare(self, pred, target):
        return jnp.log(-1.0 - pred.sum((1, 2, 3)))

@METHODS.register("own_nan_picture")
@dataclass(frozen=True)
class NanPicture(Method):
    """A picture of nothing."""
    def stylize(self, params, encoder, content, styles, *, key, progress=None):
        return content * jnp.nan
'''


def test_a_loss_that_is_not_a_number_fails_its_own_cells_alone(run, bench):
    (bench / "own_broken_loss.py").write_text(OWN)
    text = (bench / "tiny.py").read_text().replace("config.imports = ()", 'config.imports = ("own_broken_loss",)')
    broken = """
        broken=dict(name="gatys", optimizer=dict(name="adam"), objective=dict(mine=dict(name="own_nan"))),
        picture=dict(name="own_nan_picture"),
        identity="""
    (bench / "tiny.py").write_text(text.replace("\n        identity=", broken))
    done = run()
    assert done.status == 1
    for pair in PAIRS:
        assert f"styleresearch: broken, {pair}: the loss term 'mine' became nan at evaluation 1" in done.err
        assert f"picture, {pair}: the picture that method 'picture' made holds NaN" in done.err
    assert "Traceback" not in done.err
    records = read(bench / "run/records.jsonl")
    assert {record["method"] for record in records} == set(METHODS)
    assert len(records) == 12
    assert "Report:" in done.out
    assert (bench / "run/report.html").is_file()


FAILING = '''
from dataclasses import dataclass
from styleresearch.errors import InputError
from styleresearch.methods.base import METHODS, Method

@METHODS.register("own_failing")
@dataclass(frozen=True)
class Failing(Method):
    """Fails on pictures that are higher than wide, or on all."""
    error: str = ""
    always: bool = False
    def stylize(self, params, encoder, content, styles, *, key, progress=None):
        if not self.always and content.shape[1] < content.shape[2]:
            return content
        if self.error == "input":
            raise InputError("not one of its styles;\\nname another")
        if self.error == "memory":
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.\\nBacktrace: ...")
        if self.error == "shape":
            return content[..., 0]
        return content + "a slip"
'''


def failing(bench: Path, **methods: str) -> None:
    """Add methods that fail to the comparison."""
    (bench / "own_failing.py").write_text(FAILING)
    text = (bench / "tiny.py").read_text().replace("config.imports = ()", 'config.imports = ("own_failing",)')
    added = "".join(f'{name}=dict(name="own_failing", {options}),\n        ' for name, options in methods.items())
    (bench / "tiny.py").write_text(text.replace("identity=", f"{added}identity=", 1))


def test_whatever_a_method_raises_on_a_pair_fails_that_pair_alone(run, bench):
    failing(bench, known='error="input"', large='error="memory"', flat='error="shape"', slip='error="type"')
    done = run()
    assert done.status == 1
    assert "Traceback" not in done.err + done.out
    lines = done.err.splitlines()
    assert len(lines) == 9
    for pair in ("lake__ink", "lake__oil"):
        assert f"styleresearch: known, {pair}: not one of its styles; name another" in lines
        where = rf"\({bench}/own_failing.py:\d+\)"
        patterns = (
            rf"styleresearch: large, {pair}: RuntimeError: RESOURCE_EXHAUSTED: Out of memory .* bytes. {where}",
            rf"styleresearch: flat, {pair}: ValueError: method 'flat' made an array of shape \(43, 32\), and .*",
            rf"styleresearch: slip, {pair}: TypeError: .* {where}",
        )
        for pattern in patterns:
            assert any(re.fullmatch(pattern, line) for line in lines), (pattern, lines)
    assert lines[-1] == (
        "styleresearch: 8 failed; run/failures has the whole of each error, the same command tries them again"
    )
    assert 'return content + "a slip"' in (bench / "run/failures/slip/lake__oil.txt").read_text()

    # The others are done and reported, with what is missing and why.
    records = read(bench / "run/records.jsonl")
    assert len(records) == 4 * 3 + 4 * 2
    assert {record["method"] for record in records if record["content"] == "lake"} == set(METHODS)
    assert {entry["file"] for entry in read(bench / "run/outputs.jsonl")} == {r["files"]["output"] for r in records}
    report = (bench / "run/report.html").read_text()
    assert "known failed on 2 pairs, the first lake__ink: not one of its styles; name another" in report

    # What failed is tried again; what is mended is done.
    (bench / "own_failing.py").write_text(FAILING.replace("content.shape[1] < content.shape[2]", "True"))
    assert run().status == 0
    assert len(read(bench / "run/records.jsonl")) == 4 * 7
    assert not (bench / "run/failures").exists()
    assert "failed on" not in (bench / "run/report.html").read_text()


def test_a_comparison_in_which_everything_fails_says_so(run, bench):
    failing(bench, slip="always=True")
    text = (bench / "tiny.py").read_text()
    for name in METHODS:
        text = re.sub(rf"\n        {name}=dict\((?s:.*?)\),(?=\n        \w+=dict|\n    \))", "", text, count=1)
    (bench / "tiny.py").write_text(text)
    done = run()
    assert done.status == 1
    assert "4 failed, nothing is left to report; run/failures has" in done.err.splitlines()[-1]
    assert len(done.err.splitlines()) == 5
    assert not (bench / "run/report.html").exists()


def test_an_output_that_cannot_be_measured_fails_alone(run, bench, monkeypatch):
    def measure(self, output, content, style):
        if output.shape[0] > output.shape[1]:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory")
        return original(self, output, content, style)

    original = Suite.__call__
    monkeypatch.setattr(Suite, "__call__", measure)
    done = run()
    assert done.status == 1
    assert "styleresearch: identity, lake__oil: RuntimeError: RESOURCE_EXHAUSTED" in done.err
    assert {record["content"] for record in read(bench / "run/records.jsonl")} == {"hill"}
    monkeypatch.undo()
    monkeypatch.chdir(bench)
    before = state(bench / "run")
    assert run().status == 0
    assert state(bench / "run") == before, "only measured"
    assert len(read(bench / "run/records.jsonl")) == 12


def test_a_restart_appends_new_records_alone(run, bench, monkeypatch):
    assert run().status == 0
    appended = []
    monkeypatch.setattr("styleresearch.store.ledger.Ledger.append", lambda self, *entries: appended.extend(entries))
    assert run().status == 0
    assert appended == []
    # A changed label is news, whether the run comes to its end or not.
    text = (bench / "tiny.py").read_text()
    (bench / "tiny.py").write_text(text.replace('label="Content"', 'label="The photograph"'))
    assert run().status == 0
    assert {entry["config_hash"] for entry in (record["provenance"] for record in appended)}


@pytest.mark.parametrize("name", ["trail_", "_x", "a__b", "50 % (#1?) l'été", "-x", "two  blanks", "x.", "日本"])
def test_a_content_of_any_name_is_compared_and_measured_again_as_itself(run, bench, cli, name):
    (bench / "contents/hill.png").rename(bench / f"contents/{name}.png")
    (bench / "styles/oil.png").rename(bench / f"styles/{name}.png")
    assert run().status == 0
    records = read(bench / "run/records.jsonl")
    assert {(record["content"], record["style"]) for record in records} == {
        *((name, name), (name, "ink"), ("lake", name), ("lake", "ink")),
    }
    places = ("--content=run/inputs/content", "--style=run/inputs/style"), ("--content=contents", "--style=styles")
    for number, folders in enumerate(places):
        out = f"scores{number}"
        done = cli("evaluate", "--outputs=run/images/noise", *folders, "--config=tiny.py", f"--out={out}")
        assert (done.status, done.err) == (0, "")
        again = {(record["pair"], record["content"], record["style"]) for record in read(bench / out / "records.jsonl")}
        assert again == {(r["pair"], r["content"], r["style"]) for r in records if r["method"] == "noise"}


def test_two_contents_of_one_stem_are_two_everywhere(run, bench, cli):
    (bench / "contents/lake.jpg").rename(bench / "contents/hill.jpg")
    assert run().status == 0
    assert {path.name for path in (bench / "run/inputs/content").iterdir()} == {"hill.png.png", "hill.jpg.png"}
    records = read(bench / "run/records.jsonl")
    assert {record["content"] for record in records} == {"hill.png", "hill.jpg"}
    assert {tuple(r["size"]) for r in records if r["content"] == "hill.jpg"} == {(43, 32)}
    assert "2 contents" in (bench / "run/table.tex").read_text()
    done = cli(
        "evaluate",
        "--outputs=run/images/noise",
        *("--content=contents", "--style=styles"),
        "--config=tiny.py",
        "--out=s",
    )
    assert (done.status, done.err) == (0, "")
    assert {record["content"] for record in read(bench / "s/records.jsonl")} == {"hill.png", "hill.jpg"}


def test_names_are_checked_before_anything_is_computed(bench, refused, monkeypatch):
    def refuse(*_args, **_keywords):
        raise AssertionError("computed")

    monkeypatch.setattr("styleresearch.tasks.cells.stylize", refuse)
    call = ("compare", "--config=tiny.py", "--workdir=run")
    oil = bench / "styles/oil.png"
    for name, message in (
        ("m" * 248, f"the picture '{'m' * 248}' (248 bytes) makes 2 names of outputs longer than the 255 bytes"),
        ("two\nlines", "the picture name 'two\\nlines' holds the control character U+000A"),
        ("INK", "the picture names 'INK' and 'ink' are one on some file systems"),
    ):
        oil = oil.rename(bench / f"styles/{name}.png")
        if name == "INK":
            oil = oil.rename(bench / "styles/INK.webp.png").rename(bench / "styles/INK.WEBP")
            message = "INK.WEBP and "
        assert message in refused(*call)
        assert not (bench / "run").exists()
    oil.rename(bench / "styles/oil.png")
    long = "/".join(["d" * 200] * 20)
    message = refused("compare", "--config=tiny.py", f"--workdir={long}")
    assert "File name too long" in message


def test_a_path_that_is_too_long_with_its_files_is_refused_before_anything_is_computed(bench, refused):
    """The folder can be made, and its own files: what would be too long are those of the pairs."""
    inside = "/".join(["d" * 100] * 50)[: 4095 - len(str(bench)) - 60].rstrip("/")
    assert "there cannot be a file" in refused("compare", "--config=tiny.py", f"--workdir={bench}/{inside}")


def test_a_metric_that_is_not_a_number_is_missing_from_the_table(run, bench):
    (bench / "own_broken_loss.py").write_text(OWN)
    text = (bench / "tiny.py").read_text().replace("config.imports = ()", 'config.imports = ("own_broken_loss",)')
    metric = 'own=dict(name="loss", title="Own", loss=dict(name="own_nan")),\n        ssim='
    (bench / "tiny.py").write_text(text.replace("ssim=", metric))
    assert run().status == 0
    assert all(record["metrics"]["own"] is None for record in read(bench / "run/records.jsonl"))


def test_labels_are_shown_as_they_are(run, bench):
    text = (bench / "tiny.py").read_text()
    (bench / "tiny.py").write_text(text.replace('label="Gatys"', 'label="Gatys [red] [/fast]"'))
    done = run()
    assert done.status == 0
    assert "Gatys [red] [/fast]" in done.out


def test_a_directory_that_cannot_be_written(bench, refused, monkeypatch):
    (bench / "file").write_text("mine")
    assert "cannot create the run directory file: File exists" in refused(
        "compare", "--config=tiny.py", "--workdir=file"
    )
    assert "cannot create the run directory" in refused("compare", "--config=tiny.py", "--workdir=file/below")
    assert (bench / "file").read_text() == "mine"
    (bench / "run").mkdir()
    (bench / "run/inputs").write_text("mine")
    assert "run/inputs" in refused("compare", "--config=tiny.py", "--workdir=run")
    assert (bench / "run/inputs").read_text() == "mine"
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "cannot be written; name another or change its permissions" in refused(
        "compare", "--config=tiny.py", "--workdir=locked"
    )


def test_a_full_disk_says_so_and_keeps_what_was_finished(run, bench, monkeypatch):
    assert run().status == 0
    (bench / "run/images/noise/lake__oil.png").unlink()
    before = state(bench / "run")

    def full(*_args, **_keywords):
        raise OSError(28, "No space left on device", "run/outputs.jsonl")

    monkeypatch.setattr("styleresearch.store.ledger.Ledger.append", full)
    done = run()
    assert done.status == 2
    assert done.err == "styleresearch: No space left on device: run/outputs.jsonl\n"
    monkeypatch.undo()
    monkeypatch.chdir(bench)
    assert run().status == 0
    assert not changed(before, state(bench / "run")) - {"images/noise/lake__oil.png", "curves/noise/lake__oil.json"}


def test_an_interruption_by_keyboard_is_told(run, bench, monkeypatch):
    def interrupt(*_args, **_keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("styleresearch.tasks.cells.stylize", interrupt)
    done = run()
    assert done.status == 130
    assert "interrupted; what was finished is kept, the same command continues" in done.err


def test_pictures_too_small_for_a_method_are_named(bench, refused):
    message = refused("compare", "--config=tiny.py", "--workdir=run", "--config.size=1")
    assert "contents.hill: " in message
    assert "contents.lake: " in message
    assert not (bench / "run").exists()


def test_the_workdir_is_required(cli):
    done = cli("compare")
    assert done.status == 2
    assert "the following arguments are required: --workdir" in done.err


def test_an_edited_module_of_ones_own_makes_its_results_anew(run, bench):
    module = bench / "own_scaled.py"
    source = OWN.replace('"own_nan"', '"own_scaled"').replace(
        "jnp.log(-1.0 - pred.sum((1, 2, 3)))", "pred.mean((1, 2, 3))"
    )
    module.write_text(source)
    text = (bench / "tiny.py").read_text().replace("config.imports = ()", 'config.imports = ("own_scaled",)')
    gatys = 'name="gatys", evaluations=3, optimizer=dict(name="adam")'
    own = f'own=dict({gatys}, objective=dict(mine=dict(name="own_scaled"))),'
    (bench / "tiny.py").write_text(text.replace("identity=", f"{own}\n        identity="))
    assert run().status == 0
    before = {r["pair"]: r["provenance"]["key"] for r in read(bench / "run/records.jsonl") if r["method"] == "own"}
    assert run().status == 0
    again = {r["pair"]: r["provenance"]["key"] for r in read(bench / "run/records.jsonl") if r["method"] == "own"}
    assert again == before
    pictures = {pair: load_image(bench / f"run/images/own/{pair}.png") for pair in PAIRS}
    module.write_text(source.replace("pred.mean", "-pred.mean"))
    assert run().status == 0
    edited = {r["pair"]: r["provenance"]["key"] for r in read(bench / "run/records.jsonl") if r["method"] == "own"}
    assert all(edited[pair] != before[pair] for pair in PAIRS)
    # The code that ran is the edited code.
    assert all(not np.array_equal(load_image(bench / f"run/images/own/{pair}.png"), pictures[pair]) for pair in PAIRS)

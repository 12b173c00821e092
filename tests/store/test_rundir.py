"""A run directory: what is in it, what is done, and that one process writes it at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from styleresearch.errors import InputError
from styleresearch.store import digests
from styleresearch.store.record import MethodName, Pair, Record
from styleresearch.store.rundir import RunDirectory, curve_file, image_file, input_file, sample_file


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "runs" / "first")


def test_naming_files_makes_none(tmp_path):
    run = RunDirectory(tmp_path / "run")
    assert run.records.read() == run.outputs.read() == run.metrics.read() == []
    assert run.made() == run.measured() == {}
    assert not run.path.exists()


def test_the_files_of_a_picture_are_named_alike_wherever_they_are_needed():
    assert image_file("gatys", "hill__ink") == "images/gatys/hill__ink.png"
    assert curve_file("gatys", "hill__ink") == "curves/gatys/hill__ink.json"
    assert input_file("content", "hill") == "inputs/content/hill.png"
    assert input_file("style", "ink") == "inputs/style/ink.png"
    assert sample_file(50) == "samples/0000050.png"


def test_a_directory_that_cannot_be_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot create the run directory .*/file/run: .*; name another"):
        RunDirectory.create(tmp_path / "file" / "run")
    with pytest.raises(InputError, match="has no UTF-8 name to report it by; name another"):
        RunDirectory.create(tmp_path / "\udcff")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(InputError, match="cannot be written; name another or change its permissions"):
        RunDirectory.create(tmp_path)


def test_the_description_can_be_read_by_people_and_programs(run):
    run.describe({"size": 64, "at": Path("here")}, {"ssim": {"better": "higher"}})
    assert json.loads(run.config.read_text()) == {"size": 64, "at": "here"}
    assert run.contracts.read_text() == '{\n  "ssim": {\n    "better": "higher"\n  }\n}\n'


def test_names_that_are_too_long_are_refused_before_there_is_work_to_lose(run):
    run.check_places([image_file("a", "b")])
    with pytest.raises(InputError, match=r"there cannot be a file .*name a run directory with a shorter path"):
        run.check_places([image_file("a", "b" * 300)])


def test_an_output_is_finished_while_its_files_are_there_and_unchanged(run):
    picture, curve = run.place(image_file("a", "p")), run.place(curve_file("a", "p"))
    picture.write_bytes(b"pixels")
    curve.write_text("{}")
    entry = {"key": "k", "file": image_file("a", "p"), "curve": curve_file("a", "p"), "cost": {}}
    entry["sha256"] = digests.of_file(picture)
    run.outputs.append(entry)
    assert run.made() == {("k", image_file("a", "p")): [entry]}
    assert run.intact([entry, {**entry, "sha256": "of another writer"}]) == entry
    curve.unlink()
    assert run.intact([entry]) is None
    curve.write_text("{}")
    picture.write_bytes(b"other pixels")
    assert run.intact([entry]) is None


def test_processes_that_work_side_by_side_write_ledgers_of_their_own_which_the_reader_merges(run):
    entry = {"key": "k", "file": image_file("a", "p"), "curve": None, "cost": {}, "sha256": "0"}
    first, second = run.shard(), run.shard()
    run.outputs.append(entry)
    first.outputs.append({**entry, "key": "l"})
    second.outputs.append({**entry, "key": "l", "sha256": "1"})
    assert first.outputs.path != second.outputs.path
    files = {key: [each["sha256"] for each in found] for (key, _), found in run.made().items()}
    assert {key: sorted(found) for key, found in files.items()} == {"k": ["0"], "l": ["0", "1"]}
    before = run.made()
    run.merge()
    assert run.made() == before
    assert len(run.ledgers()) == 1
    first.outputs.append(entry)  # whoever still writes loses nothing
    assert len(run.made()["k", image_file("a", "p")]) == 2


def test_a_measurement_is_found_by_what_identifies_it(run):
    def record(**provenance: object) -> Record:
        method, pair = MethodName("a", "a", baseline=False), Pair("c__s", "c", "s", 0)
        return Record(method, pair, None, {}, "", {}, {}, {}, (), {}, provenance)

    for each in (record(measured="x"), record(), record(measured=3), record(measured="x", key="newer")):
        run.records.append(each)
    assert run.measured() == {"x": record(measured="x", key="newer")}


def test_one_process_writes_a_directory_at_a_time(run):
    script = (
        "import sys; from pathlib import Path; from styleresearch.store.rundir import RunDirectory\n"
        "with RunDirectory(Path(sys.argv[1])).alone(): print('alone')\n"
    )
    command = [sys.executable, "-c", script, str(run.path)]
    with run.alone():
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
        assert "another process is writing the run directory" in done.stderr
    assert subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True).stdout == "alone\n"


TRAINING = {"encoder": {}, "method": {"name": "adain"}, "data": {}, "train": {"steps": 2}}


def test_a_training_run_is_known_by_its_facts_or_else_by_its_config(run):
    assert run.training() is None
    run.config.write_text(json.dumps(TRAINING))
    assert run.training() == {"config": TRAINING}
    facts = {"config": TRAINING, "version": "1"}
    run.facts.write_text(json.dumps(facts))
    assert run.training() == facts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"config.json is damaged \(.*\); delete it, and this command writes it anew"),
        ("[]", r"config.json is damaged \(it holds no dict\)"),
        ('{"train": {}}', r"config.json is damaged \(it holds no config of a training run\)"),
        ('{"methods": {}}', "holds a run that is not a training run; name another directory"),
    ],
)
def test_a_config_that_is_none_of_training_is_refused(run, text, message):
    run.config.write_text(text)
    with pytest.raises(InputError, match=message):
        run.training()

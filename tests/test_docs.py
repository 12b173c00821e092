"""The documentation is true: its code runs, its commands parse, its links lead somewhere, its tables are up to date."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from styleresearch.cli import main, make_parser
from styleresearch.cli.overrides import options, split
from styleresearch.config.file import import_modules, load_config
from styleresearch.config.problems import check_keys
from styleresearch.data.images import load_image, save_image
from styleresearch.data.pictures import SOURCES
from styleresearch.encoder.encoder import ENCODERS
from styleresearch.evaluation.metrics import METRICS
from styleresearch.losses import ADVERSARIAL, LOSSES, PENALTIES
from styleresearch.methods import METHODS
from styleresearch.optim.optimizers import OPTIMIZERS
from styleresearch.tasks.comparison import Comparison
from styleresearch.tasks.entry import entry
from styleresearch.tasks.train import TrainingRun

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SMALL = {"name": "vgg16", "weights": "random", "width": 0.125}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """Return (line, code) of the fenced blocks in a language."""
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, one.start()) + 2, one.group(1)) for one in found]


def file_name(code: str) -> str | None:
    """Return the name of the file that a Python block says it is, in a comment on its first line."""
    found = re.match(r"# (\w+\.py)\n", code)
    return found.group(1) if found else None


def commands(text: str) -> list[str]:
    """Return the command lines of a page: in fenced shell blocks and in indented ones."""
    shell = "".join(code for language in ("bash", "console", "sh") for _, code in blocks(text, language))
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = "\n".join(re.findall(r"^    (\S.*)$", prose, re.MULTILINE))
    return [line.removeprefix("$ ").strip() for line in f"{shell}\n{indented}".splitlines() if line.strip()]


WITH_PYTHON = [page for page in PAGES if blocks(page.read_text(encoding="utf-8"), "python")]
COMMANDS = [(page, line) for page in PAGES for line in commands(page.read_text(encoding="utf-8"))]
OURS = [(page, line) for page, line in COMMANDS if line.startswith("styleresearch ")]
MADE = [(page, line) for page, line in COMMANDS if re.search(r"^(?!styleresearch ).*\bmake [a-z]", line)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own to work in, whose modules and registrations are gone afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for registry in (ADVERSARIAL, ENCODERS, LOSSES, METHODS, METRICS, OPTIMIZERS, PENALTIES, SOURCES):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def write_files(page: Path, folder: Path) -> None:
    """Write the files that pages show; where two pages show a file of one name, that of ``page``."""
    for each in [*WITH_PYTHON, page]:
        for _, code in blocks(each.read_text(encoding="utf-8"), "python"):
            if name := file_name(code):
                (folder / name).write_text(code, encoding="utf-8")


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name_of)
def test_python_runs(page: Path, folder: Path, request: pytest.FixtureRequest) -> None:
    configs = []
    for line, code in blocks(page.read_text(encoding="utf-8"), "python"):
        file = folder / (file_name(code) or f"line_{line}.py")
        file.write_text(code, encoding="utf-8")
        # Imported, not exec'ed: a dataclass looks its annotations up in its module.
        importlib.invalidate_caches()
        module = importlib.import_module(file.stem)
        if hasattr(module, "get_config"):
            configs.append(file)
    # What a page runs is painted; what it configures is only built.
    request.getfixturevalue("plain_pictures")
    for file in configs:
        check_config(file)


def check_config(file: Path) -> None:
    config = {**load_config(str(file)), "encoder": SMALL}
    import_modules(config)
    if "methods" in config:
        assert Comparison.of(config).stylisations()
    elif "train" in config:
        assert TrainingRun.of(config).samples
    else:
        assert not check_keys(config, ("encoder", "method"), ("imports", "precision"))
        assert entry("method", config["method"]).method


def test_the_readmes_own_loss_stylises_a_picture(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(folder))  # keeps the user's cache out of it
    write_files(ROOT / "README.md", folder)
    for index, name in enumerate(("a.jpg", "b.jpg")):
        save_image(folder / name, np.random.default_rng(index).random((48, 60, 3)))
    (line,) = (line for page, line in OURS if page.name == "README.md" and "my_config.py" in line)
    changed = [*shlex.split(line)[1:], "--size=32", "--evaluations=2", "--config.encoder.weights=random"]
    assert main(changed) == 0
    assert load_image(folder / "c.png").shape == (32, 40, 3)
    assert "channel_means" in LOSSES


@pytest.mark.parametrize(
    ("page", "registered", "part"),
    [("README.md", '"channel_means"', "losses"), ("docs/add_a_method.md", '"overlay"', "methods")],
)
def test_a_users_own_file_moves_into_the_package_unchanged(
    page: str, registered: str, part: str, tmp_path: Path
) -> None:
    package = tmp_path / "styleresearch"
    shutil.copytree(ROOT / "styleresearch", package, ignore=shutil.ignore_patterns("zoo", "__pycache__"))
    shown = blocks((ROOT / page).read_text(encoding="utf-8"), "python")
    (code,) = [code for _, code in shown if f"register({registered})" in code]
    (package / part / "a_mine.py").write_text(code, encoding="utf-8")
    init = package / part / "__init__.py"
    # The one line: among the others, where the alphabet puts it first.
    text, changed = re.subn(
        rf"^(from styleresearch\.{part} import \(?\n? *)a", r"\1a_mine, a", init.read_text(), flags=re.MULTILINE
    )
    assert changed == 1
    init.write_text(text, encoding="utf-8")
    script = f"from styleresearch import {part}; assert {registered} in {part}.{part.upper()}"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("page", "line"), OURS, ids=lambda value: value if isinstance(value, str) else name_of(value))
def test_commands_parse(page: Path, line: str, folder: Path) -> None:
    write_files(page, folder)
    args, rest = make_parser().parse_known_args(shlex.split(line, comments=True)[1:])
    unknown = split(rest)[1]
    assert not (options(unknown)[1] if hasattr(args, "options") else unknown), unknown
    if "--config" in line:
        config = args.config if (folder / args.config.partition(":")[0]).is_file() else str(ROOT / args.config)
        assert load_config(config, rest)


def test_there_are_commands_of_every_kind() -> None:
    assert {line.split()[1] for _, line in OURS} == {
        "stylize",
        "compare",
        "sweep",
        "train",
        "show",
        "export",
        "evaluate",
        "protocol",
        "report",
        "plan",
        "reproduce",
        "study",
        "check",
        "data",
        "weights",
    }


@pytest.mark.parametrize(("page", "line"), MADE, ids=lambda value: value if isinstance(value, str) else name_of(value))
def test_make_knows_what_pages_name(page: Path, line: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    words = shlex.split(line, comments=True)
    named = [word for word in words[words.index("make") + 1 :] if re.fullmatch("[a-z]+", word)]
    assert named
    assert set(named) <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    broken = [link for link in links if not (page.parent / link.partition("#")[0]).exists()]
    assert not broken


def test_tables_are_up_to_date() -> None:
    # In a process of its own: other tests may have registered something in this one.
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "docs/tables.py", "--check"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_tables", ROOT / "docs" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_table_shows_what_the_docstring_says(tables: ModuleType) -> None:
    def entry(layers: tuple[str, ...] = ("a", "b"), kind: str = "x", *, needed: int) -> None:
        """Return the ``this`` | that, at 0.5 of it. Not this.

        Source: A 2016, equation 1,
        and B.
        Differs: not shown.
        """

    options = {name: tables.inspect.signature(entry).parameters[name] for name in ("layers", "kind", "needed")}
    assert tables.sentence(entry) == "The `this` | that, at 0.5 of it."
    assert tables.source(entry) == "A 2016, equation 1, and B."
    assert tables.settings(entry, options) == '`kind="x"`, `needed` (required)'
    assert tables.layers(options) == "a, b"


def test_markers_are_filled_and_checked(tables: ModuleType) -> None:
    page = "before\n<!-- registry:optimizers -->\nold\n<!-- /registry:optimizers -->\nafter\n"
    new = tables.filled(page)
    assert "| `adam` |" in new
    assert "old" not in new
    assert new.startswith("before\n")
    assert new.endswith("\nafter\n")
    assert tables.filled(new) == new
    with pytest.raises(ValueError, match="no table 'loses'"):
        tables.filled("<!-- registry:loses --><!-- /registry:loses -->")
    with pytest.raises(ValueError, match="lacks its partner"):
        tables.filled("<!-- registry:losses -->")

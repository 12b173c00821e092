"""What is shipped: the lock, the versions, the dependencies and the wheel."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import styleresearch

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "styleresearch"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def locked() -> dict[str, list[tuple[Requirement, list[str]]]]:
    """Return package -> its locked requirements (several when Python versions differ), each with its hashes."""
    entries: dict[str, list[tuple[Requirement, list[str]]]] = {}
    for line in re.sub(r"\\\n", " ", LOCK).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            text, *hashes = re.split(r"\s+--hash=", line.strip())
            requirement = Requirement(text)
            entries.setdefault(canonicalize_name(requirement.name), []).append((requirement, hashes))
    return entries


def declared(*lists: list[str]) -> dict[str, Requirement]:
    requirements = [Requirement(text) for one in lists for text in one]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def test_the_lock_pins_and_hashes_everything() -> None:
    entries = [entry for one in locked().values() for entry in one]
    assert len(entries) > 50
    for requirement, hashes in entries:
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert hashes, f"{requirement} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


def test_the_lock_names_no_address_and_no_folder() -> None:
    forbidden = re.compile(
        r"://|--(extra-)?index-url|--find-links|(^|[\s\"'=@])(/|~|\.\.?/|[A-Za-z]:\\)\w", re.MULTILINE
    )
    assert not forbidden.search(LOCK)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_satisfies_every_dependency(python: str) -> None:
    entries = locked()
    wanted = declared(PROJECT["dependencies"], *PYPROJECT["dependency-groups"].values())
    for name, requirement in wanted.items():
        versions = [
            next(iter(one.specifier)).version
            for one, _ in entries.get(name, [])
            if one.marker is None
            or one.marker.evaluate({"python_full_version": f"{python}.0", "python_version": python})
        ]
        assert len(versions) == 1, f"{name} has {versions or 'no version'} for Python {python}: run make lock"
        assert requirement.specifier.contains(versions[0]), f"{name} {versions[0]} is not {requirement}: run make lock"


def test_the_lock_leaves_the_extras_out() -> None:
    assert not {"tensorflow", "torch"} & set(locked())


def test_one_version_everywhere() -> None:
    version = PROJECT["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert styleresearch.__version__ == version
    assert re.findall(r"^version: (.+)$", citation, re.MULTILINE) == [version]
    assert re.findall(r"^## \[(\d.*?)\]", changelog, re.MULTILINE)[0] == version
    assert str(Version(version)) == version


def test_the_readme_names_every_dependency_with_its_reason() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = {
        canonicalize_name(name)
        for name, reason in re.findall(r"^\| `([\w.-]+)` \| ([^|]+)", readme, re.MULTILINE)
        if len(reason.split()) >= 2
    }
    missing = sorted(set(declared(PROJECT["dependencies"])) - rows)
    assert not missing, f"README.md has no row '| `name` | reason |' for {', '.join(missing)}"


def test_every_imported_library_is_declared() -> None:
    known = set(declared(PROJECT["dependencies"], *PROJECT.get("optional-dependencies", {}).values()))
    distributions = importlib.metadata.packages_distributions()
    undeclared = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [str(node.module)]
            else:
                continue
            for name in {one.partition(".")[0] for one in names} - set(sys.stdlib_module_names) - {"styleresearch"}:
                # A library that is not installed here (an extra) is looked up under its own name.
                providers = {canonicalize_name(one) for one in distributions.get(name, [name])}
                if not providers & known:
                    undeclared.append(f"{path.relative_to(ROOT)}:{node.lineno}: {name}")
    assert not undeclared, "declare in pyproject.toml, or do without:\n" + "\n".join(undeclared)


def test_the_wheel_holds_the_package_and_the_configs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (entry_points,) = (name for name in held if name.endswith("entry_points.txt"))
        scripts = archive.read(entry_points).decode()

    def files(folder: Path) -> set[str]:
        return {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    wanted = {f"styleresearch/{name}" for name in files(PACKAGE)}
    wanted |= {f"styleresearch/configs/{name}" for name in files(ROOT / "configs")}
    wanted.add("_styleresearch_pytest.py")
    assert {"styleresearch/py.typed", "styleresearch/__main__.py"} <= wanted
    assert {name for name in held if ".dist-info/" not in name} == wanted
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)
    assert "styleresearch = styleresearch.cli:main" in scripts

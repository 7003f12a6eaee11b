"""The wheel is whole: built, installed into a new environment, it holds an interview from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LARGEST_MODEL = 26_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script in a new environment, whose dependencies are those of this one."""
    home = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    here = next(home.glob("lib/python*/site-packages"), home / "Lib" / "site-packages")
    (here / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True)
    return home / "bin" / "interviewer"


def run(command: Path, home: Path, *args: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    return subprocess.run(
        [str(command), *args], input=typed, text=True, capture_output=True, cwd=home, env=env, check=False, timeout=120
    )


def test_the_wheel_holds_what_it_needs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "interviewer/data/prompts/phrases.toml",
        "interviewer/data/prompts/chat.toml",
        "interviewer/data/content/mlops-engineer.md",
        "interviewer/retrieval/model/model.onnx",
        "interviewer/engines/rules.toml",
    ):
        assert needed in names
    assert not [n for n in names if n.startswith(("tests/", "training/", "bench/"))]
    assert max(i.file_size for i in zipfile.ZipFile(wheel).infolist()) <= LARGEST_MODEL


def test_an_interview_from_any_folder(command: Path, tmp_path: Path) -> None:
    listed = run(command, tmp_path, "guide", "list")
    assert "MLOps Engineer" in listed.stdout, listed.stderr
    package = subprocess.run(
        [str(command.parent / "python"), "-c", "import interviewer; print(interviewer.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert str(command.parent.parent) in package.stdout

    held = run(
        command,
        tmp_path,
        "chat",
        "--guide",
        "mlops-engineer",
        "--questions",
        "1",
        "--seed",
        "3",
        typed="We watch the inputs for drift, and retrain when the score on fresh labels falls.\n/skip\n/end\n",
    )
    assert held.returncode == 0, held.stderr
    assert "Question 1 of 1" in held.stdout
    assert "not a hiring decision" in " ".join(held.stdout.split())

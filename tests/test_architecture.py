"""The arrows of ARCHITECTURE.md: who may import whom, which module may know a vendor, what `--help` must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "interviewer"

LEAVES = {"domain", "ports", "prompts", "resources", "version"}
ALLOWED = {
    "domain": {"domain"},
    "ports": {"domain"},
    "version": set(),
    "locking": set(),
    "resources": set(),
    "prompts": {"domain", "resources"},
    "settings": {"domain"},
    "guides": {"domain", "resources", "version", "guides"},
    "retrieval": {"domain", "ports", "locking", "retrieval"},
    "engines": {"domain", "ports", "prompts", "engines"},
    "stores": {"domain", "ports", "stores"},
    "conduct": {"domain", "ports", "prompts", "locking", "conduct"},
    "channels": {"domain", "ports", "prompts", "channels"},
    "reports": {"domain", "reports"},
    "evaluation": LEAVES | {"locking", "conduct", "reports", "evaluation"},
    "wiring": LEAVES | {"settings", "guides", "retrieval", "engines", "stores", "conduct", "channels", "evaluation"},
    "ops": {"domain", "ports", "version", "ops"},
    "serving": LEAVES | {"wiring", "conduct", "channels", "reports", "ops"},
    "cli": LEAVES
    | {"settings", "wiring", "serving", "ops", "guides", "conduct", "channels", "reports", "evaluation", "cli"},
}
VENDORS = {
    "chromadb": {"retrieval/chroma.py"},
    "onnxruntime": {"retrieval/embedding.py", "engines/reader.py"},
    "tokenizers": {"retrieval/embedding.py", "engines/reader.py"},
    "sqlalchemy": {"stores/"},
    "openai": {"engines/llm_client.py"},
    "langchain_openai": {"engines/llm_client.py"},
    "langchain_core": {"engines/llm_client.py"},
    "prompt_toolkit": {"channels/"},
    "slack_bolt": {"channels/slack.py", "channels/slack_socket.py", "channels/slack_http.py"},
    "slack_sdk": {
        "channels/slack.py",
        "channels/slack_missed.py",
        "channels/slack_out.py",
        "channels/slack_socket.py",
    },
    "aiohttp": {
        "channels/discord.py",
        "channels/discord_actions.py",
        "channels/discord_gateway.py",
        "channels/discord_out.py",
        "channels/slack.py",
        "channels/slack_http.py",
        "channels/slack_out.py",
        "ops/endpoints.py",
        "serving.py",
    },
    "discord": {
        "channels/discord.py",
        "channels/discord_actions.py",
        "channels/discord_client.py",
        "channels/discord_commands.py",
        "channels/discord_gateway.py",
        "channels/discord_in.py",
        "channels/discord_missed.py",
        "channels/discord_out.py",
    },
    "typer": {"cli/"},
}
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
HEAVY = [
    "chromadb",
    "onnxruntime",
    "tokenizers",
    "openai",
    "langchain_core",
    "langchain_openai",
    "sqlalchemy",
    "prompt_toolkit",
    "rich",
    "numpy",
    "jinja2",
    "markdown_it",
    "slack_bolt",
    "slack_sdk",
    "aiohttp",
    "discord",
]


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            yield module
            if module == "interviewer":
                yield from (f"interviewer.{alias.name}" for alias in node.names)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    used = {name.split(".")[1] for name in imports(path) if name.startswith("interviewer.")}
    assert used <= ALLOWED[part], f"{part} may not import {sorted(used - ALLOWED[part])}"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_is_known_where_it_is_meant_to_be(vendor: str) -> None:
    knowing = {
        str(path.relative_to(PACKAGE)) for path in modules() if vendor in {n.split(".")[0] for n in imports(path)}
    }
    homes = VENDORS[vendor]
    assert not {k for k in knowing if k not in homes and f"{k.split('/')[0]}/" not in homes}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_function_is_short_enough_to_read(path: Path) -> None:
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    lengths = {
        f"{node.name}, line {node.lineno}": (node.end_lineno or 0) - node.lineno + 1
        for node in found
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION}


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['interviewer', '--help']\n"
        "from interviewer.cli.main import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        f"print('LOADED', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert done.stdout.splitlines()[-1] == "LOADED []"

"""Other evaluation runners on the same requests: DeepEval, Inspect AI and promptfoo, each in an environment of its own.

Each gets the rendered prompts as its data, asks the endpoint with as many at once, reads the filled sheet, drops
verdicts whose quote was not said and scores what is left, by its own means of doing these things. They keep what they
keep by default, but send nothing elsewhere. What is timed is the evaluation, without starting the program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PACKAGES = {"deepeval": ["deepeval"], "inspect": ["inspect-ai", "openai"]}
NAMES = ("deepeval", "inspect", "promptfoo")
UNKEPT = "deepeval keeping nothing"
"""DeepEval without the record that it keeps as it goes, which is what a killed run would go on from: less work."""
PATIENCE = 400

SCORED = """
def scored(reply, user):
    sheet, said = json.loads(reply), " ".join(user.casefold().split())
    credit = {"covered": 1.0, "partial": 0.5}
    quotes = {k: " ".join(q.casefold().split()) for k, q in sheet["quotes"].items()}
    points = [credit.get(v, 0.0) if quotes[k] and quotes[k] in said else 0.0 for k, v in sheet["points"].items()]
    return sum(points) / len(points)
"""
SCORED_IN_JAVASCRIPT = """
const sheet = JSON.parse(output), plain = (t) => t.toLowerCase().split(/\\s+/).join(' ');
const said = plain(context.vars.user), credit = {covered: 1, partial: 0.5};
const points = Object.entries(sheet.points).map(([k, v]) => {
  const quote = plain(sheet.quotes[k]);
  return quote && said.includes(quote) ? credit[v] || 0 : 0;
});
return points.reduce((a, b) => a + b, 0) / points.length;
"""

DEEPEVAL = (
    SCORED
    + """
import json, sys, time
from openai import AsyncOpenAI
from deepeval import evaluate
from deepeval.evaluate.configs import AsyncConfig, CacheConfig, DisplayConfig
from deepeval.metrics import BaseMetric
from deepeval.test_case import LLMTestCase

url, at_once, kept, tasks = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "kept", json.load(open("tasks.json"))
client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)

class Filled(BaseMetric):
    threshold = 0.0
    async_mode = True
    async def a_measure(self, case, *args, **kwargs):
        messages = [{"role": "system", "content": case.context[0]}, {"role": "user", "content": case.input}]
        reply = await client.chat.completions.create(model="m", temperature=0, messages=messages)
        self.score = scored(reply.choices[0].message.content, case.input)
        self.success, self.reason = True, ""
        return self.score
    def measure(self, case, *args, **kwargs):
        raise NotImplementedError
    def is_successful(self):
        return self.success
    @property
    def __name__(self):
        return "Filled"

cases = [LLMTestCase(input=t["user"], actual_output="", context=[t["system"]]) for t in tasks]
began = time.perf_counter()
result = evaluate(cases, [Filled()], async_config=AsyncConfig(max_concurrent=at_once), cache_config=CacheConfig(kept),
                  display_config=DisplayConfig(show_indicator=False, print_results=False, inspect_after_run=False))
seconds = time.perf_counter() - began
print("RESULT", json.dumps([seconds, sum(bool(r.success) for r in result.test_results)]))
"""
)

INSPECT = (
    SCORED
    + """
import json, sys, time
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import Score, mean, scorer
from inspect_ai.solver import generate

url, at_once, tasks = sys.argv[1], int(sys.argv[2]), json.load(open("tasks.json"))

@scorer(metrics=[mean()])
def filled():
    async def score(state, target):
        return Score(value=scored(state.output.completion, state.input_text))
    return score

samples = [Sample(input=[ChatMessageSystem(content=t["system"]), ChatMessageUser(content=t["user"])]) for t in tasks]
began = time.perf_counter()
[log] = eval(Task(dataset=samples, solver=generate(), scorer=filled()), model="openai-api/standin/m",
             model_base_url=url, model_args={"api_key": "none"}, temperature=0, max_connections=at_once,
             max_samples=at_once, display="none", log_dir="logs")
seconds = time.perf_counter() - began
print("RESULT", json.dumps([seconds, sum("filled" in (s.scores or {}) for s in log.samples or [])]))
"""
)


def set_up(folder: Path) -> Sequence[str]:
    """Install what is not there; the names of those that can be measured, and for the others why not."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = []
    for name in NAMES:
        try:
            _install(name, folder / name)
            ready.append(name)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"{name}: not installed: {error}")
    return [*ready, *([UNKEPT] if "deepeval" in ready else [])]


def _install(name: str, folder: Path) -> None:
    if name == "promptfoo":
        if not (folder / "node_modules" / ".bin" / "promptfoo").exists():
            folder.mkdir(exist_ok=True)
            command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "promptfoo"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600)
    elif not (folder / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        command = [str(folder / "bin" / "pip"), "install", "--quiet", *PACKAGES[name]]
        subprocess.run(command, check=True, capture_output=True, timeout=600)


def seconds_of(
    name: str, folder: Path, url: str, tasks: Sequence[dict[str, str]], at_once: int
) -> tuple[float | None, str]:
    """Seconds that a runner takes for some prompts, None where it failed, and a note."""
    place = folder.absolute() / "work" / name.replace(" ", "-")
    place.mkdir(parents=True, exist_ok=True)
    (place / "tasks.json").write_text(json.dumps(tasks))
    try:
        taken, right = (_promptfoo if name == "promptfoo" else _python)(name, folder.absolute(), place, url, at_once)
    except (subprocess.SubprocessError, OSError, ValueError, IndexError, KeyError) as error:
        return None, f"{type(error).__name__}: {str(error)[:300]}"
    return taken, f"{right} of {len(tasks)} right"


def _python(name: str, folder: Path, place: Path, url: str, at_once: int) -> tuple[float, int]:
    script = INSPECT if name == "inspect" else DEEPEVAL
    python = folder / name.split(maxsplit=1)[0] / "bin" / "python"
    command = [str(python), "-c", script, url, str(at_once), "no" if name == UNKEPT else "kept"]
    found: list[str] = [line for line in _output(command, place).splitlines() if line.startswith("RESULT")]
    seconds, right = json.loads(found[-1].removeprefix("RESULT"))
    return float(seconds), int(right)


def _promptfoo(_: str, folder: Path, place: Path, url: str, at_once: int) -> tuple[float, int]:
    program = str(folder / "promptfoo" / "node_modules" / ".bin" / "promptfoo")
    tasks = json.loads((place / "tasks.json").read_text())
    provider = {"id": "openai:chat:m", "config": {"apiBaseUrl": url, "apiKey": "none", "temperature": 0}}
    prompt = '[{"role": "system", "content": {{ system | dump }}}, {"role": "user", "content": {{ user | dump }}}]'
    check = {"type": "javascript", "value": SCORED_IN_JAVASCRIPT, "threshold": 0}
    config = {
        "prompts": [prompt],
        "providers": [provider],
        "tests": [{"vars": task, "assert": [check]} for task in tasks],
    }
    (place / "config.json").write_text(json.dumps(config))
    began = time.perf_counter()
    _output([program, "--version"], place)
    starting = time.perf_counter() - began
    command = [program, "eval", "-c", "config.json", "-j", str(at_once), "--no-cache", "--no-table", "-o", "out.json"]
    began = time.perf_counter()
    _output([*command, "--no-progress-bar"], place)
    seconds = time.perf_counter() - began - starting
    told = json.loads((place / "out.json").read_text())["results"]["stats"]
    return seconds, int(told["successes"])


def _output(command: Sequence[str], place: Path) -> str:
    """What a program prints. Raises ValueError with the end of what it said when it fails."""
    quiet = {
        "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
        "DEEPEVAL_NO_INSPECT_PROMPT": "1",
        "ERROR_REPORTING": "NO",
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_CONFIG_DIR": str(place / "home"),
        "STANDIN_API_KEY": "none",
    }
    done = subprocess.run(
        command, cwd=place, env=os.environ | quiet, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode not in (0, 100):  # promptfoo ends with 100 when a test fails
        raise ValueError((done.stderr or done.stdout)[-300:])
    return done.stdout

"""`interviewer grade`: one answer, or many from a file, without an interview."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from interviewer.cli.common import EngineOption, house, progress_bar
from interviewer.domain.errors import EngineUnusable, InterviewerError, NotFoundError, SettingsError

if TYPE_CHECKING:
    from interviewer.conduct.single import SingleGrade
    from interviewer.domain.guide import Question
    from interviewer.ports import Engine
    from interviewer.wiring import House


CALLS_AT_ONCE = 8
STREAM = Path("-")


def grade(
    guide: Annotated[str | None, typer.Option("--guide", "-g", help="A guide's id, title or file.")] = None,
    question: Annotated[str | None, typer.Option("--question", "-q", help="The question's id.")] = None,
    answer: Annotated[str | None, typer.Option("--answer", "-a", help="The answer, or @FILE, or @- for stdin.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    batch: Annotated[
        Path | None, typer.Option("--batch", help="A JSONL file of answers to grade, or - for stdin.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where --batch writes; an unfinished one goes on; - for stdout.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="How many of a batch at once; by default what suits.")
    ] = None,
    engine: EngineOption = None,
) -> None:
    """Grade one answer to a guide's question, or many from a file.

    A line of a batch is {"id", "question", "key_points": [...], "pitfalls": [...], "answer"}; instead of key_points it
    may have "reference": [...], each a whole right answer.

    \b
    Examples:
      interviewer grade --guide mlops-engineer --question mlops-and-devops --answer "A model decays ..."
      interviewer grade -g ./our-guide.md -q caching -a @answer.txt --json
      interviewer grade --batch answers.jsonl --out grades.jsonl
      interviewer grade --batch - --out - < answers.jsonl | jq .score
    """
    if batch:
        if out is None:
            raise typer.BadParameter("--batch needs --out, the file to write to.")
        if guide or question or answer is not None or as_json:
            raise typer.BadParameter("--batch reads everything from its file: give it with --out and --engine alone.")
        _batch(house(engine=engine), batch, out, jobs)
        return
    if not (guide and question and answer is not None) or out:
        raise typer.BadParameter("Give --guide, --question and --answer, or --batch and --out.")
    home = house(engine=engine)
    found = _question(home, guide, question)
    words = _text(answer)
    graded = asyncio.run(_grade_one(home, found, words))
    typer.echo(_as_json(found, graded, words) if as_json else _as_text(found, graded))
    if graded.status == "ungraded":
        raise typer.Exit(1)


def _question(home: House, guide_name: str, question_id: str) -> Question:
    guide = home.library.get(guide_name)
    found = guide.question(question_id)
    if found is None:
        ids = ", ".join(q.id for q in guide.questions)
        has = f"It has: {ids}." if ids else "It has none: `interviewer guide check`, given its file, says why."
        raise NotFoundError(f"“{guide.title}” has no question {question_id!r}.", has)
    return found


def _text(answer: str) -> str:
    """The answer itself, or what a file or standard input holds. Raises SettingsError."""
    from interviewer.domain.display import whole

    if not answer.startswith("@"):
        return whole(answer)
    name = "standard input" if answer == "@-" else answer[1:]
    try:
        raw = sys.stdin.buffer.read() if answer == "@-" else Path(name).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        remedy = "An answer that begins with @ is the name of a file; give one that is there, or @- for standard input."
        raise SettingsError(f"The answer cannot be read from {name or 'a file'}: {error.strerror}.", remedy) from None
    except UnicodeDecodeError:
        raise SettingsError(f"The answer in {name} is not in UTF-8.", "Give a text file in UTF-8.") from None


async def _grade_one(home: House, question: Question, answer: str) -> SingleGrade:
    from interviewer.conduct.single import grade_answer

    return await grade_answer(home.engine(), question, answer, home.settings.turn_seconds)


def _as_json(question: Question, graded: SingleGrade, answer: str) -> str:
    from interviewer.conduct.batch import output_line

    line = output_line(question.id, graded, answer)
    for found, item in zip(line["key_points"], question.key_points, strict=False):
        found.update(id=item.id, text=item.text)
    for found, pitfall in zip(line["pitfalls"], question.pitfalls, strict=False):
        found.update(id=pitfall.id, text=pitfall.text)
    return json.dumps(line, ensure_ascii=False)


def _as_text(question: Question, graded: SingleGrade) -> str:
    from interviewer.domain.grading import BAND_NAMES, Verdict, score_points
    from interviewer.domain.reasons import why, why_not_read

    if graded.score is None or graded.band is None:
        return f"Not graded: {why(graded.reason)}."
    unread = "" if graded.score else why_not_read(graded.kind, graded.too_short)
    lines = [unread] if unread else []
    lines += [f"{score_points(graded.score)} of 100, band {graded.band}: {BAND_NAMES[graded.band - 1]}", ""]
    said = {
        Verdict.COVERED: "made",
        Verdict.PARTIAL: "partly",
        Verdict.MISSING: "not made",
        Verdict.CONTRADICTED: "opposite",
    }
    for finding, point in zip(graded.points, question.key_points, strict=True):
        lines.append(f"  {said[finding.verdict]:9} {point.text}")
        lines += [f"            “{' '.join(finding.quote.split())}”"] if finding.quote else []
    for committed, pitfall in zip(graded.pitfalls, question.pitfalls, strict=True):
        if committed.committed:
            lines += [f"  pitfall   {pitfall.text}", f"            “{' '.join(committed.quote.split())}”"]
    return "\n".join(lines)


def _batch(home: House, source: Path, out: Path, jobs: int | None) -> None:
    """Grade many, and say how to go on when that is cut short. Raises InterviewerError."""
    go_on = "" if out == STREAM else f"What is graded is in {out}; the same command goes on from there."
    try:
        if STREAM not in (source, out) and out.exists() and out.samefile(source):
            raise SettingsError("--batch and --out are the same file.", "Choose another file for --out.")
        typer.echo(asyncio.run(_grade_batch(home, source, out, jobs)), err=True)
    except KeyboardInterrupt:
        typer.echo(f"\nStopped. {go_on}".rstrip(), err=True)
        raise typer.Exit(130) from None
    except EngineUnusable as error:
        raise InterviewerError(error.message, f"{error.remedy} {go_on}".strip()) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise InterviewerError(f"{error.filename or out}: {error.strerror}.", "Look at --batch and --out.") from None


def _at_once(engine: Engine) -> int:
    """How many gradings to have under way: one a core where they are computed, several where a model is awaited."""
    return CALLS_AT_ONCE if engine.name == "openai" else os.cpu_count() or 1


async def _grade_batch(home: House, source: Path, out: Path, jobs: int | None) -> str:
    """Grade what is not graded yet, writing each line as soon as it is there. Returns what was done, in words."""
    from interviewer.conduct.batch import grade_lines, read_lines, read_stream, still_to_grade
    from interviewer.conduct.graded_file import write

    engine = home.engine()
    lines = list(read_stream(sys.stdin.buffer) if source == STREAM else read_lines(source))
    with _opened(out) as (file, done), progress_bar("Grading") as tick:
        waiting = still_to_grade(lines, done)
        written = ungraded = 0
        tick(written, len(waiting))
        async for line in grade_lines(engine, waiting, home.settings.turn_seconds, jobs or _at_once(engine)):
            write(file, line)
            written += 1
            ungraded += line["status"] == "ungraded"
            tick(written, len(waiting))
    before = f", {len(lines) - len(waiting)} were there" if len(lines) > len(waiting) else ""
    failed = f"; {ungraded} could not be, and say why" if ungraded else ""
    into = "standard output" if out == STREAM else out
    return f"{len(waiting) - ungraded} graded into {into}{before}{failed}."


def _opened(out: Path) -> AbstractContextManager[tuple[IO[bytes], Counter[str | int]]]:
    """The file to write to, and how many grades it has of each id; standard output has none."""
    from interviewer.conduct.graded_file import reopened

    return nullcontext((sys.stdout.buffer, Counter())) if out == STREAM else reopened(out)

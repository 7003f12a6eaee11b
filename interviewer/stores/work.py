"""The queue of interviews that want a worker: what ports.Work promises, each on one connection within a transaction.

A worker is named by whoever asks; its claim is a row's `holder` until `until`. PostgreSQL skips rows that another
transaction is just taking; SQLite has one writer at a time, and ignores FOR UPDATE.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
)

from interviewer.domain.interview import Edited, Event, Moved, Received, Withdrawn
from interviewer.ports import MOST_QUIET, Backlog, Claim, Limits
from interviewer.stores.schema import INTERVIEWS, QUEUE

_Q = QUEUE.c
_THIS = _Q.interview_id == bindparam("interview")
_NEWS = (Received, Edited, Withdrawn, Moved)
_OVERSUBSCRIBED = 3
"""So many times as many as are wanted are looked at, as other workers may be taking the same at this moment."""

_NOTE = (
    update(QUEUE)
    .where(_THIS)
    .values(
        news=_Q.news + 1,
        since=func.coalesce(_Q.since, bindparam("now", type_=_Q.since.type)),
        latest=bindparam("now"),
        not_before=null(),
        tries=case((_Q.tries > 1, 1), else_=_Q.tries),  # it begins anew, but some of a reply may have been seen
    )
)
_MOVE = _NOTE.values(
    platform=bindparam("platform"), space=func.coalesce(bindparam("space", type_=_Q.space.type), _Q.candidate)
)
_FREE = and_(_Q.since.is_not(None), or_(_Q.holder.is_(None), _Q.until <= bindparam("now")))
_HELD = _Q.until > bindparam("now")
_KEEP = (
    update(QUEUE)
    .where(_Q.holder == bindparam("worker"), _Q.interview_id.in_(bindparam("ids", expanding=True)))
    .values(until=bindparam("later"))
    .returning(_Q.interview_id)
)
_SERVED = _Q.news == bindparam("seen")
_GIVE_BACK = update(QUEUE).where(_THIS, _Q.holder == bindparam("worker")).values(holder=null(), until=null())
# What came meanwhile waits at the end of the queue.
_DONE = _GIVE_BACK.values(since=case((_SERVED, null()), else_=_Q.latest), tries=bindparam("tried")).returning(_Q.since)
_AGAIN = _GIVE_BACK.values(not_before=bindparam("later"), tries=_Q.tries + 1)


def note(connection: Connection, interview_id: str, events: Sequence[Event], now: datetime) -> None:
    """Have an interview wait for a worker if these events want one; the caller holds the interview's row."""
    if not any(isinstance(event, _NEWS) for event in events):
        return
    moves = [event for event in events if isinstance(event, Moved)]
    if not moves:
        connection.execute(_NOTE, {"interview": interview_id, "now": now})
        return
    place = {"platform": moves[-1].platform, "space": moves[-1].space or None}
    values = {"interview": interview_id, "now": now, **place}
    if not connection.execute(_MOVE, values).rowcount:
        platform, at = literal(place["platform"], _Q.platform.type), literal(now, _Q.since.type)
        space = func.coalesce(literal(place["space"], _Q.space.type), INTERVIEWS.c.candidate)
        row = select(INTERVIEWS.c.id, platform, INTERVIEWS.c.candidate, space, literal(1), literal(0), at, at)
        names = ["interview_id", "platform", "candidate", "space", "news", "tries", "since", "latest"]
        connection.execute(insert(QUEUE).from_select(names, row.where(INTERVIEWS.c.id == interview_id)))


def strike(connection: Connection, interview_id: str) -> None:
    """Take an interview out of the queue for good."""
    connection.execute(delete(QUEUE).where(_Q.interview_id == interview_id))


def take(
    connection: Connection,
    worker: str,
    count: int,
    seconds: float,
    limits: Limits,
    hurry: tuple[str, ...],
    now: datetime,
) -> list[Claim]:
    """Take up to so many of those that wait and may be served now, those first that have waited longest."""
    quiet = timedelta(seconds=limits.quiet)
    values = {
        "now": now,
        "quiet_since": now - quiet,
        "long_since": now - quiet * MOST_QUIET,
        "hurry": hurry,
        "platforms": limits.platforms,
        "person": limits.person,
        "space": limits.space,
        "most": count * _OVERSUBSCRIBED,
    }
    ready = connection.execute(_READY_HERE if limits.platforms else _READY, values)
    found: dict[str, bool] = {row.interview_id: row.holder is not None for row in ready}
    if not found:
        return []
    order = list(found)
    values = {"now": now, "ids": order, "count": count, "worker": worker, "later": now + timedelta(seconds=seconds)}
    claims = [
        Claim(interview_id=name, news=news, tries=tries, left=found[name])
        for name, news, tries in connection.execute(_TAKE, values)
    ]
    return sorted(claims, key=lambda claim: order.index(claim.interview_id))


def keep(connection: Connection, worker: str, ids: tuple[str, ...], seconds: float, now: datetime) -> set[str]:
    """Hold on to what this worker has taken; the ids of what it still has."""
    values = {"worker": worker, "ids": ids, "later": now + timedelta(seconds=seconds)}
    return {str(row[0]) for row in connection.execute(_KEEP, values)}


def give_back(connection: Connection, worker: str, claim: Claim, again: float | None, now: datetime) -> bool:
    """Done, or to be taken again after so many seconds; nothing where this worker has it no longer.

    False when more has come meanwhile.
    """
    values = {"interview": claim.interview_id, "worker": worker}
    if again is not None:
        connection.execute(_AGAIN, values | {"later": now + timedelta(seconds=again)})
        return True
    since = connection.execute(_DONE, values | {"seen": claim.news, "tried": int(claim.left)}).scalar_one_or_none()
    return since is None


def ahead(connection: Connection, interview_id: str, now: datetime) -> int:
    """How many have waited longer than this one, and wait still."""
    since = select(_Q.since).where(_Q.interview_id == interview_id).scalar_subquery()
    waiting = select(func.count()).select_from(QUEUE).where(_FREE, _Q.since < since)
    return connection.scalar(waiting, {"now": now}) or 0


def backlog(connection: Connection, platforms: tuple[str, ...], now: datetime) -> Backlog:
    """How much work there is, on all platforms or some."""
    there = _spoken(platforms)
    wait = select(func.count(), func.min(_Q.since)).where(_FREE, there)
    waiting, oldest = connection.execute(wait, {"now": now}).one()
    held = connection.scalar(select(func.count()).select_from(QUEUE).where(_Q.until > now, there)) or 0
    return Backlog(waiting=waiting, held=held, oldest=max((now - oldest).total_seconds(), 0.0) if oldest else 0.0)


def _spoken(platforms: tuple[str, ...]) -> ColumnElement[bool]:
    return _Q.platform.in_(platforms) if platforms else true()


def _within(waiting: Subquery, column: str, most: str) -> Subquery:
    """Of those that wait so many of each person, or of each space, that no more than `most` are served at once."""
    busy = select(_Q[column], func.count().label("busy")).where(_HELD).group_by(_Q[column]).subquery()
    w = waiting.c
    nth = func.row_number().over(partition_by=w[column], order_by=(w.since, w.interview_id)).label("nth")
    ranked = select(w.interview_id, w.candidate, w.space, w.since, w.holder, nth).subquery()
    joined = select(*ranked.c).outerjoin(busy, busy.c[column] == ranked.c[column])
    return joined.where(ranked.c.nth + func.coalesce(busy.c.busy, 0) <= bindparam(most)).subquery()


def _ready(spoken: ColumnElement[bool]) -> Select[Any]:
    """Ids of what may be served now, within the limits, the longest waiting first; and who left it, if anyone did."""
    rested = or_(
        _Q.latest <= bindparam("quiet_since"),
        _Q.since <= bindparam("long_since"),
        _Q.interview_id.in_(bindparam("hurry", expanding=True)),
    )
    patient = or_(_Q.not_before.is_(None), _Q.not_before <= bindparam("now"))
    due = select(QUEUE).where(_FREE, spoken, rested, patient).subquery()
    for column, most in (("candidate", "person"), ("space", "space")):
        due = _within(due, column, most)
    ready = select(due.c.interview_id, due.c.holder).order_by(due.c.since, due.c.interview_id)
    return ready.limit(bindparam("most"))


_READY = _ready(true())
_READY_HERE = _ready(_Q.platform.in_(bindparam("platforms", expanding=True)))
_MINE = (
    select(_Q.interview_id)
    .where(_Q.interview_id.in_(bindparam("ids", expanding=True)), _FREE)
    .order_by(_Q.since, _Q.interview_id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(QUEUE)
    .where(_Q.interview_id.in_(_MINE), _FREE)
    .values(holder=bindparam("worker"), until=bindparam("later"))
    .returning(_Q.interview_id, _Q.news, _Q.tries)
)

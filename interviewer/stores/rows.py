"""What is read and written, each on one connection, within the caller's transaction.

Every write of events begins by touching the interview's row, which serialises all writers of one interview: their
events become visible in the order of `seq`, so whoever reads from a number on misses none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic_core import PydanticSerializationError, to_json
from sqlalchemy import Connection, and_, bindparam, delete, exists, insert, or_, select, update

from interviewer.domain.display import whole
from interviewer.domain.errors import NotFoundError
from interviewer.domain.grading import Outcome
from interviewer.domain.guide import Guide
from interviewer.domain.interview import EVENT, Event, Regraded, Started, Turned, event_key, received_key
from interviewer.domain.state import Status, status_after
from interviewer.ports import InterviewSummary
from interviewer.stores import work
from interviewer.stores.schema import EVENTS, GUIDES, INTERVIEWS, QUEUE, SEATS

LONGEST_KEY = 200

_THIS = INTERVIEWS.c.id == bindparam("interview")
_KNOWN = select(INTERVIEWS.c.id).where(_THIS)
_EVENTS_AFTER = (
    select(EVENTS.c.seq, EVENTS.c.body)
    .where(EVENTS.c.interview_id == bindparam("interview"), EVENTS.c.seq > bindparam("after"))
    .order_by(EVENTS.c.seq)
)
_SUMMARIES = select(*(INTERVIEWS.c[name] for name in InterviewSummary.model_fields)).order_by(
    INTERVIEWS.c.updated_at.desc(), INTERVIEWS.c.id
)
_HELD = and_(
    QUEUE.c.interview_id == INTERVIEWS.c.id,
    QUEUE.c.platform == bindparam("platform"),
    INTERVIEWS.c.status != Status.ENDED,
)
_GOING = select(INTERVIEWS.c.id).join(QUEUE, _HELD).order_by(INTERVIEWS.c.id)
_WROTE = and_(EVENTS.c.interview_id == INTERVIEWS.c.id, EVENTS.c.key == bindparam("key"))
_AUTHOR = select(INTERVIEWS.c.candidate).join(QUEUE, _HELD).join(EVENTS, _WROTE).limit(1)
_TOUCH = update(INTERVIEWS).where(_THIS).values(updated_at=bindparam("now"))
# A lease is held for a turn, and is over with it.
_ADVANCE = _TOUCH.values(
    status=bindparam("new_status"),
    answered=INTERVIEWS.c.answered + bindparam("graded"),
    lease_holder=None,
    lease_until=None,
)
_RECOUNT = update(INTERVIEWS).where(_THIS).values(answered=bindparam("again"))
_ADD_EVENTS = insert(EVENTS)
_FREE = or_(
    INTERVIEWS.c.lease_holder.is_(None),
    INTERVIEWS.c.lease_holder == bindparam("holder"),
    INTERVIEWS.c.lease_until <= bindparam("now"),
)
_ACQUIRE = update(INTERVIEWS).where(_THIS, _FREE)
_ACQUIRE = _ACQUIRE.values(lease_holder=bindparam("holder"), lease_until=bindparam("until"))
_RELEASE = update(INTERVIEWS).where(_THIS, INTERVIEWS.c.lease_holder == bindparam("holder"))
_RELEASE = _RELEASE.values(lease_holder=None, lease_until=None)


def add_guide(connection: Connection, guide: Guide) -> None:
    """Keep a revision. A constraint refuses one that is there."""
    connection.execute(insert(GUIDES), {"revision": guide.revision, "body": _json(guide)})


def read_guide(connection: Connection, revision: str) -> Guide:
    """A kept revision. Raises NotFoundError."""
    body = connection.scalar(select(GUIDES.c.body).where(GUIDES.c.revision == revision))
    if body is None:
        raise NotFoundError(f"No revision {revision[:12]} of a guide is kept.")
    return Guide.model_validate_json(body)


def add_events(connection: Connection, interview_id: str, events: Sequence[Event], now: datetime) -> None:
    """Store events and keep the interview's row true to them. Raises NotFoundError; a constraint refuses duplicates."""
    turns = [event.turn for event in events if isinstance(event, Turned)]
    graded = sum(grade.outcome is Outcome.GRADED for turn in turns for grade in turn.grades)
    status = status_after(turns[-1].move.kind) if turns else Status.ACTIVE
    standing = {"now": now, "new_status": status, "graded": graded}
    if isinstance(events[0], Started):
        connection.execute(insert(INTERVIEWS), _interview_row(interview_id, events[0], standing))
    elif not connection.execute(_ADVANCE if turns else _TOUCH, {"interview": interview_id, **standing}).rowcount:
        raise _unknown(interview_id)
    for event in events:
        if isinstance(event, Regraded):
            again = sum(grade.outcome is Outcome.GRADED for grade in event.grades)
            connection.execute(_RECOUNT, {"interview": interview_id, "again": again})
    connection.execute(_ADD_EVENTS, [_event_row(interview_id, event, now) for event in events])
    work.note(connection, interview_id, events, now)


def any_there(connection: Connection, interview_id: str, events: Sequence[Event]) -> bool:
    """Whether the key of any of these events is taken."""
    keys = [_key(event) for event in events]
    query = select(EVENTS.c.seq).where(EVENTS.c.interview_id == interview_id, EVENTS.c.key.in_(keys)).limit(1)
    return connection.scalar(query) is not None


def all_there(connection: Connection, interview_id: str, events: Sequence[Event]) -> bool:
    """Whether all of these very events are there."""
    wanted = {_key(event): _json(event) for event in events}
    query = select(EVENTS.c.key, EVENTS.c.body).where(EVENTS.c.interview_id == interview_id, EVENTS.c.key.in_(wanted))
    return {str(row.key): str(row.body) for row in connection.execute(query)} == wanted


def is_known(connection: Connection, interview_id: str) -> bool:
    """Whether there is such an interview."""
    return connection.scalar(_KNOWN, {"interview": interview_id}) is not None


def read_events(connection: Connection, interview_id: str, after: int) -> list[tuple[int, Event]]:
    """Events with their sequence numbers, in order, from just behind `after`. Raises NotFoundError."""
    rows = connection.execute(_EVENTS_AFTER, {"interview": interview_id, "after": after}).all()
    if not rows:
        _require(connection, interview_id)
    return [(seq, EVENT.validate_json(body)) for seq, body in rows]


def read_summaries(connection: Connection, candidate: str | None) -> list[InterviewSummary]:
    """Summaries, of one candidate's interviews or of all, the latest first."""
    wanted = _SUMMARIES if candidate is None else _SUMMARIES.where(INTERVIEWS.c.candidate == candidate)
    return [InterviewSummary.model_validate(dict(row)) for row in connection.execute(wanted).mappings()]


def going(connection: Connection, platform: str) -> list[str]:
    """Ids of the interviews that are held in places of this platform and are not over."""
    return [str(found) for found in connection.scalars(_GOING, {"platform": platform})]


def author(connection: Connection, platform: str, message_id: str) -> str | None:
    """The candidate who wrote this message, where it is of one of those interviews."""
    return connection.scalar(_AUTHOR, {"platform": platform, "key": _kept(received_key(message_id))})


def take_lease(connection: Connection, interview_id: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take or renew the lease; False while another holder's has not run out. Raises NotFoundError."""
    values = {"interview": interview_id, "holder": holder, "now": now, "until": until}
    if connection.execute(_ACQUIRE, values).rowcount:
        return True
    _require(connection, interview_id)
    return False


def take_and_read(
    connection: Connection, interview_id: str, holder: str, now: datetime, until: datetime, after: int
) -> list[tuple[int, Event]] | None:
    """Take or renew the lease, and read events from just behind `after`; None where the lease is another's."""
    if not take_lease(connection, interview_id, holder, now, until):
        return None
    return read_events(connection, interview_id, after)


def drop_lease(connection: Connection, interview_id: str, holder: str) -> None:
    """Give the lease back, if this holder has it."""
    connection.execute(_RELEASE, {"interview": interview_id, "holder": holder})


def take_seat(connection: Connection, candidate: str, interview_id: str) -> str:
    """Give the candidate's seat to this interview unless another that is not over has it; the id of whose it is.

    A constraint refuses the first of two that come at the same moment.
    """
    theirs = SEATS.c.candidate == candidate
    locked = connection.execute(update(SEATS).where(theirs).values(candidate=SEATS.c.candidate)).rowcount
    if not locked:
        connection.execute(insert(SEATS), {"candidate": candidate, "interview_id": interview_id})
        return interview_id
    held = select(SEATS.c.interview_id).join(INTERVIEWS, INTERVIEWS.c.id == SEATS.c.interview_id)
    other = connection.scalar(held.where(theirs, INTERVIEWS.c.status != Status.ENDED))
    if other is not None:
        return str(other)
    connection.execute(update(SEATS).where(theirs).values(interview_id=interview_id))
    return interview_id


def delete_interview(connection: Connection, interview_id: str, now: datetime) -> bool:
    """Delete an interview, and its guide's revision when no other refers to it; False when there was nothing."""
    row = INTERVIEWS.c.id == interview_id
    connection.execute(_TOUCH, {"interview": interview_id, "now": now})  # its writers wait for each other here
    work.strike(connection, interview_id)
    connection.execute(delete(EVENTS).where(EVENTS.c.interview_id == interview_id))
    connection.execute(delete(SEATS).where(SEATS.c.interview_id == interview_id))
    revision = connection.scalar(select(INTERVIEWS.c.guide_revision).where(row))
    connection.execute(delete(INTERVIEWS).where(row))
    needed = exists().where(INTERVIEWS.c.guide_revision == GUIDES.c.revision)
    connection.execute(delete(GUIDES).where(GUIDES.c.revision == revision, ~needed))
    return revision is not None


def stale(connection: Connection, moment: datetime, most: int) -> list[str]:
    """Ids of interviews in which nothing has happened since, the oldest first; held for the transaction."""
    old = select(INTERVIEWS.c.id).where(INTERVIEWS.c.updated_at < moment).order_by(INTERVIEWS.c.updated_at).limit(most)
    return [str(found) for found in connection.scalars(old.with_for_update(skip_locked=True))]


def _require(connection: Connection, interview_id: str) -> None:
    if not is_known(connection, interview_id):
        raise _unknown(interview_id)


def _unknown(interview_id: str) -> NotFoundError:
    return NotFoundError(f"There is no interview {interview_id}.", "List the interviews to see which there are.")


def _interview_row(interview_id: str, started: Started, standing: dict[str, Any]) -> dict[str, Any]:
    plan = started.plan
    return {
        "id": interview_id,
        "guide_id": plan.guide_id,
        "guide_title": plan.guide_title,
        "guide_revision": plan.guide_revision,
        "mode": plan.mode,
        "status": standing["new_status"],
        "candidate": started.candidate,
        "started_at": started.at,
        "updated_at": standing["now"],
        "answered": standing["graded"],
        "planned": len(plan.questions),
    }


def _event_row(interview_id: str, event: Event, now: datetime) -> dict[str, Any]:
    return {"interview_id": interview_id, "key": _key(event), "type": event.type, "body": _json(event), "at": now}


def _key(event: Event) -> str:
    return _kept(event_key(event))


def _kept(key: str) -> str:
    """A key, or its digest when it is too long for an index of PostgreSQL or holds what a column cannot."""
    if len(key) <= LONGEST_KEY and key.isascii() and "\0" not in key:
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _json(value: Event | Guide) -> str:
    """JSON that reads back equal. An answer is never refused for a character: lone surrogates become U+FFFD."""
    try:
        return value.model_dump_json()
    except PydanticSerializationError:
        return to_json(_stored(value.model_dump())).decode()


def _stored(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stored(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_stored(item) for item in value]
    return whole(value) if isinstance(value, str) else value

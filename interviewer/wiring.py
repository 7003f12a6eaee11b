"""The composition root: the only place that names what stands behind the ports, chosen by settings."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydantic import SecretStr

from interviewer.domain.errors import SettingsError
from interviewer.domain.guide import Guide
from interviewer.ports import AssessRequest, Engine, SpeakRequest, Store
from interviewer.prompts import Phrases, Prompt, digest, phrases, prompt_text
from interviewer.settings import Settings

if TYPE_CHECKING:
    from interviewer.conduct.turn import Conductor
    from interviewer.domain.examination import Examination
    from interviewer.engines.llm import LlmEngine
    from interviewer.engines.llm_known import Knowledge
    from interviewer.engines.llm_models import Address, Role
    from interviewer.engines.reader import AnswerReader
    from interviewer.evaluation.measuring import Rooms
    from interviewer.evaluation.subjects import Subject
    from interviewer.guides.lexical import Hit
    from interviewer.guides.library import Library
    from interviewer.retrieval.embedding import Embedder
    from interviewer.retrieval.index import GuideIndex
    from interviewer.retrieval.indexed import IndexedRetriever

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
T = TypeVar("T")
SEARCH_NEAR = 0.25
INDEX_PATIENCE = 20.0


class Models(NamedTuple):
    """What the engine on an endpoint is made of."""

    address: Address
    grader: Role
    speaker: Role
    knowledge: Knowledge


class House:
    """Everything a command needs, made when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def phrases(self) -> Phrases:
        """The interviewer's lines."""
        return phrases(self.settings.prompts)

    @cached_property
    def library(self) -> Library:
        """All guides: the user's own and those that ship. Raises SettingsError for a named folder that is not there."""
        from interviewer.guides.cache import GuideCache
        from interviewer.guides.files import is_folder
        from interviewer.guides.library import Library

        named = self.settings.guides
        if named is not None and not is_folder(named):
            remedy = "Make it, or mend `--guides`, INTERVIEWER_GUIDES or `guides` in the config file."
            raise SettingsError(f"There is no folder {named} to take guides from.", remedy)
        return Library(own=self.settings.guide_folder, cache=GuideCache(self.settings.cache_dir / "guides"))

    @cached_property
    def encoder(self) -> Embedder:
        """The embedding model, loaded when the first text comes."""
        from interviewer.retrieval.embedding import Embedder

        return Embedder()

    @cached_property
    def reader(self) -> AnswerReader:
        """The small model that judges answers, loaded when the first one comes."""
        from interviewer.engines.reader import AnswerReader
        from interviewer.retrieval.embedding import SHIPPED_MODEL

        return AnswerReader(SHIPPED_MODEL / "tokenizer.json")

    @cached_property
    def index(self) -> GuideIndex:
        """The vector store."""
        from interviewer.retrieval.chroma import ServerStore
        from interviewer.retrieval.index import GuideIndex

        url = self._chroma_url
        store = ServerStore(url) if url else None
        return GuideIndex(self.settings.index_dir, self.encoder, store=store, lock_seconds=INDEX_PATIENCE)

    @property
    def index_place(self) -> str:
        """Where the vector store is, in words without a password. Raises SettingsError where that is no address."""
        from interviewer.retrieval.server import ServerAddress

        url = self._chroma_url
        return f"the Chroma server at {ServerAddress.of(url)}" if url else f"the folder {self.settings.index_dir}"

    @property
    def _chroma_url(self) -> str:
        held = self.settings.chroma_url
        return held.get_secret_value() if held else ""

    @cached_property
    def retriever(self) -> IndexedRetriever:
        """The vector store, brought up to date with a guide before that guide is asked about.

        Raises SettingsError where CHROMA_URL is no address.
        """
        from interviewer.retrieval.apart import index_apart
        from interviewer.retrieval.indexed import IndexedRetriever
        from interviewer.retrieval.server import ServerAddress

        if url := self._chroma_url:
            ServerAddress.of(url)  # at the start, not in the middle of an interview

        def apart(guide: Guide) -> None:
            index_apart(self.settings.index_dir, guide, url)

        return IndexedRetriever(lambda: self.index, apart)

    @cached_property
    def store(self) -> Store:
        """Where interviews are kept."""
        from interviewer.stores.sql import SqlStore

        return SqlStore(self.settings.store_url, connections=self.settings.database_connections)

    def searched(self, guides: Sequence[Guide]) -> Callable[[str, int], Sequence[Hit]]:
        """A search for questions by meaning over guides that are indexed."""

        def search(words: str, limit: int) -> list[Hit]:
            from interviewer.guides.lexical import Hit

            hits: dict[str, Hit] = {}
            for near in self.index.search(guides, words, limit * 8):
                guide = next(g for g in guides if g.id == near.chunk.guide_id)
                question = guide.question(near.chunk.question_id or "")
                if question is None or near.score < SEARCH_NEAR:
                    continue
                hit = Hit(
                    guide_id=guide.id,
                    guide_title=guide.title,
                    question_id=question.id,
                    question=question.text,
                    kind=near.chunk.kind.value,
                    text=near.chunk.text,
                    score=round(near.score, 4),
                )
                hits.setdefault(f"{guide.id}/{question.id}", hit)
            return list(hits.values())[:limit]

        return search

    def engine(self, name: str | None = None) -> Engine:
        """The engine that is named, or the one that settings choose. Raises SettingsError when it cannot run."""
        match name or self.settings.engine:
            case "scripted":
                from interviewer.engines.scripted import ScriptedEngine

                return ScriptedEngine(self.phrases)
            case "openai":
                return self.llm()
            case "auto" if self.uses_models:
                return self.llm()
            case "auto" | "embedded":
                from interviewer.engines.embedded import EmbeddedEngine

                return EmbeddedEngine(self.encoder, self.phrases, self.reader)
            case other:
                raise SettingsError(f"There is no engine {other!r} here.", "Choose openai, embedded or scripted.")

    @property
    def uses_models(self) -> bool:
        """Whether settings choose the engine on an endpoint: by name, or by a key or an address that is set."""
        held = self.settings
        return held.engine == "openai" or (held.engine == "auto" and bool(held.openai_api_key or held.openai_base_url))

    def llm(self) -> LlmEngine:
        """The engine on an OpenAI-compatible endpoint. Raises SettingsError without a key or a model's name."""
        from interviewer.engines.llm import LlmEngine

        models = self.models()
        return LlmEngine(
            models.address,
            models.grader,
            models.speaker,
            self.phrases,
            knowledge=models.knowledge,
            prompts=self.settings.prompts,
            seconds=self.settings.turn_seconds,
        )

    def subject(self, engine: str | None = None, *, offline: bool = False) -> Subject:
        """An engine for evaluation to measure. `offline`: it will not be asked, so that no key is needed.

        Raises SettingsError.
        """
        from interviewer.evaluation.subjects import Subject, digest_of_files, graded_by

        name = engine or self.settings.engine
        if name == "openai" or (name == "auto" and self.uses_models):
            return self._measured_model(self.models(offline=offline))
        made = self.engine(name)
        if made.name != "embedded":
            return Subject(made, deterministic=True)
        from interviewer.engines.embedded import made_of

        return Subject(made, {"made_of": digest_of_files(*made_of(), *graded_by())}, deterministic=True)

    async def rooms(self, engine: Engine) -> Rooms:
        """What an engine is measured in beyond single answers: a conductor that keeps nothing, the guides that ship."""
        from interviewer.conduct.turn import Conductor
        from interviewer.evaluation.measuring import Rooms
        from interviewer.guides.library import Library
        from interviewer.stores.sql import SqlStore

        store = SqlStore("sqlite://")
        await store.open()
        conductor = Conductor(store, engine, self.retriever, self.phrases, seconds=self.settings.turn_seconds)
        player = None
        if self.uses_models:
            from interviewer.engines.llm_player import LlmPlayer

            made = self.models()
            seconds = self.settings.turn_seconds
            player = LlmPlayer(made.address, made.speaker, knowledge=made.knowledge, seconds=seconds)
        return Rooms(conductor, self.retriever, Library(own=None).guides(), player)

    def _measured_model(self, models: Models) -> Subject:
        """The engine on an endpoint as evaluation asks it: in one piece, word for word, tried again by its caller."""
        from interviewer.engines.llm import LlmEngine
        from interviewer.engines.llm_batch import LlmBatches
        from interviewer.evaluation.subjects import FENCE, Subject, digest_of_files, read_by

        held = self.settings
        role = replace(models.grader, stream=False, retries=0, timeout=max(models.grader.timeout, held.turn_seconds))
        engine = LlmEngine(
            models.address, role, models.speaker, self.phrases, knowledge=models.knowledge, prompts=held.prompts,
            seconds=held.turn_seconds, verbatim=True,
        )  # fmt: skip
        parameters = {"temperature": role.heat, "reasoning_effort": role.effort, "max_tokens": role.limit}
        forms = {name: digest(prompt_text(f"{name}.md.j2", held.prompts)) for name in ("assess", "form")}
        return Subject(
            engine,
            parameters | {"samples": role.samples, "form": forms["form"], "read_by": digest_of_files(*read_by())},
            about={"prompt": forms["assess"]},
            prompt=lambda request: prompt_as_sent("assess", request, held.prompts, FENCE),
            calls=max(1, role.samples),
            batches=LlmBatches(engine),
            close=engine.close,
        )

    def models(self, *, offline: bool = False) -> Models:
        """The endpoint and the model of each role. Raises SettingsError without a key or a model's name."""
        from interviewer.engines.llm_models import Role

        held, address = self.settings, self.address(offline=offline)
        grader, speaker = held.grader.model or held.speaker.model, held.speaker.model or held.grader.model
        if address.is_openai:
            from interviewer.engines.llm_models import GRADER, SPEAKER

            grader, speaker = held.grader.model or GRADER, held.speaker.model or SPEAKER
        if not grader or not speaker:
            raise SettingsError(
                "Which model is to be used at OPENAI_BASE_URL?",
                "Set INTERVIEWER_GRADER__MODEL to one that it has, such as qwen3:8b; `interviewer doctor` lists them.",
            )
        return Models(
            address,
            Role(name="grader", **held.grader.model_dump() | {"model": grader}),
            Role(name="speaker", **held.speaker.model_dump() | {"model": speaker}),
            self.knowledge,
        )

    def address(self, *, offline: bool = False) -> Address:
        """The model's endpoint. Raises SettingsError where it wants a key and none is set, unless `offline`."""
        from interviewer.engines.llm_models import OPENAI, Address

        secret = self.settings.openai_api_key
        key = SecretStr(secret.get_secret_value().strip()) if secret else None
        if key and not key.get_secret_value().isascii():
            raise SettingsError("OPENAI_API_KEY holds characters that no key has.", "Copy it again.")
        base = (self.settings.openai_base_url or OPENAI).strip()
        if not base.lower().startswith(("http://", "https://")):
            raise SettingsError(
                "OPENAI_BASE_URL is no address of an endpoint.", "It begins with http:// or https:// and ends in /v1."
            )
        address = Address(base, key)
        if address.is_openai and not address.key and not offline:
            raise SettingsError(
                "No key is set for OpenAI.", "Set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint."
            )
        return address

    @cached_property
    def knowledge(self) -> Knowledge:
        """What has been learnt of endpoints."""
        from interviewer.engines.llm_known import Knowledge

        return Knowledge(self.settings.cache_dir / "endpoints.json")

    async def examine(self) -> Examination:
        """A close look at the endpoint; what it can do is remembered. Raises SettingsError without a key."""
        from interviewer.engines.llm_probe import examine

        address = self.address()
        try:
            models = self.models()
            roles = [models.grader, models.speaker]
        except SettingsError:
            roles = []
        return await examine(address, roles, self.knowledge, self.settings.turn_seconds, self.settings.prompts)

    def conductor(self, engine: str | None = None) -> Conductor:
        """What holds interviews."""
        from interviewer.conduct.turn import Conductor

        return Conductor(
            self.store,
            self.engine(engine),
            self.retriever,
            self.phrases,
            seconds=self.settings.turn_seconds,
            prices=self.settings.prices,
        )

    def warm(self, guide: Guide) -> None:
        """Load what the first answer will need, while the candidate reads. Raises IndexUnavailable."""
        if self.uses_models:
            from interviewer.engines.llm_client import warm

            warm()
        else:
            self.reader.warm()
        self.encoder.warm()
        self.retriever.ensure(guide)


def prompt_as_sent(name: str, request: AssessRequest | SpeakRequest, prompts: Path | None, fence: str = "") -> Prompt:
    """What a model is sent for a request: "speak", "assess", or "form" after a reply that was no filled sheet.

    "assess" is rendered with this fence, if one is given.
    """
    from interviewer.engines.llm_prompts import assess_prompt, form_prompt, speak_prompt
    from interviewer.engines.llm_schema import Sheet

    if isinstance(request, SpeakRequest):
        return speak_prompt(request, prompts)
    sheet = Sheet.of(request)
    return form_prompt(sheet, prompts) if name == "form" else assess_prompt(request, sheet, prompts, fence)


def random_seed() -> int:
    """A seed for a plan that nobody chose; short enough to type again."""
    return secrets.randbelow(10_000)


def private_folder(path: Path) -> Path:
    """A folder that only this user can look into, made if it is not there. Raises SettingsError when it cannot be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The folder {path} cannot be made: {error.strerror}.", "Set INTERVIEWER_DATA_DIR to one that can."
        ) from None
    return path

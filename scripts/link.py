"""Make this checkout importable and its command callable in the environment that runs this, without any download.

`pip install -e .` would fetch the build backend, unpinned; a path file and the console script are all that it leaves.
"""

from __future__ import annotations

import stat
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = """#!{python}
import sys

from interviewer.cli.main import main

sys.exit(main())
"""


def main() -> None:
    """Write both files."""
    (Path(sysconfig.get_path("purelib")) / "interviewer-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = Path(sysconfig.get_path("scripts")) / "interviewer"
    command.write_text(SCRIPT.format(python=sys.executable), encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


if __name__ == "__main__":
    main()

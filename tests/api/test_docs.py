"""What the page about the inbox shows of the API is run as it stands, by a shell, against a server on loopback."""

import base64
import contextlib
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from api.desk import HARMLESS, ROOT, Desk

SECRET = b"the secret of the page"
NEEDED = ("bash", "curl", "jq", "openssl")
PAGE = ROOT / "docs" / "inbox.md"


def script() -> str:
    """Return the shell blocks of the page, one after the other."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S))


@contextlib.contextmanager
def served(desk: Desk) -> Iterator[str]:
    """Serve the desk on a free port; yield its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(desk, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"the page's commands need {', '.join(NEEDED)}")
def test_what_the_page_shows_works(desk: Desk) -> None:
    """Every command ends well, and what they say is done: two tickets are on record, and one verdict is signed."""
    desk.world.script.always = lambda known: HARMLESS
    desk.app.state.webhook_secrets = (SECRET,)
    with served(desk) as address:
        # The world's clock stands still, so the shell's has to stand where it does.
        began = f"set -euo pipefail\ndate() {{ echo {int(desk.world.now.timestamp())}; }}\n"
        shown = began + script().replace("http://127.0.0.1:8080", address)
        secret = f"whsec_{base64.b64encode(SECRET).decode()}"
        about = {**os.environ, "KEY": desk.key(), "CXAGENT_WEBHOOK_SECRETS": secret, "no_proxy": "127.0.0.1"}
        ended = subprocess.run(
            ["bash", "-c", shown], env=about, capture_output=True, text=True, timeout=60, check=False
        )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {row["id"] for row in desk.world.rows("ticket")} == {"T-1001", "T-1002"}
    assert [row["signed_by"] for row in desk.world.rows("draft", ticket_id="T-1001")] == ["Lena Hartmann"]

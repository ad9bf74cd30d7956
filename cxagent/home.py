"""A project's folder: its configuration, playbook, guidance and ledger; no graph, so that reading them is quick."""

import os
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from cxagent.domain.value import Text, Value
from cxagent.errors import BadInput
from cxagent.ledger import versions
from cxagent.ledger.deliveries import Webhook
from cxagent.ledger.store import Connection, Store
from cxagent.metrics.registry import Registry, default_registry, load_registry
from cxagent.playbook import Playbook, explain, load_playbook, parse_playbook, read_yaml
from cxagent.proposers.guidance import Guidance, load_guidance

DATABASE = "CXAGENT_DATABASE_URL"


class Demo(Value):
    """Where the demo's tickets, its frozen day and the months before it stand."""

    tickets: Text
    world: Text
    history: Text | None = None


class Config(Value):
    """The project's configuration file, `graphs/project.yaml`."""

    name: Text = "project"
    playbook: Text = "graphs/playbook.yaml"
    guidance: Text = "graphs/guidance"
    metrics: Text = "graphs/metrics.yaml"
    tools: Text = "tools"
    sources: tuple[dict[str, Any], ...] = ()
    deadline_seconds: float = Field(default=2.5, gt=0)
    fx: Text | None = None
    model: Text | None = None
    shadow: bool = False
    database: Text = "sqlite:///.cxagent/cxagent.sqlite"
    settings: dict[str, Any] = Field(default_factory=dict)
    webhooks: tuple[Webhook, ...] = ()
    demo: Demo | None = None


class Home:
    """What a project's files say, each read when it is first needed, and its ledger."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()

    @cached_property
    def config(self) -> Config:
        """The configuration; a missing file means that this is no project."""
        path = self.home / "graphs" / "project.yaml"
        if not path.is_file():
            raise BadInput(
                "is no cxagent project (graphs/project.yaml is missing); try `cxagent init`", where=str(self.home)
            )
        try:
            return Config.model_validate(read_yaml(path) or {})
        except ValidationError as error:
            raise BadInput(explain(error), where=str(path)) from None

    @property
    def name(self) -> str:
        """What the project is called."""
        return self.config.name

    @cached_property
    def playbook(self) -> Playbook:
        """The Financial Playbook as the project's own file has it; what rules now is `in_force`."""
        return load_playbook(self.home / self.config.playbook)

    @property
    def playbook_text(self) -> str:
        """The text of that file, with its comments."""
        return (self.home / self.config.playbook).read_text(encoding="utf-8-sig")

    def playbook_on_record(self, connection: Connection) -> Playbook:
        """Return the playbook that the ledger says rules; the file's where none was ever put in force."""
        found = versions.active(connection)
        if found is None or found.version.digest == self.playbook.digest:
            return self.playbook
        return parse_playbook(found.version.text, f"version {found.version.number} of the playbook")

    @cached_property
    def guidance(self) -> Guidance:
        """The guidance, one file per intent."""
        return load_guidance(self.home / self.config.guidance)

    @cached_property
    def metrics(self) -> Registry:
        """The registered metrics: those of the project's own file, else the ones every project has."""
        path = self.home / self.config.metrics
        return load_registry(path) if path.is_file() else default_registry()

    @property
    def database_url(self) -> str:
        """The database: the environment's, else the configuration's; SQLite paths are relative to the project."""
        url = os.environ.get(DATABASE) or self.config.database
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith(prefix + "/") and url != "sqlite:///:memory:":
            return prefix + str(self.home / url.removeprefix(prefix))
        return url

    @cached_property
    def store(self) -> Store:
        """The ledger's database, brought up to date."""
        return Store.open(self.database_url)

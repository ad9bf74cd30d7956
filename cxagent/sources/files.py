"""Accounts from files: a folder of JSON documents, or CSV tables with a mapping."""

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cxagent.domain.account import Account, Mismatch
from cxagent.domain.vocabulary import SourceName
from cxagent.errors import BadInput, CxagentError, Unreachable
from cxagent.sources.checks import mismatches, totals
from cxagent.sources.document import dotted, line_of, one_sentence, parse_json, read_text
from cxagent.sources.mapping import Mapping, load_mapping
from cxagent.sources.rows import AccountRows, Reader, Row, Table
from cxagent.sources.seam import SECTIONS, HeldSource
from cxagent.sources.shaping import shape

csv.field_size_limit(16_000_000)


class FilesSource:
    """Accounts read from files into memory, and read again when the files have changed.

    `path` is a folder of `*.json` (one document each) and `*.jsonl` (one a line). With a YAML `mapping` it is the
    folder of the CSV files, by default the mapping's own.
    `rejected` lists every refused line as `file:line: field: what`.
    """

    instant = True

    def __init__(
        self,
        path: Path | None = None,
        *,
        mapping: Path | None = None,
        name: str | None = None,
        sections: frozenset[SourceName] | None = None,
        recheck_seconds: float = 1.0,
    ) -> None:
        if path is None and mapping is None:
            raise BadInput("a files source needs `path` (a folder of documents) or `mapping` (for CSV)")
        if mapping is not None and sections is not None:
            raise BadInput("the mapping says which sections a source has; leave `sections` out")
        self._path = path or Path(mapping or "").parent
        self._mapping = load_mapping(mapping) if mapping else None
        self.name = name or (mapping or self._path).stem
        self.sections = sections or (self._mapping.sections if self._mapping else SECTIONS)
        self._recheck, self._checked = recheck_seconds, time.monotonic()
        self._stamp = self._stamped()
        self._read()

    def accounts_of(self, email: str) -> tuple[str, ...]:
        """Return the accounts that list the address as a contact."""
        return self._fresh().accounts_of(email)

    def account(self, account_id: str) -> Account | None:
        """Return the document as read from the files."""
        return self._fresh().account(account_id)

    def family(self, account_id: str) -> tuple[str, ...]:
        """Return everyone under the same ultimate parent."""
        return self._fresh().family(account_id)

    def mismatches(self, account_id: str) -> tuple[Mismatch, ...]:
        """Return what the mapped checks find on one account."""
        self._fresh()
        if self._mapping is None or account_id not in self._rows:
            return ()
        return mismatches(self._mapping.checks, account_id, self._rows[account_id])

    def totals(self) -> dict[str, int]:
        """Return how many accounts or rows fail each mapped check."""
        self._fresh()
        return totals(self._mapping.checks, self._rows) if self._mapping else {}

    def accounts(self) -> tuple[Account, ...]:
        """Return every document that was read."""
        return self._fresh().accounts

    def health(self) -> str:
        """Say how much was read and refused, or raise `Unreachable`."""
        try:
            count = len(self.accounts())
        except CxagentError as error:
            raise Unreachable(f"{self.name}: {error}") from error
        return f"{self.name}: {count} accounts from {self._path}, {len(self.rejected)} lines rejected"

    def _fresh(self) -> HeldSource:
        if time.monotonic() - self._checked >= self._recheck:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._read()
                self._stamp = stamp
            self._checked = time.monotonic()
        return self._held

    def _read(self) -> None:
        self._rows: dict[str, AccountRows] = {}
        if self._mapping is None:
            accounts, rejected = _documents(self._files(), self.sections)
        else:
            self._rows, rejected = read_tables(self._mapping, self._path)
            accounts = []
            for account_id, rows in self._rows.items():
                shaped = shape(self._mapping, account_id, rows)
                accounts += [shaped.account] if shaped.account else []
                rejected += shaped.rejected
        self._held = HeldSource(accounts, name=self.name)
        self.rejected: tuple[str, ...] = tuple(rejected)

    def _files(self) -> list[Path]:
        if self._mapping is not None:
            return [self._path / table.file for table in self._mapping.tables.values() if table.file]
        if not self._path.is_dir():
            raise BadInput("is not a folder of account documents", where=str(self._path))
        return sorted(file for file in self._path.iterdir() if file.suffix in (".json", ".jsonl"))

    def _stamped(self) -> tuple[tuple[str, int, int], ...]:
        states = ((file, file.stat()) for file in self._files() if file.exists())
        return tuple((file.name, state.st_mtime_ns, state.st_size) for file, state in states)


def _documents(files: list[Path], sections: frozenset[SourceName]) -> tuple[list[Account], list[str]]:
    """Read JSON documents: a wrong file is an error, a wrong line of a `.jsonl` file is rejected and listed."""
    found: dict[str, Account] = {}
    places: dict[str, str] = {}
    rejected: list[str] = []
    for file in files:
        text = read_text(file)
        lines = [(1, text)] if file.suffix == ".json" else list(enumerate(text.split("\n"), 1))
        for number, line in lines:
            if file.suffix == ".jsonl" and not line.strip():
                continue
            try:
                account = _document(line, file, number, sections)
            except BadInput as error:
                if file.suffix == ".json":
                    raise
                rejected.append(str(error))
                continue
            if account.id in places:
                first = places[account.id]
                raise BadInput(f"the account {account.id!r} stands twice, first at {first}", where=f"{file}:{number}")
            places[account.id], found[account.id] = f"{file}:{number}", account
    return list(found.values()), rejected


def _document(text: str, file: Path, number: int, sections: frozenset[SourceName]) -> Account:
    data = parse_json(text, f"{file}:{number}")
    try:
        account = Account.model_validate(data)
    except ValidationError as error:
        line = number + line_of(text, error.errors()[0]["loc"]) - 1
        raise BadInput(one_sentence(error), where=f"{file}:{line}") from None
    for section in SourceName:
        if section not in sections and account.section(section) is not None:
            line = number + line_of(text, (section.value,)) - 1
            raise BadInput(f"{dotted((section.value,))}: this source does not answer for it", where=f"{file}:{line}")
    return account


def read_tables(mapping: Mapping, folder: Path) -> tuple[dict[str, AccountRows], list[str]]:
    """Read the CSV files of a mapping, sorted by account, and the sentences of the rejected lines."""
    accounts: dict[str, AccountRows] = {}
    rejected: list[str] = []
    columns = mapping.columns()
    base = mapping.account.table
    for name in (base, *(name for name in columns if name != base)):
        table = mapping.tables[name]
        reader = Reader(table, columns[name])
        for place, raw in _lines(folder, table, columns[name], rejected):
            account_id = reader.account_of(raw)
            if account_id is None:
                rejected.append(f"{place}: {table.key}: names no account")
                continue
            if name != base and account_id not in accounts:
                rejected.append(f"{place}: {table.key}: {account_id!r} is no account of {mapping.tables[base].file}")
                continue
            rows = accounts.setdefault(account_id, AccountRows())
            try:
                rows.tables.setdefault(name, []).append(Row(place, reader.cells(raw)))
            except ValueError as error:
                rows.spoiled.add(name)
                rejected.append(f"{place}: {error}")
    return accounts, rejected


def _lines(
    folder: Path, table: Table, columns: frozenset[str], rejected: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the place and cells of every row; a row with another number of cells than the header is rejected."""
    if table.file is None:
        raise BadInput("tables of a database need a `sql` source", where=str(folder))
    path = folder / table.file
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=table.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        for name in sorted(columns):
            if header.count(name) != 1:
                raise BadInput(f"the header names {name!r} {header.count(name)} times", where=f"{path}:1")
        start = reader.line_num + 1
        for cells in reader:
            place, start = f"{table.file}:{start}", reader.line_num + 1
            if len(cells) == len(header):
                yield place, dict(zip(header, cells, strict=True))
            elif cells:
                rejected.append(f"{place}: row: has {len(cells)} cells, the header has {len(header)}")
    except csv.Error as error:
        raise BadInput(f"is not CSV: {error}", where=f"{path}:{reader.line_num}") from None

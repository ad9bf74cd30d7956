"""Sources of facts: folders of documents, CSV files, and the configuration of a project's sources."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cxagent.domain.account import Account
from cxagent.domain.vocabulary import SourceName
from cxagent.errors import BadInput, Unreachable
from cxagent.sources import FilesSource, Gather, HeldSource, Source, load_sources

ACME: dict[str, Any] = {
    "id": "acme",
    "name": "Acme",
    "parent_id": None,
    "crm": {
        "as_of": "2026-11-20T06:00:00Z",
        "arr": {"amount": "10.00", "currency": "USD"},
        "contacts": [{"email": "ann@acme.example"}],
    },
}


def write(folder: Path, name: str, *documents: Any) -> Path:
    """Write documents: one, indented, to a `.json` file; one a line to a `.jsonl` file."""
    lines = [
        one if isinstance(one, str) else json.dumps(one, indent=1 if name.endswith(".json") else None)
        for one in documents
    ]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_folder_of_documents_is_a_source(tmp_path: Path) -> None:
    """Documents from `.json` and `.jsonl` files are found by id and by contact."""
    write(tmp_path, "acme.json", ACME)
    write(
        tmp_path, "more.jsonl", {"id": "bolt", "name": "Bolt", "parent_id": "acme"}, "", {"id": "cold", "name": "Cold"}
    )
    source = FilesSource(tmp_path)
    assert source.account("acme") == Account.model_validate(ACME)
    assert (source.accounts_of("Ann@ACME.example"), source.family("acme")) == (("acme",), ("bolt",))
    assert source.health() == f"{tmp_path.name}: 3 accounts from {tmp_path}, 0 lines rejected"


@pytest.mark.parametrize("source", [HeldSource([])])
def test_the_twin_is_a_source(source: object) -> None:
    """The in-memory twin has every member of the seam."""
    assert isinstance(source, Source)


def test_a_byte_order_mark_is_tolerated(tmp_path: Path) -> None:
    """A file that begins with a byte order mark reads as one without."""
    (tmp_path / "acme.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(ACME).encode())
    assert FilesSource(tmp_path).account("acme") is not None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"id": "a",\n "name": "caf\xe9"}', "a.json:2: is not UTF-8 text (byte 0xe9)"),
        (b'{"id": "a",\n "na\x00me": "b"}', "a.json:2: holds a NUL byte"),
        (b'{"id": "a",\n "name": "b\\u0000"}', "a.json:2: name: holds a NUL byte"),
        ("{}".encode("utf-16"), "a.json:1: "),
        (b'{"id": "a",\n "name": }', "a.json:2: is not JSON"),
        (b"", "a.json:1: is not JSON"),
        (b"[" * 100_000, "a.json:1: is nested too deeply"),
        (b'{"id": "a", "id": "b", "name": "c"}', "a.json:1: the key 'id' stands twice"),
        (b'{"id": "a"}', "a.json:1: name: Field required"),
        (b'{"id": "a",\n "name": "b",\n "vip": true}', "a.json:3: vip: this key is not known"),
        (b'{"id": "a", "name": "b",\n "crm": {"as_of": null,\n "health": 140}}', "a.json:3: crm.health: "),
        (
            b'{"id": "a", "name": "b",\n "crm": {"as_of": null,\n "arr": {"amount": 1.5, "currency": "USD"}}}',
            "a.json:3: crm.arr.amount: write the number as a decimal string",
        ),
        (b'{"id": "a", "name": "b", "crm": {"as_of": "2026-11-20T06:00:00"}}', "a.json:1: crm.as_of: "),
        (b'{"id": "a", "name": "b", "crm": {"as_of": 1795000000}}', "a.json:1: crm.as_of: write the time as ISO 8601"),
    ],
)
def test_a_wrong_document_names_file_line_and_field(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Wrong encodings, broken JSON, unknown keys and impossible values are refused with their place."""
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(BadInput) as caught:
        FilesSource(tmp_path)
    assert sentence in str(caught.value)


def test_a_wrong_line_is_listed_and_the_good_lines_go_on(tmp_path: Path) -> None:
    """In a file of many documents one bad line is rejected by file, line and field, and the rest is there."""
    write(tmp_path, "all.jsonl", {"id": "a", "name": "A"}, {"id": "b", "nam": "B"}, "{", {"id": "c", "name": "C"})
    source = FilesSource(tmp_path)
    assert [account.id for account in source.accounts()] == ["a", "c"]
    assert [line.removeprefix(f"{tmp_path}/")[:21] for line in source.rejected] == [
        "all.jsonl:2: name: Fi",
        "all.jsonl:3: is not J",
    ]


def test_one_id_in_two_places_is_refused_with_both(tmp_path: Path) -> None:
    """Two documents of one account are ambiguous: both places are named."""
    write(tmp_path, "a.json", ACME)
    write(tmp_path, "b.jsonl", {"id": "x", "name": "X"}, ACME)
    with pytest.raises(BadInput, match=r"b\.jsonl:2: the account 'acme' stands twice, first at .*a\.json:1"):
        FilesSource(tmp_path)


def test_a_section_of_another_source_is_refused(tmp_path: Path) -> None:
    """A billing folder that holds a CRM section is a mistake, not a second opinion."""
    write(tmp_path, "a.json", ACME)
    with pytest.raises(BadInput, match=r"a\.json:5: crm: this source does not answer for it"):
        FilesSource(tmp_path, sections=frozenset({SourceName.BILLING}))


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    """A folder that is not there is named."""
    with pytest.raises(BadInput, match="nowhere: is not a folder of account documents"):
        FilesSource(tmp_path / "nowhere")


def test_changed_files_are_read_again(tmp_path: Path) -> None:
    """A source of a long-lived process sees what changed; a file that broke meanwhile is a fault, not an old answer."""
    source = FilesSource(write(tmp_path, "a.json", ACME), recheck_seconds=0)
    write(tmp_path, "a.json", {**ACME, "name": "Acme International"})
    changed = source.account("acme")
    assert changed is not None and changed.name == "Acme International"
    write(tmp_path, "a.json", "{")
    assert {fault.error for fault in Gather([source]).ask("", "acme").faults} == {"error"}
    with pytest.raises(Unreachable):
        source.health()


def test_a_csv_header_must_name_the_columns_once(tmp_path: Path) -> None:
    """A mapped column that the header lacks, or has twice, is refused with the file."""
    mapping = {"tables": {"t": {"file": "t.csv", "key": "id"}}, "account": {"table": "t", "name": {"column": "label"}}}
    (tmp_path / "map.yaml").write_text(yaml.safe_dump(mapping))
    for header, count in (("id,title", 0), ("id,label,label", 2), ("", 0)):
        (tmp_path / "t.csv").write_text(header + "\n1,2\n")
        with pytest.raises(BadInput, match=rf"t\.csv:1: the header names '\w+' {count} times"):
            FilesSource(mapping=tmp_path / "map.yaml")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"id,label\n1,caf\xe9\n", "t.csv:2: is not UTF-8 text"),
        (b"id,label\n1,a\n2,b\x00\n", "t.csv:3: holds a NUL byte"),
        (b'id,label\n1,"a\n2,b\n', "is not CSV"),
        (b'id,label\n1,"a\nb"\n1,c\n', "t.csv:4: the account '1' stands twice, first at t.csv:2"),
    ],
)
def test_a_wrong_csv_names_file_and_line(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Encodings, NUL bytes, open quotes and ids that stand twice are refused with their place."""
    mapping = {"tables": {"t": {"file": "t.csv", "key": "id"}}, "account": {"table": "t", "name": {"column": "label"}}}
    (tmp_path / "map.yaml").write_text(yaml.safe_dump(mapping))
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(BadInput) as caught:
        FilesSource(mapping=tmp_path / "map.yaml")
    assert sentence in str(caught.value)


MAPPING = """
tables: {customers: {table: customers, key: id}}
account: {table: customers, name: {column: name}, crm.arr: {column: arr, money: USD}}
"""


def test_a_configuration_becomes_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, mapped files and a database load from a project's entries, with the url's variables filled in."""
    (tmp_path / "world").mkdir()
    write(tmp_path / "world", "a.json", ACME)
    (tmp_path / "crm.yaml").write_text(MAPPING)
    (tmp_path / "t.csv").write_text("id\n7\n")
    (tmp_path / "csv.yaml").write_text(
        "tables: {t: {file: t.csv, key: id}}\naccount: {table: t, billing.seats: {const: 3}}\n"
    )
    monkeypatch.setenv("FACTS", str(tmp_path / "facts.db"))
    entries = [
        {"kind": "files", "path": "world"},
        {"kind": "files", "mapping": "csv.yaml"},
        {"kind": "sql", "url": "sqlite:///${FACTS}", "mapping": "crm.yaml", "name": "warehouse"},
    ]
    sources = load_sources(entries, tmp_path)
    assert [source.name for source in sources] == ["world", "csv", "warehouse"]
    assert all(isinstance(source, Source) for source in sources)
    found = sources[1].account("7")
    assert found is not None and found.billing is not None and found.billing.seats == 3


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"kind": "ftp"}, "sources.0: "),
        ({"kind": "files", "folder": "x"}, "sources.0: files.folder: this key is not known"),
        ({"kind": "files"}, "needs `path`"),
        ({"kind": "files", "path": "x", "mapping": "crm.yaml", "sections": ["crm"]}, "leave `sections` out"),
        (
            {"kind": "sql", "url": "${ABSENT_URL}", "mapping": "crm.yaml"},
            "the environment variable ABSENT_URL is not set",
        ),
        (
            {"kind": "sql", "url": "nosuch://u:hush@h/x", "mapping": "crm.yaml"},
            "the url of the source 'crm' cannot be used",
        ),
        ({"kind": "sql", "url": "hush", "mapping": "crm.yaml"}, "the url of the source 'crm' cannot be used"),
        ({"kind": "sql", "url": "sqlite://", "mapping": "crm.yaml"}, "the url of the source 'crm' cannot be used"),
        (
            {"kind": "sql", "url": "sqlite:///x", "mapping": "csv.yaml"},
            "tables.t: a sql source reads `table` or `select`",
        ),
        ({"kind": "sql", "url": "sqlite:///x", "mapping": "none.yaml"}, "none.yaml: cannot be read"),
    ],
)
def test_a_wrong_configuration_is_refused(tmp_path: Path, entry: dict[str, Any], sentence: str) -> None:
    """An unknown kind, key, variable, driver or file is named, and no password is."""
    (tmp_path / "crm.yaml").write_text(MAPPING)
    (tmp_path / "csv.yaml").write_text("tables: {t: {file: t.csv, key: id}}\naccount: {table: t}\n")
    with pytest.raises(BadInput) as caught:
        load_sources([entry], tmp_path)
    assert sentence in str(caught.value)
    assert "hush" not in str(caught.value)


def test_two_sources_need_two_names(tmp_path: Path) -> None:
    """Records name sources, so two of one name are refused."""
    entry = {"kind": "files", "path": write(tmp_path, "a.json", ACME).name}
    with pytest.raises(BadInput, match="two sources are called"):
        load_sources([entry, entry], tmp_path.parent)

"""The lawful gateways in `gateways.toml`: who may share which kind of data under which law."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from config.reader import Table, check_unique, finish, open_file

GATEWAYS_FILE = Path(__file__).with_name("gateways.toml")
ANY = "any"
_DATA_SLUG = "[a-z_]+"


@dataclass(frozen=True)
class DataClass:
    slug: str
    name: str


@dataclass(frozen=True)
class GatewayRule:
    allowed: bool
    agencies: frozenset[str]
    data: frozenset[str]
    citation: str
    reason: str

    def covers(self, agency_kind: str, data_class: str) -> bool:
        agency = ANY in self.agencies or agency_kind in self.agencies
        return agency and (ANY in self.data or data_class in self.data)


@dataclass(frozen=True)
class GatewayEntry:
    slug: str
    name: str
    statute: str
    summary: str
    rules: tuple[GatewayRule, ...]


@dataclass(frozen=True)
class GatewayFile:
    data_classes: tuple[DataClass, ...]
    gateways: tuple[GatewayEntry, ...]


def load_gateways(path: Path = GATEWAYS_FILE, *, agency_kinds: Collection[str] = ()) -> GatewayFile:
    """Read and check the file; pass the known kinds of agency to have the rules checked against them."""
    root = open_file(path)
    found = GatewayFile(
        data_classes=tuple(_data_class(table) for table in root.tables("data_classes")),
        gateways=tuple(_gateway(table) for table in root.tables("gateways")),
    )
    check_unique(root, "the gateway slug", [gateway.slug for gateway in found.gateways])
    check_unique(root, "the data class", [data.slug for data in found.data_classes])
    _check_rules(root, found, frozenset(agency_kinds))
    finish(path, root)
    return found


def _data_class(table: Table) -> DataClass:
    data = DataClass(table.text("slug", pattern=_DATA_SLUG, words="be small letters and _"), table.text("name"))
    table.done()
    return data


def _gateway(table: Table) -> GatewayEntry:
    gateway = GatewayEntry(
        slug=table.text("slug", pattern=r"[a-z0-9]+(-[a-z0-9]+)*", words="be small letters, digits and hyphens"),
        name=table.text("name"),
        statute=table.text("statute"),
        summary=table.text("summary"),
        rules=tuple(_rule(rule) for rule in table.tables("rules", label="answer")),
    )
    table.done()
    return gateway


def _rule(table: Table) -> GatewayRule:
    answer = table.text("answer", pattern="allowed|refused", words="be 'allowed' or 'refused'")
    rule = GatewayRule(
        allowed=answer == "allowed",
        agencies=frozenset(table.texts("agencies")),
        data=frozenset(table.texts("data")),
        citation=table.text("citation"),
        reason=table.text("reason"),
    )
    table.done()
    return rule


def _check_rules(root: Table, found: GatewayFile, kinds: frozenset[str]) -> None:
    classes = {data.slug for data in found.data_classes} | {ANY}
    for gateway in found.gateways:
        for rule in gateway.rules:
            for unknown in sorted(rule.data - classes):
                root.complain(f"gateways ({gateway.slug}): '{unknown}' is not a data class in this file")
            for unknown in sorted(rule.agencies - kinds - {ANY} if kinds else ()):
                root.complain(f"gateways ({gateway.slug}): '{unknown}' is not a kind of agency we know")

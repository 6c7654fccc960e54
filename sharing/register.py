"""The gateway register: may this agency share this kind of data on this lawful ground?

Pure: no database, no record. The caller records every answer, and tells the data protection officer of those that are
not in the register.
"""

from dataclasses import dataclass
from functools import lru_cache

from config.gateways import DataClass, GatewayEntry, GatewayFile, GatewayRule, load_gateways
from core.codes.agencies import AgencyKind
from core.codes.sharing import SharingOutcome

_EMERGENCY = "Someone could be seriously harmed. Share what is needed now and write down why afterwards."
_NOT_IN_REGISTER = (
    "The register does not say whether this is allowed. Write why it is needed and the data protection "
    "officer will be told."
)


@dataclass(frozen=True)
class Answer:
    """What the register says, in words a page can show."""

    outcome: SharingOutcome
    statute: str
    reason: str
    emergency: bool = False

    @property
    def may_share(self) -> bool:
        return self.outcome is SharingOutcome.ALLOWED

    @property
    def needs_reason(self) -> bool:
        return self.emergency or self.outcome is SharingOutcome.NOT_IN_REGISTER


@lru_cache(maxsize=1)
def register() -> GatewayFile:
    """The register as configured; read once a process."""
    return load_gateways(agency_kinds=list(AgencyKind))


def gateways() -> tuple[GatewayEntry, ...]:
    return register().gateways


def data_classes() -> tuple[DataClass, ...]:
    return register().data_classes


def check(agency_kind: str, data_class: str, gateway: str, emergency: bool = False) -> Answer:
    """The answer for one agency, kind of data and gateway. A refusal wins over a permission; an emergency over both."""
    entry = next((g for g in gateways() if g.slug == gateway), None)
    if emergency:
        return Answer(SharingOutcome.ALLOWED, entry.statute if entry else "", _EMERGENCY, emergency=True)
    if entry is None:
        return Answer(SharingOutcome.NOT_IN_REGISTER, "", _NOT_IN_REGISTER)
    rule = _deciding_rule(entry, agency_kind, data_class)
    if rule is None:
        return Answer(SharingOutcome.NOT_IN_REGISTER, entry.statute, _NOT_IN_REGISTER)
    outcome = SharingOutcome.ALLOWED if rule.allowed else SharingOutcome.REFUSED
    return Answer(outcome, _pinpoint(entry, rule), rule.reason)


def _deciding_rule(entry: GatewayEntry, agency_kind: str, data_class: str) -> GatewayRule | None:
    covering = [rule for rule in entry.rules if rule.covers(agency_kind, data_class)]
    return min(covering, key=lambda rule: rule.allowed, default=None)


def _pinpoint(entry: GatewayEntry, rule: GatewayRule) -> str:
    """The Act with the rule's own section: "Police, ... Act 2022, section 16(4)"."""
    return f"{entry.statute.rsplit(', section', 1)[0]}, {rule.citation}"

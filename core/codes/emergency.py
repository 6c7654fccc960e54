"""Why a record was opened in an emergency, and what the safeguarding lead found when looking back."""

from core.codes.base import Code, Status


class EmergencyReason(Code):
    MISSING = "missing", "The young person is missing"
    DANGER = "danger", "Someone is in danger now"
    ASKED_NOW = "asked_now", "The front door, the police or a hospital needs to know now"
    NOBODY_THERE = "nobody_there", "The person who leads the case cannot be reached, and this cannot wait"
    OTHER = "other", "Another emergency"


class EmergencyOutcome(Status):
    RIGHT = "right", "It was right to open it", "green"
    AVOIDABLE = "avoidable", "It was meant well, but there was another way", "yellow"
    INCIDENT = "incident", "It should not have been opened: a data incident", "red"

"""What the safeguarding lead found when looking back at emergency access."""

from core.codes.base import Status


class EmergencyOutcome(Status):
    RIGHT = "right", "It was right to open it", "green"
    AVOIDABLE = "avoidable", "It was meant well, but there was another way", "yellow"
    INCIDENT = "incident", "It should not have been opened: a data incident", "red"

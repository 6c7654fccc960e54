"""What unusual access is looked for, and what whoever reviewed it found."""

from core.codes.base import GroupedCode, Status

RECORDS, AMOUNT, TIMES = "Whose records", "How much", "When"


class AlertRule(GroupedCode):
    """The label is the reason in words, and names nobody."""

    NO_WORK = "no_work", "Opened a record of a young person with whom they have no work", RECORDS
    OWN_SURNAME = "own_surname", "Opened the record of a young person with their own surname", RECORDS
    OWN_ADDRESS = "own_address", "Opened the record of a young person with their own home postcode", RECORDS
    TRIP_WIRE = "trip_wire", "Opened a record that nobody has a reason to open", RECORDS
    MANY = "many", "Saw more than three times as many young people as they usually do in a day", AMOUNT
    SERIAL_SEARCH = "serial_search", "Searched again and again and opened almost nothing", AMOUNT
    DENIALS = "denials", "Was turned away many times within an hour", AMOUNT
    BULK_EXPORT = "bulk_export", "Took or printed a great deal", AMOUNT
    HOURS = "hours", "Looked at records outside their usual hours", TIMES
    DORMANT = "dormant", "Came back after a long time without signing in", TIMES
    EMERGENCY = "emergency", "Used emergency access that nobody reviewed within two working days", TIMES


class AlertOutcome(Status):
    WORK = "work", "It was part of their work", "green"
    MISTAKE = "mistake", "A mistake; they know now", "yellow"
    WATCH = "watch", "Not clear; look again", "orange"
    INCIDENT = "incident", "A data incident", "red"

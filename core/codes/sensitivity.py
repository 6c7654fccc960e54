"""How closed a young person's record is, and why."""

from core.codes.base import Code, Status


class Sensitivity(Status):
    """SETTLED 3. Restricted: its presence is known in its area. Hidden: nobody but named people knows of it."""

    NORMAL = "normal", "Open to its area", "grey"
    RESTRICTED = "restricted", "Restricted", "magenta"
    HIDDEN = "hidden", "Hidden", "magenta"


class SensitivityReason(Code):
    """Why a record is closed (SECURITY-DESIGN 5)."""

    LOOKED_AFTER = "looked_after", "Looked after by a local authority"
    WITNESS = "witness", "A witness, or at risk of being made to keep silent"
    STAFF_RELATIVE = "staff_relative", "Related to or known by someone who works here"
    POLICE = "police", "Part of a police operation"
    NATIONAL_SECURITY = "national_security", "National security"
    ADDRESS = "address", "Someone must not find out where they are"


class OpeningReason(Code):
    """Why a record is opened up again, or closed less."""

    OVER = "over", "The reason is over"
    MISTAKE = "mistake", "It was set by mistake"
    AGREED = "agreed", "Partners agreed that more people must know"

"""One-time links to refer by, and what came from people without an account."""

from core.codes.base import Code, Status


class LinkState(Status):
    """Worked out from a link's times; not stored."""

    SENT = "sent", "Sent", "blue"
    OPENED = "opened", "Opened", "yellow"
    USED = "used", "Used", "green"
    ENDED = "ended", "Ended", "grey"
    RUN_OUT = "run_out", "Run out", "grey"


class ArrivalStatus(Code):
    """Being written by its sender, waiting for a coordinator, or turned away. What is accepted becomes a referral."""

    WRITING = "writing", "Being written"
    WAITING = "waiting", "Waiting"
    TURNED_AWAY = "turned_away", "Turned away"


class TurnAwayReason(Code):
    DUPLICATE = "duplicate", "We have this referral already"
    ELSEWHERE = "elsewhere", "Another service is the right place, and the sender knows"
    NOT_SENT = "not_sent", "The person named says that they did not send it"
    NOT_MEANT = "not_meant", "It is not a request for help"
    OTHER = "other", "Another reason"

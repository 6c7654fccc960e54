"""Offers of support to a provider, and what evidence says about an approach."""

from core.codes.base import Code, Status


class OfferStatus(Status):
    OFFERED = "offered", "Offered", "blue"
    ACCEPTED = "accepted", "Accepted", "green"
    WAITING = "waiting", "Waiting", "yellow"
    ACTIVE = "active", "Under way", "teal"
    PAUSED = "paused", "Paused", "grey"
    COMPLETED = "completed", "Finished", "green"
    CANNOT_TAKE = "declined", "Cannot take", "grey"
    ENDED_EARLY = "ended_early", "Ended early", "grey"

    @property
    def is_open(self) -> bool:
        return self in OPEN_OFFERS


OPEN_OFFERS = frozenset(
    {OfferStatus.OFFERED, OfferStatus.ACCEPTED, OfferStatus.WAITING, OfferStatus.ACTIVE, OfferStatus.PAUSED}
)


class DeclineReason(Code):
    """Why a provider cannot take an offer."""

    NO_PLACES = "no_places", "No places now"
    NOT_RIGHT_SUPPORT = "not_right_support", "Not the right support for what they want"
    AGE = "age", "Outside the ages we work with"
    TOO_FAR = "too_far", "Too far for them to travel"
    NOT_SAFE_TOGETHER = "not_safe_together", "It would not be safe with others already there"
    CONFLICT = "conflict", "We know the family or have another conflict"
    NEED_INFORMATION = "need_information", "We need to know more first"
    OTHER = "other", "Another reason"


class EndedEarlyReason(Code):
    CHOSE_TO_STOP = "chose_to_stop", "They chose to stop"
    GOALS_MET = "goals_met", "They got what they wanted sooner"
    MOVED = "moved", "They moved away"
    OTHER_SUPPORT = "other_support", "Other support replaced it"
    NOT_WORKING = "not_working", "It was not working for them"
    PROVIDER = "provider", "The provider could not go on"
    OTHER = "other", "Another reason"


class EvidenceRating(Status):
    HIGH = "high", "High effect", "green"
    MODERATE = "moderate", "Moderate effect", "teal"
    LOW = "low", "Low effect", "blue"
    PROMISING = "promising", "Promising, few studies", "blue"
    INSUFFICIENT = "insufficient", "Not enough evidence", "grey"
    UNRATED = "unrated", "Unrated, check toolkit", "grey"
    LOCAL = "local", "Local offer, not in the toolkit", "grey"
    HARMFUL = "harmful", "Can cause harm", "red"


class EvidenceConfidence(Code):
    HIGH = "high", "High confidence"
    MODERATE = "moderate", "Moderate confidence"
    LOW = "low", "Low confidence"
    NOT_RATED = "not_rated", "Confidence not rated"


class CostBand(Code):
    LOW = "low", "Low cost"
    MODERATE = "moderate", "Moderate cost"
    HIGH = "high", "High cost"
    NOT_KNOWN = "not_known", "Cost not known"

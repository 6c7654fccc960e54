"""The register's three answers to "may this be shared?"."""

from core.codes.base import Status


class SharingOutcome(Status):
    ALLOWED = "allowed", "Allowed", "green"
    REFUSED = "refused", "Not allowed by law", "orange"
    NOT_IN_REGISTER = "not_in_register", "Not in the register", "yellow"

"""Whose rows PostgreSQL shows in each table: the list that its policies are made from, and what is left out with why."""

from dataclasses import dataclass

from sqlalchemy import MetaData, Table

# The parts of a policy. Each is a scalar sub-select, worked out once a statement and not once a row; a setting that was
# never made is NULL and one from an earlier transaction is '', and neither matches anything.
AREAS = "(select string_to_array(current_setting('app.areas', true), ','))::text[]"
HIDDEN = "(select string_to_array(current_setting('app.hidden', true), ','))::text[]"
ME = "(select nullif(current_setting('app.me', true), ''))"
AGENCY = "(select nullif(current_setting('app.agency', true), ''))"
JOB = "(select current_setting('app.job', true) = 'all')"


@dataclass(frozen=True, slots=True)
class Rows:
    """Who sees a table's rows: any one of these. ``mine`` and ``agency``: columns that hold my id or my agency's.

    ``other``: a second column with an area that sees them.

    ``through``: (column, table) where the row follows the one it hangs on. ``person``: the column with the young
    person, whose hidden rows nobody else sees, ``unless`` that column holds my id. ``writes``: what may be added, where
    that is wider than what may be seen.
    """

    area: str | None = "area_id"
    other: str | None = None
    mine: tuple[str, ...] = ()
    agency: tuple[str, ...] = ()
    through: tuple[str, str] | None = None
    person: str | None = "young_person_id"
    unless: str | None = None
    writes: str | None = None
    is_open: bool = False

    def using(self, table: Table) -> str:
        """The condition on rows that are read, changed or deleted."""
        if self.is_open:
            return "true"
        who = [JOB, *self._area(table), *(f"{column} = {ME}" for column in self.mine)]
        who += [f"{column} = {AGENCY}" for column in self.agency]
        if self.through:
            column, other = self.through
            who = [JOB, f"exists (select 1 from {other} where {other}.id = {table.name}.{column})"]  # noqa: S608 (our own names)
        return f"({' or '.join(who)}){self._not_hidden(table)}"

    def check(self, table: Table) -> str:
        """The condition on rows as they are after they were written."""
        return self.writes or self.using(table)

    def _area(self, table: Table) -> list[str]:
        if self.area is None or self.area not in table.c:
            return []
        column = f"coalesce({self.area}, 'system')" if table.c[self.area].nullable else self.area
        return [f"{one} = any ({AREAS})" for one in (column, self.other) if one]

    def _not_hidden(self, table: Table) -> str:
        column = self.person
        if column is None or column not in table.c:
            return ""
        others = [f"{column} <> all ({HIDDEN})"]
        others += [f"{column} is null"] if table.c[column].nullable else []
        others += [f"{self.unless} = {ME}"] if self.unless else []
        return f" and ({' or '.join(others)})"


# A table with ``area_id`` that stands in neither list has the plain rule: the rows of one's own areas.
RULES: dict[str, Rows] = {
    "young_person": Rows(person="id"),
    "referral": Rows(mine=("sent_by_id",), agency=("agency_id",), unless="sent_by_id"),
    "referral_message": Rows(through=("referral_id", "referral")),
    "referrer_feedback": Rows(through=("referral_id", "referral")),
    # Triage keeps a match with a hidden record that whoever triages must not read back.
    "possible_match": Rows(writes=f"area_id = any ({AREAS}) or {JOB}"),
    "meeting_member": Rows(through=("meeting_id", "meeting")),
    "approval": Rows(mine=("asked_by_id",)),
    "matching_task": Rows(mine=("asked_by_id",)),
    "person_merge": Rows(person="kept_id"),
    "transfer": Rows(other="to_area_id"),
    "emergency_access": Rows(mine=("user_id",), unless="user_id"),
    "step_up": Rows(mine=("raised_by_id",)),
    "referral_draft": Rows(area=None, mine=("owner_id",)),
    "form_draft": Rows(area=None, mine=("user_id",)),
    "referral_import": Rows(area=None, mine=("owner_id",)),
    "import_row": Rows(through=("import_id", "referral_import")),
    # Sent by nobody as far as the session knows; the form says under our signature whose it is.
    "held_form": Rows(area=None, mine=("user_id",), writes="true"),
    "stored_search": Rows(area=None, mine=("owner_id",)),
    "change_history": Rows(mine=("actor_id",), person="subject"),
    # Anyone's act may belong in another area's chain; whoever writes an entry need not be able to read it.
    "audit_entry": Rows(area="chain", mine=("actor_id",), writes="true"),
    "audit_subject": Rows(area="chain", writes="true"),
    # Hashes alone: whoever adds to a chain reads its last seal, and nothing of anyone can be learned from one.
    "audit_seal": Rows(is_open=True),
    "audit_chain_key": Rows(is_open=True),
    # A visitor looks as the token, the visit or the link that they hold, and sees that one row (invited/services/visits.py).
    "referral_link": Rows(mine=("token_hash", "visit_hash", "id")),
    "arrival": Rows(mine=("visit_id",)),
    "stored_file": Rows(mine=("added_by_id",), unless="added_by_id"),
    "removed_file": Rows(mine=("added_by_id",)),
    "file_day": Rows(area=None, mine=("user_id",)),
    "access_day": Rows(area=None, mine=("user_id",)),
    "system_request": Rows(area=None, mine=("user_id",)),
}

EXEMPT: dict[str, str] = {
    "alembic_version": "the schema's number",
    "installation": "what this database is",
    "area": "the public directory",
    "district": "the public directory",
    "agency": "the public directory",
    "agreement": "read with who acts; what organisations agreed, nothing personal",
    "intervention": "the catalogue: nothing personal",
    "user_account": "read before it is known who acts; staff only",
    "membership": "read before it is known who acts; staff only",
    "sign_in_session": "read before it is known who acts; the cookie is kept as a hash",
    "system_credential": "read before it is known who acts; the secret is kept as a hash",
    "system_token": "read before it is known who acts; hashes",
    "account_link": "read before it is known who acts; the token is kept as a hash",
    "factor": "read while somebody signs in; their own passkeys and apps",
    "identity": "read while somebody signs in; which organisation's account is theirs",
    "recovery_code": "read while somebody signs in; hashes",
    "spent": "read while somebody signs in; hashes",
    "periodic_job": "when the service's own work is due",
    "form_submission": "claimed by the statement that finds who acts; a random key and an address of opaque ids",
    "throttle": "counted before it is known who acts; hashes",
    "watched_day": "which days the nightly look has finished: no rows about anyone",
    "audit_checkpoint": "hashes of whole chains, signed: nothing of anyone can be learned from them",
    "audit_tree": "hashes of whole chains",
    "audit_anchored": "how far checkpoints were written elsewhere",
    "message": "an e-mail to staff of any area: whom and what kind, never about whom",
    "message_choice": "which e-mails a member of staff wants",
    "file_check": "which file waits for its check: opaque ids",
    "notice": "a line for staff of any area: what kind, and an opaque id that asks its own permission",
}  # fmt: skip


def rule_of(table: Table) -> Rows | None:
    """The rule of a table, or None where it is exempt or nobody has decided yet."""
    if table.name in EXEMPT:
        return None
    return RULES.get(table.name) or (Rows() if "area_id" in table.c else None)


def undecided(metadata: MetaData) -> list[str]:
    """Tables that have neither a rule nor a reason to have none: a test fails and `flask doctor` names them."""
    return sorted(t.name for t in metadata.tables.values() if rule_of(t) is None and t.name not in EXEMPT)

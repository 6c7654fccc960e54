"""Every column that could hold words about somebody is sealed, or listed here as clear with its reason."""

import pytest
from sqlalchemy import JSON, LargeBinary, String, Text

from core.db import db

CODES = "a code from a list or an opaque id"
CLEAR = {
    "message.address": "a work e-mail address that was an account's until it changed",
    "message.lease": "random",
    "message.once_key": "random, or the name of a job, a day and the id of a user",
    "message.error": "the code of a mail server or the type of an error",
    "notice.once_key": "random, or the name of a job, a day and the id of a user",
    "file_check.lease": "random",
    "periodic_job": "names of jobs, times, and types of errors",
    "area": "configuration, published by the area",
    "district": "configuration, published by the area",
    "agency": "configuration: organisations, not people",
    "installation": "what this database is",
    "intervention": "the catalogue: kinds of support, never a young person",
    "agreement": "references and dates of agreements between organisations",
    "throttle": "hashes and counts",
    "held_form.path": "the address of one of our forms, which holds opaque ids only",
    "form_submission": "an opaque key and the address it led to, which holds ids only",
    "user_account.name": "staff names are clear for sign-in, assignment and the trail (SETTLED 12)",
    "user_account.email": "work e-mails are clear for signing in (SETTLED 12)",
    "user_account.password": "an Argon2id hash",
    "user_account.fs_uniquifier": "random",
    "user_account.other_email": "a second work e-mail, to be told about a lost device",
    "user_account.home_token": "a keyed hash of a home postcode, which is not kept; another for each account",
    "sign_in_session.id_hash": "a hash",
    "sign_in_session.proof": CODES,
    "factor.name": "what its owner calls a device in their own list",
    "factor.credential_id": "random, made by the authenticator",
    "factor.public_key": "a public key",
    "identity.provider": CODES,
    "identity.issuer": "the address of an organisation's sign-in service",
    "identity.subject": "the organisation's opaque id of a member of staff",
    "recovery_code.code_hash": "a hash",
    "spent.key": "a hash",
    "sign_in_session.data": "form token and one-time notices, which never hold personal data",
    "sign_in_session.agent": "the kind of browser, shown to its owner in the list of devices",
    "account_link.token_hash": "a hash",
    "referral_link.email": "the work e-mail address that a link was sent to",
    **dict.fromkeys(["referral_link.token_hash", "referral_link.code_hash", "referral_link.visit_hash"], "a hash"),
    "arrival.receipt": "random",
    "audit_entry.body": "canonical bytes of ids, codes and field names; a test greps them for values (T1)",
    "audit_seal.leaf": "a hash",
    "audit_seal.mac": "a keyed hash",
    "audit_checkpoint.root": "a hash",
    "audit_checkpoint.note": "hashes and a count, signed; its text goes to anchors",
    "audit_tree.hash": "a hash",
    "audit_anchored.anchor": "a kind and a hash of where",
    "access_alert.rule": "a code",
    "access_alert.counts": "counts, never values",
    "access_alert.once": "a code, opaque ids and a day",
    "system_credential.name": "what an organisation calls its system",
    "system_credential.client_id": "random",
    "system_credential.secret_hash": "a hash",
    "system_token.token_hash": "a hash",
    "system_request.key_hash": "a keyed hash",
    "system_request.body_hash": "a keyed hash",
    "system_request.answer": "ids, a reference, dates and published numbers",
    "access_day.hours": "the hours in which a member of staff worked",
    "tombstone.key_ids": "opaque ids of keys that were destroyed",
    "legal_hold.reason": CODES,
    "retention_review.rule": CODES,
    "retention_review.state": CODES,
    "retention_review.keep_reason": CODES,
    "transfer.state": CODES,
    "person_merge.moved": "opaque ids",
    "transfer.said": CODES,
    "blind_index.token": "a keyed hash of a compound, erased with the person",
    "meeting.place": "where a panel meets or its call link; nothing about a young person",
    "referral_import.digest": "a keyed hash of a whole list",
    "source_extract.report": "counts and row numbers by column, never values",
    "cohort_run.criterion": "the rule that was run",
    "cohort_run.counts": "counts",
    "cohort_run.extract_ids": "opaque ids",
    "possible_match.reasons": "codes of reasons",
    "approval.terms": "codes, counts and opaque ids of what was asked",
    "approval.state": CODES,
    "matching_task.state": CODES,
    "support_session.goal_ids": "opaque ids",
    "agenda_item.intervention_ids": "opaque ids of the catalogue",
    "membership.role": CODES,
    "young_person.created_from": CODES,
    "young_person.sensitivity": CODES,
    "plan.agreed_with": CODES,
}
# Endings of clear codes, which queries filter by.
CODE_NAMES = (
    "id", "status", "kind", "code", "stage", "decision", "outcome", "reason", "reference", "event", "chain",
    "answer", "method", "mode", "attendance", "engagement", "next_step", "gateway", "purpose", "data_class", "statute",
    "object_type", "given_by", "rescheduled_by", "concern", "notice_version", "notice_language", "source_type",
    "subject", "form_key",
)  # fmt: skip


def is_code(name):
    return name in CODE_NAMES or name.endswith(tuple(f"_{code}" for code in CODE_NAMES))


def columns():
    return [(table, column) for table in db.metadata.sorted_tables for column in table.columns]


@pytest.mark.catalogue("C7")
def test_every_text_or_binary_column_is_sealed_or_clear_with_a_reason(app):
    undeclared = []
    for table, column in columns():
        if not isinstance(column.type, String | Text | LargeBinary | JSON):
            continue
        name = f"{table.name}.{column.name}"
        if column.name.endswith("_sealed") or name in CLEAR or table.name in CLEAR:
            continue
        if not (isinstance(column.type, String) and (column.type.length or 999) <= 200 and is_code(column.name)):
            undeclared.append(name)
    assert not undeclared, f"seal these, or list them as clear with a reason: {undeclared}"


@pytest.mark.catalogue("C7", part="partly")
def test_the_scan_would_notice_a_new_plain_text_column():
    assert not is_code("what_was_said")


def test_every_clear_reason_names_something_that_exists(app):
    names = {table.name for table in db.metadata.sorted_tables}
    names |= {f"{table.name}.{column.name}" for table, column in columns()}
    assert sorted(set(CLEAR) - names) == []

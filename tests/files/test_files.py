"""Files: what is taken and what is not, sealed and checked before anyone opens one, given out as they are."""

import io
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image
from sqlalchemy import select

from accounts.roles import Role
from audit.models import AuditEntry, AuditSubject
from core.crypto import SealBroken
from core.db import db
from core.keyring import keyring
from files.models import StoredFile
from files.services import keeping, pictures, sealing, tidying
from files.storage import Bucket, store_of
from referrals.models import Referral
from referrals.services import drafts, sending
from tests.factories.cases import open_case
from tests.factories.files import docx, located, pdf, picture
from tests.factories.triage import make_referral
from tests.referrals.test_tracking import ask
from tests.security.test_gate import break_the_trail
from tests.support.client import words
from tests.support.scanner import EICAR

LINK = (
    '<Relationship Id="r1" Type="http://x/relationships/{}" Target="http://elsewhere.example" TargetMode="External"/>'
)
SOUND = {
    "plan.pdf": pdf(), "plan.docx": docx(relations=LINK.format("hyperlink")), "drawing.jpg": picture(),
    "drawing.JPEG": picture(), "drawing.png": picture("PNG"),
}  # fmt: skip
MACRO_TYPE = '<Override PartName="/a.xml" ContentType="application/vnd.ms-office.vbaProject"/>'
OPEN = "We could not open this file"
ONLY = "Choose a file in PDF, DOCX, JPG or PNG"
MACROS = "This document holds macros or other files"


def bomb() -> bytes:
    return docx(parts={"word/media/image1.png": b"\0" * 20_000_000})


SPOILT = {
    "no kind": ("plan", b"x", ONLY), "a program": ("plan.exe", b"MZ", ONLY),
    "two endings": ("plan.pdf.exe", pdf(), ONLY),
    "reversed name": ("plan\u202efdp.exe", b"MZ", ONLY), "svg": ("drawing.svg", b"<svg onload='x'/>", ONLY),
    "svg called png": ("drawing.png", b"<svg onload='x'/>", OPEN), "html called pdf": ("p.pdf", b"<html>", OPEN),
    "empty": ("plan.pdf", b"", "The file is empty"), "11 MB": ("plan.pdf", b"%PDF-1.4\n" + b"0" * 11_000_000, "smaller than 10MB"),
    "a folder in its name": ("../../etc/plan.pdf", pdf(), "must not hold a folder"),
    "png called jpg": ("drawing.jpg", picture("PNG"), OPEN), "docx called pdf": ("plan.pdf", docx(), OPEN),
    "pdf and zip": ("plan.pdf", pdf() + docx(), OPEN), "zip in front of pdf": ("plan.docx", docx() + pdf(), OPEN),
    "pdf with a script": ("p.pdf", pdf(more=b"4 0 obj << /S /JavaScript /JS (x) >> endobj"), "a script"),
    "a script in other letters": ("p.pdf", pdf(more=b"4 0 obj << /S /Java#53cript >> endobj"), "a script"),
    "a script after a stream that never began": ("p.pdf", pdf(more=b"% stream\n4 0 obj << /S /JavaScript >>"), "a script"),
    "pdf with a file": ("p.pdf", pdf(more=b"<< /Type /EmbeddedFile >>"), "a script"),
    "pdf with a password": ("p.pdf", pdf(more=b"<< /Encrypt 9 0 R >>"), "with a password"),
    "a cut pdf": ("p.pdf", pdf()[:-30], OPEN), "a cut docx": ("p.docx", docx()[:-30], OPEN),
    "a cut picture": ("p.png", picture("PNG", (400, 300))[:-60], OPEN),
    "macros": ("p.docx", docx(parts={"word/vbaProject.bin": b"x"}), MACROS),
    "macros by type": ("p.docx", docx(types=MACRO_TYPE), MACROS),
    "a file inside": ("p.docx", docx(parts={"word/embeddings/a.xlsx": b"x"}), MACROS),
    "a template from elsewhere": ("p.docx", docx(relations=LINK.format("attachedTemplate")), MACROS),
    "a way out": ("p.docx", docx(parts={"../out.xml": b"x"}), OPEN), "a bomb": ("p.docx", bomb(), OPEN),
    "too many parts": ("p.docx", docx(parts={f"word/a{n}.xml": b"x" for n in range(1100)}), OPEN),
    "entities": ("p.docx", docx(parts={"word/a.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]>"}), OPEN),
    "too many points": ("p.png", picture("PNG", (8000, 8000)), "too large"),
}  # fmt: skip


def kept():
    db.session.rollback()
    found = list(db.session.scalars(select(StoredFile).order_by(StoredFile.added_at)))
    db.session.expunge_all()
    db.session.rollback()
    return found


def in_store(app):
    folder = app.extensions["settings"].files_folder
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_file_is_taken_and_can_be_opened_once_it_was_checked(upload, draft_id, scanner, check, name):
    assert "Checking" in words(upload(name, SOUND[name]))
    [file] = kept()
    address = f"/referrals/{draft_id}/files/{file.id}"
    assert upload.client.get(address).status_code == 404, "not checked is not to be opened, even by who added it"
    check()
    assert "Safe" in words(upload.client.get(f"/referrals/{draft_id}/files"))
    given = upload.client.get(address)
    assert given.status_code == 200
    assert given.headers["Content-Disposition"].startswith('attachment; filename="OFFICIAL-SENSITIVE-draft-1.')
    assert given.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    if name.endswith(("pdf", "docx")):
        assert given.data == SOUND[name]


@pytest.mark.catalogue("W4", part="spoilt")
@pytest.mark.parametrize("what", SPOILT)
def test_what_is_spoilt_is_not_taken_and_leaves_nothing(app, upload, tmp_path, monkeypatch, what):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    name, content, message = SPOILT[what]
    page = upload(name, content)
    assert page.status_code == 200
    assert message in words(page)
    assert kept() == []
    assert in_store(app) == []
    assert list(temporary.iterdir()) == []


def test_a_picture_that_would_wait_too_long_is_not_taken(app, upload, monkeypatch):
    """ASVS 15.4.4. Another one is being drawn, for ever."""
    monkeypatch.setattr(pictures, "WAIT_SECONDS", 0.01)
    with pictures._ONE:
        page = upload("drawing.jpg", picture())
    assert "Wait a minute and try again" in words(page)
    assert kept() == []
    assert upload("drawing.jpg", picture()).status_code in {200, 302}
    assert len(kept()) == 1


@pytest.mark.catalogue("W4", part="malware")
def test_malware_is_blocked_its_contents_go_and_its_owner_hears(app, upload, draft_id, scanner, check):
    upload("plan.pdf", pdf(EICAR, more=b"% " + EICAR))
    check()
    [file] = kept()
    assert file.status == "blocked"
    assert in_store(app) == []
    assert "Blocked" in words(upload.client.get(f"/referrals/{draft_id}/files"))
    assert upload.client.get(f"/referrals/{draft_id}/files/{file.id}").status_code == 404
    assert "was blocked. Nobody can open it" in words(upload.client.get("/account/notices"))


def test_without_a_scanner_files_wait_and_nobody_opens_them(app, upload, draft_id, tmp_path, check):
    app.extensions["settings"] = replace(app.extensions["settings"], clamd_socket=tmp_path / "nothing")
    upload("plan.pdf", pdf())
    check()
    [file] = kept()
    assert file.status == "checking"
    assert upload.client.get(f"/referrals/{draft_id}/files/{file.id}").status_code == 404


def test_what_is_kept_is_sealed_and_nothing_personal_is_left_in_pictures(app, upload, scanner, check, draft_id):
    upload("canaryname.jpg", located())
    upload("plan.pdf", pdf(b"canarywords", more=b"% canarywords"))
    for path in Path(app.extensions["settings"].var).rglob("*"):
        if path.is_file():
            assert b"canary" not in path.read_bytes().lower(), path
    check()
    drawn = upload.client.get(f"/referrals/{draft_id}/files/{kept()[0].id}").data
    assert b"anary" not in drawn
    shown = Image.open(io.BytesIO(drawn))
    assert dict(shown.getexif()) == {}
    assert shown.size == (40, 30)


def test_any_change_of_what_is_kept_is_noticed(app, acting, upload):
    upload("plan.pdf", pdf(more=bytes(range(37, 127)) * 3000))
    [path], [file] = in_store(app), kept()
    whole = path.read_bytes()
    piece = sealing.SEALED_PIECE
    assert file.pieces > 2
    spoilt = [
        whole[:-1], whole + b"x", whole[piece:], whole[: 2 * piece], whole[:piece] + whole[: len(whole) - piece],
        whole[piece : 2 * piece] + whole[:piece] + whole[2 * piece :], bytes([whole[0]]) + b"\2" + whole[2:],
        whole[:40] + bytes([whole[40] ^ 1]) + whole[41:], b"",
    ]  # fmt: skip
    for broken in spoilt:
        path.write_bytes(broken)
        with acting("referrer@reading"), pytest.raises(SealBroken):
            keeping.contents(db.session.get_one(StoredFile, file.id))
        db.session.rollback()


@pytest.mark.catalogue("T3", part="files")
def test_nothing_of_a_file_leaves_while_the_trail_is_down(app, upload, draft_id, scanner, check):
    upload("plan.pdf", pdf(more=b"% canarywords"))
    check()
    [file] = kept()
    break_the_trail()
    answer = upload.client.get(f"/referrals/{draft_id}/files/{file.id}")
    assert answer.status_code == 503
    assert b"canarywords" not in answer.data
    assert "attachment" not in answer.headers.get("Content-Disposition", "")


def test_opening_a_file_is_an_entry_about_the_young_person(app, upload, draft_id, scanner, check):
    upload("plan.pdf", pdf())
    check()
    upload.client.get(f"/referrals/{draft_id}/files/{kept()[0].id}")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "read:file")).one()
    seen = entry.object_id
    subjects = db.session.scalars(
        select(AuditSubject.subject_id).where(AuditSubject.chain == entry.chain, AuditSubject.seq == entry.seq)
    )
    assert list(subjects) == [draft_id]
    assert seen == kept()[0].id


def test_files_go_with_the_referral_and_belong_to_the_young_person(
    acting, known, upload, draft_id, scanner, check, sign_in
):
    upload("plan.pdf", pdf())
    check()
    with acting("referrer@reading") as actor:
        sending.send_referral(actor, draft=drafts.find_draft(actor, draft_id))
        db.session.commit()
    [file] = kept()
    assert upload.client.get(f"/referrals/{draft_id}/files/{file.id}").status_code == 200
    coordinator = sign_in(Role.COORDINATOR)
    coordinator.submit(f"/triage/{draft_id}", button="Start triage")
    coordinator.submit(f"/triage/{draft_id}", button="Make a new record")
    assert "plan.pdf" in words(coordinator.get(f"/triage/{draft_id}"))
    assert coordinator.get(f"/triage/{draft_id}/files/{file.id}").status_code == 200
    person_id = db.session.get_one(Referral, draft_id).young_person_id
    assert kept()[0].young_person_id == person_id
    [row] = keyring().store.fetch([file.data_key_id])
    assert (row.owner_kind, row.owner_id) == ("young_person", person_id)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.SAFEGUARDING_LEAD])
def test_another_areas_files_are_not_there(upload, draft_id, scanner, check, sign_in, role):
    upload("plan.pdf", pdf())
    check()
    file_id = kept()[0].id
    stranger = sign_in(role, area="slough")
    for start in ("referrals", "triage"):
        assert stranger.get(f"/{start}/{draft_id}/files/{file_id}").status_code == 404
    other = sign_in(Role.REFERRER, area="slough")
    assert other.get(f"/referrals/{draft_id}/files").status_code == 404


def test_a_removed_file_is_gone_with_its_key_and_later_its_contents(app, upload, draft_id, time_machine):
    upload("plan.pdf", pdf())
    [file] = kept()
    upload.client.submit(f"/referrals/{draft_id}/files", button="Remove")
    assert kept() == []
    assert keyring().unwrap([file.data_key_id]) == {}
    assert tidying.tidy() == 0, "what was put today may only be waiting for its row"
    from core.clock import now

    time_machine.move_to(now() + timedelta(hours=25))
    assert tidying.tidy() == 1
    assert in_store(app) == []


def test_a_deleted_draft_takes_its_files_with_it(acting, upload, draft_id):
    upload("plan.pdf", pdf())
    with acting("referrer@reading") as actor:
        drafts.delete_draft(actor, drafts.find_draft(actor, draft_id))
        db.session.commit()
    assert kept() == []


def test_twenty_files_and_two_hundred_megabytes_a_day_are_enough(upload, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_FILES", 2)
    monkeypatch.setattr(keeping, "MOST_A_DAY", 2 * len(pdf()) + 10)
    upload("a.pdf", pdf())
    upload("b.pdf", pdf())
    assert "There are 2 files already" in words(upload("c.pdf", pdf()))
    monkeypatch.setattr(keeping, "MOST_FILES", 20)
    assert "You have added 200MB today" in words(upload("c.pdf", pdf()))
    assert len(kept()) == 2


def test_a_lead_adds_a_document_to_a_case_and_a_provider_sees_none(acting, known, sign_in, scanner, check):
    case_id = open_case(acting, known)
    lead = sign_in(Role.LEAD)
    lead.submit(f"/cases/{case_id}/documents", {"file": (io.BytesIO(pdf()), "letter.pdf")}, button="Add file")
    check()
    shown = words(lead.get(f"/cases/{case_id}/documents"))
    assert "letter.pdf" in shown
    assert "Safe" in shown
    file_id = kept()[0].id
    given = lead.get(f"/cases/{case_id}/documents/{file_id}")
    assert given.data == pdf()
    assert "File added" in words(lead.get(f"/cases/{case_id}/timeline"))
    assert sign_in(Role.PROVIDER).get(f"/cases/{case_id}/documents/{file_id}").status_code == 404
    assert sign_in(Role.COORDINATOR, area="slough").get(f"/cases/{case_id}/documents").status_code == 404


def test_new_keys_for_a_young_person_seal_their_files_anew(app, acting, known, sign_in, scanner, check, time_machine):
    """The contents are put beside the old ones, opened under the new key, and the old ones go a day later."""
    from core.clock import now

    case_id = open_case(acting, known)
    lead = sign_in(Role.LEAD)
    content = pdf(more=bytes(range(37, 127)) * 3000)
    lead.submit(f"/cases/{case_id}/documents", {"file": (io.BytesIO(content), "letter.pdf")}, button="Add file")
    check()
    [before] = kept()
    old = [path.read_bytes() for path in in_store(app)]
    result = app.test_cli_runner().invoke(args=["keys", "rotate", "--person", before.young_person_id])
    assert result.exit_code == 0, result.output
    [after] = kept()
    assert after.data_key_id != before.data_key_id
    assert after.kept_as != before.kept_as == before.id
    keyring().store.destroy([before.data_key_id])
    path = f"/cases/{case_id}/documents/{after.id}"
    assert lead.get(path).data == content
    assert "letter.pdf" in words(lead.get(f"/cases/{case_id}/documents"))
    time_machine.move_to(now() + timedelta(hours=25))
    assert tidying.tidy() == 1
    assert [path.name for path in in_store(app)] == [after.kept_as]
    assert in_store(app)[0].read_bytes() not in old
    assert sign_in(Role.LEAD).get(path).data == content


@pytest.mark.only("sqlite")
def test_a_bucket_keeps_the_same_as_a_folder(app, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tests")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=endpoint).create_bucket(
            Bucket="panels", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
        )
        settings = replace(app.extensions["settings"], files_bucket="panels", files_endpoint=endpoint)
        for kept_by in (store_of(settings), store_of(app.extensions["settings"])):
            file_id = "a" * 26
            assert kept_by.get(file_id) is None
            kept_by.put(file_id, b"sealed")
            assert kept_by.get(file_id) == b"sealed"
            assert [found for found, _ in kept_by.kept()] == [file_id]
            kept_by.delete(file_id)
            kept_by.delete(file_id)
            assert list(kept_by.kept()) == []
            assert kept_by.trouble() is None
        assert "There is no bucket" in Bucket("elsewhere", endpoint=endpoint).trouble()
    finally:
        server.stop()


def test_a_file_comes_with_an_answer_or_later_and_goes_again_with_a_reason(acting, known, scanner, check, sign_in):
    """The referrer adds two after sending; nobody opens them unchecked; a coordinator takes one away, its line stays."""
    referral_id = make_referral(acting, known)
    ask(acting, referral_id)
    referrer, coordinator = sign_in(Role.REFERRER), sign_in(Role.COORDINATOR)
    page, here = f"/referrals/{referral_id}", f"/triage/{referral_id}"
    typed = {"text": "Year 9. Her plan is here.", "file": (io.BytesIO(b"MZ"), "plan.exe")}
    spoilt = referrer.submit(f"{page}/reply", typed)
    assert words(spoilt).count(ONLY) == 2
    assert "Year 9. Her plan is here." in words(spoilt)
    assert kept() == []
    typed["file"] = (io.BytesIO(pdf()), "plan.pdf")
    assert "Answer sent" in words(referrer.submit(f"{page}/reply", typed))
    assert "File added" in words(referrer.submit(f"{page}/add-file", {"file": (io.BytesIO(picture()), "drawing.jpg")}))
    shown = words(referrer.get(page))
    assert shown.count("Checking") == 2
    [plan, drawing] = kept()
    assert coordinator.get(f"{here}/files/{plan.id}").status_code == 404
    check()
    assert coordinator.get(f"{here}/files/{plan.id}").status_code == 200
    remove = f"{here}/files/{plan.id}/remove"
    assert sign_in(Role.SAFEGUARDING_LEAD).get(remove).status_code == 404
    assert sign_in(Role.COORDINATOR, area="slough").get(remove).status_code == 404
    assert words(coordinator.submit(remove, {})).count("Select why you are removing this file") == 2
    assert "File removed" in words(coordinator.submit(remove, {"reason": "wrong_person"}))
    assert [file.id for file in kept()] == [drawing.id]
    assert keyring().unwrap([plan.data_key_id]) == {}
    for reader, path in ((coordinator, here), (referrer, page)):
        assert "removed" in words(reader.get(path))
        assert "it is about somebody else" in words(reader.get(path))
        assert "plan.pdf" not in words(reader.get(path))
        assert reader.get(f"{path}/files/{plan.id}").status_code == 404
    gone = db.session.scalars(select(AuditEntry).where(AuditEntry.event == "delete:file")).one()
    assert gone.object_id == plan.id
    db.session.rollback()
    referrer.submit(f"{page}/withdraw", {"reason": "moved"})
    assert referrer.get(f"{page}/add-file").status_code == 302


def test_a_coordinator_takes_a_document_of_a_case_away(acting, known, scanner, check, sign_in):
    path = f"/cases/{open_case(acting, known)}/documents"
    lead, coordinator = sign_in(Role.LEAD), sign_in(Role.COORDINATOR)
    lead.submit(path, {"file": (io.BytesIO(pdf()), "plan.pdf")}, button="Add file")
    [file] = kept()
    assert "Remove" not in words(lead.get(path))
    assert lead.get(f"{path}/{file.id}/remove").status_code == 404
    assert "File removed" in words(coordinator.submit(f"{path}/{file.id}/remove", {"reason": "duplicate"}))
    assert "we have it already" in words(lead.get(path))
    assert kept() == []

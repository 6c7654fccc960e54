"""Reports of browsers about the content security policy: taken, bounded, and nothing of them kept but a word of ours."""

import json

import pytest
import structlog

from core import policy_reports

CSP, REPORTS = policy_reports.KINDS
SECRET = "nobody may read this"


def said(directive="script-src-elem", page="/cases/abcdefghijklmnopqrstuvwxyz", **more):
    return {"csp-report": {"effective-directive": directive, "document-uri": f"https://localhost{page}?q={SECRET}",
                           "blocked-uri": "inline", "script-sample": SECRET, **more}}  # fmt: skip


def send(visitor, report, kind=CSP, **headers):
    body = report if isinstance(report, bytes | str) else json.dumps(report)
    return visitor.post("/policy-reports", data=body, content_type=kind, headers=headers)


@pytest.fixture
def noted(monkeypatch):
    """What the process's log was told of breaches."""
    lines = []
    monkeypatch.setattr(policy_reports, "meter", policy_reports.Meter())
    monkeypatch.setattr(policy_reports.log, "warning", lambda event, **what: lines.append((event, what)), raising=False)
    return lines


@pytest.mark.only("sqlite")
def test_a_report_leaves_the_rule_and_the_pattern_of_our_own_address(visitor, noted, app):
    assert send(visitor, said()).status_code == 204
    assert send(visitor, [{"type": "csp-violation", "body": {
        "effectiveDirective": "style-src", "documentURL": "https://localhost/sign-in", "blockedURL": "https://evil.example/x",
    }}], REPORTS).status_code == 204  # fmt: skip
    assert send(visitor, said(SECRET, f"/{SECRET}")).status_code == 204
    assert [what for _, what in noted] == [
        {"directive": "script-src-elem", "page": "/cases/<id:case_id>", "blocked": "inline", "left_out": 0},
        {"directive": "style-src", "page": "/sign-in", "blocked": "other", "left_out": 0},
        {"directive": "other", "page": "other", "blocked": "inline", "left_out": 0},
    ]
    assert SECRET not in json.dumps(noted)


@pytest.mark.only("sqlite")
def test_what_is_no_report_is_refused_and_what_is_strange_is_passed_over(visitor, noted):
    assert send(visitor, said(), "application/json").status_code == 400
    assert send(visitor, b"x" * (policy_reports.MOST_BYTES + 1)).status_code == 400
    assert send(visitor, b"").status_code == 400
    assert send(visitor, said(), Origin="https://evil.example").status_code == 400
    assert visitor.get("/policy-reports").status_code in {404, 405}
    for strange in (b"[", b"\xff\xfe", b"[" * 9000, "null", "[]", "[null, 3]", '{"csp-report": 7}', '{"csp-report": {}}',
                    '{"csp-report": {"document-uri": "http://[", "effective-directive": []}}'):  # fmt: skip
        assert send(visitor, strange).status_code == 204, strange
    assert {what["directive"] for _, what in noted} <= {"other"}


@pytest.mark.only("sqlite")
def test_a_page_that_reports_without_end_fills_no_log(visitor, noted, time_machine):
    time_machine.move_to("2026-11-23 09:00:00Z", tick=False)
    for _ in range(10):
        assert send(visitor, [{"body": said()["csp-report"]}] * 12, REPORTS).status_code == 204
    assert len(noted) == policy_reports.A_MINUTE


@pytest.mark.only("sqlite")
def test_a_form_without_its_token_and_wrong_input_are_events_of_the_log_without_content(visitor):
    """ASVS 16.3.3: countable, with the form's name and nothing that was typed."""
    with structlog.testing.capture_logs() as lines:
        assert visitor.post("/sign-in", data={"email": SECRET, "password": SECRET}).status_code == 400
        assert visitor.submit("/sign-in", {"email": SECRET, "password": ""}).status_code == 200
    assert [line["route"] for line in lines if line["event"] == "form_without_token"] == ["accounts.enter"]
    [refused] = [line for line in lines if line["event"] == "input_refused"]
    assert (refused["form"], refused["fields"]) == ("SignInForm", 1)
    assert SECRET not in json.dumps(lines)

"""The OpenAPI document holds: whatever is sent, no fault, no answer that it does not name, no answer of another shape."""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.interface.conftest import body

HELD = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
        response_schema_conformance]  # fmt: skip
EXAMPLES = 12


def operations(app):
    document = app.test_client().get("/api/openapi.json", base_url="https://localhost").json
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    return schema, [found.ok() for found in schema.get_all_operations()]


def sound(schema, school):
    """A referral and a file as they should be, which no generator hits upon."""
    sent = body(person={"forename": "Noor", "surname": "Vance"})
    keyed = school.headers | {"Idempotency-Key": "sound"}
    referral = schema["/api/v1/referrals"]["POST"].Case(body=sent, media_type="application/json")
    first = referral.call_and_validate(headers=keyed, checks=HELD)
    again = referral.call_and_validate(headers=keyed, checks=HELD)
    stands = schema["/api/v1/referrals/{referral_id}"]["GET"].Case(path_parameters={"referral_id": first.json()["id"]})
    return [one.status_code for one in (first, again, stands.call_and_validate(headers=keyed, checks=HELD))]


@pytest.mark.only("sqlite")
def test_whatever_is_sent_is_answered_as_the_document_says(app, system):
    """Good and bad requests made from the document, the same ones each time, with a token and without."""
    school = system()
    made = school.send(body()).json
    schema, found = operations(app)
    tried = sound(schema, school)
    for operation in found:
        for mode in GenerationMode:

            @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
                      suppress_health_check=list(HealthCheck))  # fmt: skip
            @given(case=operation.as_strategy(generation_mode=mode))
            def answered(case):
                if "referral_id" in case.path_parameters and len(tried) % 2:
                    case.path_parameters["referral_id"] = made["id"]
                headers = school.headers if len(tried) % 3 else {}
                response = case.call(headers=headers)
                case.validate_response(response, checks=HELD)
                tried.append(response.status_code)

            # Nothing can be wrong with an address that takes nothing.
            with suppress(Unsatisfiable):
                answered()
    assert {200, 201, 400, 401, 404, 422} <= set(tried), sorted(set(tried))

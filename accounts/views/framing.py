"""The policy of pages with buttons to organisations' sign-in: forms may lead there, and nowhere else."""

from flask import make_response
from flask.wrappers import Response

from accounts.services.providers import providers
from core.headers import HEADERS

POLICY = "Content-Security-Policy"


def lets_providers(page: str) -> Response:
    """Chromium blocks the redirect of a form to a host that ``form-action`` does not name (SETTLED 30)."""
    answer = make_response(page)
    origins = " ".join(sorted({origin for provider in providers() for origin in provider.origins}))
    if origins:
        answer.headers[POLICY] = HEADERS[POLICY].replace("form-action 'self'", f"form-action 'self' {origins}")
    return answer

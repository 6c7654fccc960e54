"""The headers of every answer: what a browser may load from it, show it in, tell of it, and keep."""

from flask import Response

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; "
        "report-uri /policy-reports; report-to policy"
    ),
    "Reporting-Endpoints": 'policy="/policy-reports"',
    "X-Content-Type-Options": "nosniff",
    # For browsers that do not know frame-ancestors.
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
TRANSPORT = "max-age=31536000; includeSubDomains"


def add_to(response: Response, *, is_secure: bool) -> None:
    """Those that the page has not set itself."""
    said = {name.lower() for name, _value in response.headers}
    response.headers.extend((name, value) for name, value in HEADERS.items() if name.lower() not in said)
    if is_secure:
        response.headers.setdefault("Strict-Transport-Security", TRANSPORT)

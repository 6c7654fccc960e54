"""Style, script and the mark: served before the application, with the headers of pages, and kept by browsers."""

from collections.abc import Callable
from pathlib import Path
from wsgiref.headers import Headers

from flask import Flask
from servestatic import ServeStatic

from core.headers import HEADERS, TRANSPORT

AN_HOUR, A_YEAR = 3600, "max-age=31536000, public, immutable"


def with_static(flask_app: Flask) -> ServeStatic:
    """The application behind its files, which need no worker of it."""
    return ServeStatic(
        flask_app, root=str(Path(flask_app.root_path) / "static"), prefix="static/", max_age=AN_HOUR,
        allow_all_origins=False, add_headers_function=_headers(flask_app.extensions["settings"].secure_cookies),
    )  # fmt: skip


def _headers(is_secure: bool) -> Callable[[Headers, str, str], None]:
    """Files never pass the gate: they say the same as pages, but that they may be kept.

    For an hour; style and script for a year, because their addresses on every page change with what is in them.
    """
    said = {name: value for name, value in HEADERS.items() if name != "Cache-Control"}
    if is_secure:
        said["Strict-Transport-Security"] = TRANSPORT

    def add(headers: Headers, path: str, url: str) -> None:
        for name, value in said.items():
            headers[name] = value
        if path.endswith((".css", ".js")):
            headers["Cache-Control"] = A_YEAR

    return add

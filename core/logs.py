"""Structured logs: ids, routes and times, never personal data; libraries' own request lines are silenced."""

import logging
import sys

import structlog
from flask import Flask


def init_app(app: Flask) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    # These quote addresses, parameters or messages; ours say what is needed.
    for name in ("werkzeug", "sqlalchemy.engine", "flask_wtf.csrf"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def place_of(error: BaseException) -> str:
    """File and line where it arose. Never its message: messages of libraries quote values."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place is not None else ""

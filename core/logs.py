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

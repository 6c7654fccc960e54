"""How accounts joins the application: Flask's settings for sessions and forms, and what every page's frame shows."""

from typing import Any

from flask import Flask

from accounts.services import directory, passwords
from config.directory import ConfigError
from config.providers import Provider, load_providers
from config.settings import Settings
from core import mail


def flask_config(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key or "demonstration-only-" + "0" * 32,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "MAX_CONTENT_LENGTH": 12 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 2000,
        "TEMPLATES_AUTO_RELOAD": False,
        "DEMONSTRATION": settings.demonstration,
    }


def init_app(app: Flask) -> None:
    app.extensions["organisation"] = _organisation(app.extensions["settings"])
    app.extensions["languages"] = tuple(app.extensions["organisation"].get("languages", "").split())
    app.extensions["providers"] = _providers(app.extensions["settings"])
    passwords.init_app(app)
    mail.init_app(app)


def _organisation(settings: Settings) -> dict[str, str]:
    """From areas.toml; a file with mistakes must not stop the pages that say so (`flask doctor` names them)."""
    try:
        return directory.organisation(directory.read(settings.areas_file))
    except (ConfigError, OSError):
        return {}


def _providers(settings: Settings) -> tuple[Provider, ...]:
    """From providers.toml; with mistakes in it there are none, and `flask doctor` names them."""
    try:
        return load_providers(settings.providers_file)
    except ConfigError:
        return ()

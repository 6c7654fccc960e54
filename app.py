"""The application factory: settings, extensions, guard, blueprints."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

import accounts.app
import audit.safety_net
from accounts.sessions import Sessions
from audit.services import RequestTrail
from config.settings import Settings
from core import (
    access,
    command_faults,
    db,
    drafts,
    forms,
    held_forms,
    languages,
    logs,
    policy_reports,
    requests,
    sensitivity,
)
from core.ids import IdConverter, NumberConverter, new_id
from core.keyring import KeyRing
from core.keystore import KeyStore
from core.providers import KeyProvider, provider_or_none
from core.tables import table_rows
from core.templating import OneWorld
from core.uploads import MemoryRequest

PACKAGES = (
    "accounts",
    "messages",
    "cohort",
    "files",
    "referrals",
    "interventions",
    "imports",
    "interface",
    "invited",
    "panels",
    "rights",
    "sharing",
    "desk",
    "oversight",
    "audit",
    "demo",
)


class SyncFlask(Flask):
    """No function of ours is a coroutine, so none is asked whether it is one, a dozen times with each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings | None = None, provider: KeyProvider | None = None) -> Flask:
    """Build the application. Raise SettingsError where its settings are not safe.

    Without a root key commands run but nothing opens; ``wsgi`` refuses to serve it.
    """
    settings = settings or Settings()
    settings.check()
    app = SyncFlask(__name__, static_url_path="/static")
    app.request_class = MemoryRequest
    app.config.update(accounts.app.flask_config(settings))
    app.url_map.converters |= {"id": IdConverter, "int": NumberConverter}
    _templates(app)
    command_faults.init_app(app)
    logs.init_app(app)
    db.init_app(app)
    languages.init_app(app)
    requests.register_before(app)
    app.extensions["settings"] = settings
    app.extensions["trail"] = RequestTrail()
    app.extensions["keyring"] = KeyRing(
        KeyStore(settings.keys_url),
        provider or provider_or_none(settings.key_provider, settings.root_key_file, settings.root_key_id),
    )
    app.session_interface = sessions = Sessions(app)
    app.extensions["gate_steps"].append(sessions.persist)
    # A browser's own report brings no token of ours; it changes nothing.
    CSRFProtect(app).exempt(policy_reports.bp)
    app.before_request(forms.keep_token)
    app.register_blueprint(policy_reports.bp)
    app.register_blueprint(drafts.bp)
    held_forms.init_app(app)
    Migrate(app, db.db, render_as_batch=True)
    audit.safety_net.install()
    sensitivity.install()
    accounts.app.init_app(app)
    _packages(app)
    access.check_declared(app)
    return app


def _templates(app: Flask) -> None:
    ours = app.jinja_loader
    packaged = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    app.jinja_environment = OneWorld
    app.jinja_loader = ChoiceLoader([loader for loader in (ours, packaged) if loader])
    app.jinja_env.globals["one_time_key"] = new_id
    app.jinja_env.globals["table_rows"] = table_rows
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _packages(app: Flask) -> None:
    """Each package that has pages or commands says so in its ``views`` and ``commands``; absent ones are absent."""
    root = Path(app.root_path)
    for name in PACKAGES:
        for part in ("models", "views", "commands"):
            if (root / name / f"{part}.py").exists() or (root / name / part / "__init__.py").exists():
                module = import_module(f"{name}.{part}")
                if hasattr(module, "init_app"):
                    module.init_app(app)
                if hasattr(module, "bp"):
                    app.register_blueprint(module.bp)

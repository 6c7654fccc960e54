"""The interface's addresses for systems (``api``: no cookie, no form) and its pages for people (``bp``)."""

from flask import Blueprint, Flask

from interface.services import tokens

bp = Blueprint("interface", __name__)
api = Blueprint("interface_api", __name__, url_prefix="/api")

from interface.views import credentials, documents, exporting, referrals, token  # noqa: E402, F401 (they register)


def init_app(app: Flask) -> None:
    """A bearer token cannot be sent by another site's form, so these addresses, and only these, need no form token."""
    app.extensions["find_system"] = tokens.find
    app.extensions["csrf"].exempt(api)
    app.register_blueprint(api)

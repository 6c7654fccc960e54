"""What a WSGI server imports: the application behind the static files and the trusted proxies."""

from pathlib import Path

from servestatic import ServeStatic
from werkzeug.middleware.proxy_fix import ProxyFix

from app import create_app

flask_app = create_app()
settings = flask_app.extensions["settings"]
if settings.trusted_proxies:
    hops = settings.trusted_proxies
    flask_app.wsgi_app = ProxyFix(flask_app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
application = ServeStatic(flask_app, root=str(Path(flask_app.root_path) / "static"), prefix="static/", max_age=3600)

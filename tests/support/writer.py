"""One of several processes that write to the trail at once: ``python -m tests.support.writer URL KEYS N AREA OTHER HOW_MANY``."""

import os
import sys
import tempfile


def main() -> None:
    url, keys, number, area, other, many = sys.argv[1:]
    os.environ |= {
        "DATABASE_URL": url, "KEYS_DATABASE_URL": keys, "VAR": tempfile.gettempdir(), "SECRET_KEY": "for tests only " * 3,
        "PUBLIC_URL": "https://localhost",
    }  # fmt: skip
    from app import create_app
    from audit.models import Event
    from audit.services import record
    from config.settings import Settings
    from core import context
    from core.db import db
    from core.providers import LocalKeys

    app = create_app(Settings(), LocalKeys({1: bytes(range(32))}))
    with app.app_context(), context.acting_as(job=f"writer {number}"):
        for turn in range(int(many)):
            both = turn % 10 == 0
            areas = [other, area] if both and int(number) % 2 else [area, other] if both else [area]
            for place in areas:
                record(Event.CASE_READ, None, area_id=place, detail={"turn": turn})
            db.session.commit()
            db.session.remove()


if __name__ == "__main__":
    main()

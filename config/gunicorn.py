"""The production server: two workers of four threads; nothing personal in its log, and a stop that lets work finish."""

import gc
import os
from typing import Any

workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 30
graceful_timeout = 30
keepalive = 15
accesslog = None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "warning")
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Before the workers are forked: what was loaded is never garbage, and is not walked through to find that out.

    Walking writes into every object, so that each worker would soon hold a copy of its own of 30 MB that they share.
    """
    gc.collect()
    gc.freeze()

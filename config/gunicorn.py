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


def when_ready(_server: Any) -> None:
    """What is loaded stays: collections look only at what requests made, less often, and workers share its memory."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 100)

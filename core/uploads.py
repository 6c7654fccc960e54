"""Requests whose files stay in memory: nothing of what was sent is ever written to a disk before it is sealed."""

from io import BytesIO
from typing import IO

from flask import Request


class MemoryRequest(Request):
    """Werkzeug would write files of more than 500 KB to the temporary folder. MAX_CONTENT_LENGTH bounds the memory."""

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None, filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:  # fmt: skip
        return BytesIO()

"""Providers and clocks that tests of keys turn by hand."""

from core.providers import KeyProviderError, KeyProviderSilent, LocalKeys


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Counted(LocalKeys):
    """A provider that notes its calls by what was bound; it fails while ``down``, and never answers while ``silent``."""

    def __init__(self, keys):
        super().__init__(keys)
        self.calls = []
        self.down = self.silent = False

    def wrap(self, key, bound):
        self._called(bound)
        return super().wrap(key, bound)

    def unwrap(self, wrapped, bound):
        self._called(bound)
        return super().unwrap(wrapped, bound)

    def _called(self, bound):
        self.calls.append(bound.decode())
        if self.silent:
            raise KeyProviderSilent("The key service did not answer")
        if self.down:
            raise KeyProviderError("The key service does not answer")

    def health(self):
        return "The key service does not answer" if self.down else None

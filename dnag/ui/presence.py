"""Who is here: what the server holds for somebody in memory goes a while after the last of their pages was closed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any


class Presence:
    """Counts the sessions of everybody who is here; for use by several threads.

    Args:
        forget: told who has not been back ``grace_s`` seconds after their last session ended: a reload, or a laptop
            that slept for a moment, is not a farewell.
        timer: makes something that calls back later, as ``threading.Timer`` does.
    """

    def __init__(
        self, forget: Callable[[str], None], grace_s: float, *, timer: Callable[..., Any] = threading.Timer
    ) -> None:
        self.forget, self.grace_s = forget, grace_s
        self._timer = timer
        self._lock = threading.Lock()
        self._sessions: Counter[str] = Counter()
        self._visits: Counter[str] = Counter()

    def enter(self, who: str) -> str:
        """A session of somebody has begun; returns who it is."""
        with self._lock:
            self._sessions[who] += 1
            self._visits[who] += 1
        return who

    def leave(self, who: str) -> None:
        """It has ended."""
        with self._lock:
            self._sessions[who] -= 1
            if self._sessions[who]:
                return
            waiting = self._timer(self.grace_s, self._gone, (who, self._visits[who]))
        waiting.daemon = True
        waiting.start()

    def _gone(self, who: str, visits: int) -> None:
        with self._lock:
            if self._visits[who] != visits:  # they were back, and a later farewell counts
                return
            del self._sessions[who], self._visits[who]
        self.forget(who)

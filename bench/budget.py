# SPDX-License-Identifier: MIT
"""How long a run, and each measurement of it, may take."""
import time

BUDGET_S = 3300  # nothing is begun after it
LAST_S = 240  # a measurement begun in time may go on for so long after it
HANGS_S = 15  # after that: something hangs that is no measurement
CLEAN_UP_S = 45  # unmounting, stopping servers: all of these make an hour


class Budget:
    """Counts from when it is made."""

    def __init__(self, budget_s, limit_s, clock=time.monotonic):
        self.budget_s, self.limit_s = budget_s, limit_s
        self._clock, self._started = clock, clock()

    def elapsed(self):
        return self._clock() - self._started

    def limit(self):
        """Seconds for a measurement that begins now; 0: none may begin."""
        elapsed = self.elapsed()
        if elapsed >= self.budget_s:
            return 0
        return min(self.limit_s, self.budget_s + LAST_S - elapsed)

    def ends_after(self):
        """When whatever still runs is given up, in seconds from the start."""
        return self.budget_s + LAST_S + HANGS_S

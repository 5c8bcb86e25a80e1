"""The names that Panther's rules import from ``panther_core``, written for Stakeout.

Behaviour follows what Panther documents and what its own package answers; the code is Stakeout's.
"""

from panther_core.enriched_event import PantherEvent
from panther_core.exceptions import PantherError

__all__ = ["PantherError", "PantherEvent"]

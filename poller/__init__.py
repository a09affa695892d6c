"""poller: watches many long-running cloud jobs and tells, once and in order, what became of them."""

__version__ = "0.1.0"

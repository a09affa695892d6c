"""The composition root: the only room that knows all others. Build, run, reload, stop in order; no arguments, no printing."""

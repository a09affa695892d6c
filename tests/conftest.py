"""What holds for every test: how quick an example of hypothesis is says more of the machine's load than of the code."""

from hypothesis import settings

settings.register_profile("poller", deadline=None)
settings.load_profile("poller")

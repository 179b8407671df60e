"""Property tests judge results, not the speed of the machine that they run on."""

from hypothesis import settings

settings.register_profile("opskit", deadline=None)
settings.load_profile("opskit")

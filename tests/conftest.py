"""Examples that hypothesis draws: the same ones each time the suite runs, and no deadline.

`pytest --hypothesis-profile=search tests/resampling` looks for others.
"""

from hypothesis import HealthCheck, settings

slow_machines = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("suite", derandomize=True, **slow_machines)
settings.register_profile("search", max_examples=1000, print_blob=True, **slow_machines)
settings.load_profile("suite")

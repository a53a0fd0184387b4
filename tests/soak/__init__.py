"""Long runs that must stay as good as their first minute: `python -m tests.soak --minutes 20`."""

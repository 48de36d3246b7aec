"""`manage.py demo`: realistic data for trying out the system."""

from django.dispatch import Signal

# Sent when the demo has loaded its data and run the sweep, so that another app can add to it; with the user name of
# its `agent`, and `write`, which prints a text.
demo_loaded = Signal()

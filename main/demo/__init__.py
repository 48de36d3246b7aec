"""`manage.py demo`: plausible data to try the system with."""

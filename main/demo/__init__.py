"""`manage.py demo`: realistic data for trying out the system."""

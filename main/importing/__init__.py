"""Codes as another system exports them: read the file, check every row, then write all of them or none."""

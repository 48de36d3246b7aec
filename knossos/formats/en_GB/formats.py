"""Where Django writes a time by itself: as everywhere else here, on the 24-hour clock, an instant with its zone."""

DATETIME_FORMAT = "j M Y, H:i T"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
TIME_FORMAT = "H:i"

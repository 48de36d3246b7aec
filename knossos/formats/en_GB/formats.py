"""How Django itself writes times: on the 24-hour clock and with the zone, as everywhere else in this project."""

DATETIME_FORMAT = "j M Y, H:i T"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
TIME_FORMAT = "H:i"

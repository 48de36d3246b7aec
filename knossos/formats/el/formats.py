"""How Django itself writes times in Greek: on the 24-hour clock and with the zone, as everywhere in this project."""

DATETIME_FORMAT = "d/m/Y, H:i T"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
TIME_FORMAT = "H:i"
FIRST_DAY_OF_WEEK = 1

"""Settings, read from the environment and from `.env` beside manage.py; `.env.example` names them all."""

import os
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from knossos.environment import Environment, mailer
from main.scheduling.schedule import parse_schedule

BASE_DIR = Path(__file__).resolve().parent.parent

# An absolute path, because a cron job starts in the home folder with almost no environment.
env = Environment(BASE_DIR / ".env")

DEBUG = env.switch("DEBUG", default=os.environ.get("DEBUG_BY_DEFAULT") != "off")
SECRET_KEY = env.text("SECRET_KEY", "only-for-development" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("DEBUG is off and SECRET_KEY is not set: set SECRET_KEY in the environment or in .env.")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")

# How many of your own proxies are in front of this server. They say who the client is, and whether it used HTTPS.
PROXIES = env.whole_number("PROXIES", 0, most=9)
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_HTTPONLY = True
if not DEBUG:
    # With this prefix, browsers accept these cookies only by HTTPS and only from this host, not from a subdomain.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    MESSAGE_STORAGE = "knossos.prefixed.Messages"
LANGUAGE_COOKIE_NAME = "language" if DEBUG else "__Host-language"
SECURE_SSL_REDIRECT = env.switch("SECURE_SSL_REDIRECT", default=not DEBUG)
# Probes on the same machine use HTTP. A shop that uses HTTP is told so, instead of being led on each time.
SECURE_REDIRECT_EXEMPT = ["^health/$", "^metrics$", "^api/v1/."]
SECURE_HSTS_SECONDS = env.whole_number("SECURE_HSTS_SECONDS", 0 if DEBUG else 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.switch("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=not DEBUG)
# The browsers' preload list is for the owner of the whole domain to ask for.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

INSTALLED_APPS = [
    "main.notices",  # before main, to whose pages it adds; take it out for a system without mails about codes
    "main.checkout",  # before main, to whose pages it adds; take it out for a system without a checkout
    "main",
    "knossos.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_crontab",
]

MIDDLEWARE = [
    "knossos.errors.request_id",  # first, so that all lines about a request have its id
    "knossos.refusals.log_refusals",
    "knossos.waiting.limit_waiting",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "knossos.privacy.keep_no_copies",  # below the static files, which may be kept
    "django.contrib.sessions.middleware.SessionMiddleware",
    "main.accounts.language.visitor_language",  # high up, so that what the others answer is in the language too
    "knossos.middleware.refuse_nul",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "main.accounts.zone.visitor_zone",
    "axes.middleware.AxesMiddleware",
]

# Staff give six digits from an app beside their password.
SECOND_FACTOR = env.switch("SECOND_FACTOR", default=False)
if SECOND_FACTOR:
    INSTALLED_APPS += ["django_otp", "django_otp.plugins.otp_totp"]
    MIDDLEWARE += ["django_otp.middleware.OTPMiddleware", "knossos.second_factor.ask_staff"]
    OTP_TOTP_ISSUER = "Knossos"

ROOT_URLCONF = "knossos.urls"
WSGI_APPLICATION = "knossos.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "knossos" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"static_files": "knossos.static_files"},
        },
    },
]

DATABASES = {"default": env.database("DATABASE_URL", "sqlite:///db.sqlite3", BASE_DIR)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that reads first and writes later fails at once if another one has written in between, even
        # with a timeout. A transaction that takes the write lock at its start waits for it.
        "transaction_mode": "IMMEDIATE",
        "timeout": 5,  # seconds
        # The write-ahead log is copied into the database at 32 MB instead of 4 MB: a large sweep is a fifth to a third
        # faster. The cache for changed pages is 4 MB instead of 2 MB: another twentieth.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=8000; "
        "PRAGMA cache_size=-4000;",
    }
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # Seconds. The health page and the nightly job must not hang if the database's machine is gone.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# After ten wrong passwords, for any accounts, a network has to wait. A successful sign-in does not reset the count:
# otherwise somebody with an account could go on guessing the password of another one.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # another try while waiting does not make the wait longer
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_CLIENT_IP_CALLABLE = "main.throttle.client_network"
AXES_USERNAME_CALLABLE = "knossos.throttle.attempted_name"
AXES_LOCKOUT_TEMPLATE = "main/accounts/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True  # the access log would keep for ever who signed in, and when
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Where all other rates are counted: in the memory of each process, or in one Redis for all processes.
RATE_LIMIT_STORAGE = env.storage("RATE_LIMIT_STORAGE", "memory://")
LOGIN_URL = "sign_in"
LOGOUT_REDIRECT_URL = "sign_in"  # of the admin too

# The mail that resets a password. In development it is printed in the terminal of the server.
MAIL = env.email("EMAIL_URL", "consolemail://" if DEBUG else "smtp://localhost:25")
MAIL["EMAIL_TIMEOUT"] = 10  # seconds; a mail server that hangs must not hold up the mails that wait
if django.VERSION >= (6, 1):
    MAILERS = {"default": mailer(MAIL)}
else:
    vars().update(MAIL)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "knossos@localhost")

LANGUAGES = [("en-gb", "English"), ("el", "Ελληνικά")]  # each with its name in its own language
# For where neither the visitor nor the browser names one of them. In British English the day is before the month.
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "en-gb", tuple(dict(LANGUAGES)))
LOCALE_PATHS = [BASE_DIR / "knossos" / "locale"]
FORMAT_MODULE_PATH = "knossos.formats"  # the 24-hour clock, with its zone
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
USE_TZ = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static_root"
STATICFILES_DIRS = [BASE_DIR / "knossos" / "static"]
# While developing, files are served from where they lie; a server serves what `collectstatic` has collected.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_IMMUTABLE_FILE_TEST = r"\.[0-9a-f]{12}\."  # a hash in the name: browsers may keep the file for ever
if not DEBUG:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "knossos.static_files.CollectedFiles"},
    }
    # The log says so in a sentence, with what to do (knossos/static_files.py).
    warnings.filterwarnings("ignore", "No directory at")

CELERY_TIMEZONE = TIME_ZONE

# For how long a shop may redeem a code at the discount that it has shown, though the code's date passes meanwhile.
PROMISE_MINUTES = env.number("PROMISE_MINUTES", 15, "minutes")
# How often a shop may ask. A token that was stolen, or a program that runs wild, must not keep all processes busy.
API_TOKEN_RATE = env.rate("API_TOKEN_RATE", "6000 per minute")

# If the clock of a process differs by more from the database server's, it does not sweep: it might expire all codes.
EXPIRATION_CLOCK_TOLERANCE = env.number("EXPIRATION_CLOCK_TOLERANCE", 60, "seconds")
# A code that is overdue for longer makes the health page red: a day for a missed night, and two hours more.
EXPIRATION_OVERDUE_LIMIT = env.number("EXPIRATION_OVERDUE_LIMIT", 26, "hours")

HEARTBEAT_URL = env.web_address("HEARTBEAT_URL")
METRICS_TOKEN = env.text("METRICS_TOKEN", "")  # if it is empty, nobody gets the figures

# The address of the site, for the links in mails.
SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000" if DEBUG else next(iter(CSRF_TRUSTED_ORIGINS), ""))
# The shop's address for customers, with {code} in it: agents and staff share it, also as a QR code.
SHARE_URL = env.address_of_code("SHARE_URL")
NOTICE_SCHEDULE = env.text("NOTICE_SCHEDULE", "0 8 * * *")
parse_schedule(NOTICE_SCHEDULE, "NOTICE_SCHEDULE")
# How many days before the end of a code its agent gets a mail.
NOTICE_DAYS = env.whole_numbers("NOTICE_DAYS", [30, 7, 1], most=3650)

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0")

LOG_DIR = BASE_DIR / env.text("LOG_DIR", "logs")

# The scheduler decides which clock this means: cron uses the machine's zone, Celery uses TIME_ZONE.
EXPIRATION_SCHEDULE = env.text("EXPIRATION_SCHEDULE", "0 2 * * *")
parse_schedule(EXPIRATION_SCHEDULE)
# The output of the sweeps that cron starts. django-crontab does not quote its path; a system check warns about that.
SCHEDULE_LOG = LOG_DIR / "scheduled_runs.log"
CRONJOBS = [(EXPIRATION_SCHEDULE, "main.cron.expire_referral_codes", f">> {SCHEDULE_LOG} 2>&1")]
if "main.notices" in INSTALLED_APPS:
    CRONJOBS.append((NOTICE_SCHEDULE, "main.notices.cron.send_notices", f">> {SCHEDULE_LOG} 2>&1"))
CRONTAB_COMMENT = f"expire_referral_codes of {BASE_DIR}"  # so that two installations of one user keep their own lines
CRONTAB_COMMAND_PREFIX = f"umask 027 && mkdir -p {LOG_DIR} &&"  # without the folder the shell cannot start the job
CRONTAB_DJANGO_MANAGE_PATH = str(BASE_DIR / "manage.py")
# A job of cron does not see the environment of this process.
CRONTAB_DJANGO_SETTINGS_MODULE = os.environ.get("DJANGO_SETTINGS_MODULE", "knossos.settings")

# Errors on stderr, one line for each. In development Django prints them as usual, with the whole traceback.
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"))
ADMINS = [("", address) for address in env.names("ADMINS")]
SERVER_EMAIL = DEFAULT_FROM_EMAIL

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "main.sweep.log.LineFormatter", "format": "%(asctime)s %(levelname)s %(message)s"},
        "one line": {"()": "knossos.errors.OneLine"},
    },
    "filters": {"unforeseen": {"()": "knossos.errors.Unforeseen"}},
    "handlers": {
        "file": {
            "level": "INFO",
            "class": "main.sweep.log.LogFileHandler",
            "filename": LOG_DIR / "referral_codes.log",
            "formatter": "line",
        },
        "stderr": {
            "level": "WARNING",
            "class": "logging.StreamHandler",
            "formatter": "one line",
            "filters": ["unforeseen"],
        },
        "events": {"class": "logging.StreamHandler", "formatter": "one line"},
        "mail": {"class": "knossos.errors.AdminMail", "formatter": "one line", "filters": ["unforeseen"]},
    },
    "loggers": {"main.signals": {"handlers": ["file"], "level": "INFO", "propagate": True}},
}
if not DEBUG:
    LOGGING["root"] = {"handlers": ["stderr", "mail"], "level": "WARNING"}
    LOGGING["loggers"] |= {
        # Without Django's own handlers: its mail would include the values of the request.
        "django": {"handlers": [], "level": "WARNING"},
        "django.request": {"level": "ERROR"},  # so that pages that were not found are not logged
        "knossos.sign_ins": {"handlers": ["events"], "level": "INFO", "propagate": False},
        "knossos.refusals": {"handlers": ["events"], "level": "WARNING", "propagate": False},
        # Not passed on: the command and the ledger report a failed sweep themselves.
        "main.signals": {"handlers": ["file"], "level": "INFO", "propagate": False},
    }

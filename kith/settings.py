"""Django settings, built from `env`. One file for every environment: what differs is a variable."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONCE, SELF
from django.utils.translation import gettext_lazy as _

from kith import secrets
from kith.env import env
from kith.kit.patience import CONNECTING

BASE = Path(__file__).parent
DATA_DIR = env.data_dir.resolve()

SECRET_KEY = env.secret_key or secrets.stored("secret_key")
# Keys of the file are followed as they change; those of the environment stay as they were at the start.
KITH_KEYS_FOLLOWED = not env.master_key
KITH_PEPPER_KEY = env.pepper_key or (
    secrets.known().get("pepper_key", "") if env.master_key else secrets.pepper_key()
)
KITH_MASTER_KEY = env.master_key or secrets.stored("master_key", make=secrets.key)
KITH_MASTER_KEY_PREVIOUS = list(env.master_key_previous)
KITH_REDIS_URL = env.redis_url
KITH_PUBLIC_URL = env.public_url
KITH_OPEN_SIGNUP = env.open_signup
DEBUG = env.debug
OPERATOR_PATH = env.operator_path
# The page that shows every component; it is for those who build pages.
COMPONENTS_PAGE = env.debug

ALLOWED_HOSTS = [
    *env.allowed_hosts,
    urlsplit(env.public_url).hostname or "localhost",
    "localhost",
    "127.0.0.1",
]
CSRF_TRUSTED_ORIGINS = [env.public_url] if env.public_url.startswith("https") else []
ROOT_URLCONF = "kith.urls"
WSGI_APPLICATION = "kith.wsgi.application"

# One folder per feature, lowest first: the order of docs/map.md.
FEATURES = [
    "kit", "audit", "tenants", "ledger", "pipelines", "programs", "participants", "referrals",
    "rewards", "payouts", "analytics", "notifications", "presets", "compat",
]  # fmt: skip

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_cotton.apps.SimpleAppConfig",
    "django_htmx",
    "lucide",
    "csp",
    "ninja",
    "procrastinate.contrib.django",
    *(f"kith.{feature}" for feature in FEATURES),
]

MIDDLEWARE = [
    "kith.kit.outages.Outages",
    "kith.kit.middleware.RequestId",
    # These two stand outside all that answer by themselves.
    "csp.middleware.CSPMiddleware",
    "kith.kit.headers.Headers",
    "django.middleware.security.SecurityMiddleware",
    "kith.referrals.middleware.FollowLinks",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages are small text; random padding and cookies that stay on this site keep their length from telling secrets.
    "django.middleware.gzip.GZipMiddleware",
    "kith.kit.middleware.Errors",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kith.tenants.adapter.Sessions",
    "django_htmx.middleware.HtmxMiddleware",
    "kith.tenants.middleware.Tenancy",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "kit" / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "kith.kit.templatetags.kit"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kith.tenants.context.page",
            ],
        },
    }
]


def _database(url: str, **options: Any) -> dict[str, Any]:
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "kith.kit.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "kith",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**CONNECTING, **query, **options},
    }


APP_DATABASE_URL = env.app_database_url or "postgresql://kith_app@127.0.0.1:5432/kith"
OWNER_DATABASE_URL = env.database_url or "postgresql://kith_owner@127.0.0.1:5432/kith"
DATABASES = {
    "default": _database(APP_DATABASE_URL),
    # Counters must survive the roll-back of the request they count, so they have their own connection.
    "counters": _database(APP_DATABASE_URL),
    "owner": _database(OWNER_DATABASE_URL),
}
DATABASE_ROUTERS = ["kith.kit.routers.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What is kept here is rare and small; Redis, where there is one, counts (`kit.limits`).
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "kit_cache"}}

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["kith.kit.passwords.Argon2id"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# What the frame of the console asks: what waits for a member, and how much is new.
PULSE = "kith.analytics.queries.pulse"
# What a friend fills in on a landing page, for whoever writes that page.
FRIEND_FORM = "kith.referrals.pages.public.sample_form"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
# Where participants sign in, and what knows them by the token in their cookie.
PORTAL_LOGIN_URL = "participants:portal_sign_in"
PORTAL_VISITOR = "kith.participants.actions.resume_portal_session"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "kith.tenants.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {
    "login": "kith.tenants.adapter.LoginForm",
    "change_password": "kith.tenants.adapter.ChangePasswordForm",
    "reset_password": "kith.tenants.adapter.ResetPasswordForm",
    "reset_password_from_key": "kith.tenants.adapter.ResetPasswordKeyForm",
}
MFA_ADAPTER = "kith.tenants.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "kith.tenants.forms.CodeForm",
    "reauthenticate": "kith.tenants.forms.AgainCodeForm",
    "activate_totp": "kith.tenants.forms.FirstCodeForm",
    "add_webauthn": "kith.tenants.forms.PasskeyForm",
    "edit_webauthn": "kith.tenants.forms.PasskeyNameForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
# A browser hands out passkeys over HTTPS, and to this very computer for trying things out.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not env.secure
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Clocks of telephones are half a minute wrong sometimes; a code is good once all the same.
MFA_TOTP_TOLERANCE = 1
# Failed sign-ins are counted by kith.tenants.actions.passwords, those of pages and of the API together.
ACCOUNT_RATE_LIMITS = {
    "login": None, "login_failed": None, "change_password": "5/15m/user", "reset_password": "20/15m/ip,5/15m/key",
}  # fmt: skip
PASSWORD_RESET_TIMEOUT = 60 * 60
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# A browser takes a __Host- cookie only over HTTPS, from this very host and for all of its paths.
COOKIE_PREFIX = "__Host-" if env.secure else "kith_"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
THEME_COOKIE_NAME = f"{COOKIE_PREFIX}theme"
MESSAGE_STORAGE = "kith.kit.headers.Messages"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = env.secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
# The longest that an organization may allow; how long a session lasts is its setting signin.session_hours.
SESSION_COOKIE_AGE = 60 * 60 * 24 * 7
SECURE_SSL_REDIRECT = env.secure
# Asked from inside, past whatever ends TLS; it says nothing that is secret.
SECURE_REDIRECT_EXEMPT = ["^api/health$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.trusted_proxies else None
SECURE_HSTS_SECONDS = 63072000 if env.secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.secure
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": [SELF],
        # Text becomes markup or script only through two policies of trust.js; portal.js has one for its worker.
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["kith", "default", "kith-worker"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# Monitoring must not use up the public calls of its address.
UNCOUNTED_PATHS = ["/api/health", "/api/v1/openapi.json", "/api/v1/docs"]
MAX_UPLOAD_BYTES = 64 * 1024 * 1024

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("nl", _("Dutch"))]
LOCALE_PATHS = [BASE / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files", "base_url": None},
    },
    "staticfiles": {"BACKEND": "kith.kit.statics.Storage"},
}


def _email(url: str) -> dict[str, Any]:
    if not url:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": DATA_DIR / "mail",
        }
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or 25,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": "tls" in options,
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }


globals().update(_email(env.email_url))
DEFAULT_FROM_EMAIL = env.email_from

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
KITH_SUBSCRIPTIONS = "kith.subscriptions"
COTTON_DIR = "cotton"
COTTON_ISOLATE_BY_DEFAULT = True
# The developer's error page shows the environment, in which addresses hold passwords.
DEFAULT_EXCEPTION_REPORTER_FILTER = "kith.kit.logs.Discreet"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "kith.kit.logs.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.log_level},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
    },
}

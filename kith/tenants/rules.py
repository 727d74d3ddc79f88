"""Who may do what, and which settings exist. Plain Python."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

OWNER, ADMIN, MANAGER, AGENT, VIEWER, AUDITOR = "owner", "admin", "manager", "agent", "viewer", "auditor"

_ALL = frozenset({OWNER, ADMIN, MANAGER, AGENT, VIEWER, AUDITOR})
_STAFF = frozenset({OWNER, ADMIN, MANAGER, AGENT})
_LEADS = frozenset({OWNER, ADMIN, MANAGER})
_ADMINS = frozenset({OWNER, ADMIN})
_BOOKS = frozenset({OWNER, ADMIN, MANAGER, AUDITOR})

# The one table of permissions. Rows: permission; values: roles that hold it.
PERMISSIONS: Mapping[str, frozenset[str]] = {
    "participants.view": _ALL,
    "participants.edit": _STAFF,
    "participants.import": _LEADS,
    "participants.export": _BOOKS,
    "participants.merge": _LEADS,
    "participants.impersonate": _ADMINS,
    "referrals.view": _ALL,
    "referrals.create": _STAFF,
    "referrals.move": _STAFF,
    "referrals.export": _BOOKS,
    "programs.view": _ALL,
    "programs.edit": _ADMINS,
    "rewards.view": _ALL,
    "rewards.approve": _LEADS,
    "payouts.view": _BOOKS,
    "payouts.make": _LEADS,
    "payouts.approve": _LEADS,
    "payouts.send": _LEADS,
    "payouts.accounts": _LEADS,
    "ledger.view": _BOOKS,
    "analytics.view": _ALL,
    "tenants.view": _ALL,
    "tenants.settings": _ADMINS,
    "tenants.members": _ADMINS,
    "tenants.keys": _ADMINS,
    "tenants.views": _STAFF,
    "audit.view": frozenset({OWNER, ADMIN, AUDITOR}),
    "jobs.view": _BOOKS,
}


# Pages whose arrangement members may keep under a name, by the name of their route.
LISTS = frozenset({"participants:list", "rewards:queue"})
LONGEST_VIEW, LONGEST_VIEW_NAME, MOST_VIEWS = 1_500, 60, 30
_PLACES = ("cursor", "page")


def view_query(query: str) -> str:
    """The filters, order and columns of an address without where in the list it stood."""
    pairs = parse_qsl(query.lstrip("?"), max_num_fields=60)
    return urlencode([(name, value) for name, value in pairs if name not in _PLACES])


def permissions_of(role: str) -> frozenset[str]:
    """Every permission of a role; none for an unknown one."""
    return frozenset(permission for permission, roles in PERMISSIONS.items() if role in roles)


def permissions_of_scopes(scopes: list[str]) -> frozenset[str]:
    """A key's permissions: its scopes are permissions, or `feature.*` for all of a feature."""
    return frozenset(
        permission
        for permission in PERMISSIONS
        if permission in scopes or f"{permission.split('.')[0]}.*" in scopes
    )


def unknown_scopes(scopes: list[str]) -> list[str]:
    """Scopes that would grant nothing."""
    return [scope for scope in scopes if not permissions_of_scopes([scope])]


ACCESS_LIFETIME = datetime.timedelta(minutes=5)
REFRESH_LIFETIME = datetime.timedelta(days=30)
PUBLIC_CALLS, PUBLIC_WINDOW_S = 100, 15 * 60
INVITATION_LIFETIME = datetime.timedelta(days=7)
INVITATIONS_WINDOW = datetime.timedelta(days=1)
INVITATIONS_TO_ONE, INVITATIONS_TO_ALL = 5, 100
PROOF_LIFETIME = datetime.timedelta(minutes=15)
CODE_LIFETIME = datetime.timedelta(minutes=10)
SEEN_EVERY = datetime.timedelta(minutes=5)
RESERVED_SLUGS = frozenset({"api", "admin", "static", "www", "app", "kith", "platform", "t", "p", "r"})


def wants_factor(rule: str, role: str) -> bool:
    """Whether an organization's rule about second factors obliges a member of that role."""
    return rule == "everybody" or (rule == "admins" and role in _ADMINS)


def is_good_slug(slug: str) -> bool:
    """Lower-case letters, digits and single hyphens, 2 to 40 characters, ASCII only, not reserved."""
    return (
        bool(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug))
        and 2 <= len(slug) <= 40
        and slug not in RESERVED_SLUGS
    )


def is_good_username(name: str) -> bool:
    """1 to 60 letters of A to Z, digits, dots, hyphens, underscores: no two that look the same, and no address."""
    return re.fullmatch(r"[A-Za-z0-9._-]{1,60}", name) is not None


def may_give_role(giver: str, role: str) -> bool:
    """Owners give any role, administrators any but owner, nobody else gives roles."""
    return giver == OWNER or (giver == ADMIN and role != OWNER)


SettingType = Literal["money", "int", "bool", "text", "choice"]
Place = Literal["platform", "tenant", "program", "user"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One declared setting: its type, default, the places where it may be set, and what it means."""

    key: str
    type: SettingType
    default: Any
    meaning: str
    places: frozenset[str] = frozenset({"platform", "tenant"})
    secret: bool = False
    money_relevant: bool = False
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    compat_name: str = ""


_PROGRAM = frozenset({"platform", "tenant", "program"})


# Money settings are decimal text in the currency of the tenant or program, as organizations write them.
SETTINGS: Mapping[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting("rewards.default_amount", "money", "25.00", "what a successful referral earns", _PROGRAM,
                money_relevant=True, compat_name="DEFAULT_REWARD_AMOUNT"),
        Setting("analytics.average_booking_value", "money", "500.00",
                "counted as revenue when a booking came without an amount", _PROGRAM,
                compat_name="AVERAGE_BOOKING_VALUE"),
        Setting("rewards.max_per_participant", "int", 0, "rewarded referrals per participant; 0 means unlimited",
                _PROGRAM, money_relevant=True, least=0, compat_name="MAX_REFERRALS_PER_CUSTOMER"),
        Setting("rewards.auto_approve", "bool", False, "rewards need no decision by staff", _PROGRAM,
                money_relevant=True, compat_name="AUTO_APPROVE_REFERRALS"),
        Setting("referrals.require_booking_reference", "bool", True, "a referral needs a booking reference",
                _PROGRAM, compat_name="REQUIRE_BOOKING_REFERENCE"),
        Setting("rewards.hold_days", "int", 14, "days between the event and the reward becoming available", _PROGRAM,
                money_relevant=True, least=0, most=730),
        Setting("payouts.second_person_above", "money", "500.00",
                "a batch above this amount is approved by somebody who did not make it", money_relevant=True),
        Setting("payouts.minimum", "money", "0.00", "a participant is paid from this amount on", money_relevant=True),
        Setting("payouts.debtor_name", "text", "", "name of the paying account's holder"),
        Setting("payouts.debtor_iban", "text", "", "IBAN that payments leave from", secret=True),
        Setting("payouts.debtor_bic", "text", "", "BIC of the paying bank; optional within the SEPA area"),
        Setting("referrals.reject_reasons", "text", "",
                "reasons to choose from when a referral is rejected, separated by semicolons; empty: the usual ones"),
        Setting("referrals.existing_customers", "choice", "refuse", "what happens when the friend is known already",
                _PROGRAM, choices=("refuse", "allow")),
        Setting("signin.second_factor", "choice", "optional", "who needs a second factor to sign in",
                choices=("off", "optional", "admins", "everybody")),
        Setting("signin.session_hours", "int", 12, "hours until a browser has to sign in again", least=1, most=168),
        Setting("signin.email_code", "bool", False, "members may sign in with a code sent by e-mail"),
        Setting("audit.mail_head", "bool", True, "owners get the audit trail's last hash by e-mail every day"),
        Setting("notifications.language", "text", "", "language of messages to this person",
                frozenset({"tenant", "user"})),
        Setting("interface.theme", "choice", "system", "light, dark or as the device", frozenset({"user"}),
                choices=("system", "light", "dark")),
    )
}  # fmt: skip


def bad_value(setting: Setting, value: Any) -> str:
    """Why a value cannot be stored, as a stable word; empty when it can."""
    checks = {
        "int": isinstance(value, int) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "text": isinstance(value, str) and len(value) <= 500,
        "choice": value in setting.choices,
        "money": isinstance(value, str) and bool(re.fullmatch(r"\d{1,12}(\.\d{1,4})?", value)),
    }
    if not checks[setting.type]:
        return "type"
    if setting.type == "int" and not (
        (setting.least is None or value >= setting.least) and (setting.most is None or value <= setting.most)
    ):
        return "range"
    return ""


@dataclass(frozen=True, slots=True)
class Device:
    """What a browser says it is."""

    browser: str
    system: str
    icon: str

    @property
    def words(self) -> str:
        """Browser and system in one line; empty when neither is known."""
        return " · ".join(part for part in (self.browser, self.system) if part)


# In this order: most browsers also name the ones they descend from.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone", "smartphone"), ("iPad", "iPad", "tablet"), ("Android", "Android", "smartphone"),
    ("Windows", "Windows", "monitor"), ("Mac OS X", "Mac", "laptop"), ("CrOS", "ChromeOS", "laptop"),
    ("Linux", "Linux", "monitor"),
)  # fmt: skip


def device_of(user_agent: str) -> Device:
    """The browser and system that a User-Agent header names, as far as anybody can tell."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    for mark, name, icon in _SYSTEMS:
        if mark in user_agent:
            return Device(browser, name, icon)
    return Device(browser, "", "globe")

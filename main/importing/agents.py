"""The agents that a file names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import slugify
from django.utils.translation import gettext as _

from main.accounts.users import new_user, signs_in_by_email
from main.codes.folding import same_name, tidy_name
from main.models import UserProfile
from main.sweep.reading import by_id


class UnknownAgent(ValidationError):
    """Nobody is meant. `fact` says so, and the message says what to do too."""

    def __init__(self, fact: str, message: str) -> None:
        super().__init__(message)
        self.fact = fact


class Person(NamedTuple):
    """How a file names an agent: by name, by address or by both, whatever their case and spaces."""

    name: str
    email: str

    @classmethod
    def written(cls, name: str, email: str) -> Person:
        return cls(same_name(name), email.strip().lower())


class _Account(NamedTuple):
    """What is known of a new agent beside the profile."""

    number: int
    email: str
    active: bool


class Agents:
    """Finds agents by address first, and by name where one alone has it; one query for 2,000 of those in the database.

    `people` are all whom the file names. With `create`, one who is not known becomes a new agent: `find` collects it,
    `save_new` writes it.
    """

    def __init__(self, people: Iterable[Person], *, create: bool) -> None:
        self._create = create
        self._new: dict[Person, UserProfile] = {}
        self._accounts: dict[int, _Account] = {}
        self._addresses: dict[str, set[str]] = defaultdict(set)  # that the file gives for a name
        for person in people:
            self._addresses[person.name].add(person.email)
        emails = set().union(*self._addresses.values())
        self._by_email: dict[str, list[UserProfile]] = defaultdict(list)
        self._by_name: dict[str, list[UserProfile]] = defaultdict(list)
        for profile in by_id(UserProfile.objects.select_related("user")) if self._addresses else ():
            if (email := _email_of(profile)) and email in emails:
                self._by_email[email].append(profile)
            if (name := same_name(profile.name)) in self._addresses:
                self._by_name[name].append(profile)

    @property
    def new(self) -> list[UserProfile]:
        """The agents that `find` met for the first time, in that order."""
        return list(self._new.values())

    def number(self, agent: UserProfile) -> int:
        """What stands for a new agent until it has an id: -1, -2 and so on."""
        return self._accounts[id(agent)].number

    def find(self, name: str, email: str = "", *, active: bool = True) -> UserProfile | None:
        """Return the agent, or None where the file names nobody: a code of the house.

        A new one can sign in only if it is `active`. Raises ValidationError when nobody, or more than one, is meant.
        """
        person = Person.written(name, email)
        if not person.name and not person.email:
            return None
        if found := self._by_email.get(person.email):
            return _only_agent(found, address=person.email[:150])
        name = tidy_name(name)
        # Somebody with an address of their own is another person than the one whose address the file gives.
        namesakes = [other for other in self._by_name.get(person.name, []) if not (person.email and _email_of(other))]
        if namesakes and person.name:
            return _only_agent(namesakes, name=name[:150])
        if not person.email and len(self._addresses[person.name]) > 1:
            raise ValidationError(
                _("the file gives an address for '%(name)s' elsewhere: is this the same agent? Give it here too")
                % {"name": name[:150]}
            )
        if not self._create:
            raise _unknown(name[:150], person.email[:150])
        if signs_in_by_email() and not person.email:
            told = _("no agent is called '%(name)s', and a new one needs an address to sign in with")
            raise ValidationError(told % {"name": name[:150]})
        return self._find_new(person, name, active=active)

    def save_new(self) -> None:
        """Store the new agents, each with a user who cannot sign in before somebody sets a password."""
        users = get_user_model()
        taken = {name.lower() for name in users._default_manager.values_list(users.USERNAME_FIELD, flat=True)}
        for profile, account in zip(self.new, self._accounts.values(), strict=True):
            username = _free_username(profile.name, taken)
            profile.user = new_user(username, account.email, password=make_password(None), is_active=account.active)
        users._default_manager.bulk_create([profile.user for profile in self.new])
        UserProfile.objects.bulk_create(self.new)

    def _find_new(self, person: Person, name: str, *, active: bool) -> UserProfile:
        key = person._replace(name="") if person.email else person
        if key not in self._new:
            if person.email:
                validate_email(person.email)
            profile = UserProfile(name=name or person.email, role=UserProfile.Role.AGENT)
            profile.clean_fields(exclude=["user"])
            self._new[key] = profile
            self._accounts[id(profile)] = _Account(-len(self._new), person.email, active)
        return self._new[key]


def _unknown(name: str, email: str) -> UnknownAgent:
    if name:
        fact = _("no agent is called '%(name)s'")
        told = _("no agent is called '%(name)s': create it in the admin first, or add --create-agents")
    else:
        fact = _("no agent has the address %(address)s")
        told = _("no agent has the address %(address)s: create it in the admin first, or add --create-agents")
    known_by = {"name": name, "address": email}
    return UnknownAgent(fact % known_by, told % known_by)


def _only_agent(people: list[UserProfile], *, name: str = "", address: str = "") -> UserProfile:
    """The one of `people` who is an agent; they were found by this `name` or `address`."""
    agents = [person for person in people if person.role == UserProfile.Role.AGENT]
    if len(agents) == 1:
        return agents[0]
    facts = {"count": len(agents), "name": name, "address": address}
    if agents and name:
        told = _("%(count)d agents are called '%(name)s': give an address that only one has")
    elif agents:
        told = _("%(count)d agents have the address %(address)s: give an address that only one has")
    elif name:
        told = _("a client is called '%(name)s', no agent: change the role in the admin first")
    else:
        told = _("a client has the address %(address)s, no agent: change the role in the admin first")
    raise ValidationError(told % facts)


def _email_of(profile: UserProfile) -> str:
    return str(getattr(profile.user, type(profile.user).get_email_field_name(), "") or "").lower()


def _free_username(name: str, taken: set[str]) -> str:
    """Return a user name made from `name` that is not in `taken`, and add it there."""
    wanted = slugify(name, allow_unicode=True)[:140] or "agent"
    username, number = wanted, 1
    while username in taken:
        number += 1
        username = f"{wanted}-{number}"
    taken.add(username)
    return username

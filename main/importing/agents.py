"""The agents that a file names."""

from collections.abc import Iterable
from unicodedata import normalize

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from main.accounts.users import new_user, signs_in_by_email
from main.models import UserProfile
from main.sweep.pages import by_id


class Agents:
    """Finds agents by name, whatever its case and spaces, with one query for 2,000 of them.

    With `create`, a name that nobody bears becomes a new agent: `find` collects it, `save_new` writes it.
    """

    def __init__(self, names: Iterable[str], *, create: bool) -> None:
        self._create = create
        self._new: dict[str, UserProfile] = {}
        self._known: dict[str, list[UserProfile]] = {_key(name): [] for name in names}
        for profile in by_id(UserProfile.objects.only("name", "role")):
            if (key := _key(profile.name)) in self._known:
                self._known[key].append(profile)

    @property
    def new(self) -> list[UserProfile]:
        """The agents that `find` met for the first time, in that order."""
        return list(self._new.values())

    def find(self, name: str) -> UserProfile | None:
        """Return the agent called `name`, or None for an empty name: a code of the house.

        Raises ValidationError when nobody, or more than one, is an agent of that name.
        """
        name = _clean(name)
        if not name:
            return None
        people = self._known[_key(name)]
        agents = [person for person in people if person.role == UserProfile.Role.AGENT]
        if len(agents) == 1:
            return agents[0]
        if agents:
            raise ValidationError(f"{len(agents)} agents are called '{name[:150]}': change a name in the admin first.")
        if people:
            raise ValidationError(f"'{name[:150]}' is a client, not an agent: change the role in the admin first.")
        if not self._create:
            raise ValidationError(
                f"no agent is called '{name[:150]}': create it in the admin first, or add --create-agents."
            )
        if signs_in_by_email():
            raise ValidationError(
                f"no agent is called '{name[:150]}': create it in the admin first, as an account here needs an e-mail "
                "address."
            )
        return self._find_new(name)

    def save_new(self) -> None:
        """Store the new agents, each with a user who cannot sign in before somebody sets a password."""
        users = get_user_model()
        taken = {name.lower() for name in users._default_manager.values_list(users.USERNAME_FIELD, flat=True)}
        for profile in self.new:
            profile.user = new_user(_free_username(profile.name, taken), password=make_password(None))
        users._default_manager.bulk_create([profile.user for profile in self.new])
        UserProfile.objects.bulk_create(self.new)

    def _find_new(self, name: str) -> UserProfile:
        key = _key(name)
        if key not in self._new:
            profile = UserProfile(name=name, role=UserProfile.Role.AGENT)
            profile.clean_fields(exclude=["user"])
            self._new[key] = profile
        return self._new[key]


def _clean(name: str) -> str:
    return normalize("NFC", " ".join(name.split()))


def _key(name: str) -> str:
    return _clean(name).casefold()


def _free_username(name: str, taken: set[str]) -> str:
    """Return a user name made from `name` that is not in `taken`, and add it there."""
    wanted = slugify(name, allow_unicode=True)[:140] or "agent"
    username, number = wanted, 1
    while username in taken:
        number += 1
        username = f"{wanted}-{number}"
    taken.add(username)
    return username

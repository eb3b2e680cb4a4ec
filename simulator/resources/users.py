"""Users of an account. Source: amoCRM's documentation, "Users"; the vendor's PHP client, pull requests 610 and 625."""

from simulator.answers import Answer, ApiError, document, invalid, not_found, nothing, problem
from simulator.call import Call
from simulator.rights import is_administrator, require_administrator
from simulator.state import Entity

_MOST_AT_ONCE = 10
_ASKED_FOR = ("uuid", "amojo_id", "phone_number")


def page(call: Call) -> Answer:
    require_administrator(call)
    return call.page("users", list(call.account.users.values()), lambda user: _view(call, user))


def read(call: Call, user_id: str) -> Answer:
    require_administrator(call)
    found = call.account.users.get(int(user_id))
    if found is None:
        raise not_found()
    return document(_view(call, found))


def activate(call: Call) -> Answer:
    _switch(call, is_active=True)
    return Answer(202)


def deactivate(call: Call) -> Answer:
    _switch(call, is_active=False)
    return nothing()


def _switch(call: Call, *, is_active: bool) -> None:
    # vendor: users.switch (page) POST /users/activate and /users/deactivate take `[{id}]`, ten at most, none of them an
    # administrator, from an administrator's token; they answer 202 and 204 without a body.
    # source: amoCRM's documentation, "Users", as its words are kept in a public list of its methods; amocrm-api-php,
    # pull request 625
    if not is_administrator(call):
        raise ApiError(problem(403, "Forbidden", "This method is for administrators of the account"))
    items = call.items()
    if len(items) > _MOST_AT_ONCE:
        raise invalid("", "TooMany", f"This collection should contain {_MOST_AT_ONCE} elements or less.")
    for index, item in enumerate(items):
        user = call.account.users.get(item.get("id", 0))
        if user is None or user["rights"]["is_admin"]:
            raise invalid(f"{index}.id", "NotSupportedChoice", "The user cannot be switched.", str(index))
    for item in items:
        call.account.users[item["id"]]["rights"]["is_active"] = is_active
        call.effect("user.switched", id=item["id"], is_active=is_active)


def _view(call: Call, user: Entity) -> Entity:
    # vendor: users.phone (code) A user's phone is `phone_number`, for whoever asks with `with=phone_number`.
    # source: amocrm-api-php, pull request 610; a public description of the API, schema "User"
    shown = {name: value for name, value in user.items() if name not in _ASKED_FOR or call.embeds(name)}
    return shown | {"_links": {"self": call.link(f"/users/{user['id']}")}, "_embedded": {"roles": [], "groups": []}}

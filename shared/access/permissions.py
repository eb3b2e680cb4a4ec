"""Who may do what: a proof of identity makes a caller of some kind, the kind has rights, an action asks for one."""

from enum import StrEnum

from msgspec import Struct

from shared.connections.integrations import Integration
from shared.platform.messages import say
from shared.platform.problems import Problem, forbidden, invalid_input


class Right(StrEnum):
    READ_DEAL = "read_deal"
    READ_PEOPLE = "read_people"  # who a deal's customers are: names, phones, addresses
    WRITE_DEAL = "write_deal"
    LIST_DEALS = "list_deals"
    SUBMIT = "submit"  # forms and orders from a public page
    SEE_SLOTS = "see_slots"  # services, and when they are free
    BOOK = "book"  # hold a time, and book it
    SEE_ORDER = "see_order"  # where an order stands
    SYNC_CONTACT = "sync_contact"  # a person's profile, from a server
    READ_ACCOUNT = "read_account"  # pipelines, users, fields: for settings
    OPEN_SESSION = "open_session"
    SEE_CONNECTION = "see_connection"
    CONNECT = "connect"  # begin a consent, hand in a code, disconnect
    SEE = "see"  # what stands in the panel: the overview, deliveries, the log, settings
    SEE_METRICS = "see_metrics"  # figures without names, for a monitor
    OPERATE = "operate"  # take deliveries up again
    MANAGE = "manage"  # client ids and secrets, settings, site keys, administrators; what customers wrote
    SIGN_IN = "sign_in"  # make a token from a link


_WIDGET = frozenset(
    {
        Right.READ_DEAL,
        Right.READ_PEOPLE,
        Right.WRITE_DEAL,
        Right.LIST_DEALS,
        Right.SEE_SLOTS,
        Right.BOOK,
        Right.OPEN_SESSION,
        Right.SEE_CONNECTION,
    }
)

_VIEWER = frozenset(
    {Right.SEE, Right.SEE_METRICS, Right.SEE_CONNECTION, Right.READ_DEAL, Right.READ_ACCOUNT, Right.SEE_SLOTS}
)

# Which proof gives which rights. A reviewer should need nothing else.
RIGHTS: dict[str, frozenset[Right]] = {
    "widget": _WIDGET,  # amoCRM's one-time token, of any user of the account
    "widget_administrator": _WIDGET
    | {Right.CONNECT, Right.READ_ACCOUNT},  # the same, and amoCRM says that they are an administrator there
    "session": frozenset(
        {Right.READ_DEAL, Right.READ_PEOPLE, Right.WRITE_DEAL, Right.SEE_SLOTS, Right.BOOK, Right.SEE_CONNECTION}
    ),  # opened by a one-time token
    "application": frozenset(
        {
            Right.READ_DEAL,
            Right.READ_PEOPLE,
            Right.WRITE_DEAL,
            Right.LIST_DEALS,
            Right.SUBMIT,
            Right.SEE_SLOTS,
            Right.BOOK,
            Right.SEE_ORDER,
            Right.SYNC_CONTACT,
            Right.READ_ACCOUNT,
            Right.SEE_CONNECTION,
            Right.CONNECT,
        }
    ),  # a JWT of the operator's own application
    "site": frozenset({Right.SUBMIT, Right.SEE_ORDER, Right.SEE_SLOTS, Right.BOOK}),  # a publishable key
    "server": frozenset({Right.SUBMIT}),  # a key of a site builder's server
    # The operator's token, or an administrator with a name who may manage; a session needs an amoCRM user.
    "administrator": frozenset(Right) - {Right.OPEN_SESSION, Right.SIGN_IN},
    "operator": _VIEWER | {Right.OPERATE, Right.CONNECT},
    "viewer": _VIEWER,
    "metrics": frozenset({Right.SEE_METRICS}),  # a token of METRICS_TOKENS
    "invited": frozenset({Right.SIGN_IN}),  # has a sign-in link
}
_ADMINISTRATORS = ("administrator", "operator", "viewer")
_OF_NO_ACCOUNT = ("metrics", "invited")


class Caller(Struct, frozen=True):
    """Who is asking, once the proof is checked."""

    kind: str  # a key of RIGHTS
    integration: (
        Integration | None
    )  # None only for an administrator: the caller named no account, or one that is not here
    named_account: bool = True
    user_id: int | None = None  # the amoCRM user at the widget
    jti: str | None = None  # of a one-time token
    lead_id: int | None = None  # the only deal that a session is for
    actor: str | None = None  # an administrator's name, for the log

    @property
    def is_administrator(self) -> bool:
        """Chooses the account by headers, of all that are here."""
        return self.kind in _ADMINISTRATORS

    @property
    def is_of_no_account(self) -> bool:
        """Neither comes from an account nor chooses one."""
        return self.kind in _OF_NO_ACCOUNT

    def sender(self) -> dict[str, object]:
        """Who sends a write, for the lists of deliveries."""
        return {"by": self.kind} | ({"user_id": self.user_id} if self.user_id is not None else {})

    def may(self, right: Right) -> bool:
        return right in RIGHTS[self.kind]

    def require(self, right: Right) -> None:
        """Raises 403 when this kind of proof does not give the right."""
        if not self.may(right):
            raise forbidden(
                say("This proof of identity ({kind}) does not give the right {right}.", kind=self.kind, right=right)
            )

    def require_integration(self) -> Integration:
        """The caller's connection. Raises 404 or 422 when there is none, or none was named."""
        if self.integration is not None:
            return self.integration
        if self.named_account:
            raise Problem(404, "unknown_connection", say("There is no connection for this account and widget type."))
        raise invalid_input(
            say("name the account and the widget type in these headers"), "X-Account-Domain, X-Widget-Type"
        )

    def require_lead(self, lead_id: int) -> int:
        """The deal itself, if the caller may work with it."""
        if self.lead_id not in (None, lead_id):
            raise forbidden(say("This session is for another deal."))
        return lead_id

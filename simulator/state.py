"""What the simulated amoCRM knows: accounts, the integrations installed in them, and their entities.

Entities are dicts in the API's own shape; what the API embeds only on request is kept beside them.
"""

import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

Entity = dict[str, Any]


_TRACKING = (
    "UTM_SOURCE",
    "UTM_MEDIUM",
    "UTM_CAMPAIGN",
    "UTM_TERM",
    "UTM_CONTENT",
    "REFERRER",
    "GCLID",
    "YCLID",
    "_YM_UID",
)


SCOPES = ("crm", "files", "files_delete", "notifications", "push_notifications")


class Clock:
    """The real time, moved by the control API."""

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        return time.time() + self.offset


# What a new account has: its owner, its pipeline, and the pipeline's statuses. And the statuses of every pipeline.
_BORN_WITH = {
    "ru": ("Анна Руководитель", "Воронка", "Первичный контакт", "Переговоры", "Принимают решение"),
    "pt": ("Ana Diretora", "Funil", "Primeiro contato", "Negociação", "Decisão"),
    "en": ("Alice Owner", "Sales", "First contact", "Negotiation", "Decision"),
}
_STATUSES = {
    "ru": ("Неразобранное", "Успешно реализовано", "Закрыто и не реализовано"),
    "pt": ("Leads de entrada", "Ganho", "Perdido"),
    "en": ("Incoming leads", "Won", "Lost"),
}


@dataclass
class Client:
    """An integration as its developer registered it: known to every account, or made inside one."""

    id: str
    secret: str
    redirect_uri: str  # where consents go
    other_redirect_uris: list[str] = field(default_factory=list)  # registered too
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    name: str = "Integration"
    hook_url: str | None = None
    widget: dict[str, bytes] = field(default_factory=dict)  # the files of its archive, for the deal page
    made_in: str | None = None  # the host of the account in which it was made, and which alone it serves


@dataclass
class Account:
    id: int
    subdomain: str
    top_level_domain: str
    name: str
    currency: str = "RUB"
    cents: str = "refused"  # of a budget: "kept", "refused", or "cut"
    country: str = "RU"
    language: str = "ru"
    paid: bool = True
    shows_unpaid: bool = False  # while it is not paid, all that is there; else nothing
    utc_offset: int = 3 * 3600  # seconds; days of date fields begin at the account's own midnight
    time_zone: str | None = None  # its name; None is one that fits the offset
    may_create_fields: bool = True
    not_responsible: list[int] = field(default_factory=list)  # users who are there, and are refused as responsible
    makes_closed_deals: bool = True  # else a deal that is made in the stage won or lost is refused
    has_customers: bool = True  # customers are switched on
    has_filters: bool = True  # is_api_filter_enabled; without it filters are ignored
    elements_on_a_page: int | None = None  # of a list, at most; then no page names the next one
    list_lag: float = 0.0  # seconds for which a list shows what an entity was, see behind.py
    search_lag: float = 2.0  # seconds until `query` finds what was made or changed
    search_digits: int = 5  # fewer find no phone
    deleted_lag: float = 2.0  # and until it finds no more what was deleted
    deleted: deque[tuple[str, int, Entity, float]] = field(default_factory=lambda: deque(maxlen=200))  # see search.py
    incoming: dict[str, Entity] = field(default_factory=dict)  # incoming leads by uid
    missing_entity_status: int = 204  # what GET of an entity that is not there answers
    missing_write_status: int = 404  # what a write into one answers: 404 or 400
    hidden_entity_status: int = 204  # and GET of one that the user may not see: 204 or 403
    leads: dict[int, Entity] = field(default_factory=dict)
    contacts: dict[int, Entity] = field(default_factory=dict)
    companies: dict[int, Entity] = field(default_factory=dict)
    customers: dict[int, Entity] = field(default_factory=dict)
    notes: dict[tuple[str, int], list[Entity]] = field(default_factory=lambda: defaultdict(list))
    links: dict[int, list[Entity]] = field(default_factory=lambda: defaultdict(list))  # of a lead
    users: dict[int, Entity] = field(default_factory=dict)
    removed_users: dict[int, Entity] = field(default_factory=dict)
    pipelines: dict[int, Entity] = field(default_factory=dict)
    custom_fields: dict[str, list[Entity]] = field(default_factory=lambda: defaultdict(list))
    catalogs: dict[int, Entity] = field(default_factory=dict)
    elements: dict[int, dict[int, Entity]] = field(default_factory=lambda: defaultdict(dict))  # by catalog
    files: dict[str, Entity] = field(default_factory=dict)  # of the drive, by uuid
    deleted_files: dict[str, Entity] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, Entity] = field(default_factory=dict)  # sessions under way
    attached: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))  # file uuids by lead
    tags: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))  # by entity type
    tasks: dict[int, Entity] = field(default_factory=dict)
    talks: dict[int, Entity] = field(default_factory=dict)
    messages: list[Entity] = field(default_factory=list)  # of all talks, the oldest first
    events: list[Entity] = field(default_factory=list)  # the oldest first
    trash: dict[tuple[str, int], Entity] = field(default_factory=dict)  # deals, contacts, companies, customers
    hooks: dict[str, Any] = field(default_factory=dict)  # subscriptions by their address, see posting.py
    stage_actions: dict[int, list[Entity]] = field(default_factory=lambda: defaultdict(list))  # by status
    bots: dict[str, Entity] = field(default_factory=dict)  # that have asked a widget, see automation.py
    sources: dict[str, int] = field(default_factory=dict)  # of incoming leads: their ids by what calls them
    salesbots: dict[int, Entity] = field(default_factory=dict)  # that somebody has built here
    started_bots: list[Entity] = field(default_factory=list)  # by the API, the oldest first
    outbox: deque[tuple[str, str, str]] = field(default_factory=deque)  # address, type, body: sent once
    may_use_webhooks: bool = True  # the tariff
    escapes_texts: bool = False  # what the API shows has HTML's entities
    asks_addresses: bool = False  # of subscriptions, before they are saved
    unknown_settings: list[str] = field(default_factory=list)  # of subscriptions: they are refused
    declined_to_trash: bool = False  # the deal of an incoming lead that was declined; else it is closed
    bare_messages: bool = False  # hooks of a visitor's message are `add[0]`, without the word `message` before it
    controls_duplicates: bool = False  # a complex lead of a known person joins that person's open deal

    @property
    def domain(self) -> str:
        return f"{self.subdomain}.{self.top_level_domain}"

    def entities(self, entity_type: str) -> dict[int, Entity]:
        tables = {"leads": self.leads, "contacts": self.contacts, "companies": self.companies}
        tables["customers"] = self.customers
        return tables[entity_type]


class World:
    """Every account of this simulator. One event loop owns it; nothing here waits."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.accounts: dict[str, Account] = {}  # by domain
        self.clients: dict[str, Client] = {}
        self._first = 1_000_001
        self._last: dict[str, int] = {}  # by kind

    def new_id(self, kind: str) -> int:
        """Each kind of thing has numbers of its own: a deal and a contact may share one."""
        self._last[kind] = self._last.get(kind, self._first - 1) + 1
        return self._last[kind]

    def skip_ids(self) -> None:
        """After a restart: goes on above every id that can have been given out."""
        self._first, self._last = int(time.time()), {}

    def now(self) -> int:
        return int(self.clock.now())

    def add_account(self, subdomain: str, top_level_domain: str = "amocrm.ru", **facts: Any) -> Account:
        """A new account with its owner and one pipeline, as every new account has."""
        name = facts.pop("name", subdomain)
        facts.setdefault("cents", "kept" if top_level_domain == "kommo.com" else "refused")
        # All kinds go on from one number, so that they do meet in each account.
        self._first, self._last = max([self._first - 1, *self._last.values()]) + 1, {}
        account = Account(self.new_id("accounts"), subdomain, top_level_domain, name, **facts)
        self.accounts[account.domain] = account
        owner, funnel, *statuses = _BORN_WITH.get(account.language, _BORN_WITH["pt"])
        self.add_user(account, owner, is_admin=True)
        self.add_pipeline(account, funnel, statuses, is_main=True)
        for entity_type in ("contacts", "companies"):
            phone = {"ru": "Телефон", "en": "Phone"}.get(account.language, "Telefone")
            for code, title in (("PHONE", phone), ("EMAIL", "Email")):
                self.add_field(account, entity_type, title, "multitext", code)
        for code in _TRACKING:
            self.add_field(account, "leads", code.lower(), "tracking_data", code)
        return account

    def add_client(self, redirect_uri: str, **facts: Any) -> Client:
        client_id = facts.pop("id", None) or str(uuid4())
        secret = facts.pop("secret", None) or uuid4().hex * 2
        client = Client(client_id, secret, redirect_uri, **facts)
        self.clients[client.id] = client
        return client

    def rename(self, account: Account, subdomain: str) -> None:
        del self.accounts[account.domain]
        account.subdomain = subdomain
        self.accounts[account.domain] = account

    def account_by_id(self, account_id: int) -> Account | None:
        return next((account for account in self.accounts.values() if account.id == account_id), None)

    def add_user(self, account: Account, name: str, is_admin: bool = False, is_active: bool = True) -> Entity:
        user_id = self.new_id("users")
        everything = {"view": "A", "edit": "A", "add": "A", "delete": "A", "export": "A"}
        rights: Entity = {
            **{entity: dict(everything) for entity in ("leads", "contacts", "companies")},
            "tasks": {"edit": "A", "delete": "A"},
            "mail_access": True,
            "catalog_access": True,
            "files_access": True,
            "status_rights": [],
            "is_admin": is_admin,
            "is_free": False,
            "is_active": is_active,
            "group_id": 0,
            "role_id": None,
        }
        user = {"id": user_id, "name": name, "email": f"user{user_id}@example.org", "lang": "ru", "rights": rights}
        user |= {"uuid": str(uuid4()), "amojo_id": str(uuid4()), "phone_number": f"+7900{user_id % 10**7:07d}"}
        account.users[user_id] = user
        return user

    def source_id(self, account: Account, uid: str) -> int:
        """Of where incoming leads come from: the same for the same one."""
        return account.sources.setdefault(uid, self.new_id("sources"))

    def add_bot(self, account: Account, name: str, is_active: bool = True) -> Entity:
        settings = {"silent": False, "active": is_active, "is_sandbox": False, "readonly": False}
        facts = {"type_functionality": "regular", "can_interrupt": True, "type": 2, "settings": settings}
        bot: Entity = {"id": self.new_id("bots"), "name": name, **facts}
        account.salesbots[bot["id"]] = bot
        return bot

    def add_pipeline(
        self, account: Account, name: str, statuses: list[str], is_main: bool = False, is_archive: bool = False
    ) -> Entity:
        pipeline_id = self.new_id("pipelines")
        unsorted, won, lost = _STATUSES.get(account.language, _STATUSES["pt"])
        named = [(self.new_id("statuses"), status) for status in (unsorted, *statuses)]
        shown = [*named, (142, won), (143, lost)]
        pipeline = {
            "id": pipeline_id,
            "name": name,
            "sort": len(account.pipelines) + 1,
            "is_main": is_main,
            "is_unsorted_on": True,
            "is_archive": is_archive,
            "account_id": account.id,
            "_embedded": {
                "statuses": [
                    {
                        "id": status_id,
                        "name": status,
                        "sort": 10 * position,
                        "is_editable": status_id not in (142, 143),
                        "pipeline_id": pipeline_id,
                        "color": "#99ccff",
                        "descriptions": [],
                        "type": 1 if position == 1 else 0,  # incoming leads wait in the first one
                        "account_id": account.id,
                    }
                    for position, (status_id, status) in enumerate(shown, 1)
                ]
            },
        }
        account.pipelines[pipeline_id] = pipeline
        return pipeline

    def add_field(
        self,
        account: Account,
        owner: str,
        name: str,
        kind: str,
        code: str | None = None,
        choices: tuple[str, ...] | list[str] = (),
    ) -> Entity:
        """`owner` is leads, contacts, companies, or `catalogs/ID`."""
        enums = [{"id": self.new_id("enums"), "value": value, "sort": i} for i, value in enumerate(choices)] or None
        if kind == "multitext":
            codes = ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER") if code == "PHONE" else ("WORK", "PRIV", "OTHER")
            enums = [{"id": self.new_id("enums"), "value": value, "sort": i} for i, value in enumerate(codes)]
        field_ = {
            "id": self.new_id("fields"),
            "name": name,
            "code": code,
            "type": kind,
            "sort": 500 + len(account.custom_fields[owner]),
            "is_api_only": False,
            "enums": enums,
            "account_id": account.id,
            "entity_type": owner.split("/")[0],
        }
        account.custom_fields[owner].append(field_)
        return field_

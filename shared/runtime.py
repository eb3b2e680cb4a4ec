"""What a warm instance holds: settings and connections. Made once at start, handed to every handler."""

import os
import random
import sys
from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from shared.amocrm.transport import Transport
from shared.connections.api_session import Connections
from shared.connections.authorization import Authorization
from shared.connections.connect_links import ConnectLinks
from shared.connections.rotation import Rotation
from shared.connections.token_journal import TokenJournal
from shared.deliveries import wakeup
from shared.deliveries.locks import Locks
from shared.deliveries.runner import Delivering
from shared.platform.adapters import snapshots
from shared.platform.clock import Clock, SystemClock
from shared.platform.config import ConfigurationError, Settings, load
from shared.platform.secret_store import environment
from shared.storage import object_stores
from shared.storage.database import Database
from shared.storage.encryption import Keyring


class Runtime(Struct, frozen=True):
    settings: Settings
    database: Database
    keyring: Keyring
    transport: Transport
    clock: Clock
    rotation: Rotation
    connections: Connections
    authorization: Authorization
    delivering: Delivering
    locks: Locks
    connect_links: ConnectLinks

    @classmethod
    def build(cls, settings: Settings, clock: Clock | None = None, database: Database | None = None) -> "Runtime":
        clock = clock or SystemClock()
        database = database or Database(settings.database_url)
        keyring = Keyring(settings.encryption_keys)
        transport = Transport(settings.amocrm_gateway)
        ahead = timedelta(hours=settings.refresh_ahead_hours)
        journal = None
        if settings.token_journal_url is not None:
            store = object_stores.at(settings.token_journal_url, settings.token_journal_access_token)
            journal = TokenJournal(store, settings.token_journal_url, keyring, clock)
        notify = settings.notice_webhook_url is not None
        rotation = Rotation(database, keyring, transport, clock, ahead, notify=notify, token_journal=journal)
        return cls(
            settings,
            database,
            keyring,
            transport,
            clock,
            rotation,
            Connections(rotation),
            Authorization(rotation, settings.redirect_uri),
            Delivering(database, clock, wakeup.from_settings(settings)),
            Locks(database, clock),
            ConnectLinks(keyring, clock, settings.redirect_uri),
        )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Runtime":
        """For a function's start: a wrong environment is told whole, and ends the process."""
        try:
            return cls.build(load(environment(os.environ if environ is None else environ)))
        except ConfigurationError as error:
            sys.exit(str(error))

    def close(self) -> None:
        self.database.close()
        self.transport.close()


class Instance:
    """A function's instance: the runtime that its handlers are given.

    Copies of a snapshot share nothing that must be one's own. Before it is taken every connection is closed; each copy
    reads the configuration anew (a secret may have been replaced since), makes connections of its own, and draws other
    random numbers. (Keys, nonces and ids come from the system, not from `random`.)
    """

    def __init__(self) -> None:
        self.runtime = Runtime.from_environment()
        snapshots.hooks(lambda: self.runtime.close(), self._renew)

    def _renew(self) -> None:
        random.seed()
        self.runtime = Runtime.from_environment()

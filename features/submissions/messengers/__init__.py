"""Messages as messengers, telephone services and relays tell them, as :mod:`features.submissions.builder_adapters` has
them.

Of each message there are two numbers, as there are of a call: the writer's, and the company's own. What tells of the
company's own messages (written, sent, delivered, read) or of its account is nobody's submission: None, and no id.
"""

from collections.abc import Callable, Iterator
from typing import Final

from features.submissions import messenger_ids
from features.submissions.messengers import chats, meta, whatsapp
from features.submissions.messengers.common import is_own as is_own
from shared.platform.nested import Tree

MESSENGERS: Final[tuple[tuple[str, Callable[[Tree], str | None]], ...]] = (
    ("AccountSid From To", chats.twilio),
    ("object entry", meta.webhook),
    ("messaging_product metadata", meta.cloud),
    ("message conversation phone_number_id", meta.kapso),
    ("typeWebhook instanceData", whatsapp.green),
    ("phone fromMe type", whatsapp.zapi),
    ("momment type", whatsapp.zapi),
    ("event instance data", whatsapp.evolution),
    ("event instanceId data", whatsapp.whatsmeow),
    ("EventType chat message", whatsapp.uazapi),
    ("EventType owner", whatsapp.uazapi),
    ("jsonData token", whatsapp.wuzapi),
    ("jsonData userID instanceName", whatsapp.wuzapi),
    ("event_type instanceId data", whatsapp.ultramsg),
    ("app payload version type", whatsapp.gupshup),
    ("waId eventType", whatsapp.wati),
    ("payload version timestamp", chats.avito),
    ("event payload", whatsapp.waha),
    ("key message", whatsapp.baileys),
    ("event message_type conversation", chats.chatwoot),
    ("website_id event data", chats.crisp),
    ("service title bot contact", chats.sendpulse),
    ("client message is_input project_id", chats.salebot),
    ("type message accountId leadId", chats.umnico),
    ("hook_type client message_id", chats.chat2desk),
    ("product_id phone_id user message", whatsapp.maytapi),
    ("type apiVersion createTime", whatsapp.ycloud),
    ("event instanceId connectedPhone", whatsapp.wapi),
    ("update_type timestamp", chats.max_),
    ("chatPlatform contactId messages", chats.botmaker),
    ("message_uuid status", chats.vonage),
)
# By names that others have as well, so that they come after all others.
RELAYS: Final[tuple[tuple[str, Callable[[Tree], str | None]], ...]] = (
    ("messages", chats.relayed),
    ("statuses", chats.states),
    ("update_id", chats.telegram),
    ("type event", whatsapp.whatsmeow),
)
_WRITERS: Final[dict[Callable[[Tree], str | None], Callable[[Tree], Iterator[str]]]] = {
    chats.twilio: messenger_ids.of_twilio,
    meta.webhook: lambda tree: _of_cloud(tree) if meta.is_cloud(tree) else messenger_ids.of_page(tree),
    meta.cloud: lambda tree: _of_cloud(tree),
    meta.kapso: lambda tree: messenger_ids.of_cloud([{"messages": [tree["message"]]}]),
    whatsapp.green: messenger_ids.of_green,
    whatsapp.zapi: messenger_ids.of_zapi,
    whatsapp.evolution: messenger_ids.of_evolution,
    whatsapp.uazapi: messenger_ids.of_uazapi,
    whatsapp.whatsmeow: lambda tree: messenger_ids.of_whatsmeow(whatsapp.of_whatsmeow(tree)),
    whatsapp.wuzapi: lambda tree: messenger_ids.of_whatsmeow(whatsapp.of_whatsmeow(whatsapp.of_wuzapi(tree))),
    whatsapp.ultramsg: messenger_ids.of_ultramsg,
    chats.relayed: messenger_ids.of_relay,
    chats.telegram: messenger_ids.of_telegram,
    chats.max_: messenger_ids.of_max,
    chats.umnico: messenger_ids.of_umnico,
    chats.botmaker: messenger_ids.of_botmaker,
    chats.chat2desk: lambda tree: messenger_ids.of_bot("chat2desk", tree["client"]),
    whatsapp.maytapi: messenger_ids.of_maytapi,
    whatsapp.wapi: messenger_ids.of_wapi,
    chats.avito: messenger_ids.of_avito,
    whatsapp.waha: messenger_ids.of_waha,
    whatsapp.baileys: lambda tree: messenger_ids.of_evolution({"data": tree}),
    chats.crisp: messenger_ids.of_crisp,
    chats.sendpulse: lambda tree: messenger_ids.of_bot("sendpulse", tree["contact"]),
    chats.salebot: lambda tree: messenger_ids.of_bot("salebot", tree["client"]),
}


def _of_cloud(tree: Tree) -> Iterator[str]:
    return messenger_ids.of_cloud(meta.values_of(tree))


def writer_id(adapt: Callable[[Tree], str | None] | None, tree: Tree) -> str:
    """Who has written it, see :mod:`features.submissions.messenger_ids`; of several, and of a form, nobody. `tree`: as
    it came, since its adapter moves what says so."""
    told = None if adapt is None else _WRITERS.get(adapt)
    ids = set() if told is None or len(parts(tree)) > 1 else set(told(tree))
    return ids.pop() if len(ids) == 1 else ""


def parts(tree: Tree) -> list[Tree]:
    """A tree for each who has written, of a body with the messages of several."""
    of_meta = meta.by_writer(tree)
    return chats.by_writer(tree) if of_meta is None else of_meta

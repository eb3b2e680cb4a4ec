"""Of whoever writes in a messenger a form is made; of what the company itself has written, none."""

import copy
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from features.submissions import batches, messengers, site_builders
from features.submissions.model import SubmitForm, full_name
from features.submissions.settings import Submissions
from functions.run_deliveries.run import run as run_deliveries
from shared.platform.http import Headers, Request
from tests.story import Story
from tests.submissions.recorded import record
from tests.submissions.test_batches import _made
from tests.submissions.test_doors import _sent
from tests.submissions.test_incoming import JSON, listed, new_key, sent
from tests.submissions.test_read_again import again, entry
from tests.submitting import account, save, set_up, values_of

CLOUD = record("whatsapp_cloud")["json"]
LINE = {"display_phone_number": "74950000099", "phone_number_id": "106540352242922"}


def _cloud(*values: dict[str, Any], field: str = "messages") -> dict[str, Any]:
    """As WhatsApp's Cloud API gathers them."""
    full = [{"messaging_product": "whatsapp", "metadata": LINE, **one} for one in values]
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"value": one, "field": field} for one in full]}],
    }


def _of_meta(message: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    """As Messenger and Instagram tell it."""
    ends = {"sender": {"id": "6543210987654321"}, "recipient": {"id": "105551234567890"}, "timestamp": 1}
    events = [ends | ({"message": message} if message else {}) | other]
    return {"object": "instagram", "entry": [{"id": "18", "time": 1, "messaging": events}]}


def _of(person: str, *texts: str) -> dict[str, Any]:
    messages = [
        {"from": person, "id": f"wamid.{person}.{place}", "timestamp": "1", "text": {"body": one}, "type": "text"}
        for place, one in enumerate(texts)
    ]
    return {"contacts": [{"profile": {"name": f"N{person}"}, "wa_id": person}], "messages": messages}


STATUS = {"id": "wamid.1", "status": "delivered", "timestamp": "1795760000", "recipient_id": "79211000201"}
# As since 2026: whom it was sent to stands where the writer of a message does.
TO_CLIENT = {
    "contacts": [{"profile": {"name": "Ann"}, "wa_id": "79211000201", "user_id": "RU.201"}],
    "statuses": [STATUS | {"recipient_user_id": "RU.201"}],
}
WATI = {
    "id": "6f1", "whatsappMessageId": "wamid.1", "conversationId": "6f2", "ticketId": "6f3", "text": "Hola",
    "type": "text", "timestamp": "1795760000", "owner": False, "eventType": "message", "statusString": "SENT",
    "operatorName": "Oleg", "operatorEmail": "oleg@a.ru", "waId": "5215512345678", "senderName": "Juan",
}  # fmt: skip
AVITO_MESSAGE = {
    "id": "m1", "chat_id": "u2i-x", "user_id": 161605962, "author_id": 350687742, "created": 1754916284,
    "type": "text", "chat_type": "u2i", "content": {"text": "Здравствуйте"}, "item_id": 7463793992,
}  # fmt: skip
AVITO: dict[str, Any] = {
    "id": "5f", "version": "v3.0.0", "timestamp": 1754916287,
    "payload": {"type": "message", "value": AVITO_MESSAGE},
}  # fmt: skip
CLIENT = {"id": 9, "name": "Ann", "email": None, "phone_number": "+79211000201", "type": "contact"}
CHATWOOT: dict[str, Any] = {
    "event": "message_created", "id": 24753115, "content": "Хочу дверь", "message_type": "incoming", "private": False,
    "sender": CLIENT, "account": {"id": 1, "name": "Glass"}, "inbox": {"id": 2, "name": "WhatsApp"},
    "conversation": {
        "id": 48, "channel": "Channel::Api", "status": "open",
        "meta": {"sender": CLIENT, "assignee": {"id": 3, "name": "Oleg", "email": "oleg@a.ru", "type": "user"}},
    },
}  # fmt: skip
# source: SendPulse's reference of its chatbots' webhooks; bodies in public receivers
SENDPULSE: dict[str, Any] = {
    "service": "whatsapp", "title": "incoming_message", "date": 1617401679000,
    "bot": {"id": "68f1", "name": "Glass", "channel": "WHATSAPP", "external_id": "5511970000091"},
    "contact": {
        "id": "f9e8", "name": "Ana", "email": None, "phone": "5511910000201", "username": "ana", "tags": ["vip"],
        "last_message": "Quero uma porta", "variables": {"profile_url": ""}, "photo": None,
    },
    "info": {
        "message": {
            "id": "m1",
            "channel_data": {
                "message_id": "wamid.1",
                "message": {"from": "5511910000201", "type": "text", "text": {"body": "Quero uma porta"}},
            },
        }
    },
}  # fmt: skip
BY_BOT = {"info": {"message": {"id": "m2", "channel_data": {"message": {"type": "text", "text": {"body": "Olá"}}}}}}
# source: the reference of go-whatsapp-web-multidevice; WAHA's; Megaapi's example of a receiver
GOWA: dict[str, Any] = {
    "event": "message", "device_id": "74950000099@s.whatsapp.net",
    "payload": {
        "id": "3EB1", "chat_id": "79211000201@s.whatsapp.net", "from": "79211000201@s.whatsapp.net",
        "from_lid": "251556368777322@lid", "from_name": "Анна", "timestamp": "2026-11-28T10:00:00Z",
        "is_from_me": False, "body": "Хочу дверь",
    },
}  # fmt: skip
WAHA: dict[str, Any] = {
    "event": "message", "session": "default", "me": {"id": "74950000099@c.us", "pushName": "Glass"},
    "payload": {
        "id": "false_79211000201@c.us_A", "timestamp": 1, "from": "79211000201@c.us", "fromMe": False,
        "to": "74950000099@c.us", "body": "Хочу дверь", "replyTo": {"id": "B", "fromMe": True, "body": "Да?"},
        "_data": {"notifyName": "Анна"},
    },
}  # fmt: skip
MEGAAPI: dict[str, Any] = {
    "instance_key": "megaapi-x", "jid": "74950000099@s.whatsapp.net", "messageType": "conversation",
    "key": {"remoteJid": "79211000201@s.whatsapp.net", "fromMe": False, "id": "23DE"}, "messageTimestamp": 1688998491,
    "pushName": "Анна", "broadcast": False, "message": {"conversation": "Хочу дверь"},
}  # fmt: skip
# source: Salebot's page on its API, "Webhook URL": each message, whoever has written it
SALEBOT: dict[str, Any] = {
    "id": 77, "message": "Хочу дверь", "attachments": [], "message_id": None, "project_id": 5, "is_input": 1,
    "delivered": 1, "error_message": "",
    "client": {
        "id": 9, "recepient": "441000201", "client_type": 1, "name": "Анна", "avatar": "", "created_at": 1754916287,
        "tag": "", "group": "glass_bot",
    },
}  # fmt: skip
# source: Wappi's references of WhatsApp, Telegram and MAX; public receivers, which take `incoming_message` only
WAPPI: dict[str, Any] = {
    "wh_type": "incoming_message", "profile_id": "0d1a", "id": "3EB0", "body": "Хочу дверь", "type": "chat",
    "from": "79211000201@c.us", "to": "74950000099@c.us", "senderName": "Анна", "chatId": "79211000201@c.us",
    "timestamp": 1679922117, "time": "2023-03-27T15:48:37+03:00", "from_where": "phone", "contact_name": "Анна",
    "is_me": False, "chat_type": "dialog", "caption": "",
}  # fmt: skip
WAPPIS_OWN = {"wh_type": "outgoing_message_api", "from": WAPPI["to"], "to": WAPPI["from"], "is_me": True}
# source: public receivers of uazapi, which keep its bodies
UAZAPI: dict[str, Any] = {
    "BaseUrl": "https://glass.uazapi.com", "EventType": "messages", "owner": "74950000099", "token": "it-writes-for-us",
    "chat": {"phone": "+7 921 100-02-01", "wa_name": "Анна", "wa_chatid": "79211000201@s.whatsapp.net"},
    "message": {
        "messageid": "3EB0", "chatid": "79211000201@s.whatsapp.net", "sender": "190722435231786@lid",
        "sender_pn": "79211000201@s.whatsapp.net", "senderName": "Анна", "fromMe": False, "isGroup": False,
        "text": "Хочу дверь", "content": "Хочу дверь", "owner": "74950000099",
    },
}  # fmt: skip
UAZAPIS_READ = {"MessageIDs": ["3EB0"], "Chat": "79211000201@s.whatsapp.net", "IsFromMe": False, "Type": "read"}
# source: bodies of WuzAPI and Evolution Go in public receivers
INFO = {
    "ID": "3EB0", "Chat": "79211000201@s.whatsapp.net", "Sender": "190722435231786:12@lid", "IsFromMe": False,
    "SenderAlt": "79211000201@s.whatsapp.net", "IsGroup": False, "PushName": "Анна", "Timestamp": "2026-11-28T10:00:00",
}  # fmt: skip
WUZAPI: dict[str, Any] = {
    "type": "Message", "token": "it-writes-for-us",
    "event": {"Info": INFO, "Message": {"conversation": "Хочу дверь"}},
}  # fmt: skip
EVOLUTION_GO: dict[str, Any] = {
    "event": "Message", "instanceId": "i1", "instanceToken": "it-writes-for-us",
    "data": {"Info": INFO, "Message": {"extendedTextMessage": {"text": "Хочу дверь"}}},
}  # fmt: skip
# As it posts unless it is told otherwise: a form. source: its code
WUZAPIS_FORM = {"jsonData": json.dumps(WUZAPI), "token": WUZAPI["token"], "userID": "1", "instanceName": "Glass"}
# source: Gupshup's reference, "Inbound events", version 2
GUPSHUP: dict[str, Any] = {
    "app": "Glass", "timestamp": 1580227766370, "version": 2, "type": "message",
    "payload": {
        "id": "ABEG", "source": "79211000201", "type": "text", "payload": {"text": "Хочу дверь"},
        "sender": {"phone": "79211000201", "name": "Анна", "country_code": "7", "dial_code": "9211000201"},
    },
}  # fmt: skip
GUPSHUPS_READ = {"id": "ABEG", "type": "read", "destination": "79211000201", "payload": {"ts": 1585344475}}
# source: the references of ChatApp, Maytapi and Telnyx
CHATAPP = {"fromMe": True, "chat": {"phone": "79211000201", "name": "Анна"}, "message": {"text": "Да"}}
TELNYX = {"direction": "outbound", "from": {"phone_number": "+74950000099"}, "to": [{"phone_number": "+79211000201"}]}
# source: bodies of Umnico, Maytapi and Chat2Desk in public receivers
UMNICO: dict[str, Any] = {
    "type": "message.incoming", "accountId": 1, "leadId": 5, "isNewCustomer": True,
    "message": {
        "messageId": "m1", "datetime": 1, "incoming": True, "sa": {"id": 1, "type": "telegram", "login": "74950000099"},
        "sender": {"customerId": 7, "id": 1, "login": "79211000201", "type": "customer", "name": "Анна"},
        "source": {"id": "1", "realId": 2}, "message": {"text": "Хочу дверь"},
    },
}  # fmt: skip
MAYTAPI: dict[str, Any] = {
    "product_id": "p", "phone_id": 1, "type": "message", "conversation": "79211000201@c.us", "receiver": "74950000099",
    "message": {"type": "text", "text": "Хочу дверь", "id": "false_1_3EB0", "fromMe": False}, "timestamp": 1,
    "user": {"id": "79211000201@c.us", "name": "Анна", "phone": "79211000201"},
}  # fmt: skip
CHAT2DESK: dict[str, Any] = {
    "message_id": 970590378, "type": "from_client", "text": "Хочу дверь", "transport": "telegram", "channel_id": 3,
    "client_id": 1, "hook_type": "inbox", "client": {"id": 1, "phone": "79211000201", "name": "Анна"},
}  # fmt: skip
# source: MAX' reference of its Bot API, "Update"; bodies in public receivers
MAXS_PERSON = {"user_id": 441000201, "first_name": "Анна", "last_name": "", "is_bot": False, "name": "Анна"}
MAX: dict[str, Any] = {
    "update_type": "message_created", "timestamp": 1786079712219, "user_locale": "ru",
    "message": {
        "recipient": {"chat_id": 44, "chat_type": "dialog", "user_id": 99}, "timestamp": 1786079712219,
        "body": {"mid": "mid.1", "seq": 1, "text": "Хочу дверь"}, "sender": MAXS_PERSON,
    },
}  # fmt: skip
MAXS_CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nTEL;TYPE=cell:79211000201\r\nFN:Анна Ли\r\nEND:VCARD\r\n"
# source: Botmaker's page on its webhooks; Zenvia's and Vonage's references; public receivers of Digisac and Callbell
BOTMAKER: dict[str, Any] = {
    "v": "1.1", "type": "message", "chatPlatform": "whatsapp", "contactId": "+79211000201", "firstName": "Анна",
    "whatsappNumber": "+74950000099", "chatChannelId": "c", "customerId": "u4", "sessionCreationTime": "2026-11-28",
    "messages": [{"_id": "PHW3", "from": "user", "fromName": "Анна", "message": "Хочу дверь", "date": "2026-11-28"}],
}  # fmt: skip
# source: bodies of W-API in public receivers; YCloud's reference
W_API: dict[str, Any] = {
    "event": "webhookReceived", "instanceId": "3B6XIW", "connectedPhone": "74950000099", "isGroup": False,
    "connectedLid": "176488829694091@lid", "messageId": "E93A", "fromMe": False, "moment": 1754764919, "fromApi": False,
    "chat": {"id": "79211000201", "profilePicture": "https://pps.example/1"},
    "sender": {"id": "79211000201", "pushName": "Анна", "verifiedBizName": ""},
    "msgContent": {"conversation": "Хочу дверь"},
}  # fmt: skip
YCLOUD: dict[str, Any] = {
    "id": "evt", "type": "whatsapp.inbound_message.received", "apiVersion": "v2", "createTime": "2026-11-28",
    "whatsappInboundMessage": {
        "id": "m", "wamid": "wamid.1", "from": "+79211000201", "to": "+74950000099", "type": "text",
        "customerProfile": {"name": "Анна"}, "text": {"body": "Хочу дверь"},
    },
}  # fmt: skip
YCLOUDS_OWN = {"wamid": "w", "status": "read", "from": "+74950000099", "to": "+79211000201", "text": {"body": "Да"}}
ZENVIA: dict[str, Any] = {
    "id": "e1", "type": "MESSAGE", "channel": "whatsapp", "direction": "OUT",
    "message": {"id": "m1", "from": "74950000099", "to": "79211000201", "direction": "OUT", "contents": []},
}  # fmt: skip
PACT: dict[str, Any] = {
    "event": "create", "type": "message",
    "object": {"id": 123, "contact_id": 7, "income": True, "message": "Хочу дверь"},
}  # fmt: skip
FRESHCHAT: dict[str, Any] = {
    "actor": {"actor_type": "user", "actor_id": "u"}, "action": "message_create",
    "data": {"message": {"actor_type": "user", "id": "m", "message_parts": [{"text": {"content": "Хочу дверь"}}]}},
}  # fmt: skip
LANDBOT: dict[str, Any] = {
    "messages": [{"type": "text", "data": {"body": "Хочу дверь"}, "sender": {"id": 1, "type": "customer"}}],
    "customer": {"id": 1, "name": "Анна", "phone": "+79211000201"}, "agent": {"id": 2, "type": "human"},
}  # fmt: skip
# source: Kapso's reference of its webhooks, version 2; public receivers, which pass over `outbound`
KAPSO: dict[str, Any] = {
    "message": {
        "id": "wamid.1", "timestamp": "1730092800", "type": "text", "from": "79211000201",
        "text": {"body": "Хочу дверь"},
        "kapso": {"direction": "inbound", "status": "received", "origin": "cloud_api", "content": "Хочу дверь"},
    },
    "conversation": {
        "id": "c1", "phone_number": "+7 (921) 100-02-01", "status": "active", "phone_number_id": "106540352242922",
        "kapso": {"contact_name": "Анна", "messages_count": 1, "last_message_text": "Хочу дверь"},
    },
    "is_new_conversation": True, "phone_number_id": "106540352242922",
}  # fmt: skip
# source: Crisp's reference, "Webhooks"; public receivers, which pass over what is from an operator
CRISP: dict[str, Any] = {
    "website_id": "w1", "event": "message:send", "timestamp": 1632396148743,
    "data": {
        "type": "text", "origin": "chat", "content": "Хочу дверь", "timestamp": 1632396148646, "website_id": "w1",
        "fingerprint": 163239614854320, "session_id": "session_36ba", "from": "user", "stamped": True,
        "user": {"nickname": "Анна", "user_id": "session_36ba"},
    },
}  # fmt: skip
CRISPS_VISITOR = {"website_id": "w1", "session_id": "session_36ba"}
# source: bodies in public code; WhatsApp's reference of its calls, "User-initiated calls"
CALL = {
    "id": "wacid.1", "from": "79211000201", "to": LINE["display_phone_number"], "timestamp": "1", "event": "terminate",
    "direction": "USER_INITIATED", "duration": 20, "status": "COMPLETED",
}  # fmt: skip
CALL_BEGINS = CALL | {"event": "connect", "session": {"sdp": "v=0", "sdp_type": "offer"}}
# source: the references of each, and what public receivers of them pass over
OWN: dict[str, Any] = {
    "WhatsApp: delivered": _cloud({"statuses": [STATUS | {"pricing": {"billable": True, "category": "service"}}]}),
    "WhatsApp: a template": _cloud({"event": "APPROVED"}, field="message_template_status_update"),
    "WhatsApp: written on the phone": _cloud({"message_echoes": [{"from": "74950000099", "to": "79211000201"}]}),
    "WhatsApp: delivered to somebody who is named": _cloud(TO_CLIENT),
    "WhatsApp: another number": _cloud(
        {"messages": [{"from": "79211000201", "id": "w", "type": "system", "system": {"wa_id": "79211000299"}}]}
    ),
    "WhatsApp: no more advertisements": _cloud(
        {"contacts": TO_CLIENT["contacts"], "user_preferences": [{"wa_id": "79211000201", "value": "stop"}]},
        field="user_preferences",
    ),
    "360dialog: read, by somebody who is named": {"messaging_product": "whatsapp", "metadata": LINE, **TO_CLIENT},
    "WhatsApp: a call begins": _cloud({"contacts": TO_CLIENT["contacts"], "calls": [CALL_BEGINS]}, field="calls"),
    "Kapso: written by its bot": KAPSO
    | {"message": KAPSO["message"] | {"from": "74950000099", "kapso": {"direction": "outbound", "status": "sent"}}},
    "uazapi: written on the phone": UAZAPI | {"message": UAZAPI["message"] | {"fromMe": True}},
    "uazapi: read": {"EventType": "messages_update", "owner": UAZAPI["owner"], "event": UAZAPIS_READ},
    "uazapi: its account": {"EventType": "connection", "owner": UAZAPI["owner"], "instance": {"status": "connected"}},
    "WuzAPI: written on the phone": WUZAPI | {"event": WUZAPI["event"] | {"Info": INFO | {"IsFromMe": True}}},
    "WuzAPI: its telephone": {"type": "Presence", "event": {"From": "7"}, "userID": "1", "instanceName": "Glass"},
    "Evolution Go: its telephone": EVOLUTION_GO | {"event": "Connected", "data": {}},
    "WuzAPI: read, by a form": {"jsonData": {"type": "ReadReceipt", "event": UAZAPIS_READ}, "token": "t"},
    "WuzAPI: its account": {"jsonData": {"type": "Connected", "event": {}}, "token": "t", "instanceName": "Glass"},
    # source: its code; each is a picture by which a telephone is connected
    "WuzAPI: to be connected": {
        "jsonData": {"type": "QR", "event": "code", "qrCodeBase64": "data:image/png;base64,iVBO"}, "token": "t",
    },
    "WuzAPI: not connected": {
        "jsonData": {"type": "QRTimeout", "event": "timeout"}, "userID": "1", "instanceName": "Glass",
    },
    "WuzAPI: read": {"type": "ReadReceipt", "event": UAZAPIS_READ, "state": "Read"},
    "Evolution Go: written": EVOLUTION_GO | {"data": EVOLUTION_GO["data"] | {"Info": INFO | {"IsFromMe": True}}},
    "Gupshup: read": GUPSHUP | {"type": "message-event", "payload": GUPSHUPS_READ},
    "ChatApp: written": {"meta": {"type": "message"}, "data": [CHATAPP]},
    "Maytapi: delivered": {"type": "ack", "data": [{"ackType": "delivered", "chatId": "79211000201@c.us"}]},
    "Telnyx: written": {"data": {"event_type": "message.sent", "payload": TELNYX}},
    "Wappi: written": {"messages": [WAPPI | WAPPIS_OWN]},
    "Wappi: read": {"messages": [{"wh_type": "delivery_status", "id": "3EB0", "status": "read", "from": WAPPI["to"]}]},
    "Wappi: its account": {"messages": [{"wh_type": "authorization_status", "profile_id": "0d1a"}]},
    "Crisp: written by an operator": CRISP
    | {"event": "message:received", "data": CRISP["data"] | {"from": "operator", "user": {"nickname": "Oleg"}}},
    "Crisp: a talk is over": CRISP | {"event": "session:set_state", "data": CRISPS_VISITOR | {"state": "resolved"}},
    "Crisp: where its visitor is": CRISP | {"event": "session:sync:pages", "data": CRISPS_VISITOR | {"pages": [{}]}},
    "Crisp: a profile": CRISP | {"event": "people:profile:removed", "data": {"website_id": "w1", "people_id": "p1"}},
    "360dialog: read": {"messaging_product": "whatsapp", "metadata": LINE, "statuses": [STATUS]},
    "Twilio: delivered": {
        "AccountSid": "AC1", "MessageSid": "SM1", "SmsStatus": "delivered", "MessageStatus": "delivered",
        "From": "whatsapp:+74950000099", "To": "whatsapp:+79211000201", "ApiVersion": "2010-04-01",
    },
    "Green API: read": {
        "typeWebhook": "outgoingMessageStatus", "chatId": "79211000201@c.us", "status": "read", "idMessage": "7",
        "instanceData": {"idInstance": 7103, "wid": "79290000091@c.us", "typeInstance": "whatsapp"},
    },
    "Green API: written": record("green_api")["json"] | {"typeWebhook": "outgoingAPIMessageReceived"},
    "Z-API: written": record("z_api")["json"] | {"fromMe": True},
    "Z-API: read": {
        "instanceId": "A", "status": "READ", "ids": ["1"], "momment": 1, "phone": "5511910000201",
        "type": "MessageStatusCallback",
    },
    "Evolution: read": record("evolution_api")["json"] | {"event": "messages.update"},
    "Evolution: a story": record("evolution_api")["json"]
    | {
        "data": record("evolution_api")["json"]["data"]
        | {"key": {"remoteJid": "status@broadcast", "participant": "5511910000201@s.whatsapp.net", "fromMe": False}}
    },
    "Wazzup: read": {"statuses": [{"messageId": "1", "timestamp": "2026-11-28T10:00:00", "status": "read"}]},
    "Whapi: read": {
        "statuses": [{"id": "p.1", "code": 4, "status": "read", "recipient_id": "79211000201@s.whatsapp.net"}],
        "event": {"type": "statuses", "event": "post"}, "channel_id": "MANTIS-1",
    },
    "Instagram: written": _of_meta({"mid": "m1", "text": "Здравствуйте", "is_echo": True}),
    "Messenger: read": _of_meta(read={"watermark": 1}),
    "WATI: written": WATI | {"owner": True, "eventType": "sessionMessageSent_v2", "operatorEmail": "oleg@a.ru"},
    "WATI: delivered": WATI | {"eventType": "sentMessageDELIVERED_v2"},
    "Avito: written": AVITO | {"payload": {"type": "message", "value": AVITO_MESSAGE | {"author_id": 161605962}}},
    "Avito: of its own": AVITO | {"payload": {"type": "message", "value": AVITO_MESSAGE | {"type": "system"}}},
    "Chatwoot: written": CHATWOOT
    | {"message_type": "outgoing", "sender": {"id": 3, "name": "Oleg", "email": "oleg@a.ru", "type": "user"}},
    "Chatwoot: its bot's": CHATWOOT | {"message_type": "template", "sender": None},
    "SendPulse: written by its bot": [SENDPULSE | BY_BOT | {"title": "outgoing_message"}],
    "SendPulse: written by an agent": [SENDPULSE | BY_BOT | {"title": "agent_reply"}],
    "SendPulse: the bot is blocked": [SENDPULSE | {"title": "bot_block", "info": {}}],
    "Salebot: written": SALEBOT | {"is_input": 0, "message_id": 12},
    "WAHA: written on the phone": WAHA
    | {"event": "message.any", "payload": WAHA["payload"] | {"from": "74950000099@c.us", "fromMe": True}},
    "WAHA: its session": WAHA | {"event": "session.status", "payload": {"status": "WORKING"}},
    "WAHA: taken back": WAHA
    | {"event": "message.revoked", "payload": {"before": WAHA["payload"], "after": WAHA["payload"] | {"body": ""}}},
    "WAHA: read": WAHA | {"event": "message.ack"},
    "GoWA: written on the phone": GOWA | {"payload": GOWA["payload"] | {"is_from_me": True}},
    "GoWA: read": {
        "event": "message.ack", "device_id": "74950000099@s.whatsapp.net",
        "payload": {"ids": ["3EB"], "from": "79211000201@s.whatsapp.net", "receipt_type": "read"},
    },
    "Megaapi: written on the phone": MEGAAPI | {"key": MEGAAPI["key"] | {"fromMe": True}},
    "Z-API: sent": {"phone": "79211000201", "zaapId": "A20", "messageId": "A20", "type": "DeliveryCallback"},
    "Radist: written": {
        "event_type": "messages.create",
        "event": {
            "chat": {"contact_name": "Анна", "phone": "79211000201"},
            "message": {"direction": "outbound", "text": {"text": "Да"}},
        },
    },
    "Intercom: an agent answers": {
        "type": "notification_event", "topic": "conversation.admin.replied", "id": "notif_1",
        "data": {
            "type": "notification_event_data",
            "item": {
                "type": "conversation", "id": "215",
                "source": {"body": "Хочу дверь", "author": {"type": "user", "name": "Ann", "email": "ann@a.ru"}},
                "conversation_parts": {
                    "conversation_parts": [
                        {"body": "Да", "author": {"type": "admin", "name": "Oleg", "email": "oleg@a.ru"}}
                    ]
                },
            },
        },
    },
    "Chat2Desk: written": {
        "message_id": 1, "type": "to_client", "text": "Да", "transport": "whatsapp", "hook_type": "outbox",
        "operator_id": 2, "client": {"id": 1, "phone": "79211000201", "name": "Анна"},
    },
    "Maytapi: written on the phone": MAYTAPI | {"message": MAYTAPI["message"] | {"fromMe": True}},
    "Umnico: of its own": UMNICO | {"message": UMNICO["message"] | {"incoming": False}},
    "MAX: a bot's": MAX | {"message": MAX["message"] | {"sender": MAXS_PERSON | {"is_bot": True}}},
    "MAX: it was taken out": {"update_type": "bot_removed", "timestamp": 1, "chat_id": 44, "user": MAXS_PERSON},
    "MAX: a message is deleted": {"update_type": "message_removed", "timestamp": 1, "message_id": "mid.1"},
    "Botmaker: written by its bot": BOTMAKER | {"messages": [{"_id": "P", "from": "bot", "message": "Да"}]},
    "Zenvia: written": ZENVIA,
    "Zenvia: read": {"type": "MESSAGE_STATUS", "direction": "OUT", "messageId": "m", "messageStatus": {"code": "READ"}},
    "Vonage: delivered": {
        "message_uuid": "u", "to": "79211000201", "from": "74950000099", "status": "delivered", "channel": "whatsapp",
    },
    # source: Pact's reference; Freshchat's messages in public receivers. Of Landbot no body was found, this is a guess
    "Pact: written": PACT | {"object": PACT["object"] | {"income": False}},
    "Pact: read": PACT | {"event": "update", "object": PACT["object"] | {"income": False, "status": "read"}},
    "Freshchat: written by an agent": FRESHCHAT
    | {"actor": {"actor_type": "agent"}, "data": {"message": {"actor_type": "agent", "id": "m"}}},
    "Landbot: written by its bot": LANDBOT | {"messages": [{"data": {"body": "Да"}, "sender": {"type": "bot"}}]},
    "a chat: written by an operator": {
        "event": "message.created", "data": {"id": 1, "text": "Да", "sender_type": "operator", "phone": "79211000201"},
    },
    # source: Wassenger's node for n8n; public receivers, which pass over what goes out
    "Wassenger: written": {
        "event": "message:out:new", "device": {"id": "d", "phone": "+74950000099"},
        "data": {"id": "m", "flow": "outbound", "fromNumber": "+74950000099", "toNumber": "+79211000201", "body": "Да"},
    },
    "Wassenger: changed": {
        "event": "message:update", "data": {"id": "m", "flow": "outbound", "fromNumber": "+74950000099"},
    },
    "Wassenger: sent": {"event": "message:out:sent", "data": {"id": "m", "phone": "79211000201"}},
    "a program of one's own: written": {
        "event": "message", "direction": "outgoing", "from": "+74950000099", "to": "+79211000201", "text": "Да",
    },
    "Digisac: written": {"event": "message.created", "data": {"id": "m", "isFromMe": True, "text": "Да"}},
    "W-API: written on the phone": W_API | {"event": "webhookDelivery", "fromMe": True},
    "W-API: its telephone": {"event": "webhookConnected", "instanceId": "3B6XIW", "connectedPhone": "74950000099"},
    "YCloud: read": {
        "id": "evt", "type": "whatsapp.message.updated", "apiVersion": "v2", "createTime": "2026-11-28",
        "whatsappMessage": YCLOUDS_OWN,
    },
    "Bird: written": {
        "type": "message.created", "contact": {"msisdn": 79211000201},
        "message": {"from": "+74950000099", "to": "+79211000201", "direction": "sent", "content": {"text": "Да"}},
    },
    "OpenPhone: delivered": {
        "type": "message.delivered",
        "data": {"object": {"direction": "outgoing", "from": "+74950000099", "to": "+79211000201", "body": "Да"}},
    },
    "Callbell: read": {"event": "message_status_updated", "payload": {"to": "79211000201", "status": "read"}},
    "Umnico: written": {
        "type": "message.outgoing", "accountId": 1, "leadId": 5,
        "message": {"message": {"text": "Да"}, "sender": {"login": "79211000201", "type": "user"}},
    },
    "respond.io: written": {
        "event_type": "message.sent", "event_id": "e", "contact": {"firstName": "Ann", "phone": "+79211000201"},
        "message": {"messageId": 1, "traffic": "outgoing", "message": {"type": "text", "text": "Да"}},
    },
    "bot.space: written": {
        "id": "6615", "direction": "outgoing", "event": "message-event", "customer": {"name": "Ana Russo", "id": "61"},
        "phone": {"countryCode": "91", "phone": "9028562767"},
        "payload": {"direction": "outgoing", "type": "text", "payload": {"text": "Polo"}},
    },
    "UltraMsg: seen": {
        "event_type": "message_ack", "instanceId": "1",
        "data": {"id": "true_79211000201@c.us_3EB0", "from": "79290000091@c.us", "to": "79211000201@c.us"},
    },
}  # fmt: skip


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


@pytest.mark.parametrize("body", [PACT, FRESHCHAT, LANDBOT])
def test_what_a_client_writes_in_a_chat_that_nobody_knows_is_a_form(body: dict[str, Any]) -> None:
    assert not _sent(body).is_test


def test_a_title_that_people_read_makes_no_message_of_the_companys_own() -> None:
    for asked in (
        {"title": "Message: out of office"},
        {"title": "Message", "income": 0},
        {"title": "Leave us a message", "direction": "Outbound tours"},
        {"title": "Leave us a message", "type": "Out of hours"},
        {"title": "Message", "sender_type": "business"},
        {"action": "send_message", "sender_type": "agent"},
    ):
        found = _sent({"name": "Ann", "phone": "+79211000201", **asked})
        assert found.body.contact.phones == ["+79211000201"]


@pytest.mark.parametrize("name", OWN)
def test_what_a_messenger_tells_of_own_messages_is_no_submission(name: str) -> None:
    """The company's own line was the person of it, and so of all of them."""
    found = _sent(OWN[name])
    assert (found.is_test, found.body.contact.phones, found.body.contact.emails) == (True, [], [])


def test_what_is_written_to_the_company_is_a_form_with_its_text() -> None:
    written = _sent(WATI).body
    assert (written.contact.name, written.contact.phones) == ("Juan", ["5215512345678"])
    told = _sent(CHATWOOT).body.contact
    assert (told.name, told.phones, told.emails) == ("Ann", ["+79211000201"], [])
    assert [_comment(one) for one in (WATI, AVITO, CHATWOOT)] == ["Hola", "Здравствуйте", "Хочу дверь"]


@pytest.mark.parametrize("sent", [SENDPULSE, [SENDPULSE]])
def test_what_somebody_writes_to_a_bot_of_sendpulse_is_a_form_with_its_text(sent: Any) -> None:
    """In a list, as it sends them: each value stood in the note under a number and four names."""
    found = _sent(sent)
    assert isinstance(found.body, SubmitForm)
    assert (found.body.contact.name, found.body.contact.phones) == ("Ana", ["5511910000201"])
    assert (found.body.comment, found.writer_id) == ("Quero uma porta", "sendpulse:f9e8")
    assert "5511970000091" not in str(found.body.contact)


def test_of_several_events_of_sendpulse_the_bots_own_are_none() -> None:
    other = SENDPULSE | {"contact": SENDPULSE["contact"] | {"id": "x", "name": "Bia", "phone": "5511910000202"}}
    told = json.dumps([SENDPULSE, SENDPULSE | BY_BOT | {"title": "outgoing_message"}, other]).encode()
    for body in (
        told,
        told.replace(b'"5511910000201"', b"null").replace(b'"5511910000202"', b"null"),
    ):  # as in Telegram
        request = Request("POST", "/", (), Headers([("Content-Type", JSON)]), body)
        parts = batches.requests(request, Submissions(phone_country="BR"))
        assert [site_builders.sent(one).is_test for one in parts] == [False, True, False]


@pytest.mark.parametrize("body", [GOWA, WAHA, MEGAAPI])
def test_who_writes_through_another_relay_of_whatsapp_is_known_by_their_phone(body: dict[str, Any]) -> None:
    """A chat of eleven figures was none for its twelve letters, and `from` was a mark of the visit."""
    found = _sent(body)
    assert isinstance(found.body, SubmitForm)
    told = found.body.contact
    assert (told.name, told.phones, found.body.comment) == ("Анна", ["+79211000201"], "Хочу дверь")
    assert found.key is not None
    named = {"from": "79211000201@s.whatsapp.net"}
    assert _sent({"name": "Анна", "payload": named}).body.contact.phones == ["+79211000201"]


def test_who_hides_their_phone_there_has_an_id() -> None:
    hidden = GOWA["payload"] | {"from": "251556368777322@lid", "chat_id": "251556368777322@lid"}
    found = _sent(GOWA | {"payload": hidden})
    assert (found.body.contact.phones, found.writer_id) == ([], "whatsapp:251556368777322@lid")


def test_what_somebody_writes_to_a_bot_of_salebot_is_a_form_of_theirs() -> None:
    found = _sent(SALEBOT)
    assert isinstance(found.body, SubmitForm)
    assert (found.body.contact.name, found.body.comment) == ("Анна", "Хочу дверь")
    assert (found.writer_id, found.body.contact.phones) == ("salebot:9", [])
    client = SALEBOT["client"]
    by_phone = _sent(SALEBOT | {"client": client | {"client_type": 6, "recepient": "79211000201"}}).body.contact
    by_mail = _sent(SALEBOT | {"client": client | {"client_type": 14, "recepient": "ann@a.ru"}}).body.contact
    assert (by_phone.phones, by_mail.emails) == (["+79211000201"], ["ann@a.ru"])
    uzbek = SALEBOT | {"client": client | {"recepient": "907734561"}}  # an id, and a phone there
    assert _sent(uzbek, settings=Submissions(phone_country="UZ")).body.contact.phones == []


@pytest.mark.parametrize(
    "body",
    [
        {"event": "message:send", "phone": "+79211000201", "message": "Хочу дверь"},  # a site's chat: the visitor's
        {"direction": "outbound", "phone": "+79211000201", "call_id": "7"},
        {"client": {"name": "Анна"}, "message": "?", "is_input": "да", "phone": "+79211000201"},
        {"event": "call.ended", "data": {"direction": "outbound", "raw_digits": "7", "phone": "+79211000201"}},
        {"type": "message.incoming", "message": {"traffic": "incoming", "text": "Да"}, "phone": "+79211000201"},
        {"name": "Анна", "phone": "+79211000201", "message": "outgoing message", "fromMe": "false"},
        *({name: "ack", "phone": "+79211000201"} for name in ("title", "event", "type", "topic", "event_type")),
        *({name: "Outbox", "phone": "+79211000201"} for name in ("title", "event", "type", "topic", "eventType")),
        {"type": "ack", "phone": "+79211000201", "data": [{"question": "Размер", "answer": "60 x 60"}]},
        {"event": "agent_reply", "phone": "+79211000201"},
        {"jsonData": {"type": "lead", "event": "sent"}, "token": "t", "phone": "+79211000201"},
        {"jsonData": {"event": {"id": 7}}, "token": "t", "phone": "+79211000201"},
        {"message_uuid": "u", "from": "+79211000201", "text": "Хочу дверь", "status": "new"},
        {"event": "call.ended", "data": {"direction": "out", "phone": "+79211000201"}},
        {"website_id": 1, "event": "call:ordered", "data": {"phone": "+79211000201"}},
    ],
)
def test_what_only_looks_like_an_own_message_is_a_form(body: dict[str, Any]) -> None:
    found = _sent(body)
    assert (found.is_test, found.body.contact.phones) == (False, ["+79211000201"])


def _comment(body: dict[str, Any]) -> str:
    found = _sent(body)
    assert isinstance(found.body, SubmitForm)
    assert not found.is_test
    return found.body.comment


def test_statuses_of_something_else_beside_a_person_are_a_form() -> None:
    """It was taken for a messenger's, and nothing came of it."""
    order = {"client": {"name": "Анна", "phone": "+79211000207"}, "statuses": [{"id": "1", "status": "new"}]}
    found = _sent(order)
    assert (found.is_test, found.body.contact.phones) == (False, ["+79211000207"])


def test_of_instagram_what_is_written_to_the_company_is_a_form() -> None:
    body = _of_meta({"mid": "m2", "text": "Хочу дверь"})
    body["entry"] += _of_meta({"mid": "m3", "text": "Слушаем", "is_echo": True})["entry"]
    found = _sent(body)
    assert isinstance(found.body, SubmitForm)
    assert (found.is_test, found.body.comment, found.key) == (False, "Хочу дверь", _sent(body).key)
    assert (found.body.contact.phones, found.key is not None) == ([], True)
    lead = {"object": "page", "entry": [{"changes": [{"field": "leadgen", "value": {"leadgen_id": "7"}}]}]}
    assert _sent(lead).is_test is False


def test_whom_it_was_sent_to_has_not_called() -> None:
    call = {"contacts": [{"wa_id": "79211000208"}], "calls": [{"id": "wacid.1", "from": "79211000208"}]}
    for values in ((call, TO_CLIENT), (TO_CLIENT, call)):
        contact = _sent(_cloud(*values)).body.contact
        assert (contact.name, contact.phones) == ("", ["+79211000208"])


@pytest.mark.parametrize("ends", [{}, {"direction": "BUSINESS_INITIATED", "from": CALL["to"], "to": CALL["from"]}])
def test_a_call_in_whatsapp_is_one_form_of_the_client_whichever_way_it_goes(ends: dict[str, str]) -> None:
    """It is told when it begins and when it ends, and was two deals; without a contact beside it that of our line."""
    for beside in ({}, {"contacts": [{"profile": {"name": "Ann"}, "wa_id": "79211000201"}]}):
        found = _sent(_cloud({"calls": [CALL | ends]} | beside, field="calls"))
        assert isinstance(found.body, SubmitForm)
        assert found.body.contact.phones == ["+79211000201"]
        assert (found.key is not None, "20" in str(found.body.fields)) == (True, True)
    assert _sent(_cloud({"calls": [CALL_BEGINS | ends, CALL | ends]}, field="calls")).key == found.key


@pytest.mark.parametrize("ends", [{}, {"direction": "BUSINESS_INITIATED", "from": CALL["to"], "to": CALL["from"]}])
def test_a_call_that_whatsapp_tells_together_with_others_messages_is_of_its_client(ends: dict[str, str]) -> None:
    """Meta gathers what it tells while much is told, or nobody has listened: only the messages were taken."""
    call, another = CALL | ends, CALL | {"id": "wacid.2", "from": "79211000203"}
    said = {"id": "wamid.1", "from": "79211000202", "type": "text", "text": {"body": "Хочу дверь"}}
    own = said | {"id": "wamid.2", "from": CALL["from"]}
    people = [{"profile": {"name": f"N{one}"}, "wa_id": f"7921100020{one}"} for one in (1, 2, 3)]
    for values in (
        [{"messages": [said], "contacts": people[1:2]}, {"calls": [call, another, CALL_BEGINS | {"id": "wacid.3"}]}],
        [{"messages": [said, own], "calls": [call, another], "contacts": people}],
    ):
        trees = batches.parts(_cloud(*values), Submissions())
        found = {str(one.body.contact.phones): str(one.body.fields) for one in map(_sent, trees)}
        assert sorted(found) == ["['+79211000201']", "['+79211000202']", "['+79211000203']"]
        is_called = ["duration" in found[f"['+7921100020{place}']"] for place in (1, 2, 3)]
        assert is_called == [True, False, True]


@pytest.mark.parametrize(
    ("body", "writer"),
    [
        (KAPSO, ""),
        (CRISP, "crisp:session_36ba"),
        (GUPSHUP, ""),
        (UAZAPI, "whatsapp:190722435231786@lid"),
        (WUZAPI, "whatsapp:190722435231786@lid"),
        (EVOLUTION_GO, "whatsapp:190722435231786@lid"),
        (UMNICO, "umnico:7"),
        (MAYTAPI, ""),
        (CHAT2DESK, "chat2desk:1"),
        (BOTMAKER, ""),
        (W_API, ""),
        (YCLOUD, ""),
        (MAX, "max:441000201"),
    ],
)
def test_what_is_written_through_a_relay_has_its_text_and_writer(body: dict[str, Any], writer: str) -> None:
    """Of a body with the company's own number beside a read message that number was the contact's; and what lets
    anybody write for the company stood in the note."""
    found = _sent(body)
    assert isinstance(found.body, SubmitForm)
    assert (full_name(found.body.contact), found.body.comment, found.writer_id) == ("Анна", "Хочу дверь", writer)
    phones = ["".join(sign for sign in one if sign.isdigit()) for one in found.body.contact.phones]
    assert phones == ([] if body in (CRISP, MAX) else ["79211000201"])
    assert found.key is not None
    told = {name: one for name, one in found.body.fields.items() if not name.rpartition(" › ")[2].startswith("line ")}
    assert not {"it-writes-for-us", "74950000099"} & set(str(told).split("'"))


@pytest.mark.parametrize(
    ("chat", "phones", "writer"),
    [
        ({}, ["+79211000201"], ""),
        ({"chatId": "441000201", "from": "441000201", "contact_phone": ""}, [], "wappi:441000201"),
        (
            {"chatId": "441000201", "from": "441000201", "contact_phone": "79211000201"},
            ["+79211000201"],
            "wappi:441000201",
        ),
    ],
)
def test_what_is_written_through_wappi_is_of_its_writer(chat: dict[str, str], phones: list[str], writer: str) -> None:
    """What the company had written was a form of its own line; an id of Telegram was a phone."""
    found = _sent({"messages": [WAPPI | chat]})
    assert isinstance(found.body, SubmitForm)
    assert (found.body.contact.name, found.body.contact.phones, found.writer_id) == ("Анна", phones, writer)
    assert (found.body.comment, found.body.tracking) == ("Хочу дверь", {})


def test_who_shows_no_phone_to_a_relay_has_neither_ours_nor_an_id_as_one() -> None:
    """All who wrote in Telegram through Umnico, or hide their phone from Maytapi, were the company's own number."""
    lid = "190722435231786@lid"
    hidden = MAYTAPI["user"] | {"id": lid, "phone": "190722435231786"}
    message, client = UMNICO["message"], CHAT2DESK["client"] | {"phone": "[tg] 907734561"}
    for body, writer in (
        (UMNICO | {"message": message | {"sender": message["sender"] | {"login": "ann_lee"}}}, "umnico:7"),
        (MAYTAPI | {"user": hidden, "conversation": lid}, f"whatsapp:{lid}"),
        (CHAT2DESK | {"client": client}, "chat2desk:1"),
        (W_API | {"sender": {"id": lid, "pushName": "Анна"}, "chat": {"id": lid}}, f"whatsapp:{lid}"),
        ({"meta": {}, "data": [{"fromMe": False, "chat": {"id": lid, "phone": "190722435231786"}}]}, ""),
    ):
        found = _sent(body, settings=Submissions(phone_country="UZ"))
        assert (found.body.contact.phones, found.writer_id) == ([], writer)


def test_what_somebody_does_with_a_bot_of_max_is_theirs() -> None:
    """Of each message a contact without a phone was made, and their own card was text."""
    for person, phones in ((MAXS_PERSON, ["+79211000201"]), (MAXS_PERSON | {"user_id": 5}, [])):
        card = {"type": "contact", "payload": {"vcf_info": MAXS_CARD, "hash": "x", "max_info": person}}
        body = MAX | {"message": MAX["message"] | {"body": {"mid": "mid.2", "text": "", "attachments": [card]}}}
        found = _sent(body)
        assert (found.body.contact.phones, found.writer_id) == (phones, "max:441000201")
        assert ("79211000201" in str(found.body.fields)) is not bool(phones)
    begun = {"update_type": "bot_started", "timestamp": 1, "chat_id": 44, "user": MAXS_PERSON, "payload": "from_site"}
    bots_own = MAX["message"] | {"sender": MAXS_PERSON | {"user_id": 99, "is_bot": True}}
    pressed = {"callback_id": "c1", "payload": "door", "user": MAXS_PERSON}
    for body in (begun, {"update_type": "message_callback", "timestamp": 1, "callback": pressed, "message": bots_own}):
        found = _sent(body)
        assert (found.body.contact.name, found.writer_id, found.is_test) == ("Анна", "max:441000201", False)
    for kind in ("price", "user_added"):
        assert _sent({"update_type": kind, "timestamp": 1, "phone": "+79211000201"}).is_test is False


def test_what_wuzapi_hears_is_the_same_as_a_form_and_as_json() -> None:
    """All of it stood in the note, with what lets anybody write for the company, and nobody was its person."""
    usual = _sent(WUZAPI)
    for without in (set(), {"token"}, {"userID", "instanceName"}):  # as versions differ
        form = {name: value for name, value in WUZAPIS_FORM.items() if name not in without}
        found = _sent(urlencode(form).encode(), "application/x-www-form-urlencoded")
        assert (found.body, found.key, found.writer_id) == (usual.body, usual.key, usual.writer_id)


def test_an_e_mail_that_is_left_in_a_talk_is_of_whoever_writes_there() -> None:
    told = {"session_id": "session_36ba", "website_id": "w1", "email": "t01@example.org"}
    found = _sent({"website_id": "w1", "event": "session:set_email", "data": told, "timestamp": 1})
    assert (found.body.contact.emails, found.writer_id) == (["t01@example.org"], "crisp:session_36ba")


@pytest.mark.parametrize("own", [{"wa_id": "5215512345678"}, {"user_id": "US.207", "username": "ann"}])
def test_whoever_whatsapp_names_by_another_id_has_their_name_and_never_our_line(own: dict[str, str]) -> None:
    """People with a name of their own show WhatsApp's clients no phone; all of them were the company's own line."""
    ids = {"from": "525512345678"} if "wa_id" in own else {"from_user_id": own["user_id"]}
    value = {"contacts": [{"profile": {"name": "Ann"}} | own], "messages": [{"id": "w1", "text": {"body": "Hi"}} | ids]}
    contact = _sent(_cloud(value)).body.contact
    assert (contact.name, len(contact.phones)) == ("Ann", "wa_id" in own)
    assert LINE["display_phone_number"] not in str(contact)


def test_those_of_several_people_without_a_phone_are_of_each() -> None:
    values = [
        {
            "contacts": [{"profile": {"name": name}, "user_id": name}],
            "messages": [{"from_user_id": name, "id": f"w{name}", "text": {"body": "Hi"}}],
        }
        for name in ("Ann", "Bob")
    ]
    found = [_sent(one).body.contact.name for one in batches.parts(_cloud(*values), Submissions())]
    assert found == ["Ann", "Bob"]


def test_it_is_in_incoming_and_says_why(site: Story) -> None:
    _, key = new_key(site)
    leads = len(account(site)["leads"])
    assert (answer := sent(site, key, OWN["WhatsApp: delivered"], JSON)).status == 200, answer.body
    run_deliveries(site.runtime, 20)
    assert (len(account(site)["leads"]), site.sql("SELECT count(*) FROM amocrm_deliveries")) == (leads, [(0,)])
    (kept,) = listed(site)["incoming"]
    shown = entry(site, kept["id"], content="1")
    assert (kept["outcome"], shown["reading"], shown["problem"]) == ("nothing", "nothing", kept["detail"])
    assert "nobody has written" in kept["detail"]
    read = again(site, kept["id"])
    assert (read["outcome"], read["detail"]) == ("nothing", kept["detail"])


def test_messages_of_several_people_are_submissions_of_their_own(site: Story) -> None:
    """Whoever was second was the first one's note."""
    _, key = new_key(site)
    first, second = "79211000202", "79211000203"
    both = _cloud(_of(first, "Дверь"), _of(second, "Окно"), TO_CLIENT, _of(first, "Белую"))
    for _ in range(2):  # sent again, it is the same
        assert sent(site, key, both, JSON).status == 200
        made = _made(site)
        assert {name: lines for name, (lines, _) in made.items()} == {f"N{one}": {f"+{one}"} for one in (first, second)}
        assert [text in made[f"N{first}"][1] for text in ("Дверь", "Белую", "Окно")] == [True, True, False]
        site.clock.advance(hours=1)
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(2,)]
    read = _sent(_cloud(_of(first, "Дверь"), _of(first, "Белую"))).body
    assert (read.contact.name, read.contact.phones) == (f"N{first}", [f"+{first}"])
    assert isinstance(read, SubmitForm)
    assert read.comment == "Дверь\nБелую"


# source: `wa_id` in bodies of Mexico's, Argentina's and older Brazilian accounts, in public receivers of them
@pytest.mark.parametrize(
    ("country", "writer", "typed", "phones"),
    [
        ("MX", "5215512345678", "55 1234 5678", ["+525512345678"]),
        ("AR", "5491123456789", "11 2345-6789", ["+5491123456789", "+541123456789"]),
        ("BR", "553188887777", "(31) 98888-7777", ["+553188887777", "+5531988887777"]),
    ],
)
def test_who_writes_and_calls_by_two_spellings_of_a_number_is_one_person(
    site: Story, country: str, writer: str, typed: str, phones: list[str]
) -> None:
    """A Mexican's number was none, and each message made another contact; of the others a form made a second one."""
    assert save(site, phone_country=country).status == 200
    before = account(site)["contacts"].keys()
    _, key = new_key(site)
    for body in (_cloud(_of(writer, "Uno")), _cloud(_of(writer, "Uno", "Dos")), {"name": "Ana", "phone": typed}):
        assert sent(site, key, body, JSON).status == 200
        run_deliveries(site.runtime, 20)
        site.clock.advance(hours=1)
    made = [one for id_, one in account(site)["contacts"].items() if id_ not in before]
    assert [values_of(one)["PHONE"] for one in made] == [phones]


@pytest.mark.parametrize(
    ("name", "withheld"),
    [
        ("calltouch_call", {"callerphone": ""}),
        ("callrail_call", {"customer_phone_number": "anonymous"}),
    ],
)
def test_whose_number_is_withheld_has_not_the_companys(name: str, withheld: dict[str, str]) -> None:
    one = record(name)
    before = one.get("json") or one["form"]
    assert before.keys() >= withheld.keys()
    assert _sent(before | withheld).body.contact.phones == []


# source: Meta's reference, "Business-scoped user IDs"
def test_whoever_is_asked_for_their_phone_has_it() -> None:
    """A card that is sent by that button is the writer's own."""
    card = {"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+5215512345678"}], "origin": "contact_request"}
    message = {"from_user_id": "MX.1", "id": "wamid.1", "timestamp": "1", "type": "contacts", "contacts": [card]}
    body = _sent(_cloud({"contacts": [{"profile": {"name": "Ana"}, "user_id": "MX.1"}], "messages": [message]})).body
    assert (body.contact.name, body.contact.phones) == ("Ana", ["+5215512345678"])


_VCARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Bob Lee\nTEL;type=CELL;waid=34611100299:+34 611 100 299\nEND:VCARD"
_CARD = {
    "name": {"formatted_name": "Bob Lee", "first_name": "Bob"},
    "phones": [{"phone": "+34 611 100 299", "wa_id": "34611100299", "type": "CELL"}],
    "emails": [{"email": "bob@example.org", "type": "WORK"}],
}


def _with_card(name: str) -> dict[str, Any]:
    """source: the references of each"""
    one = copy.deepcopy(record(name)["json"])
    if name == "whatsapp_cloud":
        (message,) = one["entry"][0]["changes"][0]["value"]["messages"]
        del message["text"]
        message |= {"type": "contacts", "contacts": [_CARD]}
    elif name == "z_api":
        one |= {"contact": {"displayName": "Bob Lee", "vCard": _VCARD, "phones": ["34611100299"]}}
    else:
        one["messages"][0] |= {"contacts": [{"name": "Bob Lee", "phones": ["34611100299"]}], "type": "vcard"}
    return dict(one)


@pytest.mark.parametrize("name", ["whatsapp_cloud", "z_api", "wazzup", "whapi"])
def test_whose_card_is_sent_is_not_who_writes(name: str) -> None:
    """It was the writer's first phone: the deal went to the contact of whoever was named."""
    whapi = {
        "id": "p.1", "from_me": False, "type": "contact", "chat_id": "79211000298@s.whatsapp.net", "timestamp": 1,
        "from": "79211000298", "from_name": "Ann",
    }  # fmt: skip
    if name == "whapi":
        body = {"messages": [whapi | {"contact": {"name": "Bob Lee", "vcard": _VCARD}}], "channel_id": "MANTIS-1"}
        usual: Any = {"messages": [whapi], "channel_id": "MANTIS-1"}
    else:
        body, usual = _with_card(name), record(name)["json"]
    read, plain = _sent(body).body, _sent(copy.deepcopy(usual)).body
    assert read.contact == plain.contact
    told = str(read.fields)
    assert ["Bob Lee" in told, "611 100 299" in told or "34611100299" in told] == [True, True]


def test_so_are_those_of_one_value_and_of_a_relays_list() -> None:
    value = _of("79211000204", "Дверь")
    other = _of("79211000205", "Окно")
    together = {name: [*value[name], *other[name]] for name in value}
    listed_ones = copy.deepcopy(record("wazzup")["json"])
    listed_ones["messages"].append(listed_ones["messages"][0] | {"chatId": "79211000205", "messageId": "2"})
    for body in (_cloud(together), {"messaging_product": "whatsapp", "metadata": LINE, **together}, listed_ones):
        found = [_sent(one).body for one in batches.parts(body, Submissions())]
        assert len(found) == 2
        assert all(len(one.contact.phones) == 1 for one in found)
        assert found[1].contact.phones == ["+79211000205"]


@pytest.mark.parametrize(
    ("changed", "phones"),
    [
        ({"chatId": "79132123789-1581764243", "chatType": "whatsgroup"}, []),
        ({"chatId": "441000201", "chatType": "telegram"}, []),
        ({"chatId": "441000201", "chatType": "telegram", "contact": {"phone": "79211000206"}}, ["+79211000206"]),
        ({"isEcho": True}, None),
    ],
)  # fmt: skip
def test_a_chat_that_is_called_by_no_phone_is_nobodys(changed: dict[str, Any], phones: list[str] | None) -> None:
    message = record("wazzup")["json"]["messages"][0] | changed
    found = _sent({"messages": [message]})
    assert (found.is_test, found.body.contact.phones) == (phones is None, phones or [])


def test_who_is_called_by_no_phone_is_in_the_note() -> None:
    telegram = copy.deepcopy(record("green_api")["json"])
    telegram["senderData"] |= {"sender": "441000209", "chatId": "-100441000210"}
    group = record("z_api")["json"] | {"phone": "5511970000093-1581764243", "participantPhone": "5511910000211"}
    author = {"author": "81896604192@lid", "from": "120363402174857513@g.us", "to": "79290000091@c.us", "body": "?"}
    ultramsg = {"event_type": "message_received", "instanceId": "1", "data": author}
    wanted: tuple[tuple[dict[str, Any], list[str], list[str]], ...] = (
        (telegram, [], ["441000209", "-100441000210"]),
        (group, ["+5511910000211"], ["5511970000093-1581764243"]),
        (ultramsg, [], ["81896604192@lid", "120363402174857513@g.us"]),
    )
    for body, phones, told in wanted:
        read = _sent(body).body
        assert read.contact.phones == phones
        assert [one for one in told if one not in str(read.fields)] == []


def test_several_of_a_group_are_several() -> None:
    chat = {"chat_id": "120363402174857513@g.us", "from_me": False}
    two = [
        chat | {"id": f"{n}", "from": f"5511910000{n}", "from_name": f"N{n}", "text": {"body": "?"}} for n in (212, 213)
    ]
    found = [_sent(one).body.contact for one in batches.parts({"messages": two, "channel_id": "M"}, Submissions())]
    assert [(one.name, one.phones) for one in found] == [("N212", ["+5511910000212"]), ("N213", ["+5511910000213"])]


def test_of_a_group_the_writer_is_the_person() -> None:
    group = copy.deepcopy(record("evolution_api")["json"])
    group["data"]["key"] |= {"remoteJid": "120363402174857513@g.us", "participantAlt": "5511910000207@s.whatsapp.net"}
    assert _sent(group).body.contact.phones == ["+5511910000207"]
    hidden = copy.deepcopy(record("evolution_api")["json"])
    hidden["data"]["key"] |= {"remoteJid": "81896604192@lid", "remoteJidAlt": "5511910000208@s.whatsapp.net"}
    assert _sent(hidden).body.contact.phones == ["+5511910000208"]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": ["Дверь"], "phone": "+7 921 100-02-09"},
        {"messages": [{"text": "Дверь"}], "phone": "+7 921 100-02-09"},
        {"statuses": [{"status": "ok"}], "phone": "+7 921 100-02-09"},
        {"type": "callback", "fromMe": "x", "phone": "+7 921 100-02-09"},
        {"event": "order.created", "instance": "x", "data": {"phone": "+7 921 100-02-09"}},
        {"object": "page", "entry": [{"phone": "+7 921 100-02-09"}]},
        {"EventType": "groups", "owner": "Ann", "phone": "+7 921 100-02-09"},
        {"app": "ios", "version": "1.2", "type": "lead", "payload": {"phone": "+7 921 100-02-09"}},
        {"app": "ios", "version": "1.2", "type": "message", "payload": {"phone": "+7 921 100-02-09"}},
        {"EventType": "Wedding", "owner": "Ann", "phone": "+7 921 100-02-09"},
        {"type": "lead", "event": {"Info": "x"}, "phone": "+7 921 100-02-09"},
        {"wh_type": "heated", "is_me": True, "phone": "+7 921 100-02-09"},
        {"data": [{"fromMe": False}], "phone": "+7 921 100-02-09"},
    ],
)
def test_what_only_looks_like_a_messengers_is_a_form(body: dict[str, Any]) -> None:
    assert messengers.parts(body) in ([], [body])
    assert _sent(body).body.contact.phones == ["+7 921 100-02-09"]

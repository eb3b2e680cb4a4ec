"""The pages a person sees after a consent: one small document, no requests, strict policy, a nonce for its script."""

import json
import secrets
from html import escape
from string import Template
from urllib.parse import urlsplit
from uuid import UUID

from functions.oauth_callback import texts
from shared.connections.authorization import Consent
from shared.platform import logs
from shared.platform.http import Request, Response
from shared.platform.messages import Message, translated
from shared.runtime import Runtime

_PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style nonce="$nonce">
:root { color-scheme: light dark; --ink: #1c2430; --paper: #f5f7fa; --card: #fff; --soft: #5b6675; --accent: #1f6feb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf2; --paper: #12161c; --card: #1b212a; --soft: #9aa6b5; --accent: #6aa5ff; }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; width: min(26rem, 92vw); padding: 2rem; border-radius: 14px; background: var(--card); }
svg { width: 44px; height: 44px; }
h1 { margin: .6rem 0 .4rem; font-size: 1.35rem; line-height: 1.25; }
p { margin: .4rem 0; }
.soft { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
button, a.button { display: inline-block; margin-top: 1rem; padding: .65rem 1.1rem; border: 0; border-radius: 8px;
  background: var(--accent); color: #fff; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
@media (prefers-color-scheme: dark) { button, a.button { color: #0b1220; } }
</style>
</head>
<body>
<main>
$icon
<h1>$title</h1>
$content
</main>
$script
</body>
</html>
""")

_YES = '<svg viewBox="0 0 44 44" aria-hidden="true"><circle cx="22" cy="22" r="22" fill="#1a9b54"/><path d="M12 23l7 7 13-15" fill="none" stroke="#fff" stroke-width="4"/></svg>'  # noqa: E501
_NO = '<svg viewBox="0 0 44 44" aria-hidden="true"><circle cx="22" cy="22" r="22" fill="#c9372c"/><path d="M22 11v14M22 29v4" stroke="#fff" stroke-width="4"/></svg>'  # noqa: E501

# Tells the panel that opened this window, and nobody else, and closes it. Where there is no such window (a blocked
# popup, a phone), a button leads back. Returning to an app is left to the person's own tap: Safari and in-app web views
# open a deep link only then (row D2).
_TELL = Template("""<script nonce="$nonce">
"use strict";
const button = document.getElementById("return");
if (button) button.addEventListener("click", () => window.open(button.dataset.link, "_self"));
if (window.opener) {
  window.opener.postMessage($message, $origin);
  if ($closes) window.close();
}
</script>""")

_RELOAD = Template("""<script nonce="$nonce">
"use strict";
document.getElementById("reload").addEventListener("click", () => location.reload());
</script>""")


def success(runtime: Runtime, request: Request, consent: Consent | None, connected: UUID, host: str) -> Response:
    """The account is connected, and its tokens are stored."""
    language = texts.language(request, consent.language if consent else None)
    title, line, back = texts.success(language)
    content = f"<p>{escape(line.format(host=host))}</p>"
    own = f"{runtime.settings.crm_api_url}/admin/"
    to_panel = bool(consent and consent.return_to and consent.return_to.startswith(own))
    if to_panel:
        back = texts.button("panel", language)
    if consent and consent.return_to:
        content += f'<button id="return" data-link="{escape(consent.return_to)}">{escape(back)}</button>'
    nonce = secrets.token_urlsafe(16)
    panel = urlsplit(runtime.settings.crm_api_url)
    message = {"type": "amocrm-connection", "status": "connected", "id": str(connected)}
    script = _TELL.substitute(
        nonce=nonce,
        message=json.dumps(message),
        origin=json.dumps(f"{panel.scheme}://{panel.netloc}"),
        closes=json.dumps(to_panel or not (consent and consent.return_to)),
    )
    return _page(200, language, title, content, _YES, nonce, script)


def failure(
    request: Request,
    code: str,
    *,
    status: int,
    consent: Consent | None = None,
    again: str | None = None,
    detail: Message | None = None,
) -> Response:
    """What went wrong, in plain words, with the next step: begin again, or reload where the code is still good."""
    logs.problem_code.set(code)
    language = texts.language(request, consent.language if consent else None)
    title, happened, advice = texts.failure(code, language)
    nonce = secrets.token_urlsafe(16)
    content, script = f"<p>{escape(happened)}</p><p>{escape(advice)}</p>", ""
    if code in texts.RELOADABLE:
        content += f'<button id="reload">{escape(texts.button("reload", language))}</button>'
        script = _RELOAD.substitute(nonce=nonce)
    if again and code != "try_again":
        content += f'<a class="button" href="{escape(again)}">{escape(texts.button("again", language))}</a>'
    if detail is not None:
        content += f'<p class="soft">{escape(translated(detail, language))}</p>'
    content += f'<p class="soft">{escape(request.id)}</p>'
    return _page(status, language, title, content, _NO, nonce, script)


def _page(status: int, language: str, title: str, content: str, icon: str, nonce: str, script: str) -> Response:
    body = _PAGE.substitute(
        language=language, title=escape(title), content=content, icon=icon, nonce=nonce, script=script
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy))
    return Response(status, body.encode(), headers)

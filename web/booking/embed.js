// One script tag puts the booking page into a company's own page, as tall as it is:
// <script src="https://…/booking/embed.js" data-key="site_…" data-lang="uk"></script>
// Tag managers keep no `data-…` of a script: then all of it stands in its address, `…/booking/embed.js?key=site_…&lang=uk`.
(function () {
  "use strict";
  var script = /** @type {HTMLScriptElement} */ (document.currentScript);
  var page = new URL("./", script.src);
  var address = new URL(script.src).searchParams;
  page.search = new URLSearchParams({ key: script.dataset.key || address.get("key") || "", lang: script.dataset.lang || address.get("lang") || (document.documentElement.lang || "").slice(0, 2) }).toString();
  if (script.hasAttribute("data-shared") || address.has("shared")) { page.searchParams.set("shared", "1"); }
  var frame = document.createElement("iframe");
  frame.src = page.href;
  frame.title = script.dataset.title || address.get("title") || "Booking";
  frame.style.cssText = "width:100%;border:0;display:block;min-height:30rem";
  window.addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow || event.origin !== page.origin || !event.data || event.data.source !== "amocrm-functions") { return; }
    if (event.data.height) { frame.style.height = Math.min(6000, Math.max(200, event.data.height)) + "px"; }
  });
  // Beside the script; a page's head shows nothing.
  function show() {
    if (script.parentNode && !document.head.contains(script)) { script.parentNode.insertBefore(frame, script.nextSibling); }
    else { document.body.appendChild(frame); }
  }
  if (document.body) { show(); }
  else { document.addEventListener("DOMContentLoaded", show); }
})();

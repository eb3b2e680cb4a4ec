// The widget in amoCRM. It opens a session with the one-time token that amoCRM adds to $authorizedAjax, and shows the
// calculator in a frame of our own origin. Nothing of the deal passes through this page. A frame whose session has ended
// asks for another one (web/ui/card.js) and lives on, with what was typed in it.
define(["jquery"], function ($) {
  "use strict";

  var API = "{{API}}";
  var ORIGIN = API.replace(/^(https?:\/\/[^/]+).*$/, "$1");

  /** @this {AmocrmWidget} */
  return function () {
    var self = this;
    /** @type {HTMLIFrameElement | null} */
    var frame = null;
    var shown = 0; // which deal is being shown: an answer that comes too late is not
    /** @type {HTMLIFrameElement | null} */
    var renewing = null; // the frame that waits for another session

    function language() {
      var known = ["en", "ru", "uk", "uz", "es", "pt"];
      var own = String(self.system().language || (window.APP && APP.lang_id) || "ru").slice(0, 2);
      return known.indexOf(own) < 0 ? "en" : own;
    }

    function place() {
      return $("#" + self.get_settings().widget_code + "-calculator");
    }

    function leadId() {
      return APP.data.current_card.id;
    }

    /** @param {string} text */
    function say(text) {
      place().empty().append($("<p>").text(text));
    }

    /** @param {number} lead */
    function openSession(lead) {
      return self.$authorizedAjax({
        url: API + "/?action=open_session",
        method: "POST",
        contentType: "application/json",
        dataType: "json",
        data: JSON.stringify({ lead_id: lead })
      });
    }

    function open() {
      var turn = ++shown;
      var lead = leadId();
      say(self.i18n("card.loading"));
      openSession(lead).done(function (session) {
        if (turn !== shown) { return; }
        frame = document.createElement("iframe");
        frame.title = self.i18n("widget.name");
        frame.style.cssText = "width:100%;border:0;display:block;min-height:320px";
        frame.setAttribute("data-lead", String(lead));
        frame.src = API + "{{PAGE}}?lang=" + language() + "#session=" + encodeURIComponent(session.session_token) + "&lead=" + lead +
          "&pages=" + (session.pages || []).join(",") + "&card=" + encodeURIComponent(window.location.origin);
        place().empty().append(frame);
      }).fail(function (answer) {
        if (turn !== shown) { return; }
        var problem = answer && answer.responseJSON;
        say((problem && problem.detail) || self.i18n("card.silent"));
        place().append($("<button type='button'>").text(self.i18n("card.again")).on("click", open));
      });
    }

    // One at a time; the frame that asked is answered, and nobody else.
    function renew() {
      var asking = frame;
      if (!asking || renewing === asking) { return; }
      renewing = asking;
      /** @param {Record<string, unknown>} message */
      var hand = function (message) {
        if (renewing === asking) { renewing = null; }
        message.source = "amocrm-functions";
        if (asking && asking.contentWindow) { asking.contentWindow.postMessage(message, ORIGIN); }
      };
      openSession(Number(asking.getAttribute("data-lead"))).done(function (session) {
        hand({ session: "new", token: session.session_token });
      }).fail(function (answer) {
        hand({ session: "refused", status: (answer && answer.status) || 0, problem: (answer && answer.responseJSON) || {} });
      });
    }

    /** @param {MessageEvent} event */
    function heard(event) {
      if (!frame || event.origin !== ORIGIN || event.source !== frame.contentWindow || !event.data) { return; }
      if (event.data.source !== "amocrm-functions") { return; }
      if (event.data.height) { frame.style.height = Math.min(4000, Math.max(200, event.data.height)) + "px"; }
      if (event.data.session === "wanted") { renew(); }
    }

    this.callbacks = {
      settings: function () { return true; },
      dpSettings: function () { return true; },
      advancedSettings: function () { return true; },
      init: function () { return true; },
      bind_actions: function () {
        window.addEventListener("message", heard);
        return true;
      },
      render: function () {
        if (self.system().area !== "lcard" || !leadId()) { return true; }
        self.render_template({
          caption: { class_name: "amocrm-functions-caption" },
          body: "",
          render: "<div id='" + self.get_settings().widget_code + "-calculator' class='amocrm-functions'></div>"
        });
        open();
        return true;
      },
      destroy: function () {
        window.removeEventListener("message", heard);
        frame = null;
        shown += 1;
        return true;
      },
      onSave: function () { return true; },
      // The step of a bot: it asks us, and goes on by the way that our answer opens.
      // vendor: salesbot.step (production) The step is a widget_request inside of a block `question`; in any other shape
      // it is saved and never sent. `{{json.…}}` holds what the continuation brought.
      // source: Kommo's documentation, "Salesbot SDK"; notes of a Brazilian integration in production
      /** @param {unknown} _handler @param {{ url?: string, text?: string }} params */
      onSalesbotDesignerSave: function (_handler, params) {
        var given = params || {};
        return JSON.stringify([
          { question: [
            { handler: "widget_request", params: { url: given.url || API + "/answer_bot", data: { text: given.text || "" } } },
            { handler: "goto", params: { type: "question", step: 1 } }
          ] },
          { question: [
            { handler: "conditions", params: {
              logic: "and",
              conditions: [{ term1: "{{json.status}}", term2: "success", operation: "=" }],
              result: [{ handler: "exits", params: { value: "success" } }]
            } },
            { handler: "exits", params: { value: "fail" } }
          ] }
        ]);
      },
      salesbotDesignerSettings: function () {
        return { exits: [
          { code: "success", title: self.i18n("salesbot.success") },
          { code: "fail", title: self.i18n("salesbot.fail") }
        ] };
      },
      contacts: { selected: function () { return true; } },
      leads: { selected: function () { return true; } },
      tasks: { selected: function () { return true; } }
    };
    return this;
  };
});

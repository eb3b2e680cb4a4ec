// One script tag, and the forms of a company's own page arrive in amoCRM, each once:
// <form data-crm> … </form> <script src="https://…/form/embed.js" data-key="site_…" data-lang="uk" defer></script>
// Without the script, or where it cannot be loaded, a form with an `action` is sent as it would be.
(function () {
  "use strict";
  var script = document.currentScript;
  var home = new URL("../", script.src).href.slice(0, -1);
  var language = (script.dataset.lang || document.documentElement.lang || navigator.language || "en").slice(0, 2);
  var opened = Date.now();
  var PERSON = ["name", "first_name", "last_name", "phone", "email"];
  var VISIT = /^(utm_.*|gclientid|_ym_uid|_ym_counter|gclid|yclid|fbclid|roistat|openstat|from)$/i;
  var OURS = PERSON.concat("comment", "form", "page", "action");
  var loading;

  // The same client, and the same words, as our own pages have; asked for when a form is sent.
  function client() {
    loading = loading || import(home + "/client/index.js").then(function (module) {
      return { newKey: module.newKey, crm: module.connect({ api: home, siteKey: script.dataset.key || "", language: language }) };
    });
    loading.catch(function () { loading = undefined; });
    return loading;
  }

  function words() {
    function of(name) {
      return fetch(home + "/i18n/" + name + ".json").then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      });
    }
    return of(language).catch(function () { return of("en"); }).catch(function () { return {}; });
  }

  function submission(form) {
    var given = new FormData(form);
    var body = { contact: {}, form: { name: form.dataset.crm || "", page: location.href.split(/[?#]/)[0] }, fields: {}, tracking: {}, opened_at: opened };
    if (document.referrer) { body.tracking.referrer = document.referrer.slice(0, 1000); }
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (VISIT.test(name)) { body.tracking[name.toLowerCase()] = value.slice(0, 1000); }
    });
    given.forEach(function (value, name) {
      var text = typeof value === "string" ? value : value.name ? "[" + value.name + "]" : "";
      if (VISIT.test(name)) { body.tracking[name.toLowerCase()] = text.slice(0, 1000); }
      else if (PERSON.indexOf(name) >= 0) { body.contact[name] = text; }
      else if (name === "comment") { body.comment = text; }
      else if (name === "form") { body.form.name = text; }
      else if (name === "_trap") { body.trap = text; }
      else if (name.charAt(0) !== "_" && OURS.indexOf(name) < 0 && text) {
        var field = name.replace(/\[\]$/, "");
        body.fields[field] = (body.fields[field] || []).concat(text);
      }
    });
    return body;
  }

  function say(form, isGood, text) {
    var place = form.querySelector("[data-crm-result]");
    if (!place) {
      place = document.createElement("p");
      place.setAttribute("data-crm-result", "");
      form.appendChild(place);
    }
    place.setAttribute("role", isGood ? "status" : "alert");
    place.textContent = text;
  }

  function told(form, name, detail) {
    form.dispatchEvent(new CustomEvent("crm:" + name, { bubbles: true, detail: detail }));
  }

  // What was pressed and not yet answered keeps its key: pressing again is the same submission, until something is changed.
  var pressed = new WeakMap();

  function send(form) {
    var body = submission(form);
    var content = JSON.stringify(Object.assign({}, body, { opened_at: 0 }));
    return client().then(function (loaded) {
      var last = pressed.get(form);
      var key = last && last.content === content ? last.key : loaded.newKey();
      pressed.set(form, { content: content, key: key });
      return loaded.crm.submitForm(body, { key: key, follow: false });
    }).then(function (delivery) {
      pressed.delete(form);
      told(form, "sent", delivery);
      if (form.dataset.redirect) { location.assign(form.dataset.redirect); return; }
      form.reset();
      return words().then(function (known) {
        say(form, true, form.dataset.thanks || (known["form.thanks"] || "Thank you!") + " " + (known["form.received"] || ""));
      });
    });
  }

  // Also forms that a site builder puts into the page later.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("form[data-crm]")) { return; }
    event.preventDefault();
    if (form.getAttribute("aria-busy") === "true") { return; }
    form.setAttribute("aria-busy", "true");
    send(form).catch(function (error) {
      told(form, "failed", error);
      return words().then(function (known) {
        var more = ((error.problem && error.problem.errors) || []).map(function (one) { return one.detail; });
        say(form, false, [(known["form.not_sent"] || "Not sent") + ".", error.message].concat(more).join(" "));
      });
    }).then(function () { form.removeAttribute("aria-busy"); });
  });
})();

// One script tag, and the forms of a company's own page arrive in amoCRM, each once:
// <form data-crm> … </form> <script src="https://…/form/embed.js" data-key="site_…" data-lang="uk" defer></script>
// Without the script, or where it cannot be loaded, a form with an `action` is sent as it would be. Tag managers keep no
// `data-…` of a script: then key and language stand in its address, `…/form/embed.js?key=site_…&lang=uk`.
(function () {
  "use strict";
  var script = /** @type {HTMLScriptElement} */ (document.currentScript);
  var home = new URL("../", script.src).href.slice(0, -1);
  var address = new URL(script.src).searchParams;
  var siteKey = script.dataset.key || address.get("key") || "";
  if (!siteKey) { console.error("No site key: neither data-key nor ?key= of", script.src); }
  // The first that we speak: of a page in Kazakh that is one of its reader's.
  var language = [script.dataset.lang, address.get("lang"), document.documentElement.lang].concat(navigator.languages).map(function (one) {
    return (one || "").slice(0, 2).toLowerCase();
  }).find(function (one) { return /^(en|ru|uk|uz|es|pt)$/.test(one); }) || "en";
  // The page, and not this script: on a slow line, and where a consent manager or an optimiser lets scripts in late, a form is
  // filled in before it comes, and whoever sends it then is no robot.
  var opened = Date.now() - Math.round(performance.now());
  // Names with a meaning of their own, and how many values of that meaning are taken: as of a plain form
  // (features/submissions/html_form.py).
  /** @type {Record<string, number>} */
  var MOST_VALUES = { name: 1, first_name: 1, last_name: 1, form: 1, page: 1, phone: 20, email: 20, comment: 150 };
  var VISIT = /^(utm_.*|gclientid|_ym_uid|_ym_counter|gclid|yclid|fbclid|roistat|openstat|from)$/i;
  // What is for us, or is a page's own machinery, is no answer of anybody's; an e-mail address or a phone is, whatever it is
  // called.
  var OURS = /^_(trap|redirect|opened_at|sent_at)$/;
  var EMAIL = /^\s*\S+@\S+\.\S+\s*$/;
  var PHONE = /phone|tel|mobile|\u0442\u0435\u043b/i;
  var DIGITS = /^(?:\D*\d){5,20}\D*$/;
  /** @param {string} name @param {string} text */
  function isFurniture(name, text) {
    if (name === "action") { return text === "submit_form"; }
    if (name.charAt(0) !== "_") { return false; }
    return OURS.test(name) || !(EMAIL.test(text) || (PHONE.test(name) && DIGITS.test(text)));
  }
  var LONGEST_LEAVING = 10000; // milliseconds; a page that has not gone by then stays: a download, another app
  var SOON = 300; // milliseconds; what is answered by then need not be said to be under way
  /** @typedef {{ newKey: () => string, crm: { submitForm: (body: any, options: { key: string, follow: boolean }) => Promise<unknown> } }} Loaded */
  /** What a browser has that is too old for the client: one try at a press. @type {Loaded} */
  var SIMPLE = {
    newKey: function () {
      return Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) { return (byte + 256).toString(16).slice(1); }).join("");
    },
    crm: { submitForm: function (body, options) {
      var headers = { Authorization: "Bearer " + siteKey, "Content-Type": "application/json", "Accept-Language": language, "Idempotency-Key": options.key };
      return fetch(home + "/?action=submit_form", { method: "POST", headers: headers, body: JSON.stringify(body) }).then(function (answer) {
        return answer.json().catch(function () { return {}; }).then(function (document) {
          if (!answer.ok) { throw Object.assign(new Error(document.detail), { status: answer.status, problem: document }); }
          return document;
        });
      });
    } }
  };
  /** @type {Promise<Loaded> | undefined} */
  var loading;
  var failures = 0; // of it
  /** @type {Promise<Record<string, string>> | undefined} */
  var reading;

  // The same client, and the same words, as our own pages have; asked for when somebody begins with a form, so that they are
  // there when the network has gone before the form is sent.
  /** @returns {Promise<Loaded>} */
  function client() {
    if (loading) { return loading; }
    // In all but the newest browsers, what did not come stays a failure at its address for as long as the page is open. The
    // server gives the same, and all that it loads, at others: functions/crm_api/pages.py.
    loading = import(home + (failures ? "/_/again" + failures : "") + "/client/index.js").then(function (module) {
      return { newKey: module.newKey, crm: module.connect({ api: home, siteKey: siteKey, language: language }) };
    }, function (error) {
      if (error.name === "SyntaxError") { return SIMPLE; }
      throw error;
    });
    loading.catch(function () {
      loading = undefined;
      failures += 1;
    });
    return loading;
  }

  /** @returns {Promise<Record<string, string>>} */
  function words() {
    /** @param {string} name @returns {Promise<Record<string, string>>} */
    function of(name) {
      return fetch(home + "/i18n/" + name + ".json").then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      });
    }
    reading = reading || of(language).catch(function () { return of("en"); });
    reading.catch(function () { reading = undefined; });
    return reading.catch(function () { return {}; });
  }

  document.addEventListener("focusin", function (event) {
    var form = event.target instanceof Element && event.target.closest("form");
    if (form && matches(form, "form[data-crm]")) {
      addressed(form);
      client().catch(function () { /* asked for again when it is sent */ });
      words();
    }
  });

  // What an element can do, whatever names its controls have: one called `reset` or `dataset` hides the form's own.
  /** @param {any} prototype @param {string} name @returns {(...given: any[]) => any} */
  function able(prototype, name) {
    return Function.prototype.call.bind(prototype[name]);
  }
  var matches = able(Element.prototype, "matches");
  var attribute = able(Element.prototype, "getAttribute");
  var setAttribute = able(Element.prototype, "setAttribute");
  var removeAttribute = able(Element.prototype, "removeAttribute");
  var find = able(Element.prototype, "querySelector");
  var append = able(Node.prototype, "appendChild");
  var dispatch = able(EventTarget.prototype, "dispatchEvent");
  var reset = able(HTMLFormElement.prototype, "reset");

  // A script of the page may send the form by itself, and `form.submit()` tells nobody of it: a tag manager that waits for
  // its tags, a captcha, a check of the fields. Where the form leads nowhere, that is a plain form for us, with what we
  // would tell of it.
  var PLAIN = home + "/?action=submit_form&site_key=" + encodeURIComponent(siteKey);
  /** @param {HTMLFormElement} form */
  function addressed(form) {
    var isToItself = /^\s*(#.*|javascript:.*)?$/i.test(attribute(form, "action") || "");
    if (!isToItself || /^\s*post\s*$/i.test(attribute(form, "method") || "")) { return; }
    setAttribute(form, "method", "post");
    setAttribute(form, "action", PLAIN);
  }
  /** @param {HTMLFormElement} form */
  function isPlain(form) {
    return attribute(form, "action") === PLAIN && /^\s*post\s*$/i.test(attribute(form, "method") || "");
  }
  // A button may send it by itself and, by being pressed, once more: `<button onclick="this.form.submit()">`. A browser puts
  // the second in the first's place; a request of ours would not take it, and the form would come twice.
  var leaving = new WeakSet();
  var submit = HTMLFormElement.prototype.submit;
  HTMLFormElement.prototype.submit = function () {
    var form = this;
    leaving.add(form);
    setTimeout(function () { leaving.delete(form); }, SOON);
    submit.call(form);
  };
  var isReading = false; // by ourselves
  window.addEventListener("formdata", function (event) {
    var form = event.target, given = event.formData;
    if (isReading || !(form instanceof HTMLFormElement) || !isPlain(form)) { return; }
    /** @param {string | null} text @param {string} name */
    function add(text, name) {
      if (text && !given.get(name)) { given.append(name, text); }
    }
    add(attribute(form, "data-crm"), "form");
    add(here(), "page");
    var next = attribute(form, "data-redirect");
    try {
      add(next && new URL(next, document.baseURI).href, "_redirect");
    } catch (error) {
      console.error(error); // no address
    }
    visit().forEach(function (one) { add(one[1], one[0]); });
  });

  function here() {
    return location.href.split(/[?#]/)[0];
  }

  // Not by `Array.from`: MooTools (Joomla) and Prototype (Magento) have put one of their own in its place, to which a form
  // is empty, or a single value.
  /** @param {FormData | URLSearchParams} given @returns {[string, any][]} */
  function pairs(given) {
    /** @type {[string, any][]} */
    var found = [];
    given.forEach(function (/** @type {any} */ value, /** @type {string} */ name) { found.push([name, value]); });
    return found;
  }

  // What the address says of the visit; where it says nothing any more, the one that the page was loaded by: many pages lead
  // on without loading (React, Vue), and some clean their address.
  function visit() {
    /** @param {string} address */
    function marks(address) {
      var asked = new URLSearchParams(address.split("#")[0].split("?").slice(1).join("?"));
      return pairs(asked).filter(function (one) { return VISIT.test(one[0]); });
    }
    var now = marks(location.href), loaded = performance.getEntriesByType("navigation")[0];
    return now.length || !loaded ? now : marks(loaded.name);
  }

  // `button`: what was pressed. Where several values mean the same, empty ones count for nothing: all phones and e-mails
  // are the person's, comments follow each other, and of the rest the first counts; what is left over is a field.
  /** @param {HTMLFormElement} form @param {any} button */
  function submission(form, button) {
    isReading = true;
    var given = pairs(new FormData(form));
    isReading = false;
    /** @type {Record<string, string[]>} */
    var own = {};
    /** @type {Record<string, string[]>} */
    var fields = Object.create(null);
    /** @type {Record<string, string>} */
    var tracking = {};
    /** @type {Record<string, string | string[]>} */
    var contact = {};
    var trap = "";
    /** @param {string} name @param {string} text */
    function keep(name, text) {
      var field = name.replace(/\[\]$/, "") || name;
      fields[field] = (fields[field] || []).concat(text);
    }
    /** @param {string} name @param {string} text */
    function visited(name, text) {
      var visit = name.toLowerCase();
      tracking[visit] = tracking[visit] || text;
      if (text && tracking[visit] !== text) { keep(name, text); }
    }
    if (button && button.name && button.type !== "image") { given.push([button.name, button.value]); }
    var isWay = given.some(function (one) { return /^to$/i.test(one[0]); }); // then `from` says where, or since when
    Object.keys(MOST_VALUES).forEach(function (name) { own[name] = []; });
    given.forEach(function (one) {
      var name = one[0], value = one[1];
      var text = typeof value === "string" ? value : value.name ? "[" + value.name + "]" : "";
      if (VISIT.test(name) && !(isWay && /^from$/i.test(name))) { visited(name, text); }
      else if (MOST_VALUES.hasOwnProperty(name)) {
        if (text.trim() && own[name].indexOf(text) < 0) { own[name].push(text); }
      } else if (name === "_trap") { trap = trap || text; }
      else if (text && !isFurniture(name, text)) { keep(name, text); }
    });
    Object.keys(MOST_VALUES).forEach(function (name) {
      own[name].splice(MOST_VALUES[name]).forEach(function (text) { keep(name + " (2)", text); });
    });
    ["name", "first_name", "last_name", "phone", "email"].forEach(function (name) {
      if (own[name].length) { contact[name] = own[name].length > 1 ? own[name] : own[name][0]; }
    });
    if (document.referrer) { tracking.referrer = document.referrer; }
    visit().forEach(function (one) { visited(one[0], one[1]); });
    var called = { name: (own.form || [])[0] || attribute(form, "data-crm") || "", page: (own.page || [])[0] || here() };
    return { contact: contact, form: called, fields: fields, comment: (own.comment || []).join("\n"), tracking: tracking, trap: trap, opened_at: opened, sent_at: Date.now() };
  }

  // Where it is said what becomes of a form: there before the text is, else a screen reader does not read it.
  /** @param {HTMLFormElement} form @param {boolean} isGood @returns {HTMLElement} */
  function line(form, isGood) {
    var place = find(form, "[data-crm-result]");
    if (!place) {
      place = document.createElement("p");
      place.setAttribute("data-crm-result", "");
      append(form, place);
    }
    place.setAttribute("role", isGood ? "status" : "alert");
    return place;
  }

  /** @param {HTMLFormElement} form @param {boolean} isGood @param {string} text */
  function say(form, isGood, text) {
    line(form, isGood).textContent = text;
  }

  /** @param {HTMLFormElement} form @param {string} name @param {unknown} detail */
  function told(form, name, detail) {
    dispatch(form, new CustomEvent("crm:" + name, { bubbles: true, detail: detail }));
  }

  // What was pressed and not yet answered keeps its key: pressing again is the same submission, until something is changed.
  /** @type {WeakMap<HTMLFormElement, { content: string, key: string }>} */
  var pressed = new WeakMap();
  // Forms that are under way, or whose page is being left.
  var busy = new WeakSet();
  // Of these, those in which somebody typed meanwhile: that was not sent, and stays.
  var edited = new WeakSet();
  document.addEventListener("input", function (event) {
    var form = event.target && /** @type {HTMLInputElement} */ (event.target).form;
    if (form && busy.has(form)) { edited.add(form); }
  }, true);

  /** @param {HTMLFormElement} form @param {HTMLElement | null} button */
  function send(form, button) {
    var body = submission(form, button);
    var content = JSON.stringify(Object.assign({}, body, { opened_at: 0, sent_at: 0 }));
    return client().then(function (loaded) {
      var last = pressed.get(form);
      var key = last && last.content === content ? last.key : loaded.newKey();
      pressed.set(form, { content: content, key: key });
      return loaded.crm.submitForm(body, { key: key, follow: false });
    });
  }

  /** @param {HTMLFormElement} form */
  function release(form) {
    busy.delete(form);
    removeAttribute(form, "aria-busy");
  }

  // From here on it was sent, whatever becomes of the page.
  /** @param {HTMLFormElement} form @param {unknown} delivery */
  function sent(form, delivery) {
    pressed.delete(form);
    told(form, "sent", delivery);
    var next = attribute(form, "data-redirect");
    if (!next || edited.has(form) || !leave(form, next)) { thank(form); }
  }

  /** @param {HTMLFormElement} form */
  function thank(form) {
    release(form);
    if (!edited.has(form)) { reset(form); }
    words().then(function (known) {
      say(form, true, attribute(form, "data-thanks") || (known["form.thanks"] || "Thank you!") + " " + (known["form.received"] || ""));
    });
  }

  // Whether this page is left. Until then the form is busy, so that nothing is sent by one more press; where the page stays
  // after all, or is come back to, it is thanked in it.
  /** @param {HTMLFormElement} form @param {string} next */
  function leave(form, next) {
    var here = location.href.split("#")[0];
    try {
      location.assign(next);
      if (new URL(next, document.baseURI).href.split("#")[0] === here && next.indexOf("#") >= 0) { return false; }
    } catch (error) {
      console.error(error); // no address
      return false;
    }
    /** @param {PageTransitionEvent} [event] */
    function stay(event) {
      if (event && !event.persisted) { return; }
      clearTimeout(timer);
      window.removeEventListener("pageshow", stay);
      thank(form);
    }
    var timer = setTimeout(stay, LONGEST_LEAVING);
    window.addEventListener("pageshow", stay);
    return true;
  }

  // The client knows English only for what no server has said, and the browser for a client that it could not load.
  /** @param {any} error @param {Record<string, string>} known @returns {string} */
  function reason(error, known) {
    if (error.problem && error.problem.detail) { return error.message; }
    if (error.status) { return (known["server.answered"] || "The server answered {status}.").replace("{status}", error.status); }
    return known["server.silent"] || "The server does not answer.";
  }

  /** @param {HTMLFormElement} form @param {any} error */
  function failed(form, error) {
    release(form);
    told(form, "failed", error);
    words().then(function (known) {
      var errors = error.problem && Array.isArray(error.problem.errors) ? error.problem.errors : [];
      var reasons = errors.length ? errors.map(function (/** @type {{ path?: string, detail: string }} */ one) {
        return (one.path ? one.path.replace(/^(contact|fields)\./, "") + ": " : "") + one.detail + ".";
      }) : [reason(error, known)];
      say(form, false, [(known["form.not_sent"] || "Not sent") + "."].concat(reasons).join(" "));
    });
  }

  // Also forms that a site builder puts into the page later. The page's own scripts come first: what they have prevented,
  // such as a check of theirs, is not sent.
  window.addEventListener("submit", function (event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !matches(form, "form[data-crm]")) { return; }
    if (event.defaultPrevented) {
      addressed(form);
      console.info("A script of this page has prevented this form, so it is not sent.", form);
      return;
    }
    if (leaving.has(form) && isPlain(form)) { return; }
    event.preventDefault();
    if (busy.has(form)) { return; }
    busy.add(form);
    edited.delete(form);
    setAttribute(form, "aria-busy", "true");
    line(form, true);
    var isAnswered = false;
    setTimeout(function () {
      words().then(function (known) {
        if (!isAnswered) { say(form, true, known["form.sending"] || "Sending…"); }
      });
    }, SOON);
    new Promise(function (resolve) { resolve(send(form, event.submitter)); }).finally(function () { isAnswered = true; }).then(
      function (delivery) { sent(form, delivery); },
      function (error) { failed(form, error); }
    );
  });
})();

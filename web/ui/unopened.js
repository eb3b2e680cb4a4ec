// Where a page's scripts do not come, or its browser is too old for them, the page says so. By itself, and written for old
// browsers; what goes wrong in a page that is there already is the page's own.
(function () {
  "use strict";
  var home = /** @type {HTMLScriptElement} */ (document.currentScript).src.replace(/ui\/unopened\.js.*$/, "");
  /** @param {string} language @param {Record<string, [string, string, string]>} said @param {boolean} isOld */
  function tell(language, said, isOld) {
    var words = said[language] || said.en;
    var main = document.createElement("main"), told = document.createElement("p"), again = document.createElement("button");
    document.documentElement.lang = said[language] ? language : "en";
    main.className = "page";
    told.className = "error";
    told.setAttribute("role", "alert");
    told.textContent = words[isOld ? 2 : 0];
    again.className = "quiet";
    again.textContent = words[1];
    again.onclick = function () { location.reload(); };
    main.appendChild(told);
    if (!isOld) { main.appendChild(again); }
    document.body.innerHTML = "";
    document.body.appendChild(main);
  }

  window.addEventListener("error", function (event) {
    // One of ours: what an extension puts into a page, our policy may keep out, and what the browser of an app puts there has
    // no file, and goes wrong by itself.
    var isOld = Boolean(event.error && event.error.name === "SyntaxError") && /^https?:[^?#]*\.m?js\b/.test(event.filename);
    var isMissing = event.target instanceof HTMLScriptElement && event.target.src.indexOf(home) === 0;
    if (document.documentElement.hasAttribute("data-opened") || !(isOld || isMissing)) { return; }
    var asked = /[?&]lang=([a-z]{2})/.exec(location.search);
    import("./unanswered.js").then(function (words) { tell(asked ? asked[1] : navigator.language.slice(0, 2), words.said, isOld); });
  }, true);
})();

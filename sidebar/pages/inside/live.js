/* Makes the pages quicker and steadier where scripts run; without it every link and form works by itself.
   A page that was shown is kept in memory, never in storage: when the hub is slow or away, its last copy is shown with
   its age. Copies are gone with the window, with signing out, and as soon as the hub says that the sign-in is over.
   What a person typed stays in its form until the hub has taken it. */
(function () {
  "use strict";
  var SLOW = 4000, STALE = 30000, MOST = 20;
  var view = document.getElementById("view");
  var told = document.getElementById("told");
  var live = document.getElementById("live");
  var root = document.documentElement;
  var copies = new Map();
  var current = "", turn = 0, fresh = Date.now(), dirty = false, broken = false, excused = false;
  var face = null;
  var Tower = window.Tower = { start: start, load: load, warn: warn, diagnosis: diagnosis, drawn: [], words: told.dataset };

  // --- saying -----------------------------------------------------------------------------------------------------

  function aloud(text) { live.textContent = text; }

  function box(id, text, role) {
    var old = document.getElementById(id);
    if (old) old.remove();
    var made = document.createElement("div");
    made.id = id;
    made.className = "said refused";
    made.setAttribute("role", role);
    made.tabIndex = -1;
    var words = document.createElement("p");
    words.textContent = text;
    made.appendChild(words);
    var main = view.querySelector("main");
    main.insertBefore(made, main.firstChild);
    return made;
  }

  function button(text, act) {
    var made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  function warn(text, code) {
    var made = box("warned", text, "alert");
    if (code) made.appendChild(button(told.dataset.diagnosis, function () { copy(diagnosis(code), made); }));
    made.scrollIntoView();
    return made;
  }

  function age(at) {
    var minutes = Math.round((Date.now() - at) / 60000);
    return minutes < 1 ? told.dataset.now : told.dataset.minutes.replace("N", minutes);
  }

  function banner(words, at) {
    var text = words.replace("AGE", age(at));
    var made = box("banner", text, "status");
    made.appendChild(button(told.dataset.again, function () { load(current); }));
    aloud(text);
  }

  /* What helps an administrator: no name, no id, nothing that was typed. */
  function diagnosis(code) {
    return ["Tower", String(code).slice(0, 300), location.pathname.replace(/[0-9a-f]{16,}/g, "…"),
      new Date().toISOString(), root.lang, String(innerWidth) + "x" + String(innerHeight), navigator.userAgent].join("\n");
  }

  function copy(text, beside) {
    var area = document.createElement("textarea");
    area.readOnly = true;
    area.rows = 4;
    area.value = text;
    area.setAttribute("aria-label", told.dataset.diagnosis);
    beside.appendChild(area);
    area.select();
    var done = false;
    try { done = document.execCommand("copy"); } catch (problem) { done = false; }
    if (done) aloud(told.dataset.diagnosed);
  }

  // --- drawing ----------------------------------------------------------------------------------------------------

  function draw(html, quietly) {
    var page = new DOMParser().parseFromString(html, "text/html");
    var whole = page.getElementById("view");
    var piece = whole || page.body.firstElementChild;
    view.textContent = "";
    Array.from(whole ? piece.childNodes : [piece]).forEach(function (node) { view.appendChild(document.adoptNode(node)); });
    root.lang = whole ? page.documentElement.lang : piece.lang;
    document.title = whole ? page.title : piece.dataset.title;
    dirty = false;
    Tower.drawn.forEach(function (drawn) { drawn(); });
    if (quietly) return;
    window.scrollTo(0, 0);
    var target = document.getElementById("said") || view.querySelector("[aria-invalid=true]") || view.querySelector("h1");
    if (target) {
      if (!target.matches("input,textarea,select")) target.tabIndex = -1;
      target.focus();
    }
  }

  function keep(path, html) {
    if (/ data-secret[ >]/.test(html)) return;
    copies.delete(path);
    copies.set(path, { html: html, at: Date.now() });
    if (copies.size > MOST) copies.delete(copies.keys().next().value);
  }

  function last(path, words) {
    var kept = copies.get(path);
    if (!kept) return false;
    if (!dirty || path !== current) draw(kept.html, true);
    current = path;
    banner(words, kept.at);
    return true;
  }

  /* What stands typed in the boxes of the page, and back into those of the same page drawn anew. `but`: a form whose
     words the answer itself brings back, or has taken. */
  function typed(but) {
    return Array.from(view.querySelectorAll("textarea[id], input[id]")).filter(function (field) {
      return field.form !== but && !field.readOnly && field.type !== "file" && field.value !== field.defaultValue;
    }).map(function (field) { return { id: field.id, value: field.value }; });
  }

  function again(words) {
    words.forEach(function (one) {
      var field = document.getElementById(one.id);
      if (!field || !view.contains(field) || field.value !== field.defaultValue) return;
      field.value = one.value;
      dirty = true;
    });
  }

  // --- asking -----------------------------------------------------------------------------------------------------

  async function load(path, quietly) {
    var mine = ++turn;
    var late = setTimeout(function () {
      if (mine === turn && !quietly) last(path, told.dataset.slow);
    }, SLOW);
    try {
      var answer = await face.ask(path, { redirect: face.documents ? "manual" : "follow" });
      if (answer.type === "opaqueredirect") {
        if (!quietly || !dirty) location.assign(path);
        return;
      }
      var html = await answer.text();
      if (mine !== turn) return;
      if (answer.status === 401 || answer.status === 403) copies.clear();
      if (answer.status >= 500 && last(path, told.dataset.copy)) return;
      if (quietly && (dirty || !answer.ok)) return;
      if (answer.ok) keep(path, html);
      fresh = Date.now();
      var words = path === current ? typed() : [];
      current = path;
      draw(html, quietly);
      again(words);
    } catch (problem) {
      if (mine === turn && !last(path, told.dataset.copy)) face.away(problem, path);
    } finally {
      clearTimeout(late);
    }
  }

  function body(form) {
    var data = new FormData(form);
    if (form.enctype === "multipart/form-data") return { body: data };
    return { body: new URLSearchParams(data).toString(), headers: { "Content-Type": "application/x-www-form-urlencoded" } };
  }

  async function act(form, pressed) {
    if (pressed) pressed.disabled = true;
    try {
      var asked = Object.assign({ method: "POST", redirect: face.documents ? "manual" : "follow" }, body(form));
      var answer = await face.ask(form.getAttribute("action"), asked);
      if (answer.type === "opaqueredirect") {
        form.reset();
        dirty = typed().length > 0;
        await load(current);
        return;
      }
      var html = await answer.text();
      if (answer.ok || answer.status === 409 || answer.status === 422 || (face.documents && answer.status === 401)) {
        if (answer.status === 401) copies.clear();
        var words = typed(form);
        draw(html);
        again(words);
      } else {
        var main = new DOMParser().parseFromString(html, "text/html").querySelector("main");
        warn(main ? main.textContent.trim() : told.dataset.offline);
      }
    } catch (problem) {
      warn(face.excuse ? face.excuse(problem) : told.dataset.offline);
    } finally {
      if (pressed) pressed.disabled = false;
    }
  }

  // --- listening --------------------------------------------------------------------------------------------------

  function fill(link) {
    var area = document.getElementById("reply-text");
    var source = document.getElementById(link.dataset.fill);
    if (!area || !source) return false;
    area.value = source.textContent;
    dirty = true;
    area.focus();
    return true;
  }

  function clicked(event) {
    if (broken || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    var again = event.target.closest("[data-again]");
    var link = event.target.closest("a[data-view]");
    if (again) { load(current); return; }
    if (!link) return;
    if (link.dataset.fill && fill(link)) { event.preventDefault(); return; }
    var path = face.path(link);
    if (!path) return;
    event.preventDefault();
    load(path);
  }

  function submitted(event) {
    var form = event.target;
    if (broken || form.hasAttribute("data-native")) { copies.clear(); return; }
    event.preventDefault();
    if (form.hasAttribute("data-search")) {
      load(face.search(new URLSearchParams(new FormData(form)).toString(), form));
    } else {
      act(form, event.submitter || form.querySelector("button"));
    }
  }

  function look() {
    if (!broken && !dirty && document.visibilityState === "visible" && Date.now() - fresh > STALE) load(current, true);
  }

  function failed(event) {
    if (excused || !event.message) return;
    excused = true;
    // A page of its own goes on by plain links and forms; the pieces of the tab have nothing but this script.
    broken = face.documents;
    var at = String(event.filename || "").replace(/^.*\//, "").replace(/\?.*$/, "");
    warn(told.dataset.broken, event.message + " @" + at + ":" + event.lineno);
  }

  /* face: {documents, ask(path, options), path(link), search(query, form), away(problem, path), excuse(problem)} */
  function start(made, path, shown) {
    face = made;
    current = path;
    if (shown) keep(path, document.documentElement.outerHTML);
    view.addEventListener("click", clicked);
    view.addEventListener("submit", submitted);
    view.addEventListener("input", function () { dirty = true; });
    window.addEventListener("error", failed);
    document.addEventListener("visibilitychange", look);
    window.addEventListener("online", function () { if (!dirty) load(current, true); });
    window.addEventListener("offline", function () { last(current, told.dataset.copy); });
  }
})();

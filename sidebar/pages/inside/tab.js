/* The Teams tab: gets the single sign-on token from TeamsJS, keeps it in memory only, and shows the pieces of pages
   that the server draws. What a person typed stays in its form until the server has taken it. */
(function () {
  "use strict";
  var view = document.getElementById("view");
  var root = document.documentElement;
  var teams = window.microsoftTeams;
  var current = "";

  function theme(name) {
    root.dataset.theme = name === "dark" || name === "contrast" ? name : "light";
  }

  function designed(id) {
    view.textContent = "";
    view.appendChild(document.getElementById(id).content.cloneNode(true));
  }

  function draw(html) {
    view.innerHTML = html;
    var piece = view.firstElementChild;
    root.lang = piece.lang;
    document.title = piece.dataset.title;
    window.scrollTo(0, 0);
    var told = document.getElementById("said");
    if (told) told.focus();
  }

  function warn(text) {
    var main = view.querySelector("main");
    var old = document.getElementById("warned");
    if (old) old.remove();
    var box = document.createElement("p");
    box.id = "warned";
    box.className = "said refused";
    box.setAttribute("role", "alert");
    box.textContent = text;
    main.insertBefore(box, main.firstChild);
    box.scrollIntoView();
  }

  async function ask(path, options) {
    var token = await teams.authentication.getAuthToken().catch(function () { throw new Error("refused"); });
    var headers = Object.assign({ Authorization: "Bearer " + token }, options.headers);
    return fetch(path, Object.assign({ credentials: "omit", cache: "no-store" }, options, { headers: headers }));
  }

  async function load(query) {
    current = query;
    try {
      var answer = await ask("/sidebar/tab/data" + query, {});
      draw(await answer.text());
    } catch (problem) {
      designed(problem.message === "refused" ? "tab_refused" : "tab_offline");
    }
  }

  async function act(form, button) {
    if (button) button.disabled = true;
    try {
      var answer = await ask(form.getAttribute("action"), {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(new FormData(form)).toString()
      });
      var html = await answer.text();
      if (answer.ok || answer.status === 409 || answer.status === 422) {
        draw(html);
      } else {
        warn(new DOMParser().parseFromString(html, "text/html").querySelector("main").textContent.trim());
      }
    } catch (problem) {
      var page = document.getElementById(problem.message === "refused" ? "tab_refused" : "tab_offline");
      warn(page.content.querySelector("p").textContent);
    }
    if (button) button.disabled = false;
  }

  function listen() {
    view.addEventListener("click", function (event) {
      var link = event.target.closest("[data-view]");
      if (event.target.closest("[data-again]")) {
        load(current);
      } else if (link) {
        event.preventDefault();
        load(link.dataset.view ? "?c=" + encodeURIComponent(link.dataset.view) : "");
      }
    });
    view.addEventListener("submit", function (event) {
      event.preventDefault();
      var form = event.target;
      if (form.hasAttribute("data-search")) {
        load("?" + new URLSearchParams(new FormData(form)).toString());
      } else {
        act(form, form.querySelector("button"));
      }
    });
  }

  function late(promise) {
    return Promise.race([promise, new Promise(function (_, no) { setTimeout(no, 5000); })]);
  }

  async function begin() {
    try {
      await late(teams.app.initialize());
      var context = await late(teams.app.getContext());
    } catch (problem) {
      designed("tab_outside");
      return;
    }
    theme(context.app.theme);
    teams.app.registerOnThemeChangeHandler(theme);
    listen();
    var wanted = context.page.subPageId;
    await load(wanted ? "?c=" + encodeURIComponent(wanted) : "");
    teams.app.notifySuccess();
  }

  if (teams) begin();
  else designed("tab_outside");
})();

/* The Teams tab and meeting side panel: gets the single sign-on token from TeamsJS, keeps it in memory only, follows
   Teams' themes, and shows the pieces of pages that the server draws. */
(function () {
  "use strict";
  var Tower = window.Tower;
  var view = document.getElementById("view");
  var root = document.documentElement;
  var teams = window.microsoftTeams;
  var SHELL = "/sidebar/tab";

  function theme(name) {
    root.dataset.theme = name === "dark" || name === "contrast" ? name : "light";
  }

  function designed(id) {
    view.textContent = "";
    view.appendChild(document.getElementById(id).content.cloneNode(true));
  }

  function which(problem) { return problem.message === "refused" ? "tab_refused" : "tab_offline"; }

  var face = {
    documents: false,
    ask: async function (path, options) {
      var token = await teams.authentication.getAuthToken().catch(function () { throw new Error("refused"); });
      var headers = Object.assign({ Authorization: "Bearer " + token }, options.headers);
      return fetch(path, Object.assign({ credentials: "omit", cache: "no-store" }, options, { headers: headers }));
    },
    path: function (link) {
      return link.origin === location.origin && link.pathname === SHELL ? SHELL + "/data" + link.search : "";
    },
    search: function (query) { return SHELL + "/data?" + query; },
    away: function (problem) { designed(which(problem)); },
    excuse: function (problem) {
      return document.getElementById(which(problem)).content.querySelector("p").textContent;
    }
  };

  /* Only Teams may open a link out of the frame. */
  function outward(event) {
    var link = event.target.closest("a[data-thread]");
    if (!link) return;
    event.preventDefault();
    teams.app.openLink(link.href).catch(function () { window.open(link.href, "_blank", "noopener"); });
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
    root.dataset.frame = context.page.frameContext || "";
    teams.app.registerOnThemeChangeHandler(theme);
    teams.app.notifyAppLoaded();
    view.addEventListener("click", outward);
    var wanted = context.page.subPageId || new URLSearchParams(location.search).get("c");
    var path = SHELL + "/data" + (wanted ? "?c=" + encodeURIComponent(wanted) : "");
    Tower.start(face, path, false);
    await Tower.load(path);
    teams.app.notifySuccess();
  }

  if (teams) begin();
  else designed("tab_outside");
})();

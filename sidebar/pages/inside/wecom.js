/* Inside WeCom: asks the client which customer the chat beside this page is with, and puts scripts into that chat.
   Whatever goes wrong is said in words; search, lists and the reply box work without this script. */
(function () {
  "use strict";
  var Tower = window.Tower, words = Tower.words;
  var ENTRIES = ["single_chat_tools", "group_chat_tools", "single_kf_tools", "chat_attachment"];
  var here = location.pathname + location.search;
  var ready = null, insertable = false, settled = false, asked = false;

  var face = {
    documents: true,
    ask: function (path, options) {
      return fetch(path, Object.assign({ credentials: "same-origin", cache: "no-store" }, options));
    },
    path: function (link) { return link.origin === location.origin ? link.pathname + link.search : ""; },
    search: function (query, form) { return form.getAttribute("action") + "?" + query; },
    away: function () { Tower.warn(words.offline); }
  };

  function say(text, code) {
    settled = true;
    if (code) { Tower.warn(text, code); return; }
    var old = document.getElementById("contact");
    var box = old || document.createElement("p");
    box.id = "contact";
    box.className = "said";
    box.setAttribute("role", "status");
    box.textContent = text;
    var main = document.querySelector("main");
    if (!old) main.insertBefore(box, main.firstChild.nextSibling);
  }

  function code(problem) {
    var text = String((problem && (problem.errMsg || problem.message)) || problem || "?");
    var number = problem && (problem.errCode || problem.err_code || problem.errcode);
    return (number ? text + " (" + number + ")" : text).slice(0, 120);
  }

  function failed(problem) {
    if (settled) return;
    var text = code(problem);
    if (/without context|not in|no such api/i.test(text)) say(words.none);
    else say(words.failed.replace("CODE", text), text);
  }

  function signed(answer) {
    if (!answer.ok) throw new Error("HTTP " + answer.status);
    return answer.json();
  }

  /* The client checks the signature against the address that was loaded, whatever is shown since. */
  function register() {
    ready = ready || fetch("/sidebar/wecom/signature?url=" + encodeURIComponent(location.origin + here), { credentials: "same-origin" })
      .then(signed)
      .then(function (config) {
        var common = { timestamp: config.timestamp, nonceStr: config.nonce };
        return new Promise(function (yes, no) {
          window.ww.register({
            corpId: config.corp_id,
            agentId: config.agent_id,
            jsApiList: ["getContext", "getCurExternalContact", "sendChatMessage"],
            getConfigSignature: function () { return Object.assign({ signature: config.signature }, common); },
            getAgentConfigSignature: function () { return Object.assign({ signature: config.agent_signature }, common); },
            onConfigFail: no,
            onAgentConfigFail: no
          });
          yes();
        });
      });
    return ready;
  }

  function contact() {
    say(words.looking);
    settled = false;
    setTimeout(function () { failed("without context"); }, 6000);
    register()
      .then(function () { return window.ww.getContext(); })
      .then(function () { return window.ww.getCurExternalContact(); })
      .then(function (found) {
        if (settled) return;
        settled = true;
        location.replace("/sidebar/wecom/customer?id=" + encodeURIComponent(found.userId));
      })
      .catch(failed);
  }

  function offer() {
    document.querySelectorAll("[data-insert]").forEach(function (button) { button.hidden = !insertable; });
  }

  function insert(button) {
    var text = document.getElementById(button.dataset.insert).textContent;
    button.disabled = true;
    register()
      .then(function () { return window.ww.sendChatMessage({ msgtype: "text", text: { content: text } }); })
      .then(function () { say(words.inserted); })
      .catch(function (problem) { Tower.warn(words.uninserted.replace("CODE", code(problem)), code(problem)); })
      .then(function () { button.disabled = false; });
  }

  /* Once, when a page with scripts stands inside the client. */
  function chat() {
    if (asked || !inside || !document.querySelector("[data-insert]")) return;
    asked = true;
    register()
      .then(function () { return window.ww.getContext(); })
      .then(function (context) { insertable = ENTRIES.indexOf(context.entry) >= 0; offer(); })
      .catch(function () { insertable = false; });
  }

  var inside = window.ww && window.ww.register && /wxwork/i.test(navigator.userAgent);
  Tower.drawn.push(function () { offer(); chat(); });
  Tower.start(face, here, true);
  document.getElementById("view").addEventListener("click", function (event) {
    var button = event.target.closest("[data-insert]");
    if (button) insert(button);
  });
  var asks = document.querySelector("[data-asks-client]");
  if (asks && !inside) say(words.none);
  else if (asks) contact();
  else chat();
})();

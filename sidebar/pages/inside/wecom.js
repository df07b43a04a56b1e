/* Asks the WeCom client which customer the chat beside this page is with, and goes on to her conversation.
   Whatever goes wrong is said in words; the search and the lists below work without this script. */
(function () {
  "use strict";
  var box = document.getElementById("contact");
  var settled = false;

  function say(text) {
    settled = true;
    box.textContent = text;
    box.hidden = false;
  }

  function failed(problem) {
    if (settled) return;
    var told = String((problem && (problem.errMsg || problem.message)) || problem || "?");
    if (/without context|not in|no such api/i.test(told)) {
      say(box.dataset.none);
    } else {
      say(box.dataset.failed.replace("CODE", told.slice(0, 120)));
    }
  }

  function signed(answer) {
    if (!answer.ok) throw new Error("HTTP " + answer.status);
    return answer.json();
  }

  function ask(config) {
    var common = { timestamp: config.timestamp, nonceStr: config.nonce };
    window.ww.register({
      corpId: config.corp_id,
      agentId: config.agent_id,
      jsApiList: ["getContext", "getCurExternalContact"],
      getConfigSignature: function () { return Object.assign({ signature: config.signature }, common); },
      getAgentConfigSignature: function () { return Object.assign({ signature: config.agent_signature }, common); },
      onConfigFail: failed,
      onAgentConfigFail: failed
    });
    return window.ww.getCurExternalContact();
  }

  if (!box) return;
  if (!window.ww || !window.ww.register) {
    say(box.dataset.none);
    return;
  }
  box.textContent = box.dataset.looking;
  box.hidden = false;
  setTimeout(function () { failed("without context"); }, 6000);
  var page = location.href.split("#")[0];
  fetch("/sidebar/wecom/signature?url=" + encodeURIComponent(page), { credentials: "same-origin" })
    .then(signed)
    .then(ask)
    .then(function (contact) {
      settled = true;
      location.replace("/sidebar/wecom/customer?id=" + encodeURIComponent(contact.userId));
    })
    .catch(failed);
})();

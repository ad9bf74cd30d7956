// Makes the desk quicker. Nothing here decides anything: every step is a form or a link that works without it.
"use strict";
(() => {
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const page = document.body.dataset.page || "";
  const say = (text) => { find("#said").textContent = text; };

  // ---- live counts ----
  const live = () => {
    if (!find("[data-count]") || !window.EventSource) return;
    const source = new EventSource("/events");
    source.addEventListener("counts", (event) => {
      const counts = JSON.parse(event.data);
      for (const one of all("[data-count]")) {
        const now = String(counts[one.dataset.count] ?? one.textContent);
        if (one.textContent !== now) one.textContent = now;
      }
    });
    source.addEventListener("over", () => source.close());
    addEventListener("pagehide", () => source.close());
  };

  // ---- a verdict that can still be taken back ----
  const countdown = (box, draft) => {
    const shown = find(".countdown", box);
    const end = Date.now() + 1000 * Number(box.dataset.until || 0);
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      if (left > 0) {
        shown.textContent = `It leaves in ${left} second${left === 1 ? "" : "s"}.`;
        setTimeout(tick, 250);
        return;
      }
      shown.textContent = "It is leaving now.";
      for (const button of all("button", box)) button.disabled = true;
      if (draft) outcome(box, draft, 0);
    };
    if (shown) tick();
  };
  const outcome = async (box, draft, tries) => {
    const answer = await fetch(`/drafts/${draft}/outcome`).catch(() => null);
    const told = answer && answer.ok ? await answer.json() : { state: "waits" };
    if (told.state === "waits") {
      if (tries < 20) setTimeout(() => outcome(box, draft, tries + 1), 700);
      return;
    }
    find(".told-of", box).textContent = told.said;
    const form = find("form", box);
    if (form) form.remove();
    box.className = `verdict ${told.state}`;
    if (told.state === "back" && !find("a", box)) {
      const link = document.createElement("a");
      link.className = "button";
      link.href = `/drafts/${draft}`;
      link.textContent = "Open it again";
      box.append(link);
    }
  };

  // ---- the card ----
  const card = () => {
    const form = find("#decide"), reply = find("#reply");
    if (!form || !reply || reply.readOnly) return;
    const draft = document.body.dataset.draft, shown = find("#weighed"), restore = find("#restore");
    const fields = all("[data-was]", form), now = (one) => (one.type === "checkbox" ? (one.checked ? "on" : "") : one.value);
    const plain = (text) => text.replace(/\r\n/g, "\n").trim();
    const approve = find("button#approve"), edit = find("#verb-edit");
    const moved = () => fields.some((one) => plain(now(one)) !== plain(one.dataset.was));
    form.elements.then.value = "next";
    find("#preview-button").hidden = true;
    let asked = 0, timer = 0;
    const weigh = async () => {
      const mine = ++asked;
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(`/drafts/${draft}/diff`, { method: "POST", body }).catch(() => null);
      if (!answer || !answer.ok || mine !== asked) return;
      shown.innerHTML = await answer.text();
    };
    const look = () => {
      const changed = moved();
      restore.hidden = !changed;
      if (approve) approve.disabled = changed;
      if (find("#approve-why")) find("#approve-why").hidden = !changed;
      if (edit) edit.classList.toggle("main", changed);
      if (approve && approve.classList.contains("verb")) approve.classList.toggle("main", !changed);
    };
    form.addEventListener("input", (event) => {
      if (!event.target.closest(".work")) return;
      look();
      clearTimeout(timer);
      timer = setTimeout(weigh, 350);
    });
    restore.addEventListener("click", () => {
      for (const one of fields) {
        if (one.type === "checkbox") one.checked = one.dataset.was === "on";
        else one.value = one.dataset.was;
      }
      look();
      weigh();
      reply.focus();
      say("The draft's words are back.");
    });
    // A second click must not send a second verdict.
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
      setTimeout(() => { sent = false; }, 4000);
    });
    look();
    for (const one of all("details.verb", form)) {
      let stood = one.open;  // a panel that came open with the page has the focus where it belongs already
      one.addEventListener("toggle", () => {
        if (!one.open || stood) { stood = false; return; }
        const first = find("select, textarea, input:not([type=hidden]), button", find(".pop", one));
        if (first) first.focus();
      });
    }
  };
  const closePanels = () => {
    const open = all(".verb[open]");
    for (const one of open) { one.open = false; find("summary", one).focus(); }
    return open.length > 0;
  };

  // ---- the queue ----
  const rows = () => all("#rows > .line");
  let at = -1;
  const stand = (index) => {
    const list = rows();
    if (!list.length) return;
    at = Math.max(0, Math.min(list.length - 1, index));
    list.forEach((row, place) => row.classList.toggle("now", place === at));
    find(".open", list[at]).focus();
    list[at].scrollIntoView({ block: "nearest" });
  };
  const picking = () => {
    const boxes = all("#rows .pick input"), said = find("#together-said"), go = find("#together-go");
    if (!boxes.length) return;
    const look = () => {
      const chosen = boxes.filter((one) => one.checked);
      const kind = chosen.length ? chosen[0].dataset.kind : null;
      for (const one of boxes) one.disabled = kind !== null && one.dataset.kind !== kind;
      go.disabled = chosen.length === 0;
      said.textContent = chosen.length ? `${chosen.length} chosen; only drafts of the same kind go together.`
        : "Small drafts of one kind, at most 20 at once. You see each reply in full before anything is approved.";
    };
    boxes.forEach((one) => one.addEventListener("change", look));
    look();
  };

  // ---- keys: off until somebody switches them on ----
  const SWITCH = "cxagent.keys";
  const on = () => { try { return localStorage.getItem(SWITCH) === "on"; } catch { return false; } };
  const switched = () => {
    const box = find("#keys-on");
    if (!box) return;
    box.checked = on();
    box.addEventListener("change", () => {
      localStorage.setItem(SWITCH, box.checked ? "on" : "off");
      say(box.checked ? "Single keys are on." : "Single keys are off.");
    });
  };
  const typing = (one) => one.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
  const press = (selector) => { const one = find(selector); if (one && !one.disabled) one.click(); return Boolean(one); };
  const openVerb = (name) => { const one = find(`#verb-${name}`); if (one) { one.open = true; } return Boolean(one); };
  const go = (selector) => { const one = find(selector); if (one) location.assign(one.href); return Boolean(one); };
  const help = async () => {
    let box = find("dialog#help");
    if (!box) {
      const answer = await fetch("/keys").catch(() => null);
      if (!answer || !answer.ok) return;
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("table.keys");
      box = document.createElement("dialog");
      box.id = "help";
      box.setAttribute("aria-label", "Keys");
      const shut = document.createElement("button");
      shut.textContent = "Close";
      shut.addEventListener("click", () => box.close());
      box.append(document.importNode(found, true), shut);
      document.body.append(box);
    }
    box.showModal();
  };
  const ACTS = {
    j: () => (page === "card" ? go("#next") : (stand(at + 1), true)),
    k: () => (page === "card" ? (history.back(), true) : (stand(at - 1), true)),
    n: () => go("#next"),
    u: () => go("#back"),
    c: () => press("#claim"),
    a: () => openVerb("approve") || press("#approve"),
    e: () => { const one = find("#reply"); if (one) { one.focus(); one.scrollIntoView({ block: "center" }); } return Boolean(one); },
    r: () => openVerb("reject"),
    s: () => openVerb("snooze"),
    x: () => { const row = rows()[at]; return row ? press(`#rows > .line:nth-child(${at + 1}) .pick input`) : false; },
    "/": () => { const one = find("#q"); if (one) one.focus(); return Boolean(one); },
    z: () => press("#undo"),
    "?": () => { help(); return true; },
  };
  const keys = () => addEventListener("keydown", (event) => {
    const field = event.target instanceof Element && typing(event.target);
    if (event.key === "Escape") {
      if (closePanels()) { event.preventDefault(); return; }
      if (field) event.target.blur();
      return;
    }
    if (event.key === "Enter" && event.ctrlKey && event.target instanceof Element) {
      const pop = event.target.closest(".pop"), form = event.target.closest("form");
      const button = pop ? find("button.main", pop) : form && form.id === "decide" ? null : form && find("button", form);
      if (button) { event.preventDefault(); button.click(); } else if (form && form.id === "decide") { event.preventDefault(); openVerb("edit"); }
      return;
    }
    if (event.key === "Enter" && field && event.target.matches("#decide input")) {
      // Enter in a field is no verdict by accident: in a panel it presses the panel's own button, elsewhere nothing.
      event.preventDefault();
      const pop = event.target.closest(".pop");
      if (pop) find("button.main", pop).click();
      return;
    }
    if (!on() || field || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || find("dialog[open]")) return;
    const act = ACTS[event.key];
    if (act && act()) event.preventDefault();
  });

  live();
  for (const one of all(".verdict")) if (one.dataset.state === "waits") countdown(one, one.dataset.draft);
  for (const one of all("form[data-until]")) countdown(one, null);
  card();
  picking();
  switched();
  keys();
  const refused = find("#refused");
  if (refused && !find("[autofocus]")) refused.focus();
})();

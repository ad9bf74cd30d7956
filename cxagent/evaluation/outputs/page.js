"use strict";
// Filters over the list of cases. Without this script every case is there to see; with it the address keeps the filter.
(() => {
  const form = document.getElementById("filters");
  const cases = Array.from(document.querySelectorAll("details.case"));
  if (!form || !cases.length) return;
  const grades = Array.from(form.querySelectorAll("input[name=grade]"));
  const selects = Array.from(form.querySelectorAll("select"));
  const words = form.querySelector("input[name=q]");
  const newly = form.querySelector("input[name=newly]");
  const count = form.querySelector("output");
  const none = document.getElementById("none");
  const texts = new Map();

  const textOf = (one) => {
    if (!texts.has(one)) texts.set(one, one.textContent.replace(/\s+/g, " ").toLowerCase());
    return texts.get(one);
  };

  const read = () => {
    const found = new URLSearchParams();
    const chosen = grades.filter((one) => one.checked).map((one) => one.value);
    if (chosen.length) found.set("grade", chosen.join("|"));
    for (const one of selects) if (one.value) found.set(one.name, one.value);
    if (newly && newly.checked) found.set("newly", "wrong");
    if (words.value.trim()) found.set("q", words.value.trim());
    return found;
  };

  const write = (given) => {
    const chosen = (given.get("grade") || "").split("|");
    for (const one of grades) one.checked = chosen.includes(one.value);
    for (const one of selects) {
      const value = given.get(one.name) || "";
      one.value = Array.from(one.options).some((option) => option.value === value) ? value : "";
    }
    if (newly) newly.checked = given.get("newly") === "wrong";
    words.value = given.get("q") || "";
  };

  const fits = (one, wanted) => {
    for (const [name, value] of wanted) {
      if (name === "q") continue;
      const held = (one.dataset[name] || "").split("|");
      if (!value.split("|").some((part) => held.includes(part))) return false;
    }
    const parts = (wanted.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
    return parts.every((part) => textOf(one).includes(part));
  };

  const apply = () => {
    const wanted = read();
    let shown = 0;
    for (const one of cases) {
      one.hidden = !fits(one, wanted);
      shown += one.hidden ? 0 : 1;
    }
    const noun = cases.length === 1 ? "case" : "cases";
    count.textContent = `${shown} of ${cases.length} ${noun}`;
    none.hidden = shown > 0;
    offer();
  };

  // The button says what it would do now, however a case came to be shown, opened or closed.
  const open = document.getElementById("open");
  const closing = () => {
    const shown = cases.filter((one) => !one.hidden);
    return shown.length > 0 && shown.every((one) => one.open);
  };
  const offer = () => {
    open.textContent = closing() ? "Close all shown" : "Open all shown";
  };

  const keep = () => {
    const state = read().toString();
    history.replaceState(null, "", state ? `#${state}` : location.pathname + location.search);
  };

  const arrive = (scrolling) => {
    const hash = location.hash.slice(1);
    if (hash.includes("=")) {
      write(new URLSearchParams(hash));
      apply();
      if (scrolling) document.getElementById("cases").scrollIntoView();
      return;
    }
    const target = hash.startsWith("case-") ? document.getElementById(hash) : null;
    const held = target && target.closest("details.case");
    if (held && held.hidden) write(new URLSearchParams());
    apply();
    if (!held) return;
    held.open = true; // some browsers open what holds the target by themselves, not all
    const summary = held.querySelector("summary");
    summary.focus({ preventScroll: true });
    // The list above is drawn as it comes into view, so that the place is right only after it was drawn once.
    held.scrollIntoView();
    requestAnimationFrame(() => held.scrollIntoView());
  };

  const changed = () => {
    apply();
    keep();
  };
  let waiting = 0;
  words.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(changed, 120);
  });
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("reset").addEventListener("click", () => {
    write(new URLSearchParams());
    changed();
    words.focus();
  });
  open.addEventListener("click", () => {
    const opening = !closing();
    for (const one of cases) if (!one.hidden) one.open = opening;
    offer();
  });
  for (const one of cases) one.addEventListener("toggle", offer);
  window.addEventListener("hashchange", () => arrive(true));
  form.hidden = false;
  arrive(true);
})();

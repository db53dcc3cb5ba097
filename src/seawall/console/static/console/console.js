/* The console's behaviour: palette, shortcuts, lists, dialogs, polling, clock. Charts are in charts.js; the rest is htmx. */
"use strict";

(() => {
  const read = () => {
    const element = document.getElementById("console-data");
    return element ? JSON.parse(element.textContent) : { texts: {}, keys: {}, zone: 0 };
  };
  const data = read();
  const text = (name, values = {}) =>
    (data.texts[name] || name).replace(/%\((\w+)\)s/g, (_, key) => values[key] ?? "");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  const phone = matchMedia("(max-width: 860px)");

  /* --- toasts ------------------------------------------------------------------------------------------------------ */

  const STAYS = 6000;

  function toast(message, tone = "good") {
    const box = one("#toasts");
    if (!box) return;
    const element = document.createElement("div");
    element.className = `toast tone-${tone}`;
    element.setAttribute("role", tone === "bad" ? "alert" : "status");
    const words = document.createElement("div");
    words.textContent = message;
    element.append(words);
    if (tone === "bad") element.append(closer());
    box.append(element);
    settle();
  }

  function closer() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain square";
    button.dataset.dismiss = "";
    button.setAttribute("aria-label", text("close"));
    button.textContent = "×";
    return button;
  }

  function settle() {
    const told = new Set();
    for (const element of all("#toasts > .toast").reverse()) {
      const words = (one("strong", element) ?? one("div", element)).textContent;
      if (told.has(words)) element.remove(); // what fails every few seconds is said once
      else leave(element);
      told.add(words);
    }
  }

  function leave(element) {
    if (element.classList.contains("tone-bad")) return; // what went wrong stays until it is dismissed
    setTimeout(() => element.remove(), STAYS);
  }

  /* --- times ------------------------------------------------------------------------------------------------------- */

  const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

  function duration(seconds) {
    let rest = Math.round(Math.abs(seconds));
    const parts = [];
    for (const [size, unit] of UNITS) {
      const count = Math.floor(rest / size);
      rest -= count * size;
      if (count) parts.push(`${count} ${text(unit)}`);
      else if (parts.length) break;
    }
    return parts.slice(0, 2).join(" ") || `0 ${text("s")}`;
  }

  function tick() {
    const now = new Date();
    for (const clock of all("[data-clock]")) {
      const local = new Date(now.getTime() + data.zone * 60000);
      clock.firstChild.textContent = local.toISOString().slice(11, 19) + " ";
    }
    for (const element of all("time[data-age]")) {
      const seconds = (now - new Date(element.dateTime)) / 1000;
      element.textContent = text("ago", { time: duration(Math.max(0, seconds)) });
    }
    for (const element of all("time[data-due]")) {
      const seconds = (new Date(element.dateTime) - now) / 1000;
      const words = one("span", element);
      if (words) words.textContent = text(seconds < 0 ? "over" : "left", { time: duration(seconds) });
      if (seconds < 0) element.className = "due tone-bad";
    }
  }

  /* --- polling: only while seen, and honest about its age ------------------------------------------------------------ */

  const polled = new WeakMap();

  function poll() {
    if (document.hidden) return;
    const now = Date.now();
    for (const element of all("[data-poll]")) {
      const every = Math.max(1, Number(element.dataset.poll)) * 1000;
      const last = polled.get(element) ?? now;
      if (!polled.has(element)) polled.set(element, now);
      const busy = element.classList.contains("htmx-request") || one(".choose input:checked, :focus-within", element);
      if (now - last >= every && !busy) {
        polled.set(element, now);
        htmx.trigger(element, "refresh");
      }
    }
  }

  /* --- connection ---------------------------------------------------------------------------------------------------- */

  function connected(yes) {
    const banner = one("#lost");
    if (!banner || banner.hidden === yes) return;
    banner.hidden = yes;
    for (const element of all(".freshness")) element.classList.toggle("stale", !yes);
    if (yes) toast(text("back"));
  }

  addEventListener("offline", () => connected(false));
  addEventListener("online", () => connected(true));
  document.addEventListener("htmx:sendError", () => connected(false));
  document.addEventListener("htmx:timeout", () => connected(false));
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr.status > 0) connected(true);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    const ours = xhr.getResponseHeader("HX-Retarget") || xhr.status === 422;
    if (xhr.status >= 400 && !ours) {
      event.detail.shouldSwap = false; // a page of an intermediary must not land inside ours
      toast(text("failed"), "bad");
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = one("#dialog");
    if (event.detail.target === dialog && dialog.childElementCount && !dialog.open) dialog.showModal();
    settle();
    tick();
    fit();
  });

  /* --- palette --------------------------------------------------------------------------------------------------------- */

  const palette = one("#palette");
  const hits = one("#hits");
  let asked = 0;

  function choose(step) {
    const options = all("a", hits);
    if (!options.length) return;
    const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const next = Math.min(Math.max(now + step, 0), options.length - 1);
    options.forEach((option, index) => {
      option.setAttribute("aria-selected", String(index === next));
      option.id = `hit-${index}`;
    });
    options[next].scrollIntoView({ block: "nearest" });
    one("input", palette).setAttribute("aria-activedescendant", `hit-${next}`);
  }

  async function search(words) {
    const mine = ++asked;
    try {
      const response = await fetch(`${data.search}?q=${encodeURIComponent(words)}`, {
        headers: { "HX-Request": "true" },
      });
      const found = await response.text();
      if (mine !== asked || !response.ok) return;
      hits.innerHTML = found;
      choose(1);
    } catch {
      connected(false);
    }
  }

  function openPalette() {
    if (!palette || palette.open) return;
    palette.showModal();
    const input = one("input", palette);
    input.value = "";
    search("");
  }

  if (palette) {
    let timer = 0;
    let answer = Promise.resolve();
    const input = one("input", palette);
    const ask = () => {
      timer = 0;
      answer = search(input.value.trim());
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 120);
    });
    const open = () => {
      clearTimeout(timer);
      if (timer) ask(); // Enter means the words that stand there, not those of the hits still shown
      answer.then(() => one('a[aria-selected="true"]', hits)?.click());
    };
    palette.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || (event.ctrlKey && event.key === "n")) choose(1);
      else if (event.key === "ArrowUp" || (event.ctrlKey && event.key === "p")) choose(-1);
      else if (event.key === "Enter") open();
      else return;
      event.preventDefault();
    });
  }

  /* --- shortcuts --------------------------------------------------------------------------------------------------------- */

  let afterG = 0;

  const rows = () => all("tr[data-row], [data-workbench] .queue li").filter((row) => row.offsetParent);

  function markRow(step) {
    const known = rows();
    const now = known.findIndex((row) => row.classList.contains("at"));
    const next = Math.min(Math.max(now + step, 0), known.length - 1);
    known.forEach((row, index) => row.classList.toggle("at", index === next));
    known[next]?.scrollIntoView({ block: "nearest" });
    const link = known[next] && one("a", known[next]);
    link?.focus({ preventScroll: true });
  }

  function shortcut(event) {
    const key = event.key;
    if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    if (Date.now() - afterG < 1500) {
      afterG = 0;
      if (data.keys[key]) {
        event.preventDefault();
        location.assign(data.keys[key]);
      }
      return;
    }
    const row = one(".at");
    const actions = {
      g: () => (afterG = Date.now()),
      j: () => markRow(1),
      k: () => markRow(-1),
      x: () => row && one(".choose input", row)?.click(),
      "?": () => one("#shortcuts")?.showModal(),
      "/": () => one("[data-search]")?.focus(),
      "]": () => one('a[rel="next"]')?.click(),
      "[": () => one('a[rel="prev"]')?.click(),
    };
    const own = all("[data-key]").find((element) => element.dataset.key === key && element.offsetParent);
    const act = own ? () => own.click() : actions[key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  document.addEventListener("keydown", shortcut);

  function listPageKeys() {
    const list = one("[data-page-keys]");
    if (!list) return;
    for (const element of all("[data-key]")) {
      const line = document.createElement("div");
      const name = document.createElement("dt");
      const keys = document.createElement("dd");
      const key = document.createElement("kbd");
      name.textContent = element.textContent.trim();
      key.textContent = element.dataset.key;
      keys.append(key);
      line.append(name, keys);
      list.append(line);
    }
    if (!list.childElementCount) list.remove();
  }

  /* --- lists: filters, columns, selection ----------------------------------------------------------------------------------- */

  function submitFilters(form) {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value !== "") query.append(name, value);
    location.assign(`${location.pathname}?${query}`);
  }

  function submitColumns(form) {
    const query = new URLSearchParams(location.search);
    query.set("columns", all("input:checked", form).map((input) => input.value).join(","));
    location.assign(`${location.pathname}?${query}`);
  }

  function countSelected(form) {
    const boxes = all('input[name="selected"]', form);
    const count = boxes.filter((box) => box.checked).length;
    const bar = one(".selection", form);
    if (bar) {
      bar.hidden = count === 0;
      one("[data-count]", bar).textContent = text("selected", { count });
    }
    const whole = one("[data-all]", form);
    if (whole) {
      whole.checked = count > 0 && count === boxes.length;
      whole.indeterminate = count > 0 && count < boxes.length;
    }
  }

  document.addEventListener("change", (event) => {
    const { target } = event;
    const filters = target.form?.matches("[data-filters]") ? target.form : null;
    if (filters) {
      const preset = target.type === "radio";
      if (preset) all(`input[name^="${target.name}_"]`, filters).forEach((input) => (input.value = ""));
      const range = target.name.match(/^(.*)_(from|to)$/);
      if (range) all(`input[type="radio"][name="${range[1]}"]`, filters).forEach((radio) => (radio.checked = false));
      submitFilters(filters);
    }
    if (target.matches("[data-all]")) {
      all('input[name="selected"]', target.form).forEach((box) => (box.checked = target.checked));
    }
    if (target.form?.matches("[data-bulk]")) countSelected(target.form);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-filters]")) {
      event.preventDefault();
      submitFilters(form);
    } else if (form.matches("[data-columns]")) {
      event.preventDefault();
      submitColumns(form);
    } else if (form.method === "post" && !event.defaultPrevented) {
      const button = event.submitter;
      if (button && needsWord(button)) {
        event.preventDefault();
        confirm(form, button);
      } else if (form.dataset.sent) {
        event.preventDefault(); // a double click is one command
      } else {
        form.dataset.sent = "yes";
      }
    }
  });

  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  /* --- dialogs ------------------------------------------------------------------------------------------------------------------ */

  const needsWord = (button) =>
    !button.dataset.confirmed && ["confirm", "reason", "typed"].some((name) => name in button.dataset);

  function confirm(form, button) {
    const template = one("#confirm");
    const dialog = one("#dialog");
    dialog.replaceChildren(template.content.cloneNode(true));
    one("h2", dialog).textContent = button.textContent.trim() || button.title;
    one("[data-says]", dialog).textContent = button.dataset.confirm || "";
    const reason = one("[data-why]", dialog);
    const typed = one("[data-type]", dialog);
    reason.hidden = !("reason" in button.dataset);
    typed.hidden = !button.dataset.typed;
    one("b", typed).textContent = button.dataset.typed || "";
    const go = one("[data-go]", dialog);
    go.textContent = button.textContent.trim() || button.title;
    go.classList.toggle("danger", button.classList.contains("danger"));
    go.classList.toggle("primary", !button.classList.contains("danger"));
    const ready = () => {
      const enough = reason.hidden || one("textarea", reason).value.trim().length >= 8;
      const same = typed.hidden || one("input", typed).value.trim() === button.dataset.typed;
      go.disabled = !(enough && same);
    };
    dialog.oninput = ready;
    ready();
    go.onclick = () => {
      if (!reason.hidden) {
        const field = document.createElement("input");
        field.type = "hidden";
        field.name = "reason";
        field.value = one("textarea", reason).value.trim();
        form.append(field);
      }
      button.dataset.confirmed = "yes";
      dialog.close();
      form.requestSubmit(button);
    };
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const target = event.target.closest(
      "[data-palette], [data-open], [data-close], [data-dismiss], [data-copy], [data-toggle], [data-unselect]",
    );
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const rail = one("#rail.open");
    if (rail && !rail.contains(event.target) && !target) rail.classList.remove("open");
    if (event.target.matches("dialog")) event.target.close();
    if (!target) {
      const row = event.target.closest("tr[data-row]");
      const link = row && one("a.open", row);
      const own = event.target.closest("a, button, input, label, summary, form.inline");
      if (link && !own && !getSelection().toString()) {
        if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
        else link.click();
      }
      return;
    }
    const { dataset } = target;
    if ("palette" in dataset) openPalette();
    if (dataset.open) one(dataset.open)?.showModal();
    if ("close" in dataset) target.closest("dialog")?.close();
    if ("dismiss" in dataset) target.closest(".toast")?.remove();
    if (dataset.toggle) one(dataset.toggle)?.classList.toggle("open");
    if (dataset.copy) {
      event.preventDefault();
      navigator.clipboard?.writeText(dataset.copy).then(() => toast(text("copied")));
    }
    if ("unselect" in dataset) {
      all('input[name="selected"]', target.form).forEach((box) => (box.checked = false));
      countSelected(target.form);
    }
  });

  function fit() {
    for (const box of all("[data-fit]")) {
      box.classList.remove("wide");
      const wide = !phone.matches && box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("wide", wide);
      box.tabIndex = wide ? 0 : -1;
    }
    for (const box of all(".scroll")) box.tabIndex = box.scrollWidth > box.clientWidth + 1 ? 0 : -1;
  }

  addEventListener("resize", fit);

  /* --- start ------------------------------------------------------------------------------------------------------------------------ */

  addEventListener("DOMContentLoaded", () => {
    if (phone.matches) all("details.facets").forEach((facets) => (facets.open = false));
    one(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (/Mac|iPhone|iPad/.test(navigator.platform)) all(".opener kbd").forEach((kbd) => (kbd.textContent = "⌘ K"));
    listPageKeys();
    fit();
    settle();
    tick();
    setInterval(tick, 1000);
    setInterval(poll, 1000);
  });
  document.addEventListener("visibilitychange", () => document.hidden || poll());

  window.seawall = { data, text, toast };
})();

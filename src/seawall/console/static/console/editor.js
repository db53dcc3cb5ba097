/* Editing text and forms that save by themselves: line numbers, findings at their line, jump to the next, narrowing a list. */
"use strict";

(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const PAUSE = 900; // ms without a key before what was typed is saved

  /* --- saving ------------------------------------------------------------------------------------------------------ */

  let timer = 0;

  function save(form, pause) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      htmx.trigger(form, "save");
    }, pause);
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-autosave]")) save(form, PAUSE);
    if (event.target.matches("[data-narrow]")) narrow(event.target);
    if (event.target.closest("[data-code]")) number(event.target.closest("[data-code]"));
  });
  document.addEventListener("submit", () => clearTimeout(timer), true);
  document.addEventListener("keydown", (event) => {
    const form = one("form[data-autosave]");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s" && form) {
      event.preventDefault();
      save(form, 0);
    }
    if (event.key === "F8") {
      event.preventDefault();
      next(event.shiftKey ? -1 : 1);
    }
  });
  addEventListener("beforeunload", (event) => {
    if (timer) event.preventDefault();
  });

  /* --- findings ---------------------------------------------------------------------------------------------------- */

  const found = (file) =>
    all("#checks [data-problem]").filter((item) => item.dataset.file === file && Number(item.dataset.line) > 0);

  function next(step) {
    const code = one("[data-code]");
    const here = code ? found(code.dataset.file) : [];
    if (!here.length) {
      one("#checks [data-jump]")?.click();
      return;
    }
    const lines = [...new Set(here.map((item) => Number(item.dataset.line)))].sort((a, b) => a - b);
    const at = lineOf(one("textarea", code));
    const onward = step > 0 ? lines.find((line) => line > at) : lines.findLast((line) => line < at);
    go(code, onward ?? (step > 0 ? lines[0] : lines.at(-1)));
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-jump]");
    const item = link?.closest("[data-problem]");
    const code = one("[data-code]");
    if (!item || code?.dataset.file !== item.dataset.file) return;
    event.preventDefault();
    go(code, Number(item.dataset.line), Number(item.dataset.column));
  });

  /* --- the text ---------------------------------------------------------------------------------------------------- */

  const lineOf = (area) => area.value.slice(0, area.selectionStart).split("\n").length;

  function go(code, line, column = 1) {
    const area = one("textarea", code);
    const lines = area.value.split("\n");
    const wanted = Math.min(Math.max(line, 1), lines.length);
    const start = lines.slice(0, wanted - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const end = start + lines[wanted - 1].length;
    area.focus();
    area.setSelectionRange(Math.min(start + Math.max(column - 1, 0), end), end);
    const height = parseFloat(getComputedStyle(area).lineHeight);
    area.scrollTop = Math.max(0, (wanted - 4) * height);
    area.scrollLeft = 0;
    says(code);
  }

  function number(code) {
    const area = one("textarea", code);
    const gutter = one("[data-gutter]", code);
    const marks = new Map();
    for (const item of found(code.dataset.file)) {
      const line = Number(item.dataset.line);
      if (marks.get(line)?.severity !== "error") {
        marks.set(line, { severity: item.dataset.severity, text: one("[data-message]", item).textContent });
      }
    }
    const count = area.value.split("\n").length;
    gutter.replaceChildren(
      ...Array.from({ length: count }, (_, index) => {
        const row = document.createElement("span");
        const mark = marks.get(index + 1);
        row.textContent = `${mark ? "● " : ""}${index + 1}`;
        if (mark) {
          row.className = mark.severity === "error" ? "tone-bad" : "tone-notice";
          row.title = mark.text;
          row.dataset.marked = index + 1;
        }
        return row;
      }),
    );
    gutter.scrollTop = area.scrollTop;
    says(code);
  }

  function says(code) {
    const line = lineOf(one("textarea", code));
    const here = found(code.dataset.file).filter((item) => Number(item.dataset.line) === line);
    const box = code.parentElement.querySelector("[data-says]");
    if (box) box.textContent = here.length ? here.map((item) => `${line}: ${one("[data-message]", item).textContent}`).join(" · ") : "";
  }

  /* --- the list at the left ------------------------------------------------------------------------------------------ */

  function narrow(input) {
    const words = input.value.trim().toLowerCase();
    for (const item of all(`${input.dataset.narrow} [data-words]`)) {
      item.hidden = Boolean(words) && !item.dataset.words.toLowerCase().includes(words);
    }
  }

  document.addEventListener("htmx:afterSettle", () => {
    all("[data-code]").forEach(number);
    const token = one("#token")?.value;
    if (token) all("[data-token]").forEach((input) => (input.value = token));
    const input = one("[data-narrow]");
    if (input) narrow(input);
  });

  addEventListener("DOMContentLoaded", () => {
    for (const code of all("[data-code]")) {
      const area = one("textarea", code);
      area.addEventListener("scroll", () => (one("[data-gutter]", code).scrollTop = area.scrollTop));
      for (const name of ["click", "keyup"]) area.addEventListener(name, () => says(code));
      number(code);
      if (code.dataset.line) go(code, Number(code.dataset.line));
    }
    one("#entries [aria-current]")?.scrollIntoView({ block: "nearest" });
  });
})();

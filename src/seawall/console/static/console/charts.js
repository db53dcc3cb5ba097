/* Draws the charts of the page when they come into sight: Vega with its expression interpreter (no eval), themed by name. */
"use strict";

(() => {
  const { data, text } = window.seawall;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  const zh = data.language.startsWith("zh");
  const views = new Map();
  let library = null;

  function load() {
    library ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = data.vega;
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    });
    return library;
  }

  function painted(part, colours) {
    if (Array.isArray(part)) return part.map((one) => painted(one, colours));
    if (part && typeof part === "object") {
      return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, painted(one, colours)]));
    }
    return typeof part === "string" && part.startsWith("@") ? (colours[part.slice(1)] ?? part) : part;
  }

  /* The library's own tooltip sets an inline style through markup; ours sets text and properties only. */
  function tooltip(_handler, event, _item, value) {
    let box = document.getElementById("vg-tooltip-element");
    if (!box) {
      box = document.createElement("div");
      box.id = "vg-tooltip-element";
      document.body.append(box);
    }
    box.classList.toggle("visible", value !== null && value !== undefined && value !== "");
    if (!box.classList.contains("visible")) return;
    const table = document.createElement("table");
    const lines = typeof value === "object" ? Object.entries(value) : [["", String(value)]];
    for (const [name, what] of lines) {
      const row = table.insertRow();
      const head = row.insertCell();
      head.className = "key";
      head.textContent = name;
      row.insertCell().textContent = what;
    }
    box.replaceChildren(table);
    const { width, height } = box.getBoundingClientRect();
    box.style.left = `${Math.min(event.clientX + 12, innerWidth - width - 8)}px`;
    box.style.top = `${event.clientY + 16 + height > innerHeight ? event.clientY - height - 8 : event.clientY + 16}px`;
  }

  async function draw(figure) {
    const canvas = figure.querySelector(".canvas");
    try {
      await load();
      const id = figure.dataset.chart;
      const spec = painted(JSON.parse(document.getElementById(id).textContent), data.colours[theme()]);
      views.get(figure)?.finalize();
      figure.querySelector(".room")?.remove();
      canvas.hidden = false;
      if (figure.dataset.mode === "vega") spec.width = canvas.clientWidth;
      const result = await vegaEmbed(canvas, spec, {
        mode: figure.dataset.mode,
        ast: true,
        defaultStyle: false,
        actions: false,
        renderer: "svg",
        tooltip,
        loader: { target: "_self" },
        timeFormatLocale: zh ? ZH_TIME : undefined,
      });
      canvas.querySelector("svg")?.setAttribute("aria-hidden", "true"); // the figure has a name and a table
      views.set(figure, result);
      figure.dataset.drawn = "yes";
    } catch (error) {
      console.error(error);
      canvas.hidden = false;
      canvas.textContent = text("chart");
      figure.dataset.drawn = "failed";
      const table = figure.querySelector("details");
      if (table) table.open = true;
    }
  }

  const ZH_TIME = {
    dateTime: "%Y年%m月%d日 %H:%M:%S",
    date: "%Y-%m-%d",
    time: "%H:%M:%S",
    periods: ["上午", "下午"],
    days: ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"],
    shortDays: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
    months: ["一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月"],
    shortMonths: ["1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"],
  };

  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          seen.unobserve(entry.target);
          draw(entry.target);
        }
      }
    },
    { rootMargin: "200px" },
  );

  function find(root) {
    for (const figure of root.querySelectorAll("[data-chart]:not([data-drawn])")) seen.observe(figure);
  }

  dark.addEventListener("change", () => [...views.keys()].filter((figure) => figure.isConnected).forEach(draw));
  document.addEventListener("htmx:beforeSwap", () => {
    for (const [figure, view] of views) {
      if (!figure.isConnected) {
        view.finalize();
        views.delete(figure);
      }
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => find(event.detail.target));
  addEventListener("DOMContentLoaded", () => find(document));
})();

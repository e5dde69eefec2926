/* Keys, and relative times that stay true. Everything here is also a link or a button; off inside fields. */
(() => {
  const $ = (s) => document.querySelector(s), all = (s) => [...document.querySelectorAll(s)];
  const go = (s) => $(s)?.click();
  let before = "", stale = 0;
  const places = { o: "overview", s: "sync-events", e: "events", d: "deliveries", i: "integrations" };
  const off = () => localStorage.getItem("keys") === "off";
  const row = (step) => {
    const rows = all("a.rowlink");
    if (rows.length) rows[Math.min(Math.max(rows.indexOf(document.activeElement) + step, 0), rows.length - 1)].focus();
  };
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || off() || e.target.closest("input,select,textarea,[contenteditable]")) return;
    const k = e.key, g = before === "g" && places[k];
    before = k;
    if (g) return go(`.nav a[data-place="${g}"]`);
    const keys = {
      "/": () => $("#jump")?.focus(), "?": () => $("#keys")?.togglePopover(),
      j: () => row(1), k: () => row(-1), f: () => $(".filters :is(input,select)")?.focus(),
      o: () => document.activeElement.matches("a.rowlink") && open(document.activeElement.href, "_blank", "noopener"),
      l: () => go("#live"), r: () => go("[data-key=r]"), "[": () => go("a[rel=first],a[rel=prev]"), "]": () => go("a[rel=next]"),
      y: () => { const id = $("dd .id"); if (id) getSelection().selectAllChildren(id); },
    };
    if (keys[k]) { e.preventDefault(); keys[k](); }
  });
  const toggle = $("#keys-off");
  if (toggle) {
    toggle.checked = off();
    toggle.addEventListener("change", () => localStorage.setItem("keys", toggle.checked ? "off" : "on"));
  }
  const units = [[86400, 0], [3600, "h"], [60, "min"], [1, "s"]];
  const tick = () => all("main time[title]").forEach((t) => {
    const s = Math.round((Date.now() - new Date(t.dateTime)) / 1000);
    const [size, unit] = units.find(([n]) => Math.abs(s) >= n) || [];
    if (unit) { const n = Math.floor(Math.abs(s) / size) + " " + unit; t.textContent = s > 0 ? n + " ago" : "in " + n; }
  });
  setInterval(() => document.hidden || tick(), 30000);
  const state = (text) => { const l = $("#live-state"); if (l) l.textContent = text; };
  addEventListener("htmx:sseError", () => {
    stale ||= setTimeout(() => state("No live updates; reload the page"), 60000);
    state("Paused, reconnecting since " + new Date().toISOString().slice(11, 19) + " UTC");
  });
  addEventListener("htmx:sseOpen", () => { clearTimeout(stale); stale = 0; state(""); });
})();

/* The queue: evidence beside the list, and keys. Without it a row is a link and every decision a form. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const pane = $("#evidence"), narrow = matchMedia("(max-width: 1180px)");
  const rows = () => $$("#list [data-row]"), current = () => $("#list [data-row][aria-current]");

  /* Deciding from the pane comes back to this list, and opens the row after the decided one. */
  const address = () => {
    const url = new URL(location.href), here = current(), next = here?.nextElementSibling || here?.previousElementSibling;
    url.searchParams.delete("open");
    if (next) url.searchParams.set("open", next.dataset.row);
    return url.pathname + url.search;
  };
  const aim = () => $$("[name=back]", pane).forEach((input) => { input.value = address(); });
  const mark = (row) => {
    current()?.removeAttribute("aria-current");
    row?.setAttribute("aria-current", "true");
  };
  let waiting;
  const load = (row, asked) => {
    mark(row);
    clearTimeout(waiting);
    if (!asked && narrow.matches) return;
    waiting = setTimeout(async () => {
      await htmx.ajax("GET", $("[data-opens-row]", row).href, { target: "#file", swap: "outerHTML" });
      if (asked && narrow.matches && !pane.open) pane.showModal();
    }, asked ? 0 : 120);
  };

  document.addEventListener("click", (event) => {
    const row = event.target.closest("#list [data-row]");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.target.closest(".pick, button, input") ) return;
    const link = event.target.closest("a");
    if (link && !link.matches("[data-opens-row]")) return;
    event.preventDefault();
    load(row, true);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "list" && !current() && rows().length) load(rows()[0]);
    aim();
  });

  const picked = () => $$("#queue tbody .tick:checked").length;
  const step = (by) => {
    const all = rows(), at = all.indexOf(current()), row = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    if (!row) return;
    $("[data-opens-row]", row).focus();
    load(row);
  };
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    x: () => { const tick = $(".tick", current() || document.body); if (tick) tick.click(); },
    a: () => (picked() ? $("[data-approve-many]") : $("[data-approve]", pane))?.click(),
    r: () => (picked() ? $("[data-reject-many]") : $("[data-reject]", pane))?.click(),
    o: () => { const row = current(); if (row) location.href = $("[data-opens-row]", row).href; },
  };
  document.addEventListener("keydown", (event) => {
    if (document.body.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.repeat && "ar".includes(event.key)) return;
    if ($("dialog:modal") || event.target.matches("input:not(.tick), textarea, select, [contenteditable]") || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  if (!current() && rows().length) mark(rows()[0]);
  aim();
})();

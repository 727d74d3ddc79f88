/* The console's frame: palette, help sheet, bell and the keys that need no Ctrl. Without it each is a link or absent. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const palette = $("#palette"), input = $("input", palette), found = $("#palette-found"), help = $("#help");
  const keysOn = document.body.dataset.keys !== "off";

  const open = (dialog) => {
    const before = document.activeElement;
    if (dialog.open) return;
    dialog.showModal();
    dialog.addEventListener("close", () => (before && before !== document.body ? before.focus() : document.activeElement.blur()), { once: true });
  };
  const openPalette = () => {
    if (palette.open) return input.select();
    open(palette);
    input.value = "";
    input.dispatchEvent(new Event("opened", { bubbles: true }));
    input.focus();
  };

  /* One option is chosen at a time; the focus stays in the field, as screen readers expect of a combobox. */
  const options = () => $$("[role=option]:not([aria-disabled])", found);
  const choose = (option) => {
    options().forEach((each) => each.setAttribute("aria-selected", each === option));
    if (option) { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  };
  const step = (by) => {
    const all = options(), at = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (all.length) choose(all[(at + by + all.length) % all.length]);
  };
  input.addEventListener("keydown", (event) => {
    const all = options(), moves = { ArrowDown: () => step(1), ArrowUp: () => step(-1) };
    if (event.key === "Enter") {
      const chosen = all.find((each) => each.getAttribute("aria-selected") === "true");
      if (chosen) { event.preventDefault(); chosen.click(); }
    } else if (moves[event.key] && !event.isComposing) { event.preventDefault(); moves[event.key](); }
  });
  found.addEventListener("pointermove", (event) => { const option = event.target.closest("a[role=option]"); if (option) choose(option); });
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target === found) input.removeAttribute("aria-activedescendant"); });
  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target === found) choose(options()[0]); });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("[data-opens-palette]")) { event.preventDefault(); openPalette(); }
    const bell = event.target.closest("[data-bell]");
    if (bell) {
      event.preventDefault();
      $("#bell-menu").togglePopover();
      if ($("#bell-menu").matches(":popover-open")) htmx.ajax("GET", bell.href, { target: "#bell-list", swap: "innerHTML" });
    }
  });

  /* What is kept of a list is how it looks now: filters change its address without a new page. */
  document.addEventListener("submit", ({ target }) => {
    const here = $("[data-address]", target);
    if (here && location.search) here.value = location.search.slice(1);
  }, true);

  let going = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (!keysOn || event.ctrlKey || event.metaKey || event.altKey || $("dialog:modal") || event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "?") { event.preventDefault(); open(help); }
    else if (event.key === "g") going = Date.now();
    else if (Date.now() - going < 1500) {
      going = 0;
      const link = $$(".sidebar [data-go]").find((each) => each.dataset.go === event.key);
      if (link) { event.preventDefault(); link.click(); }
    }
  });
})();

/* Every action is a form or link first; this only makes it quicker. */
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = $("#words")?.dataset || {};
  const on = (type, handle) => document.addEventListener(type, handle);
  const say = (text) => { const live = $("#live"); if (live) live.textContent = text; };

  /* Toasts: from the server's messages, from HX-Trigger, from here. */
  const fade = (toast) => setTimeout(() => toast.matches(":hover, :focus-within") ? fade(toast) : toast.remove(), 6000);
  const tell = (text, tone = "ok") => {
    const toast = $("#toast-template").content.firstElementChild.cloneNode(true);
    toast.classList.add(tone);
    $$("svg[class*='t-']", toast).forEach((svg) => svg.classList.contains("t-" + tone) || svg.remove());
    $("span", toast).textContent = text;
    /* A modal dialog covers everything else, so what is said meanwhile is said inside it. */
    const dialog = $("dialog:modal > div");
    (dialog || $("#toasts")).append(toast);
    if (dialog) say(text);
    fade(toast);
  };
  $$("#toasts [data-toast]").forEach((toast) => toast.matches(".bad") || fade(toast));
  on("toast", (event) => tell(event.detail.text, event.detail.tone));
  on("htmx:responseError", (event) => (event.detail.xhr.getResponseHeader("HX-Trigger") || "").includes("toast") || tell(words.failed, "bad"));
  on("htmx:sendError", () => tell(words.offline, "bad"));

  /* Selected rows: how many, all of them, a range with shift. */
  let last;
  const recount = (form) => {
    const ticks = $$("tbody .tick", form), picked = ticks.filter((tick) => tick.checked).length, all = $("[data-pick-all]", form);
    if (all) { all.checked = picked > 0 && picked === ticks.length; all.indeterminate = picked > 0 && picked < ticks.length; }
    $$("[data-picked]", form).forEach((place) => { place.textContent = picked; });
    if (picked) say(picked + " " + ($(".bulk-bar [data-picked]", form)?.nextSibling?.textContent.trim() || ""));
  };

  on("click", async (event) => {
    const hit = event.target.closest("[data-copy], [data-opens], [data-closes], [data-dismiss], tbody .tick");
    if (event.target.matches("dialog")) event.target.close();
    if (!hit) return;
    const { copy, opens } = hit.dataset;
    if (copy !== undefined) {
      try { await navigator.clipboard.writeText(copy); tell(words.copied); }
      catch { const input = $("input", hit.parentElement); input?.select(); document.execCommand("copy") && tell(words.copied); }
    } else if (opens) {
      const dialog = document.getElementById(opens);
      if (dialog) { event.preventDefault(); dialog.showModal(); dialog.addEventListener("close", () => hit.focus(), { once: true }); }
    } else if ("closes" in hit.dataset) hit.closest("dialog").close();
    else if ("dismiss" in hit.dataset) hit.closest("[data-toast]").remove();
    else {
      const ticks = $$("tbody .tick", hit.closest("table")), [a, b] = [ticks.indexOf(last), ticks.indexOf(hit)].sort((x, y) => x - y);
      if (event.shiftKey && a >= 0) ticks.slice(a, b + 1).forEach((tick) => { tick.checked = hit.checked; });
      last = hit;
    }
  });

  on("change", (event) => {
    const { target } = event, form = target.closest("form");
    if (target.matches("[data-pick-all]")) $$("tbody .tick", target.closest("table")).forEach((tick) => { tick.checked = target.checked; });
    if (form && target.matches(".tick")) recount(form);
    const drop = target.closest("[data-drop]");
    if (drop && target.files.length) { const name = $("[data-drop-name]", drop); name.textContent = [...target.files].map((file) => file.name).join(", "); }
  });
  for (const type of ["dragover", "dragleave", "drop"]) on(type, (event) => event.target.closest?.("[data-drop]")?.classList.toggle("over", type === "dragover"));

  /* Theme: show it at once, then let the form's own address remember it. */
  on("submit", (event) => {
    if (!event.target.matches("[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    const form = event.target, data = new FormData(form, event.submitter), theme = data.get("theme");
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    $$("[data-theme-form] button").forEach((button) => button.setAttribute("aria-pressed", button.value === theme));
    fetch(form.action, { method: "POST", body: data, headers: { "HX-Request": "true" } }).catch(() => form.submit());
  });

  on("keydown", (event) => {
    if (event.key !== "/" || document.body.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select, [contenteditable]")) return;
    const search = $("[data-search]");
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  });

  /* After a swap: the row count is said, an error summary gets the focus. */
  const settle = (root) => {
    const count = $("[data-count]", root);
    if (count?.textContent.trim()) say(count.textContent.trim());
    $("[data-focus]", root)?.focus();
    $$("form:has(.bulk-bar)", document).forEach(recount);
  };
  on("htmx:afterSettle", (event) => settle(event.detail.elt));
  $("[data-focus]")?.focus();
  $$("form:has(.bulk-bar)").forEach(recount);
})();

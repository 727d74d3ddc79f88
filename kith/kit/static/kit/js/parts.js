/* Two components that a browser does not have: a choice one can search, and a button that shows it is at work. */
(() => {
  "use strict";
  const make = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    node.append(...children);
    return node;
  };
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  let number = 0;

  /* The select stays what the form sends; this shows it as a field one can type in. */
  const combine = (box) => {
    const select = box.querySelector("select"), id = "combo-" + ++number;
    const list = make("ul", { role: "listbox", class: "options", id, "aria-label": select.getAttribute("aria-label"), hidden: "" });
    const input = make("input", { class: "input", type: "text", role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, "aria-label": select.getAttribute("aria-label"), placeholder: box.dataset.hint });
    let at = -1, shown = [];
    const chosen = () => (select.selectedOptions[0]?.value ? select.selectedOptions[0].text : "");
    const mark = (next) => {
      at = next;
      shown.forEach(({ item }, index) => item.classList.toggle("at", index === at));
      if (shown[at]) { input.setAttribute("aria-activedescendant", shown[at].item.id); shown[at].item.scrollIntoView({ block: "nearest" }); }
      else input.removeAttribute("aria-activedescendant");
    };
    const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); input.value = chosen(); mark(-1); };
    const open = (text = "") => {
      const wanted = plain(text);
      shown = [...select.options].filter((option) => plain(option.text).includes(wanted)).slice(0, 50).map((option, index) => ({
        option, item: make("li", { role: "option", id: `${id}-${index}`, "aria-selected": option.selected }, option.text),
      }));
      list.replaceChildren(...(shown.length ? shown.map(({ item }) => item) : [make("li", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, box.dataset.none)]));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(wanted && shown.length ? 0 : -1);
    };
    const choose = ({ option }) => {
      select.value = option.value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      close();
    };
    input.addEventListener("focus", () => input.select());
    input.addEventListener("click", () => list.hidden && open());
    input.addEventListener("input", (event) => { event.stopPropagation(); open(input.value); });
    input.addEventListener("change", (event) => event.stopPropagation());
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      const { key } = event;
      if (key === "ArrowDown" || key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) open();
        else mark((at + (key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length);
      } else if (key === "Enter" && !list.hidden) { event.preventDefault(); if (shown[at]) choose(shown[at]); }
      else if (key === "Escape" && !list.hidden) { event.preventDefault(); event.stopPropagation(); close(); }
    });
    /* Before the field loses the focus, which would close the list. */
    list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const hit = shown.find(({ item }) => item === event.target);
      if (hit) choose(hit);
    });
    select.hidden = true;
    select.addEventListener("change", close);
    input.value = chosen();
    box.append(input, document.importNode(document.getElementById("combo-sign").content, true), list);
    box.removeAttribute("data-combo");
  };
  const prepare = () => document.querySelectorAll("[data-combo]").forEach(combine);
  prepare();
  document.addEventListener("htmx:afterSettle", prepare);

  /* What was pressed turns until the next page is there; after going back it can be pressed again. */
  document.addEventListener("submit", (event) => {
    const { submitter } = event;
    setTimeout(() => { if (!event.defaultPrevented && submitter && !event.target.target) submitter.setAttribute("aria-busy", "true"); });
    if (submitter?.hasAttribute("data-download")) setTimeout(() => submitter.removeAttribute("aria-busy"), 3000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy")));
})();

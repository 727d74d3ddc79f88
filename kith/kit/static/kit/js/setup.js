/* While an organization is set up: its color, its words and its address are shown as they are chosen. */
(() => {
  "use strict";
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  const on = (type, handle) => document.addEventListener(type, handle);

  /* The color in every sample, with the text color that reads better on it. */
  const linear = (part) => (part /= 255) <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
  const light = (color) => [1, 3, 5].reduce((sum, at, place) => sum + [.2126, .7152, .0722][place] * linear(parseInt(color.slice(at, at + 2), 16)), 0);
  const paint = (color) => $$("[data-brand-preview]").forEach((sample) => {
    sample.style.setProperty("--brand", color);
    sample.style.setProperty("--on-brand", 1.05 / (light(color) + .05) >= (light(color) + .05) / .0551 ? "#ffffff" : "#0b0f17");
  });

  /* Words: each place shows the field of its language, else what it showed at first. */
  const usual = new Map($$("[data-said]").map((place) => [place, place.textContent]));
  const say = () => usual.forEach((text, place) => {
    const language = place.closest("[data-words-in]").dataset.wordsIn;
    const field = document.querySelector(`[data-word="${place.dataset.said}__${language}"]`);
    place.textContent = field?.value.trim() || text;
  });
  say();

  /* The address follows the name until it is written by hand. */
  const slug = document.querySelector("[data-slug-of]");
  let follows = slug && !slug.value;
  const address = (name) => name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40);

  on("input", ({ target }) => {
    if (target.type === "color") paint(target.value);
    else if (target.dataset.word) say();
    else if (target === slug) follows = false;
    else if (follows && target.id === slug.dataset.slugOf) {
      slug.value = address(target.value);
      slug.dispatchEvent(new Event("proposed"));
    }
  });
})();

/* Trusted Types: text becomes a document only here, and only when nothing in it could run. */
(() => {
  "use strict";
  if (!window.trustedTypes) return;
  const inert = trustedTypes.createPolicy("kith", { createHTML: (text) => text });
  const runs = (node) => /^(script|iframe|object|embed|base|meta)$/.test(node.localName) ||
    [...node.attributes].some(({ name, value }) => /^on|^srcdoc$/.test(name) || /^\s*(javascript|data:text)/i.test(value));
  const nodes = (root) => [...root.querySelectorAll("*")].flatMap((node) => [node, ...(node.content ? nodes(node.content) : [])]);
  trustedTypes.createPolicy("default", {
    createHTML: (text) => {
      const bad = nodes(new DOMParser().parseFromString(inert.createHTML(text), "text/html")).find(runs);
      if (bad) console.error("Not inserted, because it could run: " + bad.localName);
      return bad ? null : text;
    },
    /* Service workers: scripts of this very host. */
    createScriptURL: (text) => {
      const url = new URL(text, location.href);
      return url.origin === location.origin && url.pathname.endsWith(".js") ? url.href : null;
    },
  });
})();

/* Sharing, installing and being offline. Everything works without; this only makes it quicker. */
(() => {
  "use strict";
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  const frame = document.querySelector("[data-portal]");

  /* The phone's own share sheet, where there is one. */
  if (navigator.share) $$("[data-share]").forEach((button) => { button.hidden = false; });
  $$("[data-print]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", (event) => {
    const share = event.target.closest("[data-share]");
    if (share) navigator.share({ text: share.dataset.text, url: share.dataset.share }).catch(() => {});
    if (event.target.closest("[data-print]")) window.print();
  });

  const tell = () => $$("[data-offline]").forEach((note) => { note.hidden = navigator.onLine; });
  addEventListener("online", tell);
  addEventListener("offline", tell);
  tell();

  let asking;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    asking = event;
    $$("[data-install]").forEach((button) => { button.hidden = false; });
  });
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("[data-install]") || !asking) return;
    await asking.prompt();
    $$("[data-install]").forEach((button) => { button.hidden = true; });
  });

  if (!frame || !("serviceWorker" in navigator)) return;
  const { portal, worker } = frame.dataset;
  const script = window.trustedTypes?.createPolicy ? trustedTypes.createPolicy("kith-worker", {
    createScriptURL: (url) => { if (url !== worker || !url.startsWith(portal)) throw new TypeError(url); return url; },
  }).createScriptURL(worker) : worker;
  navigator.serviceWorker.register(script, { scope: portal }).catch(() => {});

  /* Phones are shared: what another portal kept goes when this one is opened, all of it at sign-out. */
  const forget = async (mine) => {
    for (const name of await caches.keys()) if (name.startsWith("kith-pages-") && !(mine && name.startsWith(mine))) await caches.delete(name);
  };
  if ("caches" in window) {
    forget("kith-pages-" + portal.split("/")[2] + "-");
    document.addEventListener("submit", (event) => { if (event.target.action.endsWith(portal + "sign-out/") || event.target.action.endsWith("/profile/sessions/")) forget(); });
  }
  navigator.clearAppBadge?.().catch(() => {});
})();

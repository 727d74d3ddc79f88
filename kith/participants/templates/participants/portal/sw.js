{% load i18n static %}/* The portal without a connection. Kept: files with a hash in their name, the last overview, one page that says so.
   Never kept: anything sent, anything of the API, any other page. */
"use strict";
const HOME = "{% url "rewards:portal_home" tenant.slug %}", OFFLINE = "{% url "participants:portal_offline" tenant.slug %}", STATIC = "{% get_static_prefix %}";
const FILES = "kith-files-1", PAGES = "kith-pages-{{ tenant.slug }}-1";
const hashed = (url) => url.pathname.startsWith(STATIC) && /\.[0-9a-f]{12}\.\w+$/.test(url.pathname);
const plain = (response) => response.ok && response.type === "basic" && !response.redirected;

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(PAGES);
  const page = await fetch(OFFLINE, { credentials: "omit" });
  if (plain(page)) {
    const text = await page.clone().text();
    await cache.put(OFFLINE, page);
    /* What the offline page is drawn with has to be there too. */
    const wanted = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map((found) => new URL(found[1].replaceAll("&amp;", "&"), self.location)).filter(hashed);
    await (await caches.open(FILES)).addAll(wanted.map(String)).catch(() => {});
  }
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("kith-") && name !== FILES && name !== PAGES).map((name) => caches.delete(name)));
  await self.clients.claim();
})()));

const file = async (request) => {
  const cache = await caches.open(FILES), known = await cache.match(request);
  if (known) return known;
  const found = await fetch(request);
  if (plain(found)) await cache.put(request, found.clone());
  return found;
};

const page = async (request, url) => {
  try {
    const found = await fetch(request);
    if (url.pathname === HOME && !url.search) {
      const cache = await caches.open(PAGES);
      /* Signed out: what was kept belongs to somebody else now. */
      if (plain(found)) await cache.put(HOME, found.clone());
      else await cache.delete(HOME);
    }
    return found;
  } catch (away) {
    const cache = await caches.open(PAGES);
    return (url.pathname === HOME && await cache.match(HOME)) || await cache.match(OFFLINE) || Response.error();
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (hashed(url)) event.respondWith(file(request));
  else if (request.mode === "navigate" && url.pathname.startsWith(HOME)) event.respondWith(page(request, url));
});

self.addEventListener("message", (event) => {
  if (event.data === "forget") event.waitUntil(caches.delete(PAGES));
});

self.addEventListener("push", (event) => {
  let said = {};
  try { said = event.data.json(); } catch (none) { said = {}; }
  const title = said.title || "{{ tenant.name|escapejs }}";
  event.waitUntil(Promise.all([
    self.registration.showNotification(title, { body: said.body || "", icon: "{% url "participants:portal_icon" tenant.slug 192 %}", tag: said.tag || "portal", data: { url: said.url || HOME } }),
    "setAppBadge" in self.navigator ? self.navigator.setAppBadge(Number(said.badge) || undefined).catch(() => {}) : null,
  ]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data.url, self.location);
  const url = wanted.origin === self.location.origin && wanted.pathname.startsWith(HOME) ? wanted.href : HOME;
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window" });
    const here = open.find((each) => new URL(each.url).pathname.startsWith(HOME));
    return here ? (await here.focus()).navigate(url) : self.clients.openWindow(url);
  })());
});

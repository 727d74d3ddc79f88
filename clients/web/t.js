/* Kith on your own pages: remembers who sent a visitor, and tells Kith about the visit and the lead.
 *
 *   <script async src="https://kith.example.com/t.js" data-key="kith_pub_…" data-consent="required"></script>
 *
 * Nothing is kept or sent before consent when data-consent is "required": call kith("consent") once it was given.
 * kith("lead", {email, name, …, consent: true}) promises the answer; kith("forget") clears what is kept.
 */
(() => {
  "use strict";
  const script = document.currentScript, { key, consent } = script.dataset;
  const site = new URL("/s/" + key + "/", script.src);
  const NAME = "kith_ref", DAYS = 60, DAY = 864e5, cookie = (text, age) => {
    document.cookie = NAME + "=" + text + "; path=/; samesite=lax; max-age=" + age + (location.protocol === "https:" ? "; secure" : "");
  };
  const query = new URLSearchParams(location.search), given = query.get("via");
  let kept = null, allowed = consent !== "required";

  const send = (what, body) => fetch(site + what, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "text/plain" }, credentials: "omit", keepalive: true,
  }).then(async (answer) => {
    const said = await answer.json();
    return answer.ok ? said : Promise.reject(said);
  });

  const keep = (code, rid) => {
    kept = { code, rid: rid || "", at: Date.now() };
    const text = encodeURIComponent(code + "." + kept.rid);
    cookie(text, DAYS * DAY / 1e3);
    try { localStorage.setItem(NAME, JSON.stringify(kept)); } catch { /* the cookie is enough */ }
  };
  const recall = () => {
    try { kept = JSON.parse(localStorage.getItem(NAME)); } catch { /* fall back to the cookie */ }
    if (kept && Date.now() - kept.at > DAYS * DAY) kept = null;
    const found = !kept && document.cookie.match("(?:^|; )" + NAME + "=([^;]*)");
    if (found) { const [code, rid] = decodeURIComponent(found[1]).split("."); kept = { code, rid, at: Date.now() }; }
  };

  const begin = () => {
    recall();
    if (!given || (kept && kept.code === given && !query.get("rid"))) return;
    keep(given, query.get("rid"));
    if (!kept.rid) send("click", { code: given }).then(({ data }) => keep(given, data.rid), () => {});
  };

  /* Forms of this site carry the code along, so that your server can hand it on. */
  addEventListener("submit", ({ target }) => {
    if (!kept || target.method !== "post" || new URL(target.action, location).origin !== location.origin) return;
    let field = target.elements._ref;
    if (!field) { field = document.createElement("input"); field.type = "hidden"; field.name = "_ref"; target.append(field); }
    field.value = kept.code + "." + kept.rid;
  }, true);

  const calls = {
    consent() { if (!allowed) { allowed = true; begin(); } },
    forget() { kept = null; cookie("", 0); try { localStorage.removeItem(NAME); } catch { /* nothing was kept */ } },
    kept: () => allowed && kept,
    lead: (details) => send("lead", { code: kept?.code, rid: kept?.rid, ...details }),
  };
  const waiting = window.kith?.q || [];
  window.kith = (call, ...more) => calls[call](...more);
  if (allowed) begin();
  waiting.forEach((call) => window.kith(...call));
})();

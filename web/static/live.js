// Keeps the live part of a page current: follows its stream, and fits in what comes by the ids of its elements.
"use strict";
(() => {
  const live = document.getElementById("live"), pulse = document.getElementById("pulse");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
  if (!live || !live.dataset.stream || !window.EventSource) return;

  // Make `from` like `to`. What has an id keeps its element wherever it goes; `open` is the reader's own.
  const morph = (from, to) => {
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
    for (const { name, value } of to.attributes) if (name !== "open" && from.getAttribute(name) !== value) from.setAttribute(name, value);
    const known = new Map([...from.children].filter((child) => child.id).map((child) => [child.id, child]));
    let at = from.firstChild;
    for (const next of [...to.childNodes]) {
      let kept = next.id ? known.get(next.id) : null;
      if (kept && kept.tagName !== next.tagName) kept = null;
      if (!kept && !next.id && at && at.nodeType === next.nodeType && at.nodeName === next.nodeName && !at.id) kept = at;
      if (!kept) { from.insertBefore(next, at); continue; }
      if (kept === at) at = at.nextSibling; else (from.moveBefore || from.insertBefore).call(from, kept, at); // the first keeps focus
      if (kept.nodeType === Node.ELEMENT_NODE) morph(kept, next);
      else if (kept.data !== next.data) kept.data = next.data;
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  };

  const show = (html) => {
    const places = new Map([...live.querySelectorAll("[data-glide]")].map((each) => [each, each.getBoundingClientRect().top]));
    const texts = new Map([...live.querySelectorAll("[data-flash]")].map((each) => [each, each.textContent]));
    const next = document.createElement("template");
    next.innerHTML = html;
    const whole = live.cloneNode(false);
    whole.append(next.content);
    morph(live, whole);
    if (calm.matches) return;
    for (const [each, top] of places) {
      const moved = top - each.getBoundingClientRect().top;
      if (moved && each.isConnected) each.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], { duration: 450, easing: "ease-out" });
    }
    const wash = getComputedStyle(live).getPropertyValue("--flash");
    for (const [each, text] of texts) if (each.isConnected && each.textContent !== text) each.animate([{ backgroundColor: wash }, { backgroundColor: "transparent" }], 1600);
  };

  let source = null, timer = 0, heard = 0, tries = 0;
  const say = (state) => { pulse.hidden = false; pulse.className = `pulse ${state}`; if (pulse.textContent !== pulse.dataset[state]) pulse.textContent = pulse.dataset[state]; };
  const stop = () => { if (source) source.close(); source = null; clearTimeout(timer); };
  const again = () => { // EventSource does not come back from a 502: always start anew, and not all readers at once
    stop();
    say("lost");
    tries = Math.min(tries + 1, 5);
    timer = setTimeout(start, 500 * 2 ** (tries - 1) * (0.5 + Math.random()));
  };
  const start = () => {
    stop();
    if (document.hidden) return;
    const { stream, version } = live.dataset;
    heard = Date.now();
    source = new EventSource(`${stream}${stream.includes("?") ? "&" : "?"}seen=${encodeURIComponent(version || "")}`);
    const hear = () => { heard = Date.now(); tries = 0; };
    source.addEventListener("ping", (event) => { hear(); say(event.data === "behind" ? "behind" : "well"); });
    source.addEventListener("page", (event) => { hear(); say("well"); show(event.data); live.dataset.version = event.lastEventId; });
    source.onerror = again;
  };
  setInterval(() => { if (source && Date.now() - heard > 40000) again(); }, 5000);
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start())); // six connections a browser
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) start(); });
  start();
})();

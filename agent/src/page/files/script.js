// Keeps the page fresh without loading it anew: on each event of the stream, and every 30 s, since a proxy may hold the stream back.
// Without this script the page reloads itself.
"use strict";
(() => {
  const EVERY = 30_000; // Between two looks if the stream says nothing.
  const PAUSE = 2_000; // Between two looks if it says much.
  const LIMIT = 20_000; // For one answer.
  const LATE = 75_000; // After it the page says that it is old.
  const body = document.body;
  const byId = (id) => document.getElementById(id);
  const ageOf = (page) => Number(page.getElementById("age")?.dataset.age) || 0;
  const opened = new Map();
  let seen = Date.now();
  let age = ageOf(document);
  let title = document.title;
  let icon = byId("icon").getAttribute("href");
  let asked = Date.now();
  let asking = false;
  let due = false;
  let stream = null;
  let isFirst = true;

  const words = (seconds) => {
    if (seconds < 120) return `${Math.floor(seconds)} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
    return `${Math.floor(seconds / 3600)} h`;
  };

  const keyOf = (element) =>
    [element.tagName, element.id, element.getAttribute("href"), element.getAttribute("aria-label"),
      element.closest("details")?.dataset.key].join(" ");

  // Puts the parts of the new page into the places of those that differ. Parts have a fixed order.
  const merge = (into, from) => {
    const known = new Map([...into.children].map((child) => [child.id, child]));
    let place = into.firstElementChild;
    const skipTo = (end) => {
      while (place && place !== end) {
        const gone = place;
        place = place.nextElementSibling;
        gone.remove();
      }
    };
    for (const next of [...from.children]) {
      const old = known.get(next.id);
      if (!old) {
        into.insertBefore(document.adoptNode(next), place);
        continue;
      }
      skipTo(old);
      place = old.nextElementSibling;
      if (!old.isEqualNode(next)) old.replaceWith(document.adoptNode(next));
    }
    skipTo(null);
  };

  const show = (page) => {
    const before = byId("verdict").querySelector("h1").textContent;
    const key = document.activeElement === body ? null : keyOf(document.activeElement);
    for (const details of page.querySelectorAll("details")) {
      const open = opened.get(details.dataset.key);
      if (open !== undefined) details.open = open;
    }
    seen = Date.now();
    age = ageOf(page);
    title = page.title;
    icon = page.getElementById("icon").getAttribute("href");
    byId("verdict").replaceWith(document.adoptNode(page.getElementById("verdict")));
    merge(byId("content"), page.getElementById("content"));
    const verdict = byId("verdict");
    if (verdict.querySelector("h1").textContent !== before) {
      const sentences = [...verdict.querySelectorAll(".sentence")].map((sentence) => sentence.textContent);
      byId("news").textContent = `${verdict.querySelector("h1").textContent}: ${sentences.join("; ")}`;
    }
    if (key && document.activeElement === body) {
      const all = document.querySelectorAll("a, summary, input, button, [tabindex]");
      [...all].find((element) => keyOf(element) === key)?.focus({ preventScroll: true });
    }
    tick();
  };

  // Somebody who copies a command must not lose it.
  const isSelecting = () => !(document.getSelection()?.isCollapsed ?? true);

  const look = () => {
    if (asking || isSelecting()) return;
    asking = true;
    due = false;
    asked = Date.now();
    const request = new XMLHttpRequest();
    request.open("GET", location.href.split("#")[0]);
    request.responseType = "document";
    request.timeout = LIMIT;
    request.onload = () => {
      const page = request.response;
      if (request.status === 200 && page?.getElementById("verdict") && !isSelecting()) show(page);
    };
    request.onloadend = () => {
      asking = false;
    };
    request.send();
  };

  const follow = () => {
    stream = new EventSource(body.dataset.stream);
    const changed = () => {
      // The first event is the report that this page already has.
      due = !isFirst;
      isFirst = false;
    };
    stream.addEventListener("report", changed);
    stream.addEventListener("change", changed);
  };

  // Nothing is asked for a page that nobody sees.
  const rest = () => {
    stream?.close();
    stream = null;
  };

  const tick = () => {
    const now = Date.now();
    const silent = now - seen;
    const seconds = age + silent / 1000;
    const element = byId("seconds");
    if (element) element.textContent = words(seconds);
    if (byId("sent")) byId("sent").textContent = "";
    const isLate = silent > LATE;
    const alarm = byId("alarm");
    const text = isLate
      ? `No answer from the agent for ${words(Math.floor(silent / 60_000) * 60)}. This page shows an older state.`
      : "";
    if (alarm.textContent !== text) alarm.textContent = text;
    alarm.hidden = !isLate;
    body.classList.toggle("old", isLate);
    document.title = isLate ? `? ${words(seconds)} old, was ${title}` : title;
    const shown = isLate ? `${body.dataset.root}icon/unknown.svg` : icon;
    if (byId("icon").getAttribute("href") !== shown) byId("icon").setAttribute("href", shown);
    if (document.hidden) return;
    if (stream?.readyState === EventSource.CLOSED) rest();
    if (!stream && now - asked >= EVERY) follow();
    if (now - asked >= (due ? PAUSE : EVERY)) look();
  };

  document.addEventListener("toggle", (event) => {
    if (event.target.dataset.key !== undefined) opened.set(event.target.dataset.key, event.target.open);
  }, true);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return rest();
    asked = 0;
    tick();
  });
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  follow();
  tick();
  setInterval(tick, 1000);
})();

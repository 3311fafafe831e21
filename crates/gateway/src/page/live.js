// Asks for what the page shows again when a record comes, and says so. Without it the page is as of when it was loaded.
"use strict";

const GATHER_MS = 400;
const AGAIN_MS = 3000;
const said = document.getElementById("updated");
let pending = 0;
let opened = false;
let last = "";

async function update() {
  pending = 0;
  const address = new URL(location.href);
  if (last) address.searchParams.set("at_least", last);
  const answer = await fetch(address, { headers: { accept: "text/html" }, cache: "no-cache" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  const shown = document.getElementById("live");
  if (!fresh || fresh.dataset.position === shown.dataset.position) return;
  keep(shown, fresh);
  shown.replaceWith(fresh);
  said.textContent = said.dataset.words.replace("{0}", fresh.dataset.position);
}

// What the reader opened stays open, and the keyboard stays where it was.
function keep(shown, fresh) {
  const folded = fresh.querySelectorAll("details");
  shown.querySelectorAll("details").forEach((details, index) => {
    if (details.open && folded[index]) folded[index].open = true;
  });
  const focused = shown.contains(document.activeElement) ? document.activeElement : null;
  if (!focused) return;
  const all = "a[href], summary, [tabindex]";
  const place = [...shown.querySelectorAll(all)].indexOf(focused);
  const href = focused.getAttribute("href");
  const same = href && [...fresh.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === href);
  const target = same || fresh.querySelectorAll(all)[place];
  if (target) requestAnimationFrame(() => target.focus({ preventScroll: true }));
}

function soon() {
  if (!pending) pending = setTimeout(() => update().catch(() => {}), GATHER_MS);
}

function follow() {
  const stream = new EventSource(document.getElementById("live").dataset.follows);
  stream.onmessage = (event) => {
    last = event.lastEventId;
    soon();
  };
  stream.onopen = () => {
    // What came while the server was away is on the page that it gives now.
    if (opened) soon();
    opened = true;
    document.documentElement.dataset.live = "on";
  };
  stream.onerror = () => {
    document.documentElement.dataset.live = "off";
    if (stream.readyState === EventSource.CLOSED) setTimeout(follow, AGAIN_MS);
  };
}

follow();

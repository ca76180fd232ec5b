// The browser's list of places, for its back button: one for each thing that the reader did, and none
// for what a page writes into its address by itself, as a whole view after a short link, or the newest
// step of a run that it follows. (Streamlit 1.67 adds one for whatever is written.)

const add = history.pushState.bind(history);
let hasActed = false; // since a page last wrote its address
let written = null; // what it then wrote: { before, after, isAdded }

for (const act of ["pointerdown", "keydown", "input", "change"]) {
  addEventListener(act, () => (hasActed = true), { capture: true });
}
addEventListener("popstate", () => ([hasActed, written] = [false, null]), { capture: true });

history.pushState = (data, unused, address) => {
  const to = new URL(address, location.href);
  if (to.pathname === location.pathname) {
    written = { before: location.href, after: to.href, isAdded: hasActed };
    if (hasActed) add(data, unused, address);
    else history.replaceState(data, unused, address);
  } else if (isOfTheNextPage(to)) {
    if (written.isAdded) history.replaceState(data, unused, address);
    else {
      history.replaceState(data, unused, written.before);
      add(data, unused, address);
    }
  } else add(data, unused, address);
  hasActed = false;
};

/** Whether the last thing written was what another page opens with: Streamlit writes it too early. */
function isOfTheNextPage(to) {
  return !hasActed && written?.after === location.href && to.search === location.search;
}

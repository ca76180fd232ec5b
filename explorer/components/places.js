// The browser's list of places, for its back button: one for each thing that the reader did, and none
// for what a page writes into its address by itself, as a whole view after a short link, or the newest
// step of a run that it follows. (Streamlit 1.67 adds one for whatever is written.)

const add = history.pushState.bind(history);
let hasActed = false; // since the last place was added

for (const act of ["pointerdown", "keydown", "input", "change"]) {
  addEventListener(act, () => (hasActed = true), { capture: true });
}
addEventListener("popstate", () => (hasActed = false), { capture: true });

history.pushState = (data, unused, address) => {
  const isAnotherPage = new URL(address, location.href).pathname !== location.pathname;
  if (hasActed || isAnotherPage) add(data, unused, address);
  else history.replaceState(data, unused, address);
  hasActed = false;
};

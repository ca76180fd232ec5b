// What a slider will show later, kept for the view that asks for it by name.

const ASK_AGAIN = 200; // milliseconds between two questions for a film that is still being made
const waiting = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const film = unpack(data);
  clearInterval(waiting.get(parentElement));
  if (film.asked) {
    // Asked until it is answered: a question that comes while the whole page runs may be lost.
    const timer = setInterval(() => setTriggerValue("again", true), ASK_AGAIN);
    waiting.set(parentElement, timer);
    return () => clearInterval(timer);
  }
  globalThis.gptFilms ??= {};
  const known = globalThis.gptFilms[film.name];
  if (known?.key === film.key && known?.open === film.open) return;
  globalThis.gptFilms[film.name] = film;
  globalThis.dispatchEvent(new CustomEvent("gpt-film", { detail: film.name }));
}

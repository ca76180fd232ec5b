// What a slider will show later, kept for the view that asks for it by name.

const ASK_AGAIN = 150; // milliseconds between two questions for a film that is still being made
const ASK_ANEW = 3000; // without any answer: a question that comes while the page runs may be lost
const waiting = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const film = unpack(data);
  clearTimeout(waiting.get(parentElement));
  if (film.asked) {
    const ask = () => {
      setTriggerValue("again", true);
      waiting.set(parentElement, setTimeout(ask, ASK_ANEW));
    };
    waiting.set(parentElement, setTimeout(ask, ASK_AGAIN));
    return () => clearTimeout(waiting.get(parentElement));
  }
  globalThis.gptFilms ??= {};
  const known = globalThis.gptFilms[film.name];
  if (known?.key === film.key && known?.open === film.open) return;
  globalThis.gptFilms[film.name] = film;
  globalThis.dispatchEvent(new CustomEvent("gpt-film", { detail: film.name }));
}

// What a slider will show later, kept for the view that asks for it by name.

const ASK_AGAIN = 150; // milliseconds between two questions for a film that is still being made
const ASK_ANEW = 3000; // without any answer: a question that comes while the page runs may be lost

export default {
  create: () => ({ asking: null }),
  receive(view, { data, setTriggerValue }) {
    const film = unpack(data);
    clearTimeout(view.asking);
    if (film.asked) {
      const ask = () => {
        setTriggerValue("again", true);
        view.asking = setTimeout(ask, ASK_ANEW);
      };
      view.asking = setTimeout(ask, ASK_AGAIN);
      return;
    }
    globalThis.gptFilms ??= {};
    const known = globalThis.gptFilms[film.name];
    if (known?.key === film.key && known?.open === film.open) return;
    globalThis.gptFilms[film.name] = film;
    globalThis.dispatchEvent(new CustomEvent("gpt-film", { detail: film.name }));
  },
  leave: (view) => clearTimeout(view.asking),
};

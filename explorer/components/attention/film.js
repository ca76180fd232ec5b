// What a slider will show later, kept for the view that asks for it by name.

export default function ({ data }) {
  const film = unpack(data);
  globalThis.gptFilms ??= {};
  if (globalThis.gptFilms[film.name]?.key === film.key && globalThis.gptFilms[film.name]?.open === film.open) return;
  globalThis.gptFilms[film.name] = film;
  globalThis.dispatchEvent(new CustomEvent("gpt-film", { detail: film.name }));
}

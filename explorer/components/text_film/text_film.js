// What was written at every checkpoint: the slider chooses, and nothing is asked of Python.

const FILM = "text film";

export default {
  create(element) {
    const view = { root: element.querySelector(".gpt-text-film"), filmName: () => FILM };
    view.scrubber = createScrubber(view);
    return view;
  },
  receive(view, { data }) {
    // All of it is here already: the slider need not wait for anything.
    globalThis.gptFilms ??= {};
    globalThis.gptFilms[FILM] = { key: FILM };
    view.message = { ...data, film: FILM };
    if (!data.steps.includes(view.step)) view.step = data.steps.at(-1);
    view.scrubber.layOut();
    repaint(view);
  },
  leave: (view) => view.scrubber.leave(),
};

function repaint(view) {
  const { steps, texts, given } = view.message;
  view.scrubber.paint();
  const prompt = document.createElement("span");
  prompt.textContent = given;
  view.root.querySelector(".film-text").replaceChildren(prompt, texts[steps.indexOf(view.step)]);
}

/** Which step is shown is nobody else's business. */
function choose() {}

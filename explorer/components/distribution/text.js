// The text: what was given, then what was taken, coloured by how surprised the model was.

function createText(view) {
  const place = view.root.querySelector(".text");

  function lay() {
    const { message } = view;
    const most = Math.log(message.vocab_size);
    place.replaceChildren();
    const given = document.createElement("span");
    given.className = "given";
    given.textContent = plain(message.prompt);
    place.append(given);
    message.taken.forEach((token, i) => {
      const button = document.createElement("button");
      const [surprisal, entropy, rank] = [message.surprisals[i], message.entropies[i], message.ranks[i]];
      const strength = { surprisal: surprisal / most, entropy: entropy / most, rank: Math.log(rank) / most };
      button.type = "button";
      button.tabIndex = i === message.taken.length - 1 ? 0 : -1;
      button.style.setProperty("--strength", Math.min(1, strength[view.colouring]).toFixed(3));
      button.className = message.given[i] ? "taken is-forced" : "taken";
      button.textContent = plain(message.texts[token]) || message.vocabulary[token];
      button.title =
        `${message.vocabulary[token]}: rank ${rank}, surprisal ${surprisal.toFixed(3)} nats,` +
        ` entropy ${entropy.toFixed(3)} nats. ${alternatives(i)}`;
      button.setAttribute("aria-label", button.title);
      for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => peek(i));
      for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => peek(restingPlace(view)));
      button.addEventListener("click", () => view.send({ act: "goto", place: i }));
      place.append(button);
      if (message.texts[token].endsWith("\n")) place.append(document.createElement("br"));
    });
    if (!message.is_over) {
      const cursor = document.createElement("span");
      cursor.className = "cursor";
      cursor.textContent = "?";
      place.append(cursor);
    }
  }

  function alternatives(index) {
    const { logits, listed, tailAt } = placeAt(view, index);
    const { shares } = shareOut(logits, tailAt(1)[0]);
    const best = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, 5);
    const words = best.map((k) => `${view.message.vocabulary[listed[k]]} ${(100 * shares[k]).toFixed(1)} %`);
    return `The model: ${words.join(", ")}`;
  }

  function plain(text) {
    return text.replace(/\n/g, "↵");
  }

  function peek(index) {
    view.place = index;
    soon(view);
  }

  place.addEventListener("keydown", ({ key, target }) => {
    const by = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[key];
    if (!by) return;
    let next = target[by];
    while (next && next.tagName === "BR") next = next[by];
    if (next?.tagName === "BUTTON") next.focus();
  });

  return { lay };
}

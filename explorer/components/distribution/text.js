// The text: what was given, then what was taken, coloured by how surprised the model was.

const SLACK = 8; // pixels from its end where a text still counts as read to the end

function createText(view) {
  const place = view.root.querySelector(".text");
  const legend = view.root.querySelector(".legend");
  let length = null; // of the text that is shown, in tokens

  function lay() {
    const { message } = view;
    const most = Math.log(message.vocab_size);
    const held = heldPlace();
    const read = placeOfReading();
    place.replaceChildren();
    const given = document.createElement("span");
    given.className = "given";
    given.textContent = message.prompt.replaceAll("\n", "↵\n");
    place.append(given);
    message.taken.forEach((token, i) => {
      const button = document.createElement("button");
      const [surprisal, entropy, rank] = [message.surprisals[i], message.entropies[i], message.ranks[i]];
      const strength = { surprisal: surprisal / most, entropy: entropy / most, rank: Math.log(rank) / most };
      button.type = "button";
      button.tabIndex = message.is_over && i === message.taken.length - 1 ? 0 : -1;
      button.style.setProperty("--strength", Math.min(1, strength[view.colouring]).toFixed(3));
      button.className = message.given[i] ? "taken is-forced" : "taken";
      const written = message.texts[token];
      button.textContent = written.replaceAll("\n", "↵") || message.vocabulary[token];
      button.title =
        `${message.vocabulary[token]}: rank ${rank}, surprisal ${surprisal.toFixed(3)} nats,` +
        ` entropy ${entropy.toFixed(3)} nats. ${alternatives(i)}`;
      button.setAttribute("aria-label", button.title);
      for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => peek(i));
      for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => peek(restingPlace(view)));
      button.addEventListener("click", () => view.send({ act: "goto", place: i }));
      place.append(button);
      // Behind the button, which is one line high: as many as there are in the token.
      for (const _ of written.matchAll("\n")) place.append(document.createElement("br"));
    });
    if (!message.is_over) {
      const cursor = document.createElement("button");
      cursor.type = "button";
      cursor.className = "cursor";
      cursor.textContent = "?";
      cursor.title = "The next token: a click draws it";
      cursor.setAttribute("aria-label", cursor.title);
      cursor.addEventListener("focus", () => peek(restingPlace(view)));
      cursor.addEventListener("click", () => view.send({ act: "token" }));
      place.append(cursor);
    }
    if (held !== null) [...place.querySelectorAll("button")].at(held)?.focus({ preventScroll: true });
    explain();
    place.scrollTop = read ?? place.scrollHeight;
    length = message.taken.length;
  }

  /** From where on the text is read: null at its end, which stays in view, and when it grows. */
  function placeOfReading() {
    const isAtEnd = place.scrollTop + place.clientHeight > place.scrollHeight - SLACK;
    return isAtEnd || view.message.taken.length !== length ? null : place.scrollTop;
  }

  /** Where the focus is, to be given back: at the end it stays at the end, however long the text. */
  function heldPlace() {
    const active = place.getRootNode().activeElement;
    const buttons = [...place.querySelectorAll("button")];
    const index = buttons.indexOf(active);
    if (index < 0) return null;
    const most = view.message.taken.length - (view.message.is_over ? 1 : 0);
    return active.className === "cursor" || index > most ? -1 : index;
  }

  /** What the colour of a token says, with the ends of its scale. */
  function explain() {
    const { message } = view;
    const size = message.vocab_size.toLocaleString("en");
    const nats = `${Math.log(message.vocab_size).toFixed(2)} nats, as of a guess among ${size}`;
    const [what, least, most] = {
      surprisal: ["Surprisal, −ln of the probability that the model gave to the token:", "0", nats],
      entropy: ["Entropy, the surprisal that the model expected before the token came:", "0", nats],
      rank: ["Rank, 1 for the likeliest token of its place:", "1", size],
    }[view.colouring];
    const signs = ["Grey is the prompt"];
    if (message.given.some(Boolean)) signs.push("underlined what was given, not drawn");
    if (message.vocabulary.includes("⊢")) signs.push("⊢ the mark at which a document begins and ends");
    legend.innerHTML = `${what} ${least} <i class="scale"></i> ${most}. ${signs.join(", ")}.`;
  }

  function alternatives(index) {
    const { logits, listed, tailAt } = placeAt(view, index);
    const { shares } = shareOut(logits, tailAt(1)[0]);
    const best = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, 5);
    const words = best.map((k) => `${view.message.vocabulary[listed[k]]} ${(100 * shares[k]).toFixed(1)} %`);
    return `The model: ${words.join(", ")}`;
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
